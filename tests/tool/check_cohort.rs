//! `raduet check`: what it finds, how it says so, and how it ends.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::cohort_on_disk;
use super::program::{run, succeed};

/// A cohort of phantoms whose manifest is changed line by line; line 0 is the head.
fn cohort(here: &Path, change: impl Fn(usize, &str) -> String) {
    cohort_on_disk::write(here, 9);
    let manifest = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let lines = manifest.lines().enumerate();
    let changed: Vec<String> = lines.map(|(at, line)| change(at, line)).collect();
    fs::write(here.join("manifest.csv"), changed.join("\n") + "\n").unwrap();
}

/// The last digit of the case before: `5` for `phantom-006`.
fn number_before(id: &str) -> u32 {
    id.chars().last().and_then(|c| c.to_digit(10)).unwrap() - 1
}

fn first_patient(here: &Path) -> String {
    let manifest = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let line = manifest.lines().nth(1).unwrap();
    line.split(',').nth(1).unwrap().to_owned()
}

fn json(here: &Path, arguments: &[&str], status: i32) -> Value {
    let all = [&["check", "manifest.csv", "--json"], arguments].concat();
    let finished = run(here, &all);
    assert_eq!(finished.status, status, "{}", finished.stderr);
    serde_json::from_str(&finished.stdout).unwrap()
}

fn codes(found: &Value, list: &str) -> Vec<String> {
    let list = found[list].as_array().unwrap();
    let shown = list.iter().filter(|entry| entry["level"] != "note");
    let mut codes: Vec<String> = shown
        .map(|entry| entry["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

#[test]
fn a_good_cohort_passes_and_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort(here, |_, line| line.to_owned());
    let found = json(here, &["--strict"], 0);
    assert_eq!(found["summary"]["cases"], 9);
    assert_eq!(codes(&found, "errors"), [""; 0]);
    assert!(found["cases"][0]["region"].is_null());
    let arguments = ["--voxels", "-o", "check.csv", "--sheet", "sheet.png"];
    let found = json(here, &arguments, 0);
    let region = &found["cases"][0]["region"];
    assert!(region["voxels"].as_u64().unwrap() > 100 && region["bins"].as_u64().unwrap() > 1);
    let table = fs::read_to_string(here.join("check.csv")).unwrap();
    assert_eq!(table.lines().count(), 10);
    assert!(
        fs::read(here.join("sheet.png"))
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let screen = succeed(here, &["check", "manifest.csv"]).stdout;
    assert!(screen.contains("9 of 9 cases can be measured"), "{screen}");
}

#[test]
fn faults_are_found_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // The second case's mask is cut off, the fourth has no image, the sixth the files of the fifth, which belong to
    // another patient.
    cohort(here, |at, line| match at {
        4 => line.replacen("phantom-004.nii", "gone.nii", 1),
        // The id stays, the files are its neighbour's.
        6 => {
            let (id, rest) = line.split_once(',').unwrap();
            let other = format!("{}{}", &id[..id.len() - 1], number_before(id));
            format!(
                "{id},{}",
                rest.replace(&format!(",{id}"), &format!(",{other}"))
            )
        }
        _ => line.to_owned(),
    });
    let names: Vec<String> = fs::read_to_string(here.join("manifest.csv"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let mask = names[2].split(',').nth(3).unwrap();
    let bytes = fs::read(here.join(mask)).unwrap();
    fs::write(here.join(mask), &bytes[..bytes.len() / 2]).unwrap();
    for depth in [&[][..], &["--voxels"]] {
        let found = json(here, depth, 1);
        assert_eq!(
            codes(&found, "errors"),
            ["E_NOT_FOUND", "E_TRUNCATED"],
            "{depth:?}"
        );
        assert!(
            codes(&found, "warnings").contains(&"W_LEAK".to_owned()),
            "{depth:?}"
        );
        assert_eq!(found["summary"]["failed"], 2);
        for error in found["errors"].as_array().unwrap() {
            assert!(!error["remedy"].as_str().unwrap().is_empty(), "{error}");
            assert!(!error["case"].as_str().unwrap().is_empty(), "{error}");
        }
    }
}

#[test]
fn doubts_are_errors_only_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort(here, |at, line| match at {
        0 => format!("{line},Split"),
        // One patient on two sides.
        2 => {
            let cells: Vec<&str> = line.split(',').collect();
            let patient = first_patient(here);
            format!(
                "{},{patient},{},{},{},test",
                cells[0], cells[2], cells[3], cells[4]
            )
        }
        _ => format!("{line},train"),
    });
    let found = json(here, &[], 0);
    let warnings = codes(&found, "warnings");
    assert!(warnings.contains(&"W_LEAK".to_owned()), "{found:#}");
    json(here, &["--strict"], 1);
    let all = json(here, &["--voxels", "--bin-width", "1e-9"], 3);
    assert_eq!(codes(&all, "errors"), ["E_BINS"]);
}
