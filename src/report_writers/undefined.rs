//! `undefined.csv`: which cells of a feature table are empty, and why.

use raduet_features::extractor::ImageColumn;
use raduet_features::set::ORIGINAL;

use crate::error::{Code, Result, ToolError};
use crate::io::cell;
use crate::io::feature_csv::FeatureFile;

/// Rows named for each column; further ones are only counted.
const NAMED: usize = 5;

/// What a reason is where the feature always has a value: the image could not be made.
const NOT_MADE: &str = "the image could not be made or binned; see the warnings";

/// Why the spread over slices of a summary is undefined.
const ONE_SLICE: &str = "fewer than two slices where the feature is defined";

/// One line for each column with empty cells: column, how many, reason, the first rows; `None` when there is
/// none.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn csv(file: &FeatureFile, columns: &[ImageColumn]) -> Result<Option<Vec<u8>>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["column", "rows", "reason", "first"])
        .map_err(|fault| internal(fault.to_string()))?;
    let mut any = false;
    for (at, column) in columns.iter().enumerate() {
        let empty = (0..file.rows.len()).filter(|&row| file.table.row(row)[at].is_nan());
        let empty: Vec<usize> = empty.collect();
        if empty.is_empty() {
            continue;
        }
        any = true;
        let first = empty.iter().take(NAMED);
        let first: Vec<String> = first
            .map(|&row| file.rows[row].sample.to_string())
            .collect();
        let known = column.column.spec.undefined_when;
        let plain = column.column.name_on(&column.image);
        let spread = column.name.len() > plain.len() && column.name.ends_with("_sd");
        let reason = match (known, column.image == ORIGINAL) {
            _ if spread => ONE_SLICE.to_owned(),
            (Some(known), true) => known.to_owned(),
            (Some(known), false) => format!("{known}; or {NOT_MADE}"),
            (None, _) => NOT_MADE.to_owned(),
        };
        out.write_record([
            &column.name,
            &empty.len().to_string(),
            &reason,
            &cell::text(&first.join(" ")),
        ])
        .map_err(|fault| internal(fault.to_string()))?;
    }
    let bytes = out.into_inner();
    let bytes = bytes.map_err(|fault| internal(fault.to_string()))?;
    Ok(any.then_some(bytes))
}
