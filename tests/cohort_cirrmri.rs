//! The folders of CirrMRI600+, built small, and the two real volumes of the test data.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use std::fs;
use std::path::Path;

use raduet::cohort::cirrmri::{Choice, Healthy, Patients};
use raduet::cohort::{LoadOptions, LoadedCohort, load};
use raduet::error::{Code, WarningCode as W};
use raduet_study::Part;
use tempfile::TempDir;

const COMPLETE: &str = "CirrMRI600+_CompleteData_age_gender_evaluation.csv";
const PAIRED: &str = "T1&T2_Paired_age_gender_evaluation.csv";

fn put(root: &Path, file: &str, bytes: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn pair(root: &Path, folder: &str, part: &str, id: &str) {
    put(root, &format!("{folder}/{part}_images/{id}.nii.gz"), "");
    put(root, &format!("{folder}/{part}_masks/{id}.nii.gz"), "");
}

/// T1W 4 (train), 5 (valid), 10 (train); T2W 4 (test: another part), 3 (train).
fn data_set(t1: &str, metadata: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for (part, id) in [("train", "10"), ("train", "4"), ("valid", "5")] {
        pair(root, t1, part, id);
    }
    for (part, id) in [("train", "3"), ("test", "4")] {
        pair(root, "Cirrhosis_T2_3D", part, id);
    }
    let header = "\u{feff}Patient ID,Age,Gender,Radiological Evaluation\n";
    let rows = "3,28,2,3\n4,60,2,3\n5,61,1,1\n10,51,2,2\n";
    put(
        root,
        &format!("{metadata}{COMPLETE}"),
        &format!("{header}{rows}"),
    );
    put(
        root,
        &format!("{metadata}{PAIRED}"),
        &format!("{header}4,60,2,3\n"),
    );
    folder
}

fn loaded(root: &Path, sequence: Option<&str>, cirrmri: Choice) -> LoadedCohort {
    let options = LoadOptions {
        sequence: sequence.map(str::to_owned),
        cirrmri,
        ..LoadOptions::default()
    };
    load(root, &options).unwrap_or_else(|faults| panic!("{faults}"))
}

fn ids(cohort: &LoadedCohort) -> Vec<&str> {
    cohort
        .cohort
        .cases()
        .iter()
        .map(|c| c.id.as_str())
        .collect()
}

#[test]
fn both_sequences_are_loaded_in_order() {
    let folder = data_set("Cirrhosis_T1_3D", "Metadata/");
    let cohort = loaded(folder.path(), None, Choice::default());
    assert_eq!(ids(&cohort), ["T1W-4", "T1W-10", "T1W-5", "T2W-3", "T2W-4"]);
    assert_eq!(
        cohort.cohort.classes().names(),
        ["mild", "moderate", "severe"]
    );
    let cases = cohort.cohort.cases();
    let labels: Vec<_> = cases.iter().map(|c| c.label.0).collect();
    assert_eq!(labels, [2, 1, 0, 2, 2]);
    // Patient 4 stands in two parts, as published.
    assert_eq!(cases[0].published_part, Some(Part::Train));
    assert_eq!(cases[4].published_part, Some(Part::Test));
    assert_eq!(cases[0].patient, cases[4].patient);
    assert_eq!(cohort.files[2].extra["Gender"], "F");
    assert_eq!(cohort.files[2].extra["Age"], "61");
    assert_eq!(cohort.files[0].label_value, Some(1));
    assert!(
        cohort
            .notes
            .iter()
            .any(|n| n == "T1W: 2 train, 1 valid, 0 test"),
        "{:?}",
        cohort.notes
    );
}

#[test]
fn nested_folders_and_metadata_elsewhere_are_found() {
    let plain = data_set("Cirrhosis_T1_3D", "Metadata/");
    let plain = loaded(plain.path(), None, Choice::default());
    for (t1, metadata) in [
        ("Cirrhosis_T1_3D/Cirrhosis_T1_3D", "Metadata/"),
        ("Cirrhosis_T1_3D", "Metadata/Metadata/"),
        ("Cirrhosis_T1_3D", ""),
    ] {
        let folder = data_set(t1, metadata);
        let cohort = loaded(folder.path(), None, Choice::default());
        assert_eq!(cohort.cohort, plain.cohort, "{t1} {metadata}");
    }
    // The folder of one sequence is enough.
    let folder = data_set("Cirrhosis_T1_3D", "Metadata/");
    let cohort = loaded(
        &folder.path().join("Cirrhosis_T2_3D"),
        None,
        Choice::default(),
    );
    assert_eq!(ids(&cohort), ["T2W-3", "T2W-4"]);
}

#[test]
fn the_paired_patients_of_one_sequence_are_the_papers_protocol() {
    let folder = data_set("Cirrhosis_T1_3D", "Metadata/");
    let choice = Choice {
        patients: Patients::Paired,
        healthy: Healthy::Leave,
    };
    assert_eq!(ids(&loaded(folder.path(), Some("T2W"), choice)), ["T2W-4"]);
    fs::remove_file(folder.path().join("Metadata").join(PAIRED)).unwrap();
    let options = LoadOptions {
        cirrmri: choice,
        ..LoadOptions::default()
    };
    let faults = load(folder.path(), &options).unwrap_err();
    assert!(faults.list()[0].found.contains("Paired"), "{faults}");
}

#[test]
fn healthy_subjects_never_become_patients() {
    let folder = data_set("Cirrhosis_T1_3D", "Metadata/");
    let healthy = "Healthy_subjects/T1_W_Healthy/T1";
    for id in ["4", "5"] {
        put(folder.path(), &format!("{healthy}_images/{id}.nii.gz"), "");
        put(folder.path(), &format!("{healthy}_masks/{id}.nii.gz"), "");
    }
    let without = loaded(folder.path(), None, Choice::default());
    assert_eq!(without.cohort.cases().len(), 5);
    let choice = Choice {
        healthy: Healthy::Take,
        ..Choice::default()
    };
    let with = loaded(folder.path(), Some("t1w"), choice);
    assert_eq!(
        ids(&with),
        ["T1W-4", "T1W-10", "T1W-5", "T1W-healthy-4", "T1W-healthy-5"]
    );
    assert_eq!(
        with.cohort.classes().names(),
        ["healthy", "mild", "moderate", "severe"]
    );
    let last = &with.cohort.cases()[4];
    assert_eq!((last.patient.as_str(), last.label.0), ("healthy-5", 0));
    assert_eq!(last.published_part, None);
}

#[test]
fn missing_masks_and_evaluations_fail_their_case_only() {
    let folder = data_set("Cirrhosis_T1_3D", "Metadata/");
    fs::remove_file(folder.path().join("Cirrhosis_T1_3D/train_masks/4.nii.gz")).unwrap();
    pair(folder.path(), "Cirrhosis_T1_3D", "test", "99");
    put(folder.path(), "Cirrhosis_T2_3D/train_masks/77.nii.gz", "");
    put(folder.path(), "Cirrhosis_T2_3D/train_images/.DS_Store", "");
    let cohort = loaded(folder.path(), None, Choice::default());
    assert_eq!(ids(&cohort), ["T1W-10", "T1W-5", "T2W-3", "T2W-4"]);
    let failed: Vec<_> = cohort
        .failed
        .iter()
        .map(|e| {
            (
                e.code,
                e.case.as_ref().unwrap().as_str(),
                e.file.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        failed,
        [
            (
                Code::Manifest,
                "T1W-99",
                Path::new("Cirrhosis_T1_3D/test_images/99.nii.gz")
            ),
            (
                Code::NotFound,
                "T1W-4",
                Path::new("Cirrhosis_T1_3D/train_masks/4.nii.gz")
            ),
        ]
    );
    let [warning] = &cohort.warnings[..] else {
        panic!("{:?}", cohort.warnings)
    };
    assert_eq!(
        (warning.code, warning.found.as_str()),
        (W::Manifest, "a mask without an image")
    );
}

#[test]
fn faulty_evaluations_are_refused_with_their_lines() {
    let folder = data_set("Cirrhosis_T1_3D", "Metadata/");
    let file = format!("Metadata/{COMPLETE}");
    put(
        folder.path(),
        &file,
        "Patient ID,Age,Gender,Radiological Evaluation\n3,1,1,4\n4,1,1,mild\n",
    );
    let faults = load(folder.path(), &LoadOptions::default()).unwrap_err();
    let found: Vec<_> = faults.list().iter().map(|f| f.found.as_str()).collect();
    assert_eq!(
        found,
        [
            "line 2: patient 3 has evaluation '4'",
            "line 3: patient 4 has evaluation 'mild'"
        ]
    );
    put(folder.path(), &file, "Patient,Stage\n3,1\n");
    let faults = load(folder.path(), &LoadOptions::default()).unwrap_err();
    assert_eq!(faults.list().len(), 2, "{faults}");
    fs::remove_dir_all(folder.path().join("Metadata")).unwrap();
    let faults = load(folder.path(), &LoadOptions::default()).unwrap_err();
    assert!(faults.to_string().contains("is missing"), "{faults}");
}

#[test]
fn the_hash_speaks_of_cases_not_of_places() {
    let one = data_set("Cirrhosis_T1_3D", "Metadata/");
    let other = data_set("Cirrhosis_T1_3D", "");
    let hash = |folder: &TempDir| loaded(folder.path(), None, Choice::default()).manifest_hash;
    assert_eq!(hash(&one), hash(&other));
    pair(other.path(), "Cirrhosis_T2_3D", "valid", "5");
    assert_ne!(hash(&one), hash(&other));
}

#[test]
fn the_real_sample_is_loaded() {
    let Some(root) = raduet_testkit::data::path("the_real_sample_is_loaded", "data/cirrmri_sample")
    else {
        return;
    };
    let cohort = loaded(&root, None, Choice::default());
    assert_eq!(ids(&cohort), ["T1W-5", "T2W-3"]);
    let cases = cohort.cohort.cases();
    assert_eq!(
        (cases[0].label.0, cases[0].published_part),
        (0, Some(Part::Valid))
    );
    assert_eq!(
        (cases[1].label.0, cases[1].published_part),
        (2, Some(Part::Train))
    );
    assert_eq!(cohort.failed, []);
}
