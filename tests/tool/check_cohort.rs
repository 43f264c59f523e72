//! `raduet check`: what it finds, how it says so, and how it ends.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::cohort_on_disk;
use super::program::{run, succeed};
use super::table::Table;

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
    assert_eq!(found["cases"][0]["regions"].as_array().unwrap().len(), 0);
    let arguments = ["--voxels", "-o", "check.csv", "--sheet", "sheet.png"];
    let found = json(here, &arguments, 0);
    let region = &found["cases"][0]["regions"][0];
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

/// The names of the cases that an error names.
fn refused(found: &Value) -> Vec<String> {
    let errors = found["errors"].as_array().unwrap().iter();
    let mut names: Vec<String> = errors
        .map(|error| error["case"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn check_refuses_what_extract_refuses_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let at = format!(
        "{}/tests/reference/formats/files",
        env!("CARGO_MANIFEST_DIR")
    );
    let manifest = format!(
        "ID,PatientID,Image,Mask,Label,Target,SpacingX,SpacingY,SpacingZ\n\
         a,a,{at}/series,{at}/rtstruct.dcm,Heart,x,,,\n\
         b,b,{at}/series/I002.dcm,{at}/seg_binary.dcm,heart,y,,,\n\
         c,c,{at}/straight.mha,{at}/rtstruct_Heart.nii.gz,1,x,,,\n\
         d,d,{at}/volume.npy,{at}/volume.npy,3,x,0.5,0.75,2.5\n\
         e,e,{at}/series,{at}/rtstruct.dcm,Lung,y,,,\n\
         f,f,{at}/volume.npy,{at}/rtstruct_Heart.nii.gz,1,x,0.5,0.75,2.5\n"
    );
    fs::write(here.join("manifest.csv"), manifest).unwrap();
    let run_extract = |more: &[&str]| {
        let arguments = ["extract", "manifest.csv", "--by", "case", "-o", "out.csv"];
        run(
            here,
            &[&arguments[..], &["--family", "firstorder"], more].concat(),
        );
        let failures = Table::read(&here.join("out.failures.csv"));
        let names = failures.column("case").into_iter();
        let mut lines: Vec<String> = names.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for more in [&[][..], &["--resample-mask"]] {
        let extracted = run_extract(more);
        let voxels = [&["--voxels"], more].concat();
        assert_eq!(refused(&json(here, &voxels, 1)), extracted, "{more:?}");
        // By headers alone no region is looked for, nor whether it stays within the image.
        let of_grids = if more.is_empty() { vec!["f"] } else { vec![] };
        let status = i32::from(!of_grids.is_empty());
        assert_eq!(refused(&json(here, more, status)), of_grids, "{more:?}");
    }
}

#[test]
fn images_in_memory_are_looked_at_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = ["check", "phantom", "--phantom-patients", "9", "--voxels"];
    let screen = succeed(here, &arguments).stdout;
    assert!(screen.contains("of 9 cases can be measured"), "{screen}");
    let archive = format!(
        "{}/tests/reference/formats/files/medmnist.npz",
        env!("CARGO_MANIFEST_DIR")
    );
    for depth in [&[][..], &["--voxels", "--bin-count", "8"]] {
        let finished = run(here, &[&["check", &archive, "--json"], depth].concat());
        assert_eq!(finished.status, 0, "{}", finished.stderr);
        let found: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(found["summary"]["cases"], 12);
    }
}

#[test]
fn every_label_is_looked_at_where_all_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort(here, |_, line| line.to_owned());
    let manifest = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let mask = here.join(manifest.lines().nth(1).unwrap().split(',').nth(3).unwrap());
    let mut bytes = fs::read(&mask).unwrap();
    // One voxel becomes a label of its own.
    let at = bytes.iter().rposition(|byte| *byte == 1).unwrap();
    bytes[at] = 2;
    fs::write(&mask, bytes).unwrap();
    let named = json(here, &["--voxels"], 1);
    assert_eq!(codes(&named, "errors"), ["E_LABEL"]);
    let all = json(here, &["--voxels", "--label", "all", "-o", "check.csv"], 1);
    assert_eq!(codes(&all, "errors"), ["E_ROI_SMALL"]);
    assert_eq!(all["cases"][0]["regions"].as_array().unwrap().len(), 2);
    let table = fs::read_to_string(here.join("check.csv")).unwrap();
    assert_eq!(table.lines().count(), 11);
}

#[test]
fn equal_headers_with_other_data_are_no_copies() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut manifest = String::from("ID,PatientID,Image,Mask\n");
    let header = |data: &str| {
        format!(
            "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 4 2\nencoding: raw\nspacings: 1 1 1\ndata file: {data}\n"
        )
    };
    for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
        // The headers are equal, since each lies in a folder of its own.
        fs::create_dir(here.join(name)).unwrap();
        let values: Vec<u8> = (0..32).map(|i| i * u8::from(at > 0) + 1).collect();
        fs::write(here.join(name).join("i.raw"), values).unwrap();
        fs::write(here.join(name).join("m.raw"), [1; 32]).unwrap();
        fs::write(here.join(name).join("i.nhdr"), header("i.raw")).unwrap();
        fs::write(here.join(name).join("m.nhdr"), header("m.raw")).unwrap();
        writeln!(manifest, "{name},{name},{name}/i.nhdr,{name}/m.nhdr").unwrap();
    }
    fs::write(here.join("manifest.csv"), manifest).unwrap();
    for depth in [&[][..], &["--voxels"]] {
        let found = json(here, depth, 0);
        let leaks: Vec<&str> = found["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|warning| warning["code"] == "W_LEAK")
            .map(|warning| warning["found"].as_str().unwrap())
            .collect();
        let [leak] = leaks.as_slice() else {
            panic!("{depth:?}: {leaks:?}");
        };
        assert!(leak.contains("2 cases: b, c"), "{leak}");
    }
}

#[test]
fn volumes_of_one_file_are_no_copies() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort(here, |_, line| line.to_owned());
    let manifest = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let cells: Vec<&str> = manifest.lines().nth(1).unwrap().split(',').collect();
    // The image twice over, as two volumes along a fourth axis; NIfTI keeps the axes at byte 40, the numbers from 352 on.
    let mut bytes = fs::read(here.join(cells[2])).unwrap();
    bytes[40..42].copy_from_slice(&4_i16.to_le_bytes());
    bytes[48..50].copy_from_slice(&2_i16.to_le_bytes());
    bytes.extend_from_within(352..);
    fs::write(here.join("both.nii"), bytes).unwrap();
    let mask = cells[3];
    let lines = format!(
        "ID,PatientID,Image,Mask,VolumeIndex\na,a,both.nii,{mask},0\nb,b,both.nii,{mask},1\nc,c,both.nii,{mask},1\n"
    );
    fs::write(here.join("manifest.csv"), lines).unwrap();
    let found = json(here, &[], 0);
    let leaks = found["warnings"].as_array().unwrap().iter();
    let leaks: Vec<&str> = leaks
        .filter(|warning| warning["code"] == "W_LEAK")
        .map(|warning| warning["found"].as_str().unwrap())
        .collect();
    let expected = [
        "lines 3 and 4: one image for two patients",
        "one image under 2 cases: b, c; of different patients",
    ];
    assert_eq!(leaks, expected);
}
