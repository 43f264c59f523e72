//! `LBP2D`: local binary patterns of the slices.
//!
//! `P` samples on a circle of `R` voxels around each voxel, read by bilinear interpolation (zero beyond the slice),
//! make `P` bits: is a sample at least as bright as the voxel? The bits make a code (T. Ojala, M. Pietikäinen and
//! T. Mäenpää, doi:10.1109/TPAMI.2002.1017623, as in scikit-image 0.26):
//!
//! | method | code |
//! |---|---|
//! | `default` | `Σ bit_i 2^i` |
//! | `ror` | the least of those among all rotations of the bits |
//! | `uniform` | number of ones if the bits change at most twice along the chain, else `P + 1` |
//! | `nri_uniform` | the same patterns told apart by their rotation: `P (P - 1) + 3` codes |
//!
//! The chain of bits is not closed: a change between the last and the first bit does not count. scikit-image's `var` is
//! not offered: its versions differ in what it means.
//!
//! PyRadiomics writes codes back into the image's pixel type, where codes beyond it wrap around. They do not here.

use std::f64::consts::TAU;

use ndarray::{Array2, Array3, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::parameters::{Parameters, unknown};
use super::recursive_gaussian::single;
use crate::error::{FeatureError, Result};
use crate::filters::Filter;
use crate::geometry::Spacing;

/// Codes of more samples than this do not fit into the 32 bits of the reference.
const MOST_SAMPLES: usize = 30;

/// Larger circles than this are refused.
const LARGEST_RADIUS: f64 = 1000.0;

/// How bits make a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatternCode {
    /// `default`
    AsTheyStand,
    /// `ror`
    LeastRotation,
    /// `uniform`
    #[default]
    Uniform,
    /// `nri_uniform`
    UniformWithRotation,
}

impl PatternCode {
    const NAMES: [(&'static str, Self); 4] = [
        ("default", Self::AsTheyStand),
        ("ror", Self::LeastRotation),
        ("uniform", Self::Uniform),
        ("nri_uniform", Self::UniformWithRotation),
    ];

    /// The code of `samples` bits, bit 0 the first of the chain.
    fn of(self, bits: u32, samples: u32) -> u32 {
        let ones = bits.count_ones();
        let chain = (1_u32 << (samples - 1)) - 1;
        let uniform = ((bits ^ (bits >> 1)) & chain).count_ones() <= 2;
        match self {
            Self::AsTheyStand => bits,
            Self::LeastRotation => {
                let rotated = |by| ((bits >> by) | (bits << (samples - by))) & (2 * chain + 1);
                (1..samples).map(rotated).fold(bits, u32::min)
            }
            Self::Uniform if uniform => ones,
            Self::Uniform => samples + 1,
            Self::UniformWithRotation if !uniform => samples * (samples - 1) + 2,
            Self::UniformWithRotation if ones == 0 => 0,
            Self::UniformWithRotation if ones == samples => samples * (samples - 1) + 1,
            Self::UniformWithRotation => {
                let first_one = bits.trailing_zeros();
                let rotation = if first_one == 0 {
                    ones - bits.trailing_ones()
                } else {
                    samples - first_one
                };
                1 + (ones - 1) * samples + rotation
            }
        }
    }
}

/// Local binary patterns of slices.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalBinaryPattern2d {
    /// Steps from the voxel to each sample along rows and columns.
    samples: Vec<[f64; 2]>,
    radius: f64,
    code: PatternCode,
    /// The axis of `[z, y, x]` across the slices.
    across: Axis,
}

/// Where to read along one axis: two places and the weight of the second one.
#[derive(Debug, Clone, Copy)]
struct Between {
    low: usize,
    high: usize,
    weight: f64,
}

impl LocalBinaryPattern2d {
    pub(super) const PARAMETERS: &'static [&'static str] = &[
        "lbp2DRadius",
        "lbp2DSamples",
        "lbp2DMethod",
        "force2Ddimension",
    ];

    /// Patterns of `samples` samples on a circle of `radius` voxels, in the slices across an axis of `[z, y, x]`.
    ///
    /// # Errors
    /// [`FeatureError::Settings`] when the radius is not above 0 or above 1000, the samples are not 1 to 30, or
    /// there is no such axis.
    pub fn new(radius: f64, samples: usize, code: PatternCode, across: Axis) -> Result<Self> {
        let mut faults = Vec::new();
        if !(radius > 0.0 && radius <= LARGEST_RADIUS) {
            faults.push(format!(
                "LBP2D: lbp2DRadius {radius}: must be above 0 and at most {LARGEST_RADIUS}"
            ));
        }
        if !(1..=MOST_SAMPLES).contains(&samples) {
            faults.push(format!(
                "LBP2D: lbp2DSamples {samples}: must be 1 to {MOST_SAMPLES}"
            ));
        }
        if across.index() > 2 {
            faults.push(format!(
                "LBP2D: force2Ddimension {}: must be 0, 1 or 2",
                across.index()
            ));
        }
        if !faults.is_empty() {
            return Err(FeatureError::Settings { faults });
        }
        // The reference takes the radius in single precision and rounds the steps to five decimals.
        let exact = f64::from(single(radius));
        let rounded = |step: f64| (step * 1e5).round_ties_even() / 1e5;
        let samples = (0..samples)
            .map(|i| {
                let angle = TAU * i as f64 / samples as f64;
                [-exact * angle.sin(), exact * angle.cos()].map(rounded)
            })
            .collect();
        Ok(Self {
            samples,
            radius,
            code,
            across,
        })
    }

    pub(super) fn from_parameters(parameters: &Parameters<'_>) -> Result<Self> {
        let method = parameters.text("lbp2DMethod", "uniform")?.to_lowercase();
        let mut codes = PatternCode::NAMES.into_iter();
        let Some((_, code)) = codes.find(|(name, _)| *name == method) else {
            let known = PatternCode::NAMES.map(|(name, _)| name);
            let fault = unknown("LBP2D: lbp2DMethod", &method, &known);
            return Err(FeatureError::Settings {
                faults: vec![fault],
            });
        };
        let across = parameters.whole("force2Ddimension", 0, [0, 2])?;
        let samples = parameters.whole("lbp2DSamples", 8, [1, MOST_SAMPLES])?;
        Self::new(
            parameters.number("lbp2DRadius", 1.0)?,
            samples,
            code,
            Axis(across),
        )
    }

    /// Voxels of zeros around a slice that the circle needs.
    fn margin(&self) -> usize {
        ceiling(self.radius) + 1
    }

    /// Codes of one slice.
    fn encode(&self, slice: &ArrayView2<'_, f64>, mut codes: ArrayViewMut2<'_, f64>) {
        let margin = self.margin();
        let (rows, columns) = slice.dim();
        let mut padded = Array2::zeros((rows + 2 * margin, columns + 2 * margin));
        let inner = ndarray::s![margin..margin + rows, margin..margin + columns];
        padded.slice_mut(inner).assign(slice);

        // The weights of a sample differ in the last bits from place to place, as its place is a sum.
        let along = |count: usize, axis: usize| -> Vec<Vec<Between>> {
            let one = |step: &[f64; 2]| {
                (0..count)
                    .map(|at| between(at, step[axis], margin))
                    .collect()
            };
            self.samples.iter().map(one).collect()
        };
        let (down, right) = (along(rows, 0), along(columns, 1));
        let mut bits = vec![0_u32; columns];
        let count = u32::try_from(self.samples.len()).expect("at most 30 samples");
        for y in 0..rows {
            bits.fill(0);
            for (i, (down, right)) in down.iter().zip(&right).enumerate() {
                let Between { low, high, weight } = down[y];
                let row = |at| padded.row(at).to_slice().expect("rows of a fresh array");
                let (upper, lower) = (row(low), row(high));
                for ((x, bits), right) in bits.iter_mut().enumerate().zip(right) {
                    let mix = |row: &[f64]| {
                        (1.0 - right.weight) * row[right.low] + right.weight * row[right.high]
                    };
                    let sample = (1.0 - weight) * mix(upper) + weight * mix(lower);
                    let brighter = sample - slice[[y, x]] >= 0.0;
                    *bits |= u32::from(brighter) << i;
                }
            }
            for (code, bits) in codes.row_mut(y).iter_mut().zip(&bits) {
                *code = self.code.of(*bits, count).into();
            }
        }
    }
}

/// Reads `step` voxels from a place, in an array with a margin.
fn between(at: usize, step: f64, margin: usize) -> Between {
    let position = at as f64 + step;
    let place = |whole: f64| ceiling(whole + margin as f64);
    Between {
        low: place(position.floor()),
        high: place(position.ceil()),
        weight: position - position.floor(),
    }
}

/// The least whole number that is not below a small positive one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places inside an image and its margin"
)]
fn ceiling(value: f64) -> usize {
    value.ceil() as usize
}

impl Filter for LocalBinaryPattern2d {
    fn names(&self) -> Vec<String> {
        vec!["lbp-2D".into()]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let mut response = Array3::zeros(image.raw_dim());
        let slices: Vec<_> = image
            .axis_iter(self.across)
            .zip(response.axis_iter_mut(self.across))
            .collect();
        slices.into_par_iter().for_each(|(slice, codes)| {
            // Slices across x have rows along y: PyRadiomics changes x and z there.
            if self.across == Axis(2) {
                self.encode(&slice.reversed_axes(), codes.reversed_axes());
            } else {
                self.encode(&slice, codes);
            }
        });
        each(0, response)
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        let mut reach = [self.margin(); 3];
        reach[self.across.index()] = 0;
        Some(reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_codes_with_rotation_are_all_different() {
        for samples in [1_u32, 4, 8] {
            let code = |bits| PatternCode::UniformWithRotation.of(bits, samples);
            let codes: std::collections::BTreeSet<_> = (0..1_u32 << samples).map(code).collect();
            let most = samples * (samples - 1) + 2;
            assert!(codes.iter().all(|code| *code <= most), "{codes:?}");
            if samples == 8 {
                assert_eq!(codes.len(), 59);
            }
        }
    }

    #[test]
    fn rotations_have_one_least_code() {
        let code = |bits| PatternCode::LeastRotation.of(bits, 4);
        assert_eq!([0b0110, 0b1100, 0b1001, 0b0011].map(code), [0b0011; 4]);
        assert_eq!(code(0b1111), 0b1111);
    }
}
