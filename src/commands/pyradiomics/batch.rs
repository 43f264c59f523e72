//! Which images and masks are measured: one of each, or the rows of a batch file.

use std::path::{Path, PathBuf};

use crate::cli::PyradiomicsArgs;
use crate::error::{Code, Result, ToolError};
use crate::io::{LARGEST_TABLE, read_small};

/// A case of the batch.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Number from 1, rows that are left out not counted.
    pub(super) number: usize,
    /// Columns of the input with their cells, in the file's order.
    pub(super) columns: Vec<(String, String)>,
    pub(super) image: PathBuf,
    pub(super) mask: PathBuf,
    pub(super) label: Option<i64>,
}

/// The cases, and what was left out.
pub(super) struct Batch {
    pub(super) cases: Vec<Case>,
    /// The folder that relative paths are counted from.
    pub(super) start: PathBuf,
    pub(super) passed: Vec<String>,
}

/// Reads what the command line names.
///
/// # Errors
/// [`Code::Usage`] for an image without a mask, [`Code::Manifest`] for a batch file without the columns.
pub(super) fn read(args: &PyradiomicsArgs) -> Result<Batch> {
    if args.input.extension().is_some_and(|ending| ending == "csv") {
        return rows(&args.input);
    }
    let Some(mask) = &args.mask else {
        return Err(ToolError::new(Code::Usage, "an image without a mask")
            .file(&args.input)
            .expected("image and mask, or a batch file that ends in .csv")
            .remedy("name the mask, too"));
    };
    let start = std::path::absolute(".").map_err(|fault| ToolError::internal(fault.to_string()))?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let case = Case {
        number: 1,
        columns: vec![
            ("Image".into(), text(&args.input)),
            ("Mask".into(), text(mask)),
        ],
        image: args.input.clone(),
        mask: mask.clone(),
        label: None,
    };
    Ok(Batch {
        cases: vec![case],
        start,
        passed: Vec::new(),
    })
}

fn rows(path: &Path) -> Result<Batch> {
    let wrong = |found: String| {
        ToolError::new(Code::Manifest, found)
            .file(path)
            .expected("a CSV table with the columns Image and Mask")
            .remedy("mend the batch file")
    };
    let bytes = read_small(path, LARGEST_TABLE)?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let head = reader.headers().map_err(|fault| wrong(fault.to_string()))?;
    let head: Vec<String> = head.iter().map(str::to_owned).collect();
    for needed in ["Image", "Mask"] {
        if !head.iter().any(|name| name == needed) {
            return Err(wrong(format!("no column {needed}")));
        }
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let start = std::path::absolute(folder.join("."))
        .map_err(|fault| ToolError::internal(fault.to_string()))?;
    let (mut cases, mut passed) = (Vec::new(), Vec::new());
    for (line, record) in (2..).zip(reader.records()) {
        let record = record.map_err(|fault| wrong(fault.to_string()))?;
        let mut columns: Vec<(String, String)> = head
            .iter()
            .zip(record.iter().chain(std::iter::repeat("")))
            .map(|(name, cell)| (name.clone(), cell.to_owned()))
            .collect();
        let mut file = |wanted: &str| {
            let (_, cell) = columns.iter_mut().find(|(name, _)| name == wanted)?;
            if cell.is_empty() {
                return None;
            }
            let file = start.join(&*cell);
            *cell = file.to_string_lossy().into_owned();
            Some(file)
        };
        let (Some(image), Some(mask)) = (file("Image"), file("Mask")) else {
            passed.push(format!("line {line}: no image or no mask, left out"));
            continue;
        };
        let label = columns.iter().find(|(name, _)| name == "Label");
        let label = label.filter(|(_, cell)| !cell.is_empty());
        let label = label.map(|(_, cell)| {
            let whole = cell.trim().parse();
            whole.map_err(|_| wrong(format!("line {line}: label '{cell}'")))
        });
        cases.push(Case {
            number: cases.len() + 1,
            columns,
            image,
            mask,
            label: label.transpose()?,
        });
    }
    if cases.is_empty() {
        return Err(wrong("no case".to_owned()));
    }
    Ok(Batch {
        cases,
        start,
        passed,
    })
}
