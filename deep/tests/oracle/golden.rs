//! The reference tables.

use std::fs::read_to_string;
use std::path::Path;

use serde_json::Value;

/// Every table there is: the selection in the repository, and the full one where the bulk data are.
pub(crate) fn tables(test: &str) -> Vec<Value> {
    let selection =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/torch/networks.json");
    let mut paths = vec![selection];
    paths.extend(raduet_testkit::data::path(test, "deep_golden/golden.json"));
    paths
        .iter()
        .map(|path| serde_json::from_str(&read_to_string(path).unwrap()).unwrap())
        .collect()
}

/// A table of the repository.
pub(crate) fn own_table(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reference/torch");
    serde_json::from_str(&read_to_string(folder.join(file)).unwrap()).unwrap()
}

/// The full table of the bulk data, where they are.
pub(crate) fn full_table(test: &str) -> Option<Value> {
    let path = raduet_testkit::data::path(test, "deep_golden/golden.json")?;
    Some(serde_json::from_str(&read_to_string(path).unwrap()).unwrap())
}

/// A list of numbers.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list");
    list.iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// A list of lists of numbers.
pub(crate) fn rows(value: &Value) -> Vec<Vec<f64>> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(numbers)
        .collect()
}

/// A small non-negative integer.
pub(crate) fn size(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("a count")).unwrap()
}
