//! Morphology and local intensity against the consensus values of IBSI 1: the digital phantom, and the CT
//! phantom in configuration A (no interpolation, re-segmentation to [-500, 400] HU).

use ndarray::Array3;
use raduet_features::settings::{Resegmentation, ResegmentationRange};
use raduet_features::{
    Affine, ExtractionOptions, FeatureSet, Grid, MaskVolume, Profile, Roi, Scaling, Spacing,
    Volume, Voxels, engine,
};
use raduet_testkit::reference::{Comparison, Table};
use raduet_testkit::{data, images};

/// A data set of the standard: files, spacing `[z, y, x]` in mm and re-segmentation.
struct Phantom {
    dataset: &'static str,
    file: &'static str,
    spacing: [f64; 3],
    range: Option<ResegmentationRange>,
}

const DIGITAL: Phantom = Phantom {
    dataset: "digital_phantom",
    file: "ibsi1_digital_phantom",
    spacing: [2.0; 3],
    range: None,
};

/// The spacing of its file.
const CT_A: Phantom = Phantom {
    dataset: "ct_a",
    file: "ibsi1_ct_phantom",
    spacing: [3.0, 0.977, 0.977],
    range: Some(ResegmentationRange::Absolute {
        low: -500.0,
        high: 400.0,
    }),
};

/// Rounds to three significant digits, as the standard prints its values.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}")
        .parse()
        .expect("a number just printed")
}

fn compare(family: &str, phantom: &Phantom, features: usize) {
    let name = format!("{family}_ibsi {}", phantom.dataset);
    let read = |end: &str| {
        let path = data::path(&name, &format!("ibsi/{}{end}.nii.gz", phantom.file))?;
        Some(images::read(&path))
    };
    let (Some(image), Some(mask)) = (read(""), read("_mask")) else {
        return;
    };
    let spacing = Spacing::new(phantom.spacing).expect("a spacing");
    let grid = Grid {
        shape: image.shape,
        spacing,
        affine: Affine([[0.0; 4]; 3]),
    };
    let values = Array3::from_shape_vec(image.shape, image.values).expect("a volume");
    let mask = Array3::from_shape_vec(mask.shape, mask.values).expect("a volume");
    let volume = Volume::new(Voxels::F64(values), Scaling::NONE, grid).expect("one shape");
    let mask = MaskVolume::new(mask.mapv(|label| label > 0.5), grid).expect("one shape");
    let morphology = Roi::from_volume(&volume, &mask).expect("finite values");
    let morphology = morphology.expect("a region");
    let rule = Resegmentation {
        range: phantom.range,
        outliers: None,
    };
    let roi = morphology.resegmented(rule).expect("a region");
    let options = ExtractionOptions {
        profile: Profile::Ibsi,
        ..ExtractionOptions::default()
    };
    let settings = options.check().expect("valid settings");
    let set = FeatureSet::with(&[family], &settings).expect("a family");
    let subject = engine::Subject {
        roi: &roi,
        morphology: &morphology,
        image: Some(&volume),
    };
    let found = engine::measure(&set, &settings, subject).expect("features");

    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    assert_eq!(set.width(), features);
    for (column, found) in set.described_columns().iter().zip(found.values()) {
        let id = column.spec.ibsi_id.expect("an id");
        let row = table
            .rows()
            .find(|row| row.text("dataset") == phantom.dataset && row.text("ibsi_id") == id);
        let row = row.unwrap_or_else(|| panic!("{name}: no reference for {id}"));
        // The published tolerance; the rest is the rounding of decimal digits.
        let (expected, tolerance) = (row.number("value"), row.number("tolerance"));
        comparison.check(
            column.spec.name,
            three_digits(*found),
            expected,
            1e-12,
            tolerance,
        );
    }
    comparison.finish(&name);
}

#[test]
fn morphology_ibsi_digital_phantom() {
    compare("morphology", &DIGITAL, 25);
}

#[test]
fn morphology_ibsi_ct_a() {
    compare("morphology", &CT_A, 25);
}

#[test]
fn local_intensity_ibsi_digital_phantom() {
    compare("local_intensity", &DIGITAL, 2);
}

#[test]
fn local_intensity_ibsi_ct_a() {
    compare("local_intensity", &CT_A, 2);
}
