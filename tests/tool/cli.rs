//! Messages and exit statuses.

use std::fmt::Write;
use std::fs;
use std::process::Stdio;

use super::cohort_on_disk;
use super::program::{command, run, succeed};

#[test]
fn wrong_usage_ends_with_2_before_anything_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("study.toml"), "[features]\nbinwidth = 3\n").unwrap();
    for (arguments, expected) in [
        (vec!["conpare"], "compare"),
        (vec!["extract", "nowhere.csv"], "E_NOT_FOUND"),
        (
            vec!["extract", "phantom", "--family", "glmc"],
            "did you mean 'glcm'",
        ),
        (vec!["extract", "phantom", "--bin-width", "0"], "bin width"),
        (vec!["compare", "study.toml"], "did you mean 'bin_width'"),
        (
            vec!["compare", "--learners", "random_forrest"],
            "did you mean 'random_forest'",
        ),
        (
            vec!["compare", "--networks", "resnet19"],
            "did you mean 'resnet18'",
        ),
        (vec!["compare", "--test", "0.9", "--val", "0.9"], "E_SPLIT"),
        (
            vec!["compare", "--networks", "resnet18,resnet18"],
            "'resnet18' twice",
        ),
        (vec!["compare", "--img-size", "0"], "image_size"),
        (vec!["compare", "--val", "0"], "validation part"),
        (
            vec!["extract", "phantom", "-o", "x.journal"],
            "ends in .csv",
        ),
        (vec!["evaluate", "x.csv", "--bootstrap", "0"], "1..=1000000"),
        (vec!["train", "nowhere.csv"], "E_NOT_FOUND"),
        (
            vec!["compare", "--set", "random_forest.n_estimator=5"],
            "n_estimator",
        ),
        (
            vec!["compare", "--set", "random_forrest.n_estimators=5"],
            "did you mean 'random_forest'",
        ),
        (
            vec![
                "compare",
                "--learners",
                "svc",
                "--set",
                "random_forest.n_estimators=5",
            ],
            "not trained",
        ),
        (vec!["compare", "--set", "svc.C"], "LEARNER.SETTING=VALUE"),
        (
            vec!["compare", "--select", "mrmrr:5"],
            "did you mean 'mrmr'",
        ),
        (vec!["compare", "--redundancy", "1.5"], "threshold"),
        (vec!["train", "x.csv", "--tune", "much"], "light"),
        (vec!["evaluate", "nowhere.csv"], "E_NOT_FOUND"),
    ] {
        let finished = run(here, &arguments);
        assert_eq!(finished.status, 2, "{arguments:?}: {}", finished.stderr);
        assert!(
            finished.stderr.contains(expected),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
    assert_eq!(
        fs::read_dir(here).unwrap().count(),
        1,
        "something was begun"
    );
}

#[test]
fn a_bad_case_is_listed_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let image = here.join("phantom-002.nii");
    let whole = fs::read(&image).unwrap();
    fs::write(&image, &whole[..whole.len() / 2]).unwrap();

    let finished = run(here, &["extract", "manifest.csv"]);
    assert_eq!(finished.status, 1, "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .contains("error[E_TRUNCATED] case phantom-002: phantom-002.nii:")
    );
    let failures = fs::read_to_string(here.join("features.failures.csv")).unwrap();
    assert!(
        failures.contains("E_TRUNCATED,phantom-002,phantom-002.nii,"),
        "{failures}"
    );
    let table = fs::read_to_string(here.join("features.csv")).unwrap();
    assert!(!table.contains("phantom-002,") && table.contains("phantom-003,"));

    // Mended, the same command leaves no list of failures behind.
    fs::write(&image, &whole).unwrap();
    succeed(here, &["extract", "manifest.csv"]);
    assert!(!here.join("features.failures.csv").exists());
}

#[test]
fn no_case_at_all_ends_with_3() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    for index in 1..=9 {
        fs::write(
            here.join(format!("phantom-{index:03}.nii")),
            b"not an image",
        )
        .unwrap();
    }
    let finished = run(here, &["extract", "manifest.csv"]);
    assert_eq!(finished.status, 3, "{}", finished.stderr);
    assert!(!here.join("features.csv").exists());
    let failures = fs::read_to_string(here.join("features.failures.csv")).unwrap();
    assert_eq!(failures.lines().count(), 1 + 9, "{failures}");
}

#[test]
fn an_output_that_cannot_be_written_ends_with_4() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("file"), "x").unwrap();
    let finished = run(here, &["compare", "-o", "file/run"]);
    assert_eq!(finished.status, 4, "{}", finished.stderr);
    assert!(finished.stderr.contains("E_OUTPUT"), "{}", finished.stderr);
}

#[test]
fn plans_and_lists_are_printed_on_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let plan = succeed(here, &["compare", "--dry-run"]).stdout;
    assert!(
        plan.contains("0 patients shared") && plan.contains("resnet18"),
        "{plan}"
    );
    let list = succeed(here, &["features", "--json"]).stdout;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(
        list.as_array().unwrap().len(),
        14 + 9 + 18 + 24 + 14 + 16 + 16 + 5
    );
    let glcm = succeed(here, &["features", "--family", "glcm"]).stdout;
    assert!(glcm.contains("glcm_JointEntropy") && glcm.ends_with("24 features\n"));
    let ibsi = [
        "features",
        "--profile",
        "ibsi",
        "--family",
        "glszm",
        "--json",
    ];
    let ibsi: serde_json::Value = serde_json::from_str(&succeed(here, &ibsi).stdout).unwrap();
    assert_eq!(ibsi.as_array().unwrap().len(), 16);
    assert_eq!(
        ibsi[0]["aggregations"],
        serde_json::json!(["2D", "2.5D", "3D"])
    );
    let form = ["features", "--profile", "ibsi", "--family", "morphology"];
    let form = succeed(here, &form).stdout;
    assert!(
        form.contains("RNU0") && form.contains("undefined when"),
        "{form}"
    );
    let unknown = run(
        here,
        &["features", "--profile", "ibsi", "--family", "ngldmm"],
    );
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("did you mean 'ngldm'"));
    let doctor = succeed(here, &["doctor", "--json"]).stdout;
    let doctor: serde_json::Value = serde_json::from_str(&doctor).unwrap();
    assert_eq!(doctor["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(fs::read_dir(here).unwrap().count(), 0);
}

/// Whoever reads the messages may go away: the work goes on.
#[cfg(unix)]
#[test]
fn a_closed_screen_does_not_end_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = ["-v", "extract", "phantom", "--phantom-patients", "9"];
    let mut child = command(here, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(here.join("features.csv").exists());
}

/// What is doubtful about a table of another tool stands on the screen and in the file.
#[test]
fn a_column_that_gives_the_answer_away_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut table = String::from("ID,PatientID,Target,answer,noise\n");
    for patient in 0..40_u32 {
        let class = patient % 2;
        let noise = (patient * 37) % 11;
        writeln!(table, "{patient},{patient},{class},{class},{noise}").unwrap();
    }
    fs::write(here.join("table.csv"), table).unwrap();
    // The class again: refused, unless it is left out or meant.
    let train = ["train", "table.csv", "--learners", "gaussian_nb"];
    let refused = run(here, &train);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(
        refused
            .stderr
            .contains("column 'answer' says the class again")
            && refused.stderr.contains("--exclude answer"),
        "{}",
        refused.stderr
    );
    assert!(!here.join("raduet-train").exists());
    let without = [&train[..], &["--exclude", "answer"]].concat();
    assert!(!succeed(here, &without).stderr.contains("W_LEAK"));
    let finished = succeed(here, &[&train[..], &["--allow-leaks"]].concat());
    assert!(finished.stderr.contains("W_LEAK") && finished.stderr.contains("'answer'"));
    let warnings = fs::read_to_string(here.join("raduet-train/warnings.csv")).unwrap();
    assert!(warnings.contains("W_LEAK"), "{warnings}");

    let two = "ID,PatientID,Target,Slice,x\n1,1,a,0,1\n1,2,b,1,2\n";
    fs::write(here.join("two.csv"), two).unwrap();
    let refused = run(here, &["train", "two.csv"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("differ in patient or class"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_split_is_the_same_for_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    succeed(here, &["split", "phantom", "--folds", "5", "-o", "a.json"]);
    succeed(here, &["split", "phantom", "--folds", "5", "-o", "b.json"]);
    succeed(
        here,
        &[
            "split", "phantom", "--folds", "5", "--seed", "7", "-o", "c.json",
        ],
    );
    let read = |name: &str| fs::read(here.join(name)).unwrap();
    assert_eq!(read("a.json"), read("b.json"));
    assert_ne!(read("a.json"), read("c.json"));
}
