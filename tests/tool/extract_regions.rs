//! What becomes rows: slices, cases, labels, lesions, summaries.

use std::fs;
use std::path::Path;

use ndarray::Array3;
use raduet::io::{GeometryRule, LabelChoice, ReadOptions, read_case};
use raduet_features::engine::extract_one;
use raduet_features::{
    Affine, ExtractionSettings, FeatureSet, Grid, Roi, Scaling, Spacing, Volume, Voxels,
};

use super::cohort_on_disk;
use super::program::{run, succeed};
use super::table::Table;

const SHAPE: [usize; 3] = [4, 9, 12];

/// The value of a voxel: all different along z and x, so that means tell regions apart.
fn intensity((z, y, x): (usize, usize, usize)) -> i16 {
    i16::try_from(100 * z + 7 * x + y * y).unwrap()
}

/// Label 1 is one box, label 2 two boxes that do not touch.
fn label((z, y, x): (usize, usize, usize)) -> u8 {
    match (z, y, x) {
        (0..=1, 1..=3, 1..=4) => 1,
        (1..=2, 5..=7, 0..=2) | (1..=3, 5..=7, 6..=9) => 2,
        _ => 0,
    }
}

/// One case with both labels, as files.
fn write(folder: &Path) {
    let (dz, dy, dx) = (3.0, 1.5, 0.5);
    let grid = Grid {
        shape: SHAPE,
        spacing: Spacing::new([dz, dy, dx]).unwrap(),
        affine: Affine([
            [dx, 0.0, 0.0, 0.0],
            [0.0, dy, 0.0, 0.0],
            [0.0, 0.0, dz, 0.0],
        ]),
    };
    let save = |name: &str, voxels: Voxels| {
        let volume = Volume::new(voxels, Scaling::NONE, grid).unwrap();
        cohort_on_disk::save(&folder.join(name), &volume);
    };
    let shape = (SHAPE[0], SHAPE[1], SHAPE[2]);
    save(
        "image.nii",
        Voxels::I16(Array3::from_shape_fn(shape, intensity)),
    );
    save("mask.nii", Voxels::U8(Array3::from_shape_fn(shape, label)));
    let manifest = "ID,PatientID,Image,Mask,Target\na,p,image.nii,mask.nii,mild\n";
    fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

/// Voxels for which a rule holds, and the mean of their intensities.
fn region(rule: impl Fn((usize, usize, usize)) -> bool) -> (usize, f64) {
    let all = ndarray::indices((SHAPE[0], SHAPE[1], SHAPE[2])).into_iter();
    let values: Vec<f64> = all
        .filter(|at| rule(*at))
        .map(|at| f64::from(intensity(at)))
        .collect();
    (
        values.len(),
        values.iter().sum::<f64>() / values.len() as f64,
    )
}

fn assert_row(table: &Table, row: usize, (voxels, mean): (usize, f64)) {
    assert_eq!(table.cell(row, "ROIVoxels"), voxels.to_string());
    // A voxel is 3 x 1.5 x 0.5 mm.
    let volume = table.number(row, "ROIVolume_mm3");
    assert!((volume - 2.25 * voxels as f64).abs() < 1e-9, "{volume}");
    let found = table.number(row, "original_firstorder_Mean");
    assert!((found - mean).abs() < 1e-9, "row {row}: {found} and {mean}");
}

#[test]
fn by_case_a_row_is_the_region_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    succeed(here, &["extract", "manifest.csv", "--by", "case"]);
    let table = Table::read(&here.join("features.csv"));
    assert_eq!(table.rows.len(), 9);
    assert!(!table.head.contains(&"Slice".to_owned()));
    let settings = ExtractionSettings::default();
    let set = FeatureSet::all_3d(&settings);
    assert_eq!(table.from("original_"), set.columns());
    for row in 0..table.rows.len() {
        let id = table.cell(row, "ID");
        let case = read_case(
            &here.join(format!("{id}.nii")),
            &here.join(format!("{id}-mask.nii")),
            &LabelChoice::Only,
            GeometryRule::default(),
            &ReadOptions::default(),
        )
        .unwrap();
        let roi = Roi::from_volume(&case.image, &case.mask).unwrap().unwrap();
        let expected = extract_one(&set, &settings, &roi).unwrap();
        for (name, value) in set.columns().iter().zip(expected.values()) {
            let found = table.number(row, name);
            let same = found.to_bits() == value.to_bits() || (found.is_nan() && value.is_nan());
            assert!(same, "{id} {name}: {found} and {value}");
        }
    }
}

#[test]
fn every_label_and_every_lesion_is_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    let extract = |output: &str, extra: &[&str]| {
        let arguments = [
            "extract",
            "manifest.csv",
            "--by",
            "case",
            "--family",
            "firstorder",
            "-o",
            output,
        ];
        succeed(here, &[&arguments, extra].concat());
        Table::read(&here.join(output))
    };
    let of_label = |wanted| region(move |at| label(at) == wanted);
    let left = region(|at| label(at) == 2 && at.2 <= 2);
    let right = region(|at| label(at) == 2 && at.2 >= 6);

    let one = extract("one.csv", &["--label", "2"]);
    assert_eq!(one.column("ID"), ["a"]);
    assert!(!one.head.contains(&"Label".to_owned()));
    assert_row(&one, 0, of_label(2));

    let all = extract("all.csv", &["--label", "all"]);
    assert_eq!(all.column("ID"), ["a:1", "a:2"]);
    assert_eq!(all.column("Label"), ["1", "2"]);
    assert_eq!(all.column("Lesion"), ["", ""]);
    assert_row(&all, 0, of_label(1));
    assert_row(&all, 1, of_label(2));

    let lesions = extract("lesions.csv", &["--label", "2", "--lesions"]);
    assert_eq!(lesions.column("ID"), ["a::1", "a::2"]);
    assert_eq!(lesions.column("Lesion"), ["1", "2"]);
    assert_row(&lesions, 0, left);
    assert_row(&lesions, 1, right);

    let both = extract("both.csv", &["--label", "all", "--lesions"]);
    assert_eq!(both.column("ID"), ["a:1:1", "a:2:1", "a:2:2"]);
    assert_row(&both, 2, right);

    // By slice, the regions of a case share its slices.
    let arguments = [
        "extract",
        "manifest.csv",
        "--label",
        "all",
        "-o",
        "slices.csv",
    ];
    succeed(here, &arguments);
    let slices = Table::read(&here.join("slices.csv"));
    assert_eq!(slices.column("ID"), ["a:1", "a:1", "a:2", "a:2", "a:2"]);
    assert_eq!(slices.column("Slice"), ["0", "1", "1", "2", "3"]);
}

#[test]
fn a_choice_among_labels_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here);
    let refused = run(here, &["extract", "manifest.csv"]);
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("E_LABEL"), "{}", refused.stderr);
    // The parameter file chooses, and the manifest's column has the last word.
    let extract = |manifest: &str| {
        let arguments = [
            "extract",
            manifest,
            "--by",
            "case",
            "--family",
            "firstorder",
            "-s",
            "label:2",
        ];
        succeed(here, &arguments);
        Table::read(&here.join("features.csv"))
    };
    assert_row(&extract("manifest.csv"), 0, region(|at| label(at) == 2));
    let manifest = "ID,PatientID,Image,Mask,Label,Target\na,p,image.nii,mask.nii,1,mild\n";
    fs::write(here.join("labelled.csv"), manifest).unwrap();
    assert_row(&extract("labelled.csv"), 0, region(|at| label(at) == 1));
}

/// Mean, spread, percentiles and area-weighted mean, worked out again from the table of slices.
#[test]
fn a_summary_is_that_of_the_slices() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let of_phantom = ["extract", "phantom", "--phantom-patients", "9", "--family"];
    let families = ["firstorder,glcm"];
    let plain = [&of_phantom, &families[..], &["-o", "slices.csv"]].concat();
    let summarised = [
        &of_phantom,
        &families[..],
        &["-o", "cases.csv", "--summarise"],
    ]
    .concat();
    succeed(here, &plain);
    succeed(here, &summarised);
    let slices = Table::read(&here.join("slices.csv"));
    let cases = Table::read(&here.join("cases.csv"));
    assert_eq!(cases.rows.len(), 9);
    let features = slices.from("original_");
    assert_eq!(cases.from("original_").len(), 5 * features.len());
    for row in 0..cases.rows.len() {
        let of_case: Vec<usize> = (0..slices.rows.len())
            .filter(|&slice| slices.cell(slice, "ID") == cases.cell(row, "ID"))
            .collect();
        for feature in features {
            let mut measured: Vec<(f64, f64)> = of_case
                .iter()
                .map(|&slice| {
                    (
                        slices.number(slice, feature),
                        slices.number(slice, "ROIArea_mm2"),
                    )
                })
                .filter(|(value, _)| !value.is_nan())
                .collect();
            let n = measured.len() as f64;
            let mean = measured.iter().map(|(value, _)| value).sum::<f64>() / n;
            let squares = measured.iter().map(|(value, _)| (value - mean).powi(2));
            let spread = (squares.sum::<f64>() / (n - 1.0)).sqrt();
            let area: f64 = measured.iter().map(|(_, area)| area).sum();
            let weighted = measured
                .iter()
                .map(|(value, of_slice)| value * (of_slice / area));
            let weighted: f64 = weighted.sum();
            measured.sort_by(|a, b| a.0.total_cmp(&b.0));
            let expected = [("mean", mean), ("sd", spread), ("area_mean", weighted)];
            for (suffix, expected) in expected {
                let found = cases.number(row, &format!("{feature}_{suffix}"));
                let scale = expected.abs().max(mean.abs()).max(1e-12);
                assert!(
                    (found - expected).abs() <= 1e-9 * scale,
                    "{feature}_{suffix}: {found} and {expected}"
                );
            }
            let low = cases.number(row, &format!("{feature}_p10"));
            let high = cases.number(row, &format!("{feature}_p90"));
            let (first, last) = (measured[0].0, measured[measured.len() - 1].0);
            assert!(first <= low && low <= high && high <= last, "{feature}");
        }
    }
}
