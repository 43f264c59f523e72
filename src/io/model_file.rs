//! Saved learners as files: what is wrong with one is said before anything is made of it.

use std::path::Path;

use raduet_learners::FittedPipeline;

use super::read_small;
use crate::error::{Code, Result, ToolError};

/// Forests on large tables are large; more than this is no model.
const LARGEST_MODEL: u64 = 4 << 30;

/// Other programs' models by their first bytes.
const FOREIGN: &[(&str, &[u8])] = &[
    ("a Python pickle, which can run anything", b"\x80"),
    ("a zip archive (PyTorch, skops, joblib)", b"PK\x03\x04"),
    ("a compressed file", b"\x1f\x8b"),
    ("a compressed file", b"x\x9c"),
    ("an HDF5 file", b"\x89HDF"),
];

/// Where the header of safetensors begins, behind the eight bytes of its length.
const SAFETENSORS: usize = 8;

/// Reads and checks a learner's model.
///
/// # Errors
/// [`Code::NotFound`], [`Code::Read`], [`Code::TooLarge`]; [`Code::Model`] for a file that is damaged, of
/// another version or of another program.
pub fn read(path: &Path) -> Result<FittedPipeline> {
    let bytes = read_small(path, LARGEST_MODEL)?;
    parse(&bytes).map_err(|fault| fault.file(path))
}

fn parse(bytes: &[u8]) -> Result<FittedPipeline> {
    let refused = |found: &str| {
        ToolError::new(Code::Model, found)
            .expected("a learner's model that raduet has written (models/*.json)")
            .remedy("name such a file")
    };
    if let Some((what, _)) = FOREIGN.iter().find(|(_, magic)| bytes.starts_with(magic)) {
        return Err(refused(&format!("this is {what}")));
    }
    if bytes.get(SAFETENSORS) == Some(&b'{') && bytes.first() != Some(&b'{') {
        return Err(refused("these are a network's weights"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| refused("bytes that are no text"))?;
    FittedPipeline::from_json(text).map_err(|fault| {
        ToolError::new(Code::Model, fault.to_string())
            .remedy("copy the file again, or fit the model again with this version")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_model_of_ours_is_named() {
        for (bytes, expected) in [
            (&b"\x80\x04\x95"[..], "pickle"),
            (b"PK\x03\x04", "zip"),
            (b"\x10\0\0\0\0\0\0\0{\"a\":1}", "network"),
            (b"\xff\xfe", "no text"),
            (b"", "frame"),
            (b"{}", "frame"),
        ] {
            let fault = parse(bytes).unwrap_err();
            assert_eq!(fault.code, Code::Model);
            assert!(fault.found.contains(expected), "{fault}");
        }
    }
}
