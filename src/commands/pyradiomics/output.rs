//! The vectors of all cases as PyRadiomics prints them.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use super::datum::Datum;
use crate::cli::{FormName, PathForm, PyradiomicsArgs};
use crate::error::{Result, ToolError};

/// Names with their values, in order.
pub(super) type Vector = Vec<(String, Datum)>;

/// The text of all cases. The header of a table is that of the first case; what only others have follows in
/// alphabetical order.
///
/// # Errors
/// `E_INTERNAL` when a writer fails, which it does not in memory.
pub(super) fn text(args: &PyradiomicsArgs, start: &Path, mut cases: Vec<Vector>) -> Result<String> {
    let head = head(&cases);
    for case in &mut cases {
        if args.skip_nans {
            case.retain(|(_, value)| !matches!(value, Datum::Number(number) if number.is_nan()));
        }
        for (name, value) in case.iter_mut() {
            if ["Image", "Mask"].contains(&name.as_str()) {
                *value = Datum::Text(path(args, start, &value.to_string()));
            }
        }
    }
    match args.format {
        FormName::Csv => table(&head, &cases),
        FormName::Json => {
            let objects = cases.iter().map(|case| {
                let entries = case
                    .iter()
                    .map(|(name, value)| (name.clone(), value.json()));
                Value::Object(entries.collect::<Map<_, _>>())
            });
            serde_json::to_string_pretty(&objects.collect::<Value>())
                .map_err(|fault| ToolError::internal(fault.to_string()))
        }
        FormName::Txt => {
            let mut text = String::new();
            for (number, case) in (1..).zip(&cases) {
                for (name, value) in case {
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "Case-{number}_{name}: {value}");
                }
            }
            Ok(text)
        }
    }
}

fn head(cases: &[Vector]) -> Vec<String> {
    let mut head: Vec<String> = Vec::new();
    let Some((first, others)) = cases.split_first() else {
        return head;
    };
    head.extend(first.iter().map(|(name, _)| name.clone()));
    let names = others.iter().flatten().map(|(name, _)| name);
    let mut more: Vec<String> = names.filter(|name| !head.contains(name)).cloned().collect();
    more.sort_unstable();
    more.dedup();
    head.extend(more);
    head
}

/// A table with a header; a case has empty cells for what it lacks.
///
/// # Errors
/// `E_INTERNAL` when the writer fails, which it does not in memory.
pub(super) fn table(head: &[String], cases: &[Vector]) -> Result<String> {
    let internal = |fault: String| ToolError::internal(fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(head)
        .map_err(|fault| internal(fault.to_string()))?;
    for case in cases {
        let cells = head.iter().map(|wanted| {
            let cell = case.iter().find(|(name, _)| name == wanted);
            match cell {
                None | Some((_, Datum::None)) => String::new(),
                Some((_, value)) => value.to_string(),
            }
        });
        out.write_record(cells)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    let bytes = out
        .into_inner()
        .map_err(|fault| internal(fault.to_string()))?;
    String::from_utf8(bytes).map_err(|fault| internal(fault.to_string()))
}

/// A path in the form that was asked for.
fn path(args: &PyradiomicsArgs, start: &Path, text: &str) -> String {
    let given = Path::new(text);
    let whole = plain(&std::path::absolute(given).unwrap_or_else(|_| given.to_owned()));
    let shown = match args.format_path {
        PathForm::Absolute => whole,
        PathForm::Relative => relative(&whole, &plain(start)),
        PathForm::Basename => given.file_name().map_or_else(PathBuf::new, PathBuf::from),
    };
    let shown = shown.to_string_lossy().into_owned();
    if args.unix_path && std::path::MAIN_SEPARATOR != '/' {
        return shown.replace(std::path::MAIN_SEPARATOR, "/");
    }
    shown
}

/// An absolute path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// How to get from one folder to a file.
fn relative(file: &Path, folder: &Path) -> PathBuf {
    let (mut there, mut here) = (file.components().peekable(), folder.components().peekable());
    while there.peek().is_some() && there.peek() == here.peek() {
        there.next();
        here.next();
    }
    let mut path: PathBuf = here.map(|_| Component::ParentDir).collect();
    path.extend(there);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_folder_to_file() {
        let way = |file: &str, folder: &str| {
            let path = relative(&plain(Path::new(file)), &plain(Path::new(folder)));
            path.to_string_lossy().into_owned()
        };
        assert_eq!(way("/a/b/c.nii", "/a/b"), "c.nii");
        assert_eq!(way("/a/x/../b/c.nii", "/a/d/."), "../b/c.nii");
        assert_eq!(way("/a/b.nii", "/a/d/e"), "../../b.nii");
    }

    #[test]
    fn what_only_later_cases_have_follows_in_alphabetical_order() {
        let case = |names: &[&str]| -> Vector {
            let names = names.iter();
            names
                .map(|name| ((*name).to_owned(), Datum::None))
                .collect()
        };
        let cases = [case(&["Image", "b"]), case(&["Image", "z", "b", "a"])];
        assert_eq!(head(&cases), ["Image", "b", "a", "z"]);
    }
}
