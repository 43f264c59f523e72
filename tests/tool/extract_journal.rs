//! Where an interrupted extraction goes on, and where it does not.

use std::fs;
use std::path::Path;

use super::cohort_on_disk;
use super::program::{run, succeed};

/// An extraction that has measured everything and could not write its table: the journal is left. (A folder
/// with something in it stands where the table belongs.)
fn leave_journal(here: &Path, arguments: &[&str]) {
    let blocked = here.join("features.csv");
    fs::create_dir_all(blocked.join("occupied")).unwrap();
    let stopped = run(here, arguments);
    assert_eq!(stopped.status, 4, "{}", stopped.stderr);
    fs::remove_dir(blocked.join("occupied")).unwrap();
    fs::remove_dir(blocked).unwrap();
    assert!(here.join("features.journal").exists());
}

/// Records of the journal, the first line, which is its key, left out.
fn records(here: &Path) -> usize {
    let text = fs::read_to_string(here.join("features.journal")).unwrap();
    text.lines().count() - 1
}

/// Content decides, not the time of a file: written again with the same bytes, a case is not measured again;
/// with others it is.
#[test]
fn a_case_is_measured_again_when_its_content_changed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = ["extract", "manifest.csv"];
    cohort_on_disk::write(here, 9);
    leave_journal(here, &arguments);
    assert_eq!(records(here), 9);

    let image = here.join("phantom-004.nii");
    let bytes = fs::read(&image).unwrap();
    fs::remove_file(&image).unwrap();
    fs::write(&image, &bytes).unwrap();
    leave_journal(here, &arguments);
    assert_eq!(records(here), 9, "nothing has changed");

    let mut other = bytes;
    let half = other.len() / 2;
    other[half..].fill(0);
    fs::write(&image, other).unwrap();
    leave_journal(here, &arguments);
    assert_eq!(records(here), 10, "one image has changed");

    succeed(here, &arguments);
    let resumed = fs::read(here.join("features.csv")).unwrap();
    assert!(!here.join("features.journal").exists());
    succeed(here, &["extract", "manifest.csv", "-o", "fresh.csv"]);
    assert_eq!(resumed, fs::read(here.join("fresh.csv")).unwrap());
}

/// Rows of another kind, or measured by other settings, are not taken over.
#[test]
fn a_journal_serves_only_the_same_question() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let by_slice = ["extract", "manifest.csv", "--family", "firstorder"];
    for extra in [
        &["--by", "case"][..],
        &["--summarise"],
        &["--lesions"],
        &["--label", "all"],
        &["--bin-width", "3"],
        &["-s", "minimumROIDimensions:1", "--by", "case"],
        &["--profile", "ibsi", "--family", "glcm"],
    ] {
        let mut other = by_slice.to_vec();
        if extra.contains(&"--family") {
            other.truncate(2);
        }
        other.extend(extra);
        leave_journal(here, &by_slice);
        succeed(here, &other);
        let resumed = fs::read(here.join("features.csv")).unwrap();
        fs::remove_file(here.join("features.csv")).unwrap();
        succeed(here, &[&other[..], &["-o", "fresh.csv"]].concat());
        let fresh = fs::read(here.join("fresh.csv")).unwrap();
        assert!(resumed == fresh, "{extra:?}");
    }
}

/// Another line of the manifest is another case: its neighbours keep their rows, itself never gets an old one.
#[test]
fn an_edited_manifest_keeps_the_rows_of_the_other_lines() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = ["extract", "manifest.csv"];
    cohort_on_disk::write(here, 9);
    leave_journal(here, &arguments);
    let manifest = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let mut lines: Vec<String> = manifest.lines().map(str::to_owned).collect();
    // The third case gets the files of the fourth, and a line goes.
    let cells: Vec<String> = lines[4].split(',').map(str::to_owned).collect();
    let own: Vec<String> = lines[3].split(',').map(str::to_owned).collect();
    lines[3] = [&own[0], &own[1], &cells[2], &cells[3], &own[4]]
        .map(String::as_str)
        .join(",");
    lines.remove(7);
    fs::write(here.join("manifest.csv"), lines.join("\n") + "\n").unwrap();
    leave_journal(here, &arguments);
    assert_eq!(records(here), 10, "one case is another now");
    succeed(here, &arguments);
    let resumed = fs::read(here.join("features.csv")).unwrap();
    succeed(here, &["extract", "manifest.csv", "-o", "fresh.csv"]);
    assert!(resumed == fs::read(here.join("fresh.csv")).unwrap());
}
