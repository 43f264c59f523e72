//! Files of weights, whoever wrote them: tensors by name, read without running anything that a file says.
//!
//! ```text
//! safetensors ──────────────────────────────┐
//! .pth, a ZIP archive: zip ─ pickle ────────┼─ names unwrapped ─ tensors by name
//! .pth, the older stream: pickle, storages ─┘
//! ```
//!
//! A file's own words about sizes only ever choose a part of its bytes: nothing is allocated for them. The numbers
//! of a tensor are made when they are asked for, so that a network decides how much memory a file takes.

mod globals;
mod number;
mod pickle;
mod stored;
mod torch;
mod unwrap;
mod zip;

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors};

use crate::error::{DeepError, Result};
use number::Number;
pub(crate) use stored::StoredTensor;

/// Tensors by name.
pub(crate) type Tensors<'a> = BTreeMap<String, StoredTensor<'a>>;

/// The tensors of a file.
#[derive(Debug)]
pub(crate) struct WeightFile<'a> {
    pub(crate) tensors: Tensors<'a>,
    /// What the names were wrapped in: keys of outer dictionaries, then prefixes common to all names.
    pub(crate) unwrapped: Vec<String>,
}

/// Begins a ZIP archive.
const ZIP: &[u8] = b"PK\x03\x04";
/// Longest name that is kept: hostile names do not fill reports.
const LONGEST_NAME: usize = 512;

/// Reads any of the formats.
///
/// # Errors
/// [`DeepError::Weights`] for anything that is not one of them, whole and with nothing else in it than
/// a state dict needs.
pub(crate) fn read(bytes: &[u8]) -> Result<WeightFile<'_>> {
    let (tensors, mut unwrapped) = if bytes.starts_with(ZIP) {
        torch::archive(bytes)?
    } else if bytes.starts_with(torch::STREAM) {
        torch::stream(bytes)?
    } else {
        (safetensors(bytes)?, Vec::new())
    };
    let (tensors, prefixes) = unwrap::without_prefixes(tensors);
    unwrapped.extend(prefixes);
    if let Some(name) = tensors.keys().find(|name| name.len() > LONGEST_NAME) {
        return Err(refused(
            format!("a name of {} bytes", name.len()),
            "names of tensors",
        ));
    }
    if tensors.is_empty() {
        return Err(refused(
            "no tensor".into(),
            "a dictionary of tensors by name",
        ));
    }
    Ok(WeightFile { tensors, unwrapped })
}

fn safetensors(bytes: &[u8]) -> Result<Tensors<'_>> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        refused(
            format!("bytes that are no safetensors file ({error})"),
            "safetensors, or a .pth file as torch.save writes it",
        )
    })?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        let number = number_type(view.dtype()).ok_or_else(|| {
            refused(
                format!("tensor '{name}' of type {:?}", view.dtype()),
                "numbers of 16, 32 or 64 bits",
            )
        })?;
        let tensor = StoredTensor::contiguous(name, number, view.data(), view.shape())?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(tensors)
}

fn number_type(dtype: Dtype) -> Option<Number> {
    Some(match dtype {
        Dtype::F16 => Number::F16,
        Dtype::BF16 => Number::Bf16,
        Dtype::F32 => Number::F32,
        Dtype::F64 => Number::F64,
        Dtype::I8 => Number::I8,
        Dtype::U8 => Number::U8,
        Dtype::BOOL => Number::Bool,
        Dtype::I16 => Number::I16,
        Dtype::I32 => Number::I32,
        Dtype::I64 => Number::I64,
        _ => return None,
    })
}

/// What was found in a file of weights, and what belongs there.
fn refused(found: String, expected: &str) -> DeepError {
    DeepError::Weights {
        found,
        expected: expected.into(),
    }
}

#[cfg(test)]
mod tests;
