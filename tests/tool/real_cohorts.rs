//! The published layouts and real images.

use std::fs;

use raduet_testkit::data;

use super::program::succeed;

#[test]
fn cirrmri_is_read_in_its_published_layout() {
    let Some(cohort) = data::path(
        "cirrmri_is_read_in_its_published_layout",
        "data/cirrmri_sample",
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let cohort = cohort.canonicalize().unwrap();
    succeed(folder.path(), &["extract", cohort.to_str().unwrap()]);
    let mut reader = csv::Reader::from_path(folder.path().join("features.csv")).unwrap();
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let keys = ["Sequence", "PatientID", "Split", "Target"].map(column);
    let mut seen: Vec<[String; 4]> = reader
        .records()
        .map(|record| keys.map(|key| record.as_ref().unwrap()[key].to_owned()))
        .collect();
    seen.sort();
    seen.dedup();
    let expected = [
        ["T1W", "5", "valid", "mild"],
        ["T2W", "3", "train", "severe"],
    ];
    assert_eq!(seen, expected.map(|row| row.map(str::to_owned)));
}

/// One sequence of a real cohort, features only: every patient is there, and none fails.
#[test]
fn lgg_mri_is_extracted_without_a_failure() {
    let name = "lgg_mri_is_extracted_without_a_failure";
    let Some(manifest) = data::path(name, "data/lgg_mri/manifest.csv") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest.canonicalize().unwrap();
    let arguments = [
        "extract",
        manifest.to_str().unwrap(),
        "--sequence",
        "T1post",
    ];
    succeed(folder.path(), &arguments);
    let text = fs::read_to_string(folder.path().join("features.csv")).unwrap();
    let mut patients: Vec<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(1))
        .collect();
    patients.dedup();
    assert_eq!(patients.len(), 67);
}
