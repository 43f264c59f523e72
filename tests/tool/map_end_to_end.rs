//! Maps as files: the engine's values on the image's grid, and a picture of each.

use std::fs;

use raduet::io::{GeometryRule, LabelChoice, ReadOptions, read_case, read_volume};
use raduet_features::maps::{MapOptions, feature_maps};
use raduet_features::set::Choice;
use raduet_features::{Discretisation, ExtractionOptions, FeatureSet, Roi, Voxels};

use super::cohort_on_disk;
use super::program::{run, succeed};

const IMAGE: &str = "phantom-001.nii";
const MASK: &str = "phantom-001-mask.nii";
const PARAMETERS: &str = "\
setting: {binWidth: 20}
imageType: {Original: {}, Square: {}}
featureClass: {glcm: [Contrast], firstorder: [Mean]}
voxelSetting: {kernelRadius: 2, initValue: nan}
";

#[test]
fn a_map_holds_the_engines_values_on_the_images_grid() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    fs::write(here.join("params.yaml"), PARAMETERS).unwrap();
    let arguments = [
        "map",
        IMAGE,
        MASK,
        "-p",
        "params.yaml",
        "-o",
        "maps",
        "--double",
    ];
    succeed(here, &arguments);
    let mut names: Vec<String> = fs::read_dir(here.join("maps"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let columns = [
        "original_firstorder_Mean",
        "original_glcm_Contrast",
        "square_firstorder_Mean",
        "square_glcm_Contrast",
    ];
    let files = columns
        .iter()
        .flat_map(|c| [format!("{c}.nii.gz"), format!("{c}.png")]);
    let mut expected: Vec<String> = files.chain(["run.json".to_owned()]).collect();
    expected.sort();
    assert_eq!(names, expected);

    let case = read_case(
        &here.join(IMAGE),
        &here.join(MASK),
        &LabelChoice::Only,
        GeometryRule::default(),
        &ReadOptions::default(),
    )
    .unwrap();
    let roi = Roi::from_volume(&case.image, &case.mask).unwrap().unwrap();
    let settings = ExtractionOptions {
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 20.0 },
        ..ExtractionOptions::default()
    };
    let settings = settings.check().unwrap();
    let choice = |family: &str, feature: &str| Choice {
        family: family.into(),
        features: vec![feature.into()],
    };
    let choices = [choice("firstorder", "Mean"), choice("glcm", "Contrast")];
    let set = FeatureSet::chosen(&choices, &settings).unwrap();
    let options = MapOptions {
        radius: 2,
        outside: f64::NAN,
    };
    let maps = feature_maps(&set, &settings, &roi, options).unwrap();
    for (name, map) in set.columns().iter().zip(&maps) {
        let path = here.join("maps").join(format!("{name}.nii.gz"));
        let read = read_volume(&path, &ReadOptions::default()).unwrap().volume;
        assert_eq!(read.grid().shape, case.image.grid().shape);
        let Voxels::F64(values) = read.voxels() else {
            panic!("{name}: not 64 bits");
        };
        let mut measured = 0;
        for ((z, y, x), value) in values.indexed_iter() {
            let at = [z, y, x];
            let inside = case.mask.inside()[at];
            if inside {
                let offset = roi.offset();
                let within: [usize; 3] = std::array::from_fn(|axis| at[axis] - offset[axis]);
                assert_eq!(value.to_bits(), map[within].to_bits(), "{name} {at:?}");
                measured += 1;
            } else {
                assert!(value.is_nan(), "{name} {at:?}: {value}");
            }
        }
        assert_eq!(measured, roi.count());
    }
    // Of one picture, the whole of its kind is known elsewhere: here, that it is one.
    let picture = fs::read(here.join("maps/square_glcm_Contrast.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
}

#[test]
fn what_has_no_map_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    for (arguments, expected) in [
        (&["-s", "maskedKernel:false"][..], "maskedKernel"),
        (&["-s", "kernelRadius:0"], "kernelRadius"),
        (
            &["-s", "resampledPixelSpacing:1,1,1"],
            "resampledPixelSpacing",
        ),
        (&["--family", "shape"], "'shape' has no map"),
        (&["--feature", "Contrst"], "Contrst"),
        (&["--label", "7", "--family", "firstorder"], "E_LABEL"),
    ] {
        let all = [&["map", IMAGE, MASK, "-o", "maps"][..], arguments].concat();
        let finished = run(here, &all);
        assert!(
            [2, 3].contains(&finished.status),
            "{arguments:?}: {}",
            finished.stderr
        );
        assert!(
            finished.stderr.contains(expected),
            "{arguments:?}: {}",
            finished.stderr
        );
        assert!(!here.join("maps").exists(), "{arguments:?}");
    }
}
