//! Phase 1 of IBSI 2: response maps of digital phantoms (64 × 64 × 64 voxels of 2 mm) against the consensus
//! maps of the standard.
//!
//! The standard calls a map the same when every voxel differs by at most 1 % of the consensus map's range.

use std::path::PathBuf;

use ndarray::Array3;
use raduet_features::Spacing;
use raduet_features::filters::Filter;
use raduet_features::filters::ibsi::{
    Dimensions, Energy, Gabor, GaborOptions, LaplacianOfGaussian, LaplacianOfGaussianOptions, Laws,
    LawsOptions, Mean, MeanOptions, Orientations, Planes, Riesz, RieszBase, RieszOptions, Rotation,
    SeparableWavelet, SeparableWaveletOptions, Simoncelli, SimoncelliOptions,
};
use raduet_features::filters::padding::Boundary;
use raduet_features::filters::pooling::Pooling;
use raduet_testkit::{data, images};

/// Share of a consensus map's range by which voxels may differ.
const TOLERANCE: f64 = 0.01;

const MAX: Rotation = Rotation::Invariant(Pooling::Max);
const AVERAGE: Rotation = Rotation::Invariant(Pooling::Average);

/// A map of the standard: its id, the phantom and the filter.
type Case = (&'static str, &'static str, Box<dyn Filter>);

fn boxed(filter: raduet_features::Result<impl Filter + 'static>) -> Box<dyn Filter> {
    Box::new(filter.expect("valid parameters"))
}

fn mean(dimensions: Dimensions, boundary: Boundary) -> Box<dyn Filter> {
    boxed(Mean::new(MeanOptions {
        support: 15,
        dimensions,
        boundary,
    }))
}

fn log_options(
    sigma_mm: f64,
    dimensions: Dimensions,
    boundary: Boundary,
) -> LaplacianOfGaussianOptions {
    LaplacianOfGaussianOptions {
        sigma_mm,
        cutoff: 4.0,
        dimensions,
        boundary,
    }
}

fn log(sigma_mm: f64, dimensions: Dimensions, boundary: Boundary) -> Box<dyn Filter> {
    boxed(LaplacianOfGaussian::new(log_options(
        sigma_mm, dimensions, boundary,
    )))
}

fn laws(kernels: &str, rotation: Rotation, energy: Energy, boundary: Boundary) -> Box<dyn Filter> {
    let kernels = kernels.to_owned();
    boxed(Laws::new(LawsOptions {
        kernels,
        rotation,
        energy,
        boundary,
    }))
}

fn wavelet(
    wavelet: &str,
    band: &str,
    level: u32,
    rotation: Rotation,
    boundary: Boundary,
) -> Box<dyn Filter> {
    let (wavelet, band) = (wavelet.to_owned(), band.to_owned());
    boxed(SeparableWavelet::new(SeparableWaveletOptions {
        wavelet,
        band,
        level,
        rotation,
        boundary,
    }))
}

/// Direction `θ` only, or all at a step.
fn gabor(options: GaborOptions, step_degrees: Option<f64>) -> Box<dyn Filter> {
    let orientations = match step_degrees {
        None => Orientations::Single,
        Some(step_degrees) => Orientations::Invariant {
            step_degrees,
            pooling: Pooling::Average,
        },
    };
    let planes = if step_degrees.is_some() {
        Planes::Orthogonal
    } else {
        Planes::Axial
    };
    boxed(Gabor::new(GaborOptions {
        orientations,
        planes,
        ..options
    }))
}

fn riesz(order: [u32; 3], base: RieszBase) -> Box<dyn Filter> {
    boxed(Riesz::new(RieszOptions { order, base }))
}

fn cases() -> Vec<Case> {
    use Boundary::{Mirror, Nearest, Periodic, Zero};
    use Dimensions::{Three, Two};
    let near = GaborOptions {
        sigma_mm: 10.0,
        wavelength_mm: 4.0,
        gamma: 0.5,
        theta_degrees: 60.0,
        orientations: Orientations::Single,
        planes: Planes::Axial,
        boundary: Zero,
    };
    let far = GaborOptions {
        sigma_mm: 20.0,
        wavelength_mm: 8.0,
        gamma: 2.5,
        theta_degrees: 225.0,
        boundary: Mirror,
        ..near
    };
    let energy = Energy::Within(7);
    let whole = Energy::None;
    let simoncelli = |level| SimoncelliOptions {
        level,
        dimensions: Three,
    };
    let band = |level| boxed(Simoncelli::new(simoncelli(level)));
    let blob = RieszBase::LaplacianOfGaussian(log_options(3.0, Three, Zero));
    let shell = RieszBase::Simoncelli(simoncelli(1));
    vec![
        ("1_a_1", "checkerboard", mean(Three, Zero)),
        ("1_a_2", "checkerboard", mean(Three, Nearest)),
        ("1_a_3", "checkerboard", mean(Three, Periodic)),
        ("1_a_4", "checkerboard", mean(Three, Mirror)),
        ("1_b_1", "impulse", mean(Two, Zero)),
        ("2_a", "impulse", log(3.0, Three, Zero)),
        ("2_b", "checkerboard", log(5.0, Three, Mirror)),
        ("2_c", "checkerboard", log(5.0, Two, Mirror)),
        (
            "3_a_1",
            "impulse",
            laws("E5L5S5", Rotation::None, whole, Zero),
        ),
        ("3_a_2", "impulse", laws("E5L5S5", MAX, whole, Zero)),
        ("3_a_3", "impulse", laws("E5L5S5", MAX, energy, Zero)),
        (
            "3_b_1",
            "checkerboard",
            laws("E3W5R5", Rotation::None, whole, Mirror),
        ),
        ("3_b_2", "checkerboard", laws("E3W5R5", MAX, whole, Mirror)),
        ("3_b_3", "checkerboard", laws("E3W5R5", MAX, energy, Mirror)),
        (
            "3_c_1",
            "checkerboard",
            laws("L5S5", Rotation::None, whole, Mirror),
        ),
        ("3_c_2", "checkerboard", laws("L5S5", MAX, whole, Mirror)),
        ("3_c_3", "checkerboard", laws("L5S5", MAX, energy, Mirror)),
        ("4_a_1", "impulse", gabor(near, None)),
        ("4_a_2", "impulse", gabor(near, Some(45.0))),
        ("4_b_1", "sphere", gabor(far, None)),
        ("4_b_2", "sphere", gabor(far, Some(22.5))),
        (
            "5_a_1",
            "impulse",
            wavelet("db2", "LHL", 1, Rotation::None, Zero),
        ),
        ("5_a_2", "impulse", wavelet("db2", "LHL", 1, AVERAGE, Zero)),
        (
            "6_a_1",
            "sphere",
            wavelet("coif1", "HHL", 1, Rotation::None, Periodic),
        ),
        (
            "6_a_2",
            "sphere",
            wavelet("coif1", "HHL", 1, AVERAGE, Periodic),
        ),
        (
            "7_a_1",
            "checkerboard",
            wavelet("haar", "LLL", 2, AVERAGE, Mirror),
        ),
        (
            "7_a_2",
            "checkerboard",
            wavelet("haar", "HHH", 2, AVERAGE, Mirror),
        ),
        ("8_a_1", "checkerboard", band(1)),
        ("8_a_2", "checkerboard", band(2)),
        ("8_a_3", "checkerboard", band(3)),
        ("9_a", "impulse", riesz([1, 0, 0], blob)),
        ("9_b_1", "sphere", riesz([0, 2, 0], blob)),
        ("10_b_1", "pattern_1", riesz([0, 2, 0], shell)),
    ]
}

fn volume(path: PathBuf) -> Array3<f64> {
    let image = images::read(&path);
    Array3::from_shape_vec(image.shape, image.values).expect("a volume")
}

fn response(filter: &dyn Filter, image: &Array3<f64>) -> Array3<f64> {
    let mut found = Vec::new();
    let spacing = Spacing::new([2.0; 3]).expect("a spacing");
    let kept = filter.respond(image, spacing, &mut |at, response| {
        assert_eq!(at, found.len());
        found.push(response);
        Ok(())
    });
    kept.expect("a response");
    assert_eq!(found.len(), filter.names().len());
    found.pop().expect("one response")
}

#[test]
fn response_maps_meet_the_consensus() {
    let mut misses = Vec::new();
    let mut compared = 0;
    for (id, phantom, filter) in cases() {
        let inside = format!("ibsi/ibsi2_digital_phantoms/{phantom}.nii.gz");
        let Some(image) = data::path("filters_ibsi", &inside) else {
            return;
        };
        let inside = format!("ibsi/ibsi2_response_maps/{id}-ValidCRM.nii.gz");
        let expected = volume(data::path("filters_ibsi", &inside).expect("a map"));
        let found = response(&*filter, &volume(image));
        assert_eq!(found.dim(), expected.dim(), "{id}");

        let lowest = expected.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = expected.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut furthest = 0.0_f64;
        let mut outside = 0;
        for (found, expected) in found.iter().zip(&expected) {
            let off = (found - expected).abs() / (highest - lowest);
            furthest = furthest.max(off);
            // Written so that a NaN is a miss.
            if off.is_nan() || off > TOLERANCE {
                outside += 1;
            }
        }
        compared += 1;
        let name = &filter.names()[0];
        let line = format!(
            "{id:7} {name:45} differs by {:.4} % of the range",
            100.0 * furthest
        );
        println!("{line}");
        if outside > 0 {
            misses.push(format!(
                "{line}; {outside} of {} voxels are outside",
                found.len()
            ));
        }
    }
    assert!(
        misses.is_empty(),
        "{} of {compared} maps are missed:\n{}",
        misses.len(),
        misses.join("\n")
    );
    assert_eq!(compared, 33);
}
