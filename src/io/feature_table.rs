//! Feature tables in either form: written by the name of the file, read by its content.

use std::io::Read;
use std::path::Path;

use super::feature_csv::FeatureFile;
use super::key_columns::Chosen;
use super::raw_table::RawTable;
use super::{feature_csv, open, parquet};
use crate::error::{Code, Result, ToolError, Warning};

/// The forms of a feature table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableForm {
    /// [`feature_csv`].
    Csv,
    /// [`parquet`].
    Parquet,
}

/// Bytes at the beginning of a Parquet file.
const PARQUET: &[u8; 4] = b"PAR1";

impl TableForm {
    /// The form that the ending of a file's name stands for.
    ///
    /// # Errors
    /// [`Code::Usage`] for any other ending.
    pub fn of_name(path: &Path) -> Result<Self> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        match ending.to_str() {
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(
                ToolError::new(Code::Usage, "a table that is neither CSV nor Parquet")
                    .file(path)
                    .remedy("give the output a name that ends in .csv or .parquet"),
            ),
        }
    }

    /// A table in this form; Parquet keeps `notes` with it.
    ///
    /// # Errors
    /// [`Code::Internal`] when the writer fails, which it does not in memory.
    pub fn bytes(self, file: &FeatureFile, notes: &[(String, String)]) -> Result<Vec<u8>> {
        match self {
            Self::Csv => feature_csv::write(file),
            Self::Parquet => parquet::write(file, notes),
        }
    }
}

/// Reads a feature table of either form, ours or another program's, and says what was taken for what.
///
/// # Errors
/// Those of [`feature_csv::read`] and [`parquet::read`].
pub fn read(path: &Path) -> Result<(FeatureFile, Vec<Warning>)> {
    let raw = read_raw(path, &Chosen::default())?;
    raw.labelled().map_err(|fault| fault.file(path))
}

/// Reads a feature table of either form whose rows may lack a class.
///
/// # Errors
/// Those of [`feature_csv::read_raw`] and [`parquet::read_raw`].
pub fn read_raw(path: &Path, chosen: &Chosen) -> Result<RawTable> {
    let mut head = Vec::new();
    open::open_regular(path)?
        .file
        .take(PARQUET.len() as u64)
        .read_to_end(&mut head)
        .map_err(|error| open::read_error(path, &error))?;
    if head == PARQUET {
        return parquet::read_raw(path, chosen);
    }
    feature_csv::read_raw(path, chosen)
}
