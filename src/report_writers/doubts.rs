//! `failures.csv` and `warnings.csv`: every record with all its fields.

use std::path::Path;

use raduet_study::{CaseId, Report};

use crate::error::{Code, Level, Result, ToolError, Warning, WarningCode};
use crate::io::cell;

/// Columns of `failures.csv`.
const FAILURES: [&str; 7] = [
    "code", "case", "file", "against", "found", "expected", "remedy",
];
/// Columns of `warnings.csv`.
const WARNINGS: [&str; 6] = ["code", "level", "case", "file", "found", "done"];

/// What the figures themselves make doubtful.
pub fn of_report(report: &Report) -> Vec<Warning> {
    let leaks = report.leaks.iter().map(|leak| {
        let found = format!(
            "column '{}' alone separates class '{}' in all {} training rows",
            leak.column, leak.class, leak.rows
        );
        let done = "used as given; take it out unless it is a measurement";
        Warning::new(WarningCode::Leak, found, done)
    });
    let sentences = report
        .warnings
        .iter()
        .map(|warning| Warning::new(WarningCode::Split, warning, "reported as it is"));
    leaks.chain(sentences).collect()
}

/// Everything doubtful once: what the figures say, then what the run recorded.
pub fn all(report: &Report, recorded: &[Warning]) -> Vec<Warning> {
    let mut all = of_report(report);
    let more: Vec<Warning> = recorded
        .iter()
        .filter(|warning| !all.contains(warning))
        .cloned()
        .collect();
    all.extend(more);
    all
}

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
            path(failure.against.as_deref()),
            cell::text(&failure.found),
            cell::text(&failure.expected),
            cell::text(&failure.remedy),
        ]
    });
    table(FAILURES, rows)
}

/// Warnings and notes, one a line; `None` when there is none.
///
/// # Errors
/// As [`failures_csv`].
pub fn warnings_csv(warnings: &[Warning]) -> Result<Option<Vec<u8>>> {
    let rows = warnings.iter().map(|warning| {
        [
            warning.code.as_str().to_owned(),
            warning.level.name().to_owned(),
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
    table(WARNINGS, rows)
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

/// Reads `failures.csv`.
///
/// # Errors
/// [`Code::Manifest`] for a line that is none of ours.
pub fn parse_failures(bytes: &[u8]) -> Result<Vec<ToolError>> {
    lines(
        bytes,
        FAILURES,
        |[code, case, file, against, found, expected, remedy]| {
            let mut failure = ToolError::new(Code::from_text(code)?, cell::original(found))
                .expected(cell::original(expected))
                .remedy(cell::original(remedy));
            if !case.is_empty() {
                failure = failure.case(CaseId::new(cell::original(case)));
            }
            if !file.is_empty() {
                failure = failure.file(&*cell::original(file));
            }
            if !against.is_empty() {
                failure = failure.against(&*cell::original(against));
            }
            Some(failure)
        },
    )
}

/// Reads `warnings.csv`.
///
/// # Errors
/// As [`parse_failures`].
pub fn parse_warnings(bytes: &[u8]) -> Result<Vec<Warning>> {
    lines(bytes, WARNINGS, |[code, level, case, file, found, done]| {
        let code = WarningCode::from_text(code)?;
        let mut warning = Warning::new(code, cell::original(found), cell::original(done));
        if level == Level::Note.name() {
            warning = warning.note();
        }
        if !case.is_empty() {
            warning = warning.case(CaseId::new(cell::original(case)));
        }
        if !file.is_empty() {
            warning = warning.file(&*cell::original(file));
        }
        Some(warning)
    })
}

fn lines<const N: usize, T>(
    bytes: &[u8],
    head: [&str; N],
    read: impl Fn([&str; N]) -> Option<T>,
) -> Result<Vec<T>> {
    let faulty = |line: usize, found: String| {
        ToolError::new(Code::Manifest, format!("line {line}: {found}"))
            .remedy("restore the file that the run wrote")
    };
    let mut reader = csv::Reader::from_reader(bytes);
    let found = reader
        .headers()
        .map_err(|fault| faulty(1, fault.to_string()))?;
    if !found.iter().eq(head) {
        let found = found.iter().collect::<Vec<_>>().join(",");
        return Err(faulty(1, found).expected(head.join(",")));
    }
    let mut read_lines = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        let record = record.map_err(|fault| faulty(line, fault.to_string()))?;
        let cells: [&str; N] = std::array::from_fn(|at| record.get(at).unwrap_or_default());
        let item = read(cells).ok_or_else(|| faulty(line, format!("code '{}'", cells[0])))?;
        read_lines.push(item);
    }
    Ok(read_lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let failures = [
            ToolError::new(Code::Truncated, "=1 of 2,\nbytes \"x\"")
                .case(CaseId::new("-P 17"))
                .file("a/b.nii")
                .against("c.nii")
                .expected("2")
                .remedy("copy it again"),
            ToolError::new(Code::Internal, "x"),
        ];
        let csv = failures_csv(&failures).unwrap().unwrap();
        assert_eq!(parse_failures(&csv).unwrap(), failures);
        let warnings = [
            Warning::new(WarningCode::Levels, "few", "kept").case(CaseId::new("c")),
            Warning::new(WarningCode::Header, "odd", "not needed")
                .note()
                .file("d"),
        ];
        let csv = warnings_csv(&warnings).unwrap().unwrap();
        assert_eq!(parse_warnings(&csv).unwrap(), warnings);
        assert!(parse_warnings(b"a,b\n").is_err());
        assert!(
            parse_failures(b"code,case,file,against,found,expected,remedy\nE_X,,,,,,\n").is_err()
        );
    }
}
