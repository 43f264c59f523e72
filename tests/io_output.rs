//! What is written: whole or not at all; errors and warnings as lines and as rows.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use raduet::error::{Code, Exit, Faults, ToolError, Warning, WarningCode};
use raduet::io::atomic::{prepare_folder, write_file};
use raduet::io::cell::{is_formula, text};
use raduet::io::{AtomicFile, read_small};
use raduet_study::CaseId;

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_file_appears_only_when_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    fs::write(&path, "old").unwrap();
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(&vec![b'x'; 200_000]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    file.finish().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), 200_000);
    assert_eq!(names(folder.path()).len(), 1);

    let mut dropped = AtomicFile::create(&path).unwrap();
    dropped.write_all(b"half").unwrap();
    drop(dropped);
    assert_eq!(fs::metadata(&path).unwrap().len(), 200_000);
    assert_eq!(names(folder.path()).len(), 1);
}

#[cfg(unix)]
#[test]
fn a_written_file_has_the_usual_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let (ours, usual) = (folder.path().join("a"), folder.path().join("b"));
    write_file(&ours, b"x").unwrap();
    fs::write(&usual, b"x").unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&usual));
}

#[test]
fn what_cannot_be_written_is_an_output_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for error in [
        write_file(&folder.path().join("none/x.csv"), b"x").unwrap_err(),
        write_file(&file.join("x.csv"), b"x").unwrap_err(),
        write_file(&folder.path().join("folder"), b"x").unwrap_err(),
        prepare_folder(&file).unwrap_err(),
    ] {
        assert_eq!(error.code, Code::Output, "{error}");
        assert_eq!(error.code.exit(), Exit::Output);
        assert!(error.file.is_some() && !error.remedy.is_empty(), "{error}");
    }
    prepare_folder(&folder.path().join("a/b")).unwrap();
    assert!(names(&folder.path().join("a/b")).is_empty());
    assert_eq!(names(folder.path()).len(), 3, "nothing temporary is left");
}

#[test]
fn only_text_that_a_spreadsheet_would_run_is_marked() {
    for content in ["=1", "+x", "-x", "@x", "\tx", "\rx", "=cmd|' /C calc'!A0"] {
        assert!(is_formula(content), "{content}");
        assert_eq!(text(content), format!("'{content}"));
    }
    for content in ["", "x", "-1", "+2.5e-3", "-inf", "a=1"] {
        assert_eq!(text(content), content);
    }
    // A quote of its own is marked as well, so that reading gives back what was written.
    assert_eq!(text("'=1"), "''=1");
}

#[test]
fn small_files_have_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, b"12345").unwrap();
    assert_eq!(read_small(&path, 5).unwrap(), b"12345");
    assert_eq!(read_small(&path, 4).unwrap_err().code, Code::TooLarge);
    assert_eq!(
        read_small(folder.path(), 4).unwrap_err().code,
        Code::NotRegular
    );
}

fn error() -> ToolError {
    ToolError::new(Code::Geometry, "mask and image differ")
        .file("masks/=1\n\u{1b}[2J.nii")
        .against("images/a.nii")
        .expected("one grid")
        .remedy("resample")
        .case(CaseId::new("P\u{202e}1"))
}

#[test]
fn an_error_is_one_safe_line() {
    assert_eq!(
        error().to_string(),
        "error[E_GEOMETRY] case P\\u{202e}1: masks/=1\\n\\u{1b}[2J.nii: against images/a.nii: \
         mask and image differ, expected one grid; resample"
    );
    let warning = Warning::new(WarningCode::Units, "metres", "converted").file("a.nii");
    assert_eq!(
        warning.to_string(),
        "warning[W_UNITS] a.nii: metres; converted"
    );
    let two = Faults::check(vec![error(), error()]).unwrap_err();
    assert_eq!(two.to_string().lines().count(), 2);
}

#[test]
fn an_error_is_one_row() {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(error()).unwrap();
    writer
        .serialize(ToolError::new(Code::Internal, "x"))
        .unwrap();
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    assert!(
        text.starts_with("code,case,file,against,found,expected,remedy\nE_GEOMETRY,"),
        "{text}"
    );
    assert!(text.ends_with("E_INTERNAL,,,,x,,\n"), "{text}");
}

#[test]
fn codes_are_distinct_and_spelled_alike() {
    let errors: BTreeSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
    // An output that another process writes has the code of outputs, and an end of its own.
    assert_eq!(errors.len() + 1, Code::ALL.len());
    assert_eq!(Code::OutputTaken.as_str(), Code::Output.as_str());
    assert!(errors.iter().all(|c| c.starts_with("E_")));
    let warnings: BTreeSet<_> = WarningCode::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(warnings.len(), WarningCode::ALL.len());
    assert!(warnings.iter().all(|c| c.starts_with("W_")));
}
