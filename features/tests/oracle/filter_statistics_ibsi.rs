//! Phase 2 of IBSI 2: statistics of the responses to the lung CT phantom against the reference values of the
//! standard, filtered slice by slice (A) and as a volume of 1 mm voxels (B).
//!
//! The whole image is filtered; its region is that of the intensities from -1000 to 400 HU of the unfiltered
//! image.

use ndarray::{Array3, Zip};
use raduet_features::filters::Filter;
use raduet_features::filters::ibsi::{
    Dimensions, Energy, Gabor, GaborOptions, LaplacianOfGaussian, LaplacianOfGaussianOptions, Laws,
    LawsOptions, Mean, MeanOptions, Orientations, Planes, Rotation, SeparableWavelet,
    SeparableWaveletOptions, Simoncelli, SimoncelliOptions,
};
use raduet_features::filters::padding::Boundary::{Mirror, Periodic};
use raduet_features::filters::pooling::Pooling;
use raduet_features::processing::{self, Intensities, Interpolator, Resampling};
use raduet_features::{
    Affine, ExtractionOptions, FeatureSet, Grid, MaskVolume, Profile, Roi, Scaling, Spacing,
    Volume, Voxels, engine,
};
use raduet_testkit::reference::{Comparison, Table};
use raduet_testkit::{data, images};

use crate::configurations_ibsi::three_digits;

const NAME: &str = "filter_statistics_ibsi";

/// Distances between voxel centres of the phantom along z, y, x; the header has them in single precision.
const SPACING: [f64; 3] = [3.0, 0.976_999_998_092_651_4, 0.976_999_998_092_651_4];

/// An image and its intensity mask.
struct Phantom {
    values: Array3<f64>,
    inside: Array3<bool>,
    spacing: Spacing,
}

/// The phantom as it is, or as voxels of 1 mm.
fn phantom(dimensions: Dimensions) -> Option<Phantom> {
    let image = images::read(&data::path(NAME, "ibsi/ibsi1_ct_phantom.nii.gz")?);
    let mask = images::read(&data::path(NAME, "ibsi/ibsi1_ct_phantom_mask.nii.gz")?);
    let [z, y, x] = SPACING;
    let grid = Grid {
        shape: image.shape,
        spacing: Spacing::new(SPACING).expect("a spacing"),
        // Half a turn around z, as in the headers; the position of the first voxel matters to nothing.
        affine: Affine([[-x, 0.0, 0.0, 0.0], [0.0, -y, 0.0, 0.0], [0.0, 0.0, z, 0.0]]),
    };
    let values = Array3::from_shape_vec(image.shape, image.values).expect("a volume");
    let label = Array3::from_shape_vec(mask.shape, mask.values).expect("a volume");
    let mut image = Volume::new(Voxels::F64(values.mapv(f64::round)), Scaling::NONE, grid)?;
    let mut mask = MaskVolume::new(label.mapv(|label| label > 0.5), grid)?;
    if dimensions == Dimensions::Three {
        let how = Resampling {
            intensities: Intensities::NearestInteger,
            ..Resampling::ibsi([1.0; 3], Interpolator::CubicBSpline)
        };
        (image, mask) = processing::resample(&image, &mask, &how).expect("a region");
    }
    let Grid {
        shape: [slices, rows, columns],
        spacing,
        ..
    } = *image.grid();
    let planes = (0..slices).flat_map(|z| image.slice_f64(z).expect("a slice"));
    let values =
        Array3::from_shape_vec((slices, rows, columns), planes.collect()).expect("a volume");
    let inside = Zip::from(&values)
        .and(mask.inside())
        .map_collect(|value, inside| *inside && (-1000.0..=400.0).contains(value));
    Some(Phantom {
        values,
        inside,
        spacing,
    })
}

/// The filters with their numbers in the standard; 1 is none.
fn filters(dimensions: Dimensions) -> Vec<(u32, Box<dyn Filter>)> {
    let average = Rotation::Invariant(Pooling::Average);
    let [laws, low_high, high_high, planes] = match dimensions {
        Dimensions::Two => ["L5E5", "LH", "HH", "axial"],
        Dimensions::Three => ["L5E5E5", "LLH", "HHH", "orthogonal"],
    };
    let planes = if planes == "axial" {
        Planes::Axial
    } else {
        Planes::Orthogonal
    };
    let wavelet = |band: &str, level| {
        SeparableWavelet::new(SeparableWaveletOptions {
            wavelet: "db3".into(),
            band: band.into(),
            level,
            rotation: average,
            boundary: Mirror,
        })
    };
    let simoncelli = |level| {
        Simoncelli::new(SimoncelliOptions {
            level,
            dimensions,
            boundary: Periodic,
        })
    };
    vec![
        (
            2,
            boxed(Mean::new(MeanOptions {
                support: 5,
                dimensions,
                boundary: Mirror,
            })),
        ),
        (
            3,
            boxed(LaplacianOfGaussian::new(LaplacianOfGaussianOptions {
                sigma_mm: 1.5,
                cutoff: 4.0,
                dimensions,
                boundary: Mirror,
            })),
        ),
        (
            4,
            boxed(Laws::new(LawsOptions {
                kernels: laws.into(),
                rotation: Rotation::Invariant(Pooling::Max),
                energy: Energy::Within(7),
                boundary: Mirror,
            })),
        ),
        (
            5,
            boxed(Gabor::new(GaborOptions {
                sigma_mm: 5.0,
                wavelength_mm: 2.0,
                gamma: 1.5,
                theta_degrees: 0.0,
                orientations: Orientations::Invariant {
                    step_degrees: 22.5,
                    pooling: Pooling::Average,
                },
                planes,
                boundary: Mirror,
            })),
        ),
        (6, boxed(wavelet(low_high, 1))),
        (7, boxed(wavelet(high_high, 2))),
        (8, boxed(simoncelli(1))),
        (9, boxed(simoncelli(2))),
    ]
}

fn boxed(filter: raduet_features::Result<impl Filter + 'static>) -> Box<dyn Filter> {
    Box::new(filter.expect("valid parameters"))
}

/// The statistics of a response in the intensity mask, each with its IBSI id.
fn statistics(response: &Array3<f64>, phantom: &Phantom) -> Vec<(&'static str, f64)> {
    let options = ExtractionOptions {
        profile: Profile::Ibsi,
        ..ExtractionOptions::default()
    };
    let settings = options.check().expect("valid settings");
    let set = FeatureSet::with(&["statistics"], &settings).expect("a family");
    let roi = Roi::from_arrays(response, &phantom.inside, phantom.spacing).expect("finite values");
    let found = engine::extract_one(&set, &settings, &roi.expect("a region")).expect("features");
    let columns = set.described_columns();
    let ids = columns
        .iter()
        .map(|column| column.spec.ibsi_id.expect("a feature of the standard"));
    ids.zip(found.into_values()).collect()
}

/// Compares the statistics of one configuration; counts them.
#[expect(
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "shown by the test runner on demand"
)]
fn compare(
    id: &str,
    response: &Array3<f64>,
    phantom: &Phantom,
    table: &Table,
    comparison: &mut Comparison,
) -> usize {
    let found = statistics(response, phantom);
    let mut compared = 0;
    for row in table.rows().filter(|row| row.text("filter") == id) {
        let feature = row.text("ibsi_id");
        let (_, value) = found
            .iter()
            .find(|(id, _)| *id == feature)
            .expect("a statistic");
        let what = format!("{id} {}", row.text("tag"));
        let (expected, tolerance) = (row.number("value"), row.number("tolerance"));
        // The rest is the rounding of decimal digits.
        comparison.check(&what, three_digits(*value), expected, 1e-12, tolerance);
        let share = (three_digits(*value) - expected).abs() / tolerance;
        println!(
            "{what:14} found {value:12.6} expected {expected:12} off by {share:.2} of the tolerance"
        );
        compared += 1;
    }
    compared
}

/// Filters the phantom with all filters of a configuration and compares them.
fn meet_the_references(letter: char, dimensions: Dimensions, expected: usize) {
    let Some(phantom) = phantom(dimensions) else {
        return;
    };
    let table = Table::read("ibsi/ibsi2.csv");
    let mut comparison = Comparison::default();
    let mut compared = compare(
        &format!("1.{letter}"),
        &phantom.values,
        &phantom,
        &table,
        &mut comparison,
    );
    for (number, filter) in filters(dimensions) {
        let mut each = |_, response: Array3<f64>| {
            compared += compare(
                &format!("{number}.{letter}"),
                &response,
                &phantom,
                &table,
                &mut comparison,
            );
            Ok(())
        };
        filter
            .respond(&phantom.values, phantom.spacing, &mut each)
            .expect("a response");
    }
    assert_eq!(compared, expected, "statistics with a reference value");
    comparison.finish(&format!("{NAME} {letter}"));
}

#[test]
fn statistics_of_filtered_slices_meet_the_reference_values() {
    meet_the_references('A', Dimensions::Two, 162);
}

#[test]
fn statistics_of_filtered_volumes_meet_the_reference_values() {
    meet_the_references('B', Dimensions::Three, 161);
}
