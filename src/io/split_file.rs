//! A split as a file: JSON with the rule, the seed, and a part for every patient in every fold.

use std::path::Path;

use raduet_study::Split;

use crate::error::{Code, Result, ToolError};

/// The split as JSON, patients in order.
///
/// # Errors
/// [`Code::Internal`] when it cannot be serialised, which does not happen.
pub fn write(split: &Split) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(split)
        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Reads a split; a patient with two parts in one fold is refused.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Read`], or [`Code::Split`] for anything that is no split.
pub fn read(path: &Path) -> Result<Split> {
    let bytes = super::read_small(path, super::LARGEST_TABLE)?;
    serde_json::from_slice(&bytes).map_err(|fault| {
        ToolError::new(Code::Split, fault.to_string())
            .file(path)
            .expected("rule, seed and folds, each a map from patient to train, valid or test")
            .remedy("write one with `raduet split`")
    })
}
