//! PyRadiomics' command line: the same header, order and values as the program itself
//! (`tests/reference/pyradiomics/make_cli.py`), its modes and its failures.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::Array3;
use raduet_features::{Affine, Grid, Scaling, Spacing, Volume, Voxels};

use super::cohort_on_disk;
use super::program::{run, succeed};
use super::table::Table;

/// Relative tolerance: rounding of sums in another order.
const TOLERANCE: f64 = 1e-9;

const PARAMETERS: &str = "\
setting:
  binWidth: 10
  resampledPixelSpacing: [1, 1, 2.5]
  interpolator: sitkBSpline
  resegmentRange: [105, 250]
imageType:
  Original: {}
  LoG: {sigma: [1.5], binWidth: 2}
  Wavelet: {}
featureClass:
  shape: [MeshVolume, Sphericity]
  firstorder: [Mean, Entropy]
  glcm: [Contrast, MCC]
";

const BATCH: &str = "ID,Image,Mask,Label,Note\n\
    one,image.nii,mask.nii,1,first\n\
    two,image.nii,mask.nii,2,\"a, b\"\n";

/// The image and mask of the script, on the grid that ITK writes them with.
fn write(folder: &Path) {
    let shape = [7, 20, 24];
    let grid = Grid {
        shape,
        spacing: Spacing::new([2.5, 0.75, 0.75]).unwrap(),
        affine: Affine([
            [-0.75, 0.0, 0.0, 10.0],
            [0.0, -0.75, 0.0, -4.5],
            [0.0, 0.0, 2.5, 30.0],
        ]),
    };
    let intensity = |(z, y, x): (usize, usize, usize)| {
        let value = 100 + (x * x * 3 + y * 7 + z * 31) % 97 + ((x + 2 * y + 3 * z) % 5) * 20;
        i16::try_from(value).unwrap()
    };
    let label = |(z, y, x): (usize, usize, usize)| {
        let square = |a: usize, b: usize| a.abs_diff(b).pow(2);
        let ball = square(x, 11) + square(y, 9) + 4 * square(z, 3) <= 49;
        if x >= 19 && y >= 14 && z <= 3 {
            2
        } else {
            u8::from(ball || (x == 2 && y >= 16 && (2..=4).contains(&z)))
        }
    };
    let dim = (shape[0], shape[1], shape[2]);
    for (name, voxels) in [
        (
            "image.nii",
            Voxels::I16(Array3::from_shape_fn(dim, intensity)),
        ),
        ("mask.nii", Voxels::U8(Array3::from_shape_fn(dim, label))),
    ] {
        let volume = Volume::new(voxels, Scaling::NONE, grid).unwrap();
        cohort_on_disk::save(&folder.join(name), &volume);
    }
    fs::write(folder.join("params.yaml"), PARAMETERS).unwrap();
    fs::write(folder.join("bins.yaml"), "setting: {binWidth: 10}\n").unwrap();
    fs::write(folder.join("batch.csv"), BATCH).unwrap();
}

fn reference(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/pyradiomics");
    folder.join(name)
}

/// Compares two texts number by number; what is between the numbers must be the same.
fn difference(found: &str, expected: &str) -> Option<String> {
    let split = |text: &str| -> Vec<String> {
        let parts = text.split_inclusive(['(', ')', '[', ']', '{', '}', ',', ' ', '\'']);
        let cut = parts.flat_map(|part| {
            let end = part.len() - part.chars().next_back().map_or(0, char::len_utf8);
            let last = part.ends_with(['(', ')', '[', ']', '{', '}', ',', ' ', '\'']);
            let (word, mark) = part.split_at(if last { end } else { part.len() });
            [word.to_owned(), mark.to_owned()]
        });
        cut.filter(|part| !part.is_empty()).collect()
    };
    let (a, b) = (split(found), split(expected));
    let same = |a: &String, b: &String| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= TOLERANCE * b.abs() || (a.is_nan() && b.is_nan()),
        _ => a == b,
    };
    let equal = a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b));
    (!equal).then(|| format!("{found} and {expected}"))
}

/// Versions name the program that ran.
fn is_version(name: &str) -> bool {
    name.contains("diagnostics_Versions_")
}

/// Both tables as lists of (name, value) a case.
fn assert_same(found: &[Vec<(String, String)>], expected: &[Vec<(String, String)>]) {
    assert_eq!(found.len(), expected.len());
    let mut misses = Vec::new();
    let mut checked = 0;
    for (found, expected) in found.iter().zip(expected) {
        let names = |case: &[(String, String)]| -> Vec<String> {
            case.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(found), names(expected));
        for ((name, found), (_, expected)) in found.iter().zip(expected) {
            if is_version(name) {
                assert!(found.starts_with("raduet"), "{name}: {found}");
                continue;
            }
            checked += 1;
            misses.extend(difference(found, expected).map(|told| format!("{name}: {told}")));
        }
    }
    assert!(misses.is_empty(), "{checked} checked: {misses:#?}");
    assert!(checked > 70, "{checked} checked");
}

fn rows(path: &Path) -> Vec<Vec<(String, String)>> {
    let table = Table::read(path);
    let row = |cells: &Vec<String>| {
        let cells = table.head.iter().cloned().zip(cells.iter().cloned());
        cells.collect()
    };
    table.rows.iter().map(row).collect()
}

#[test]
fn tables_are_those_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    for (name, arguments) in [
        (
            "cli_params.csv",
            &["image.nii", "mask.nii", "-p", "params.yaml"][..],
        ),
        ("cli_batch.csv", &["batch.csv", "-p", "bins.yaml"]),
        // The command line in place of the file.
        (
            "cli_batch.csv",
            &["batch.csv", "-s", "binWidth:10", "-j", "2"],
        ),
    ] {
        let out = ["-f", "csv", "--format-path", "basename", "-o", "out.csv"];
        succeed(here, &[&["pyradiomics"], arguments, &out].concat());
        assert_same(&rows(&here.join("out.csv")), &rows(&reference(name)));
        fs::remove_file(here.join("out.csv")).unwrap();
    }
}

#[test]
fn lines_are_those_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    let arguments = [
        "pyradiomics",
        "image.nii",
        "mask.nii",
        "--format-path",
        "basename",
    ];
    let found = succeed(here, &arguments).stdout;
    let expected = fs::read_to_string(reference("cli_plain.txt")).unwrap();
    let lines = |text: &str| -> Vec<Vec<(String, String)>> {
        let lines = text.lines().map(|line| line.split_once(": ").unwrap());
        vec![lines.map(|(k, v)| (k.to_owned(), v.to_owned())).collect()]
    };
    assert_same(&lines(&found), &lines(&expected));
}

#[test]
fn objects_are_those_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    let arguments = [
        "pyradiomics",
        "batch.csv",
        "-p",
        "params.yaml",
        "-f",
        "json",
        "--format-path",
        "basename",
    ];
    let found = succeed(here, &arguments).stdout;
    let expected = fs::read_to_string(reference("cli_batch.json")).unwrap();
    let cases = |text: &str| -> Vec<Vec<(String, String)>> {
        let list: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_str(text).unwrap();
        list.into_iter()
            .map(|case| case.into_iter().map(|(k, v)| (k, v.to_string())).collect())
            .collect()
    };
    let plain = |cases: Vec<Vec<(String, String)>>| -> Vec<Vec<(String, String)>> {
        let value = |(name, text): (String, String)| (name, text.trim_matches('"').to_owned());
        let case = |case: Vec<(String, String)>| case.into_iter().map(value).collect();
        cases.into_iter().map(case).collect()
    };
    assert_same(&plain(cases(&found)), &plain(cases(&expected)));
}

/// The options with two letters and PyRadiomics' `-v`, paths, and a folder of results that are read back.
#[test]
fn its_own_options_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    fs::create_dir(here.join("run")).unwrap();
    let arguments = [
        "pyradiomics",
        "../batch.csv",
        "-p",
        "../bins.yaml",
        "-f",
        "csv",
        "--format-path",
        "relative",
        "-od",
        "cases",
        "-up",
        "-v",
        "5",
        "--log-file",
        "log.txt",
        "--logging-level",
        "INFO",
        "--skip-nans",
    ];
    let first = succeed(&here.join("run"), &arguments);
    assert!(
        first.stderr.contains("processing case 2"),
        "{}",
        first.stderr
    );
    assert!(first.stdout.contains("\none,image.nii,mask.nii,1,first,"));
    let again = succeed(&here.join("run"), &arguments);
    assert!(!again.stderr.contains("processing"), "{}", again.stderr);
    assert_eq!(first.stdout, again.stdout);
    let log = fs::read_to_string(here.join("run/log.txt")).unwrap();
    assert!(log.contains("processing case 1") && log.contains("read from"));
    succeed(here, &["pyradiomics", "batch.csv", "--validate"]);
}

#[test]
fn voxel_mode_writes_maps() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    fs::write(
        here.join("mean.yaml"),
        "featureClass: {firstorder: [Mean]}\n",
    )
    .unwrap();
    let arguments = [
        "pyradiomics",
        "batch.csv",
        "-p",
        "mean.yaml",
        "-m",
        "voxel",
        "-od",
        "maps",
        "-f",
        "csv",
        "-o",
        "out.csv",
    ];
    succeed(here, &arguments);
    let table = Table::read(&here.join("out.csv"));
    for (row, case) in [(0, 1), (1, 2)] {
        let path = table.cell(row, "original_firstorder_Mean");
        assert!(path.ends_with(&format!("Case-{case}_original_firstorder_Mean.nii.gz")));
        assert!(here.join(path).is_file());
        let voxels = table.number(row, "diagnostics_Mask-original_VoxelNum");
        assert!(voxels > 100.0, "{voxels}");
    }
}

#[test]
fn a_case_that_fails_keeps_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    let batch = "ID,Image,Mask,Label\none,image.nii,mask.nii,1\ntwo,image.nii,mask.nii,9\n";
    fs::write(here.join("batch.csv"), batch).unwrap();
    let arguments = ["pyradiomics", "batch.csv", "-f", "csv", "-o", "out.csv"];
    let finished = run(here, &arguments);
    assert_eq!(finished.status, 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("case 2") && finished.stderr.contains("E_LABEL"));
    let table = Table::read(&here.join("out.csv"));
    assert_eq!(table.column("ID"), ["one", "two"]);
    assert!(!table.cell(0, "original_firstorder_Mean").is_empty());
    assert_eq!(table.cell(1, "original_firstorder_Mean"), "");

    for (arguments, status) in [
        (&["image.nii"][..], 2),
        (&["image.nii", "mask.nii", "-s", "binWitdh:3"], 2),
        (&["nowhere.nii", "mask.nii"], 3),
        (&["nowhere.nii", "mask.nii", "--validate"], 3),
        (&["image.nii", "mask.nii", "-s", "label:9"], 3),
    ] {
        let finished = run(here, &[&["pyradiomics"], arguments].concat());
        assert_eq!(
            finished.status, status,
            "{arguments:?}: {}",
            finished.stderr
        );
    }
}
