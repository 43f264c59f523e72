//! The dictionary of a feature table: what every column is.

use raduet_features::FeatureSet;

use crate::error::{Code, Result, ToolError};

/// One line per column: name, feature, IBSI id, unit, definition.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn csv(set: &FeatureSet) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["column", "feature", "ibsi_id", "unit", "definition"])
        .map_err(|fault| internal(fault.to_string()))?;
    for (name, column) in set.columns().iter().zip(set.described_columns()) {
        let spec = column.spec;
        let ibsi = spec.ibsi_id.unwrap_or_default();
        out.write_record([name.as_str(), spec.name, ibsi, spec.unit, spec.definition])
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}
