//! The families whose matrices know no directions (GLSZM, GLDZM, NGTDM and NGLDM) against the consensus
//! values of IBSI 1: the digital phantom in all three aggregations, and configuration A of the CT phantom, in
//! which re-segmentation takes voxels out of the morphological mask, within slices.

use ndarray::Array3;
use raduet_features::engine::{Subject, measure};
use raduet_features::settings::{Resegmentation, ResegmentationRange};
use raduet_features::{
    Aggregation, Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Profile, Roi,
    Spacing,
};
use raduet_testkit::reference::{Comparison, Table};
use raduet_testkit::{data, images};

/// A data set of the standard: its name in the table, its files, voxels of its masks before and after
/// re-segmentation, its settings.
struct DataSet {
    name: &'static str,
    file: &'static str,
    voxels: [usize; 2],
    options: fn() -> ExtractionOptions,
}

/// Bins of width 1 leave the phantom's grey levels as they are.
const DIGITAL_PHANTOM: DataSet = DataSet {
    name: "digital_phantom",
    file: "ibsi/ibsi1_digital_phantom",
    voxels: [74, 74],
    options: || ExtractionOptions {
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 1.0 },
        aggregations: vec![
            Aggregation::Slices,
            Aggregation::SlicesMerged,
            Aggregation::Volume,
        ],
        ..ExtractionOptions::default()
    },
};

/// Bins of 25 HU from -500 HU on: the lower bound is a multiple of the width and lies in the bin of the
/// lowest value, so that PyRadiomics' rule gives the standard's levels.
const CONFIGURATION_A: DataSet = DataSet {
    name: "ct_a",
    file: "ibsi/ibsi1_ct_phantom",
    voxels: [125_256, 114_596],
    options: || ExtractionOptions {
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 25.0 },
        resegmentation: Some(Resegmentation {
            range: Some(ResegmentationRange::Absolute {
                low: -500.0,
                high: 400.0,
            }),
            outliers: None,
        }),
        aggregations: vec![Aggregation::Slices, Aggregation::SlicesMerged],
        ..ExtractionOptions::default()
    },
};

/// Rounds to three significant digits, as the standard prints its values.
fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}")
        .parse()
        .expect("a number just printed")
}

/// The region before re-segmentation, or `None` after saying that `test` skips.
fn region(test: &str, set: &DataSet) -> Option<Roi> {
    let pair = ["", "_mask"].map(|part| data::path(test, &format!("{}{part}.nii.gz", set.file)));
    let [Some(image), Some(mask)] = pair else {
        return None;
    };
    let [values, label] = [image, mask].map(|path| {
        let read = images::read(&path);
        Array3::from_shape_vec(read.shape, read.values).expect("a volume")
    });
    let inside = label.mapv(|label| label > 0.5);
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    let roi = Roi::from_arrays(&values, &inside, spacing).expect("finite values");
    Some(roi.expect("a region"))
}

/// Compares all values of a family; `features` says how many it has.
pub(crate) fn compare(family: &str, features: usize) {
    for data in [DIGITAL_PHANTOM, CONFIGURATION_A] {
        let name = format!("{family}_ibsi on {}", data.name);
        let Some(morphology) = region(&name, &data) else {
            return;
        };
        let options = ExtractionOptions {
            profile: Profile::Ibsi,
            ..(data.options)()
        };
        let settings = options.check().expect("valid settings");
        compare_region(&name, &data, family, features, &settings, &morphology);
    }
}

fn compare_region(
    name: &str,
    data: &DataSet,
    family: &str,
    features: usize,
    settings: &ExtractionSettings,
    morphology: &Roi,
) {
    let rule = settings.resegmentation;
    let roi = rule.map_or_else(
        || morphology.clone(),
        |rule| morphology.resegmented(rule).expect("something left"),
    );
    assert_eq!([morphology.count(), roi.count()], data.voxels);
    let set = FeatureSet::with(&[family], settings).expect("a family");
    let subject = Subject {
        roi: &roi,
        morphology,
        image: None,
    };
    let found = measure(&set, settings, subject).expect("features");
    assert_eq!(set.width(), settings.aggregations.len() * features);

    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    for (column, found) in set.described_columns().iter().zip(found.values()) {
        let id = column.spec.ibsi_id.expect("an id of the standard");
        let way = column.aggregation.expect("an aggregation").ibsi_name();
        let mut rows = table.rows().filter(|row| {
            row.text("dataset") == data.name
                && row.text("ibsi_id") == id
                && row.text("aggregation") == way
        });
        let row = rows.next().unwrap_or_else(|| panic!("no {id} {way}"));
        // The published tolerance; the rest is the rounding of decimal digits.
        let (expected, tolerance) = (row.number("value"), row.number("tolerance"));
        let what = column.name();
        comparison.check(&what, three_digits(*found), expected, 1e-12, tolerance);
    }
    comparison.finish(name);
}
