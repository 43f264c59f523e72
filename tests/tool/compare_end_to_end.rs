//! The main job on a small phantom cohort: complete, fair, reproducible, and resumable.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::program::{command, finished, succeed};
use super::results::{assert_same, contents};

/// A cohort and networks small enough for a test.
const SMALL: [&str; 10] = [
    "compare",
    "--phantom-patients",
    "30",
    "--img-size",
    "32",
    "--epochs",
    "2",
    "-b",
    "16",
    "-q",
];

fn small(extra: &[&'static str]) -> Vec<&'static str> {
    SMALL.iter().copied().chain(extra.iter().copied()).collect()
}

#[test]
fn both_arms_answer_for_the_same_test_patients_and_any_thread_count_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let screen = succeed(here, &small(&["-j", "2", "-o", "a"])).stdout;
    succeed(here, &small(&["-j", "1", "-o", "b"]));
    let files = contents(&here.join("a"));
    assert_same(&files, &contents(&here.join("b")));
    for name in [
        "features.csv",
        "split.json",
        "predictions.csv",
        "leaderboard.csv",
        "metrics.json",
        "run.json",
        "report.md",
        "report.html",
        "models/random_forest.json",
        "models/resnet18.safetensors",
    ] {
        assert!(files.contains_key(name), "{name} is missing");
    }
    assert!(
        !files.keys().any(|name| name.starts_with(".raduet-state")),
        "state is left behind"
    );
    assert!(
        screen.contains("one split") && screen.contains("resnet18"),
        "{screen}"
    );

    // The same test slices for every model, and none of their patients in training.
    let mut reader = csv::Reader::from_reader(&files["predictions.csv"][..]);
    let head = reader.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let keys = ["model", "Split", "ID", "Slice", "PatientID"].map(column);
    let mut tested: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut test_patients = BTreeSet::new();
    for record in reader.records() {
        let [model, part, id, slice, patient] =
            keys.map(|key| record.as_ref().unwrap()[key].to_owned());
        if part == "test" {
            tested.entry(model).or_default().insert((id, slice));
            test_patients.insert(patient);
        }
    }
    assert_eq!(
        tested.len(),
        13,
        "10 learners, 2 networks and the majority: {:?}",
        tested.keys()
    );
    let slices: BTreeSet<_> = tested.values().collect();
    assert_eq!(slices.len(), 1, "models were tested on different slices");

    // The predictions alone give the same screen again, but for the times.
    let again = succeed(here, &["evaluate", "a/predictions.csv"]).stdout;
    assert_eq!(again.lines().count(), screen.lines().count());
    for (again, first) in again.lines().zip(screen.lines()).skip(1) {
        assert!(first.starts_with(again), "{again}\n{first}");
    }
    assert!(screen.contains("the majority"), "{screen}");

    let split: serde_json::Value = serde_json::from_slice(&files["split.json"]).unwrap();
    for patient in &test_patients {
        assert_eq!(split["folds"][0][patient], "test");
    }
}

/// Stopped by Ctrl-C in the middle of training and resumed, a run ends with the bytes of a quiet one.
#[cfg(unix)]
#[test]
fn an_interrupted_run_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = |output: &'static str, extra: &[&'static str]| {
        let mut arguments = small(&["--only", "deep", "--networks", "resnet18", "--epochs", "6"]);
        // The last word on the number of epochs is the only one the program accepts.
        let first = arguments
            .iter()
            .position(|word| *word == "--epochs")
            .unwrap();
        arguments.drain(first..first + 2);
        arguments.extend(["-o", output]);
        arguments.extend(extra);
        arguments
    };
    succeed(here, &arguments("quiet", &[]));

    let mut child = command(here, &arguments("stopped", &[]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let checkpoint = here.join("stopped/.raduet-state/resnet18-fold0.checkpoint");
    let begun = Instant::now();
    while !checkpoint.exists() {
        assert!(
            begun.elapsed() < Duration::from_mins(2),
            "no checkpoint was written"
        );
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run ended before it was stopped"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let stopped = finished(child.wait_with_output().unwrap());
    assert_eq!(stopped.status, 130, "{}", stopped.stderr);
    assert!(stopped.stderr.contains("--resume"), "{}", stopped.stderr);
    assert!(!here.join("stopped/report.html").exists());

    succeed(here, &arguments("stopped", &["--resume"]));
    assert_same(
        &contents(&here.join("quiet")),
        &contents(&here.join("stopped")),
    );
}
