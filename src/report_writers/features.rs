//! The dictionary of a feature table: what every column is.

use raduet_features::Aggregation;
use raduet_features::extractor::ImageColumn;

use crate::error::{Code, Result, ToolError};

/// One line per column: name, image, feature, aggregation, IBSI id, unit, definition, when it is undefined.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn csv(columns: &[ImageColumn]) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "column",
        "image",
        "feature",
        "aggregation",
        "ibsi_id",
        "unit",
        "definition",
        "undefined_when",
    ])
    .map_err(|fault| internal(fault.to_string()))?;
    for column in columns {
        let spec = column.column.spec;
        let aggregation = column.column.aggregation;
        out.write_record([
            column.name.as_str(),
            column.image.as_str(),
            spec.name,
            aggregation.map(Aggregation::ibsi_name).unwrap_or_default(),
            spec.ibsi_id.unwrap_or_default(),
            spec.unit,
            spec.definition,
            spec.undefined_when.unwrap_or_default(),
        ])
        .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}
