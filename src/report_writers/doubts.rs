//! `failures.csv` and `warnings.csv`: every record with all its fields.

use std::path::Path;

use crate::error::{Code, Result, ToolError, Warning};
use crate::io::cell;

/// Failures, one a line; `None` when there is none.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn failures_csv(failures: &[ToolError]) -> Result<Option<Vec<u8>>> {
    let rows = failures.iter().map(|failure| {
        [
            failure.code.as_str().to_owned(),
            failure
                .case
                .as_ref()
                .map(|case| cell::text(case.as_str()))
                .unwrap_or_default(),
            path(failure.file.as_deref()),
            cell::text(&failure.found),
            cell::text(&failure.expected),
            cell::text(&failure.remedy),
        ]
    });
    table(
        ["code", "case", "file", "found", "expected", "remedy"],
        rows,
    )
}

/// Warnings and notes, one a line; `None` when there is none.
///
/// # Errors
/// As [`failures_csv`].
pub fn warnings_csv(warnings: &[Warning]) -> Result<Option<Vec<u8>>> {
    let rows = warnings.iter().map(|warning| {
        [
            warning.code.as_str().to_owned(),
            warning
                .case
                .as_ref()
                .map(|case| cell::text(case.as_str()))
                .unwrap_or_default(),
            path(warning.file.as_deref()),
            cell::text(&warning.found),
            cell::text(&warning.done),
        ]
    });
    table(["code", "case", "file", "found", "done"], rows)
}

fn path(path: Option<&Path>) -> String {
    path.map(|path| cell::text(&path.to_string_lossy()))
        .unwrap_or_default()
}

fn table<const N: usize>(
    head: [&str; N],
    rows: impl ExactSizeIterator<Item = [String; N]>,
) -> Result<Option<Vec<u8>>> {
    if rows.len() == 0 {
        return Ok(None);
    }
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(head)
        .map_err(|fault| internal(fault.to_string()))?;
    for row in rows {
        out.write_record(row)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map(Some)
        .map_err(|fault| internal(fault.to_string()))
}
