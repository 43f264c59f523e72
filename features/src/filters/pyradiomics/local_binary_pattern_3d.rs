//! `LBP3D`: local binary patterns on a sphere, made independent of rotation by spherical harmonics.
//!
//! Around each voxel the image is read at the points of an icosphere by cubic splines (zero beyond the outermost
//! voxels). With `b_v` = 1 where the point `v` is at least as bright as the voxel (J. Banerjee et al.,
//! doi:10.1007/978-3-642-37410-4_3):
//!
//! ```text
//! c_nm  = Σ_v b_v Y_n^m(v)
//! m{n+1} = Re √ Σ_v (Σ_m c_nm Y_n^m(v))²      the share of degree n
//! k      = excess kurtosis of the brightness of the points
//! ```
//!
//! as PyRadiomics has it: the points' `[x, y, z]` are steps along z, y, x, azimuth and polar angle are taken for each
//! other, and squares are not absolute squares, so that the patterns are not quite independent of rotation.
//! Radii are in voxels. PyRadiomics computes them inside the region only, this filter everywhere.
//!
//! PyRadiomics reads the image in its own pixel type: on an integer image, brightness at the points is rounded to whole
//! numbers. An image whose intensities are all whole numbers is taken for such a one here. Points that are all alike
//! have kurtosis -3, as with the `SciPy` of PyRadiomics' day; later ones say NaN.

use ndarray::{Array3, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::icosphere::icosphere;
use super::parameters::Parameters;
use super::spherical_harmonics::{Complex, spherical_harmonics};
use super::spline::{self, TAPS, mirrored};
use crate::error::{FeatureError, Result};
use crate::filters::Filter;
use crate::geometry::Spacing;

/// Degrees of harmonics, subdivisions and voxels beyond which nothing sensible is asked for.
const MOST_LEVELS: usize = 16;
const MOST_SUBDIVISIONS: usize = 4;
const LARGEST_RADIUS: f64 = 100.0;

/// Brightness varies by rounding only when its variance is at most this share of the squared mean, squared.
const FLAT: f64 = 1e-15;

/// Local binary patterns on spheres.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalBinaryPattern3d {
    radius: f64,
    /// Steps along z, y, x to the points of the sphere.
    steps: Vec<[f64; 3]>,
    levels: Vec<Level>,
}

/// The harmonics of one degree `n`, in the order of `m`.
#[derive(Debug, Clone, PartialEq)]
struct Level {
    /// `Y_n^m` at each point.
    at_points: Vec<Vec<Complex>>,
    /// `Σ_v Y_n^m(v) Y_n^m'(v)`.
    products: Vec<Vec<Complex>>,
}

/// Whether brightness between voxels is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brightness {
    Whole,
    Real,
}

impl LocalBinaryPattern3d {
    pub(super) const PARAMETERS: &'static [&'static str] = &[
        "lbp3DLevels",
        "lbp3DIcosphereRadius",
        "lbp3DIcosphereSubdivision",
    ];

    /// Patterns of degrees 0 to `levels - 1` on a sphere of `radius` voxels.
    ///
    /// # Errors
    /// [`FeatureError::Settings`] when there are no levels or more than 16, the radius is not above 0 or above
    /// 100, or the icosahedron is subdivided more than 4 times.
    pub fn new(levels: usize, radius: f64, subdivisions: usize) -> Result<Self> {
        let mut faults = Vec::new();
        if !(1..=MOST_LEVELS).contains(&levels) {
            faults.push(format!(
                "LBP3D: lbp3DLevels {levels}: must be 1 to {MOST_LEVELS}"
            ));
        }
        if !(radius > 0.0 && radius <= LARGEST_RADIUS) {
            faults.push(format!(
                "LBP3D: lbp3DIcosphereRadius {radius}: must be above 0 and at most {LARGEST_RADIUS}"
            ));
        }
        if subdivisions > MOST_SUBDIVISIONS {
            faults.push(format!(
                "LBP3D: lbp3DIcosphereSubdivision {subdivisions}: must be at most {MOST_SUBDIVISIONS}"
            ));
        }
        if !faults.is_empty() {
            return Err(FeatureError::Settings { faults });
        }
        let steps = icosphere(subdivisions, radius);
        let degrees = (0_i32..).take(levels);
        let levels = degrees.map(|n| Level::new(n, radius, &steps)).collect();
        Ok(Self {
            radius,
            steps,
            levels,
        })
    }

    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self> {
        let subdivisions = [0, MOST_SUBDIVISIONS];
        Self::new(
            parameters.whole("lbp3DLevels", 2, [1, MOST_LEVELS])?,
            parameters.number("lbp3DIcosphereRadius", 1.0)?,
            parameters.whole("lbp3DIcosphereSubdivision", 1, subdivisions)?,
        )
    }

    /// Voxels from a place to the furthest one its brightness is read from.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a radius is positive and at most 100"
    )]
    fn margin(&self) -> usize {
        self.radius.ceil() as usize + TAPS / 2
    }

    /// All responses in one row of the image, one after the other.
    fn row(&self, sampler: &Sampler, z: usize, y: usize, centres: &[f64]) -> Vec<f64> {
        let reads = sampler.reads.iter();
        let points: Vec<_> = reads.map(|reads| sampler.row(reads, z, y)).collect();
        let mut responses = Vec::with_capacity(centres.len() * (self.levels.len() + 1));
        for level in &self.levels {
            level.append(&points, centres, &mut responses);
        }
        let mut column = Vec::with_capacity(points.len());
        responses.extend((0..centres.len()).map(|x| {
            column.clear();
            column.extend(points.iter().map(|point| point[x]));
            excess_kurtosis(&column)
        }));
        responses
    }
}

impl Level {
    fn new(n: i32, radius: f64, steps: &[[f64; 3]]) -> Self {
        let at_point = |[x, y, z]: &[f64; 3]| {
            // The angles in the places in which PyRadiomics hands them on.
            let (azimuth, polar) = ((z / radius).clamp(-1.0, 1.0).acos(), y.atan2(*x));
            spherical_harmonics(n, azimuth, polar)
        };
        let at_points: Vec<_> = steps.iter().map(at_point).collect();
        let orders = at_points.first().map_or(0, Vec::len);
        let product = |a: usize, b: usize| {
            let terms = at_points.iter().map(|all| multiply(all[a], all[b]));
            terms.fold([0.0; 2], add)
        };
        let products = (0..orders)
            .map(|a| (0..orders).map(|b| product(a, b)).collect())
            .collect();
        Self {
            at_points,
            products,
        }
    }

    /// The share of this degree in the patterns of a row of voxels.
    fn append(&self, points: &[Vec<f64>], centres: &[f64], responses: &mut Vec<f64>) {
        let orders = self.products.len();
        let mut sums = vec![vec![[0.0; 2]; centres.len()]; orders];
        for (point, harmonics) in points.iter().zip(&self.at_points) {
            for (sums, harmonic) in sums.iter_mut().zip(harmonics) {
                for ((sum, sample), centre) in sums.iter_mut().zip(point).zip(centres) {
                    // A product where a branch would be guessed wrong half of the time.
                    let bit = f64::from(u8::from(sample >= centre));
                    *sum = add(*sum, harmonic.map(|part| part * bit));
                }
            }
        }
        responses.extend((0..centres.len()).map(|x| {
            let mut square = [0.0; 2];
            for (a, products) in self.products.iter().enumerate() {
                for (b, product) in products.iter().enumerate() {
                    let pair = multiply(sums[a][x], sums[b][x]);
                    square = add(square, multiply(pair, *product));
                }
            }
            real_part_of_root(square)
        }));
    }
}

fn add(a: Complex, b: Complex) -> Complex {
    [a[0] + b[0], a[1] + b[1]]
}

fn multiply(a: Complex, b: Complex) -> Complex {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

/// Real part of the principal square root, without cancellation.
fn real_part_of_root([re, im]: Complex) -> f64 {
    let larger = f64::midpoint(re.hypot(im), re.abs()).sqrt();
    if re >= 0.0 {
        larger
    } else {
        im.abs() / (2.0 * larger)
    }
}

/// `m4 / m2² - 3` with population moments.
fn excess_kurtosis(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|x| (x - mean) * (x - mean));
    let second = squares.clone().sum::<f64>() / n;
    let fourth = squares.map(|square| square * square).sum::<f64>() / n;
    if second <= (FLAT * mean) * (FLAT * mean) {
        -3.0
    } else {
        fourth / (second * second) - 3.0
    }
}

/// Reads an image between its voxels, some steps away from them.
struct Sampler {
    coefficients: Array3<f64>,
    brightness: Brightness,
    /// For each step, what to read along z, y, x for each place on these axes.
    reads: Vec<[Vec<Option<Taps>>; 3]>,
}

/// Four coefficients along one axis and their weights.
type Taps = [(usize, f64); TAPS];

impl Sampler {
    fn new(image: &Array3<f64>, steps: &[[f64; 3]]) -> Self {
        let whole = image.iter().all(|value| value.fract() == 0.0);
        let along = |step: &[f64; 3], axis: usize| -> Vec<_> {
            let length = image.len_of(Axis(axis));
            (0..length).map(|at| taps(at, step[axis], length)).collect()
        };
        let reads = steps
            .iter()
            .map(|step| [0, 1, 2].map(|axis| along(step, axis)));
        Self {
            coefficients: spline::coefficients(image),
            brightness: if whole {
                Brightness::Whole
            } else {
                Brightness::Real
            },
            reads: reads.collect(),
        }
    }

    /// Brightness a step away from each voxel of a row; zero beyond the outermost voxels.
    fn row(&self, [down, along, across]: &[Vec<Option<Taps>>; 3], z: usize, y: usize) -> Vec<f64> {
        let width = across.len();
        let mut samples = vec![0.0; width];
        let (Some(down), Some(along)) = (down[z], along[y]) else {
            return samples;
        };
        // Coefficients of the row between the rows, then the taps along it.
        let mut between = vec![0.0; width];
        for (z, wz) in down {
            for (y, wy) in along {
                let row = self.coefficients.slice(s![z, y, ..]);
                let row = row.to_slice().expect("rows of an array in standard layout");
                let weight = wz * wy;
                for (sum, value) in between.iter_mut().zip(row) {
                    *sum += weight * value;
                }
            }
        }
        for (sample, taps) in samples.iter_mut().zip(across) {
            let Some([a, b, c, d]) = taps else { continue };
            let read = |(x, weight): &(usize, f64)| weight * between[*x];
            let sum = read(a) + read(b) + read(c) + read(d);
            *sample = match self.brightness {
                Brightness::Real => sum,
                Brightness::Whole => sum.round(),
            };
        }
        samples
    }
}

/// What to read along one axis, or `None` beyond the outermost voxels.
fn taps(at: usize, step: f64, length: usize) -> Option<Taps> {
    let place = at as f64 + step;
    if !(0.0..=(length - 1) as f64).contains(&place) {
        return None;
    }
    let whole = place.floor();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number between 0 and the length"
    )]
    let first = whole as isize - 1;
    let weights = spline::weights(place - whole);
    let tap = |k: usize| (mirrored(first + k.cast_signed(), length), weights[k]);
    Some(std::array::from_fn(tap))
}

impl Filter for LocalBinaryPattern3d {
    fn names(&self) -> Vec<String> {
        let levels = 1..=self.levels.len();
        let mut names: Vec<_> = levels.map(|level| format!("lbp-3D-m{level}")).collect();
        names.push("lbp-3D-k".into());
        names
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let sampler = Sampler::new(image, &self.steps);
        let plane = |(z, plane): (usize, ArrayView2<'_, f64>)| -> Vec<Vec<f64>> {
            let rows = plane.outer_iter().enumerate();
            rows.map(|(y, row)| self.row(&sampler, z, y, &row.to_vec()))
                .collect()
        };
        let planes: Vec<_> = image.axis_iter(Axis(0)).enumerate().collect();
        let planes: Vec<_> = planes.into_par_iter().map(plane).collect();
        let width = image.len_of(Axis(2));
        for at in 0..=self.levels.len() {
            let response =
                Array3::from_shape_fn(image.raw_dim(), |(z, y, x)| planes[z][y][at * width + x]);
            each(at, response)?;
        }
        Ok(())
    }

    /// Cut down to this, responses are the same to within rounding: the spline forgets what is far.
    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        Some([self.margin() + spline::MEMORY; 3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_have_the_sign_and_size_of_principal_roots() {
        for (square, expected) in [
            ([4.0, 0.0], 2.0),
            ([-4.0, 0.0], 0.0),
            ([0.0, 2.0], 1.0),
            ([-3.0, -4.0], 1.0),
            ([0.0, 0.0], 0.0),
        ] {
            let found = real_part_of_root(square);
            assert!((found - expected).abs() < 1e-15, "{square:?}: {found}");
        }
    }

    #[test]
    fn kurtosis_of_two_even_halves_is_the_least() {
        assert!((excess_kurtosis(&[1.0, 1.0, 5.0, 5.0]) + 2.0).abs() < 1e-15);
        assert!((excess_kurtosis(&[7.0; 9]) + 3.0).abs() < 1e-15);
    }
}
