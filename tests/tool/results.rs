//! The files that a run leaves behind, and whether two runs left the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(folder: &Path, prefix: &str, into: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                collect(&entry.path(), &format!("{name}/"), into);
            } else {
                into.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files);
    files
}

/// The same, without the part of `run.json` that tells times.
#[cfg(all(feature = "learners", feature = "deep"))]
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files(folder);
    let run = files.get_mut("run.json").expect("run.json");
    let mut value: serde_json::Value = serde_json::from_slice(run).unwrap();
    assert!(value["measured"]["seconds"]["all"].as_f64().unwrap() > 0.0);
    value.as_object_mut().unwrap().remove("measured");
    *run = serde_json::to_vec(&value).unwrap();
    files
}

#[cfg(all(feature = "learners", feature = "deep"))]
pub(crate) fn assert_same(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    let differing: Vec<&String> = a.keys().filter(|name| a[*name] != b[*name]).collect();
    assert!(differing.is_empty(), "these files differ: {differing:?}");
}
