//! Files that PyTorch wrote, to the bit.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::super::read;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/torch")
}

/// The files with what is in them.
pub(super) fn files() -> Vec<(String, Vec<u8>, Value)> {
    let text = fs::read_to_string(folder().join("weights.json")).unwrap();
    let table: Value = serde_json::from_str(&text).unwrap();
    let files = table["files"].as_object().unwrap();
    files
        .iter()
        .map(|(name, content)| {
            let bytes = fs::read(folder().join("weights").join(name)).unwrap();
            (name.clone(), bytes, content.clone())
        })
        .collect()
}

fn list(value: &Value) -> Vec<u64> {
    let list = value.as_array().unwrap();
    list.iter().map(|v| v.as_u64().unwrap()).collect()
}

#[test]
fn pth_files_torch_bit_for_bit() {
    let files = files();
    assert_eq!(files.len(), 6);
    for (name, bytes, expected) in files {
        let file = read(&bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let unwrapped: Vec<Value> = file
            .unwrapped
            .iter()
            .map(|key| key.as_str().into())
            .collect();
        assert_eq!(Value::from(unwrapped), expected["unwrapped"], "{name}");
        let tensors = expected["tensors"].as_object().unwrap();
        let mut names: Vec<&String> = tensors.keys().collect();
        names.sort_unstable();
        assert_eq!(file.tensors.keys().collect::<Vec<_>>(), names, "{name}");
        for (tensor, content) in tensors {
            let found = &file.tensors[tensor];
            let shape: Vec<u64> = found.shape.iter().map(|d| *d as u64).collect();
            assert_eq!(shape, list(&content["shape"]), "{name} {tensor}");
            let bits: Vec<u64> = found.numbers().iter().map(|v| v.to_bits().into()).collect();
            assert_eq!(bits, list(&content["bits"]), "{name} {tensor}");
        }
    }
}
