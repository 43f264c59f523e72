//! A leak of each kind is planted, and caught.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ndarray::Array3;
use raduet::io::{ReadOptions, read_volume};
use raduet_features::{Scaling, Volume, Voxels};
use serde_json::Value;

use super::cohort_on_disk;
use super::program::{Finished, run, succeed};

const PATIENTS: usize = 15;

/// A cohort of phantoms whose manifest says who trains and who is tested; `line` changes a line's cells: ID, patient,
/// image, mask, class, sequence, part.
fn cohort(here: &Path, change: impl Fn(usize, &mut [String; 7])) {
    cohort_on_disk::write(here, PATIENTS);
    let text = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let mut manifest = String::from("ID,PatientID,Image,Mask,Target,Sequence,Split\n");
    for (index, line) in text.lines().skip(1).enumerate() {
        let part = match index {
            0..=7 => "train",
            8..=10 => "valid",
            _ => "test",
        };
        let cells: Vec<&str> = line.split(',').collect();
        let mut cells =
            [cells[0], cells[1], cells[2], cells[3], cells[4], "T2", part].map(str::to_owned);
        change(index, &mut cells);
        writeln!(manifest, "{}", cells.join(",")).unwrap();
    }
    fs::write(here.join("manifest.csv"), manifest).unwrap();
}

fn compare(here: &Path, more: &[&str]) -> Finished {
    let mut words = vec![
        "compare",
        "manifest.csv",
        "--only",
        "radiomics",
        "--learners",
        "gaussian_nb",
        "--published",
        "--bin-count",
        "16",
        "-o",
        "run",
    ];
    words.extend(more);
    run(here, &words)
}

fn refused(finished: &Finished, said: &[&str]) {
    assert_eq!(finished.status, 2, "{}", finished.stderr);
    for said in said {
        assert!(
            finished.stderr.contains(said),
            "{said}: {}",
            finished.stderr
        );
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn one_image_under_two_ids_is_caught_by_its_voxels() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort(here, |_, _| {});
    assert_eq!(compare(here, &[]).status, 0);
    // The image of a patient who trains comes again as another one's who is tested, in another number type.
    copy_as_floats(here, 0, PATIENTS - 1);
    let caught = compare(here, &[]);
    refused(
        &caught,
        &[
            "E_SPLIT",
            "the same image under two ids",
            "in train and test",
            "--allow-leaks",
        ],
    );
    let listed = fs::read_to_string(here.join("run/failures.csv")).unwrap();
    assert!(listed.contains("the same image under two ids"), "{listed}");
    let allowed = compare(here, &["--allow-leaks"]);
    assert_eq!(allowed.status, 0, "{}", allowed.stderr);
    assert!(allowed.stderr.contains("W_LEAK"), "{}", allowed.stderr);
    // On one side of the split it is a doubt.
    cohort(here, |_, _| {});
    copy_as_floats(here, 0, 1);
    let doubted = compare(here, &[]);
    assert_eq!(doubted.status, 0, "{}", doubted.stderr);
    assert!(
        doubted.stderr.contains("the same image under two ids"),
        "{}",
        doubted.stderr
    );
}

/// Gives a line's image and mask to another line's case, the image in another number type.
fn copy_as_floats(here: &Path, from: usize, to: usize) {
    let text = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let file = |line: usize, column: usize| {
        let line = text.lines().nth(line + 1).unwrap();
        here.join(line.split(',').nth(column).unwrap())
    };
    let volume = read_volume(&file(from, 2), &ReadOptions::default())
        .unwrap()
        .volume;
    let [slices, rows, columns] = volume.grid().shape;
    let slice = |z: usize| volume.slice_f64(z).unwrap().into_iter().collect::<Vec<_>>();
    let values = (0..slices).flat_map(slice).collect();
    let values = Array3::from_shape_vec((slices, rows, columns), values).unwrap();
    let floats = Volume::new(Voxels::F64(values), Scaling::NONE, *volume.grid()).unwrap();
    cohort_on_disk::save(&file(to, 2), &floats);
    fs::copy(file(from, 3), file(to, 3)).unwrap();
}

#[test]
fn one_patient_in_two_sequences_on_two_sides_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // Named: the first and the last line are of one patient, T1 trains, T2 is tested.
    let class = |here: &Path| {
        let text = fs::read_to_string(here.join("manifest.csv")).unwrap();
        text.lines()
            .nth(1)
            .unwrap()
            .split(',')
            .nth(4)
            .unwrap()
            .to_owned()
    };
    cohort(here, |_, _| {});
    let first_class = class(here);
    cohort(here, |index, cells| {
        if index == 0 || index == PATIENTS - 1 {
            cells[1] = "P99".into();
            cells[4].clone_from(&first_class);
            cells[5] = if index == 0 { "T1".into() } else { "T2".into() };
        }
    });
    refused(
        &compare(here, &[]),
        &["E_SPLIT", "P99", "more than one part"],
    );
    // Not named: each id counts as a patient, and two of them differ by the sequence.
    cohort(here, |index, cells| {
        if index == 0 || index == PATIENTS - 1 {
            cells[5] = if index == 0 { "T1".into() } else { "T2".into() };
            cells[1] = format!("P99_{}", cells[5]);
            cells[4].clone_from(&first_class);
        }
    });
    let caught = compare(here, &[]);
    refused(
        &caught,
        &[
            "E_SPLIT",
            "'P99_T1' and 'P99_T2' differ by a sequence only, in train and test",
        ],
    );
    assert!(!here.join("run").exists(), "something was begun");
    assert_eq!(compare(here, &["--allow-leaks"]).status, 0);
}

/// A table of 60 patients with a class that shows in six columns.
fn table(here: &Path, more: impl Fn(u32) -> String, header: &str) {
    let mut text = format!("ID,PatientID,Target,a,b,c,d,e,f{header}\n");
    for patient in 0..60_u32 {
        let class = patient * 7 % 3;
        write!(text, "c{patient:02},p{:02},s{class}", patient * 11 % 60).unwrap();
        for column in 0..6_u32 {
            let noise = f64::from((patient * (37 + 8 * column) + column) % 101) / 41.3;
            write!(text, ",{}", f64::from(class) + noise).unwrap();
        }
        writeln!(text, "{}", more(patient)).unwrap();
    }
    fs::write(here.join("table.csv"), text).unwrap();
}

fn train(here: &Path, more: &[&str]) -> Finished {
    let mut words = vec![
        "train",
        "table.csv",
        "--learners",
        "gaussian_nb,random_forest",
        "-o",
        "run",
    ];
    words.extend(more);
    run(here, &words)
}

#[test]
fn a_column_that_says_the_class_in_other_words_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let recoded = |patient: u32| format!(",{}", [5.5, -1.0, 0.25][(patient * 7 % 3) as usize]);
    table(here, recoded, ",site_code");
    refused(
        &train(here, &[]),
        &["E_SPLIT", "'site_code' says the class again"],
    );
}

#[test]
fn the_same_row_under_two_patients_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    table(here, |_| String::new(), "");
    let text = fs::read_to_string(here.join("table.csv")).unwrap();
    // Every row comes a second time as another patient's: some fold puts them on two sides.
    let mut doubled = text.clone();
    for line in text.lines().skip(1) {
        let (_, values) = line.split_once(",p").unwrap();
        let (number, values) = values.split_once(',').unwrap();
        writeln!(doubled, "d{number},q{number},{values}").unwrap();
    }
    fs::write(here.join("table.csv"), doubled).unwrap();
    refused(
        &train(here, &["--folds", "5"]),
        &["E_SPLIT", "the same measurements under two ids"],
    );
    assert_eq!(train(here, &["--folds", "5", "--allow-leaks"]).status, 0);
}

/// Two copies that the run's own split keeps together: some further draw does not.
#[test]
fn every_draw_of_the_split_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    table(here, |_| String::new(), "");
    let text = fs::read_to_string(here.join("table.csv")).unwrap();
    let kept_together = text.lines().skip(1).any(|line| {
        let (_, values) = line.split_once(",p").unwrap();
        let (_, values) = values.split_once(',').unwrap();
        fs::write(here.join("table.csv"), format!("{text}c99,p99,{values}\n")).unwrap();
        train(here, &["--dry-run"]).status == 0
    });
    assert!(kept_together);
    let twenty = ["--repeats", "20"];
    refused(
        &train(here, &twenty),
        &["E_SPLIT", "repeat ", "the same measurements under two ids"],
    );
    let allowed = train(here, &["--repeats", "3", "--allow-leaks", "--dry-run"]);
    assert_eq!(allowed.status, 0, "{}", allowed.stderr);
}

#[test]
fn labels_that_mean_nothing_teach_nothing_and_test_rows_are_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    table(here, |_| String::new(), "");
    let folds = ["--folds", "5", "--importance"];
    let learned = train(here, &folds);
    assert_eq!(learned.status, 0, "{}", learned.stderr);
    assert!(
        learned.stdout.contains("established above the majority"),
        "{}",
        learned.stdout
    );
    let run = json(&here.join("run/run.json"));
    let models = run["models"].as_array().unwrap();
    assert_eq!(models.len(), 10);
    for model in models {
        assert_eq!(model["test_rows_read"]["answered"], 1, "{model}");
        assert_eq!(model["test_rows_read"]["explained"], 1, "{model}");
    }
    let control = train(here, &["--folds", "5", "--sanity"]);
    assert_eq!(control.status, 0, "{}", control.stderr);
    assert!(
        control
            .stdout
            .contains("sanity: with permuted labels 2 model(s) are no better than the majority"),
        "{}",
        control.stdout
    );
    let metrics = json(&here.join("run/metrics.json"));
    assert_eq!(metrics["control"]["passed"], true);
    assert!(
        metrics["warnings"][0]
            .as_str()
            .unwrap()
            .contains("a control, not a result")
    );
    let run = json(&here.join("run/run.json"));
    assert_eq!(run["models"][0]["test_rows_read"]["explained"], 0);
    assert_eq!(run["settings"]["guards"]["sanity"], true);
}

#[test]
fn a_patient_on_two_sides_of_two_prediction_files_is_caught() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // The network on T1 learned from p3, whom the one on T2 is tested on.
    let file = |sequence: &str, parts: [&str; 4]| {
        let mut text = String::from("ID,PatientID,Split,model,y_true,p_a,p_b\n");
        for (index, part) in parts.iter().enumerate() {
            let class = ["a", "b"][index % 2];
            writeln!(
                text,
                "p{index}_{sequence},p{index},{part},net_{sequence},{class},0.5,0.5"
            )
            .unwrap();
        }
        text
    };
    fs::write(
        here.join("t1.csv"),
        file("T1", ["test", "test", "train", "train"]),
    )
    .unwrap();
    fs::write(
        here.join("t2.csv"),
        file("T2", ["test", "test", "train", "test"]),
    )
    .unwrap();
    let caught = run(here, &["evaluate", "t1.csv", "t2.csv"]);
    assert_eq!(caught.status, 2, "{}", caught.stderr);
    let ok = succeed(here, &["evaluate", "t1.csv"]);
    assert!(ok.stdout.contains("2 test patients"), "{}", ok.stdout);
}
