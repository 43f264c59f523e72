//! A saved learner answers a table as it did in its own run.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::program::{run, succeed};
use super::table::Table;

/// A table of another program: two lesions of every patient, three columns, two scanners.
fn lesions(patients: u32) -> String {
    let mut text = String::from("subject,lesion_no,outcome,scanner,entropy,volume,flat\n");
    for patient in 0..patients {
        let class = if patient % 2 == 0 { "mild" } else { "severe" };
        for lesion in 0..2_u32 {
            let noise = f64::from((patient * 7919 + lesion * 104_729) % 1000) / 400.0;
            let (x, y) = (f64::from(patient % 2) + noise, 10.0 - noise * 0.7);
            let scanner = if patient % 3 == 0 { "GE" } else { "Siemens" };
            writeln!(text, "p{patient},L{lesion},{class},{scanner},{x},{y},1").unwrap();
        }
    }
    text
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

/// Cells of the answers by sample, held-out rows only.
fn answers(table: &Table, model: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = (0..table.rows.len())
        .filter(|&row| table.cell(row, "model") == model)
        .map(|row| {
            ["ID", "y_true", "y_pred", "p_mild", "p_severe"]
                .map(|column| table.cell(row, column).to_owned())
                .to_vec()
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn a_saved_model_answers_as_in_its_run_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, "lesions.csv", &lesions(60));
    let learners = "random_forest,gaussian_nb,svc,k_neighbors,gradient_boosting";
    let train = ["train", "lesions.csv", "--learners", learners, "-o", "run"];
    let finished = succeed(here, &train);
    assert!(
        finished.stderr.contains("PatientID from 'subject'")
            && finished.stderr.contains("Target from 'outcome'")
            && finished.stderr.contains("Site from 'scanner'")
            && finished.stderr.contains("3 features"),
        "{}",
        finished.stderr
    );
    let run = Table::read(&here.join("run/predictions.csv"));
    // Other order of columns and rows, a column more, no class.
    let head = "flat,more,volume,entropy,scanner,subject\n";
    let mut other = head.to_owned();
    for line in lesions(60).lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [subject, _, _, scanner, entropy, volume, flat] = cells[..] else {
            unreachable!("seven cells")
        };
        writeln!(other, "{flat},5,{volume},{entropy},{scanner},{subject}").unwrap();
    }
    write(here, "other.csv", &other);
    for learner in learners.split(',') {
        let model = format!("run/models/{learner}.json");
        let all = ["predict", &model, "lesions.csv", "-o", "all.csv"];
        let screen = succeed(here, &all).stdout;
        assert!(
            screen.contains("of 60 patients whose class is known"),
            "{screen}"
        );
        let predicted = Table::read(&here.join("all.csv"));
        assert_eq!(predicted.rows.len(), 120, "{learner}");
        let predicted = answers(&predicted, learner);
        let expected = answers(&run, learner);
        assert!(!expected.is_empty());
        for row in &expected {
            assert!(
                predicted.contains(row),
                "{learner}: {row:?} is answered otherwise"
            );
        }
        // Patients by the mean of their rows.
        let pooled = Table::read(&here.join("all.patients.csv"));
        assert_eq!(pooled.rows.len(), 60);

        let untargeted = ["predict", &model, "other.csv", "-o", "other-answers.csv"];
        let finished = succeed(here, &untargeted);
        assert!(finished.stderr.contains("'more'") || finished.stderr.contains(": more"));
        let other = Table::read(&here.join("other-answers.csv"));
        assert!(other.column("y_true").iter().all(|cell| cell.is_empty()));
        let again: Vec<String> = other
            .column("p_severe")
            .into_iter()
            .map(str::to_owned)
            .collect();
        let whole = Table::read(&here.join("all.csv"));
        assert_eq!(whole.column("p_severe"), again, "{learner}");
    }
    // What nobody knows the class of cannot be judged, and that is said.
    let refused = super::program::run(here, &["evaluate", "other-answers.csv"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("no true class"),
        "{}",
        refused.stderr
    );
    succeed(here, &["evaluate", "all.csv"]);
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, "lesions.csv", &lesions(40));
    succeed(
        here,
        &[
            "train",
            "lesions.csv",
            "--learners",
            "gaussian_nb",
            "-o",
            "run",
        ],
    );
    let model = "run/models/gaussian_nb.json";
    write(here, "less.csv", "patient,entropie,volume,flat\np1,1,2,1\n");
    write(here, "gap.csv", "patient,entropy,volume,flat\np1,,2,1\n");
    write(
        here,
        "strange.csv",
        "patient,label,entropy,volume,flat\np1,cured,1,2,1\n",
    );
    let text = fs::read_to_string(here.join(model)).unwrap();
    write(here, "cut.json", &text[..text.len() / 2]);
    write(
        here,
        "changed.json",
        &text.replace("\"severe\"", "\"Severe\""),
    );
    write(
        here,
        "newer.json",
        &text.replacen("\"version\": 2", "\"version\": 9", 1),
    );
    fs::write(here.join("pickle.json"), b"\x80\x04\x95rest").unwrap();
    for (arguments, expected) in [
        (vec!["predict", model, "less.csv"], "missing: entropy"),
        (
            vec!["predict", model, "less.csv"],
            "did you mean 'entropie'",
        ),
        (vec!["predict", model, "gap.csv"], "E_NONFINITE"),
        (vec!["predict", model, "nowhere.csv"], "E_NOT_FOUND"),
        (vec!["predict", "nowhere.json", "less.csv"], "E_NOT_FOUND"),
        (vec!["predict", "cut.json", "less.csv"], "E_MODEL"),
        (vec!["predict", "changed.json", "less.csv"], "checksum"),
        (vec!["predict", "newer.json", "less.csv"], "version 9"),
        (vec!["predict", "pickle.json", "less.csv"], "pickle"),
        (
            vec!["predict", model, "lesions.csv", "--column", "targt=x"],
            "did you mean 'target'",
        ),
        (
            vec!["predict", model, "lesions.csv", "--column", "target=x"],
            "no column 'x'",
        ),
    ] {
        let finished = run(here, &arguments);
        assert_eq!(finished.status, 2, "{arguments:?}: {}", finished.stderr);
        assert!(
            finished.stderr.contains(expected),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
    assert!(
        !here.join("predictions.csv").exists(),
        "something was written"
    );
    let finished = succeed(here, &["predict", model, "strange.csv", "--json"]);
    assert!(finished.stderr.contains("cured"), "{}", finished.stderr);
    let json: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(
        (&json["rows"], &json["patients_with_known_class"]),
        (&1.into(), &0.into())
    );
    assert_eq!(json["training"]["sha256"].as_str().unwrap().len(), 64);
}

/// The very rows of the training, in whatever order, are recognised.
#[test]
fn the_training_table_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut parts = String::from("patient,label,split,x\n");
    let mut training = String::from("x,label,patient\n");
    for patient in 0..40_u32 {
        let x = f64::from((patient * 37) % 23) + f64::from(patient % 2);
        let part = if patient < 30 { "train" } else { "test" };
        writeln!(parts, "p{patient},c{},{part},{x}", patient % 2).unwrap();
        if part == "train" {
            training.insert_str(
                "x,label,patient\n".len(),
                &format!("{x},c{},p{patient}\n", patient % 2),
            );
        }
    }
    write(here, "parts.csv", &parts);
    write(here, "training.csv", &training);
    let train = [
        "train",
        "parts.csv",
        "--published",
        "--learners",
        "gaussian_nb",
        "-o",
        "run",
    ];
    succeed(here, &train);
    let model = "run/models/gaussian_nb.json";
    let told = succeed(here, &["predict", model, "training.csv"]).stderr;
    assert!(told.contains("W_LEAK"), "{told}");
    let told = succeed(here, &["predict", model, "parts.csv"]).stderr;
    assert!(!told.contains("W_LEAK"), "{told}");
}
