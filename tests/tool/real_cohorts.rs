//! The published layouts and real images.

use std::fs;

use raduet_testkit::data;

use super::program::succeed;
use super::table::Table;

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

/// Two volumes of the published layout, whole regions with default settings, against the rows that
/// PyRadiomics 3.1.0 gave a third party for them.
#[test]
fn cirrmri_cases_pyradiomics() {
    let name = "cirrmri_cases_pyradiomics";
    let Some(cohort) = data::path(name, "data/cirrmri_sample") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let cohort = cohort.canonicalize().unwrap();
    let arguments = ["extract", cohort.to_str().unwrap(), "--by", "case"];
    succeed(folder.path(), &arguments);
    let ours = Table::read(&folder.path().join("features.csv"));
    let mut misses = Vec::new();
    for (sequence, file) in [
        ("T1W", "pyradiomics310_T1_valid_id5.csv"),
        ("T2W", "pyradiomics310_T2_train_id3.csv"),
    ] {
        let theirs = Table::read(&cohort.join("reference").join(file));
        let row = ours.column("Sequence").iter().position(|s| *s == sequence);
        let features = theirs.head.iter().filter(|c| c.starts_with("original_"));
        let features: Vec<&String> = features.collect();
        assert_eq!(features.len(), 107);
        for feature in features {
            let (found, expected) = (
                ours.number(row.unwrap(), feature),
                theirs.number(0, feature),
            );
            let close = (found - expected).abs() <= 1e-9 * expected.abs();
            if !close {
                misses.push(format!("{sequence} {feature}: {found} {expected}"));
            }
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}
