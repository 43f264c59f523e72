//! Simoncelli's wavelet, a non-separable one (IBSI LODD): a ring or shell of frequencies (E. P.
//! Simoncelli and W. T. Freeman, *The steerable pyramid*, doi:10.1109/ICIP.1995.537667).
//!
//! The band-pass map `B` at level `j`, with `r` the distance of a frequency from 0 in units of the Nyquist
//! frequency: `cos(π/2 · log2(2^j r))` where `2^-(j+1) ≤ r ≤ 2^-(j-1)`, else 0.

use std::f64::consts::FRAC_PI_2;

use ndarray::Array3;
use rustfft::num_complex::Complex64;

use crate::error::Result;
use crate::filters::Filter;
use crate::filters::ibsi::frequency::{self, Frequencies};
use crate::filters::ibsi::{Dimensions, Faults};
use crate::filters::padding::Boundary;
use crate::geometry::Spacing;

/// Level 16 keeps frequencies below a 32768th of the Nyquist frequency: no image has them.
const MAXIMUM_LEVEL: u32 = 16;

/// Voxels added at each end of an axis at level 1, twice as many with each level. The wavelet's tail beyond
/// them changes less than 0.3 % of the range of responses of the standard's phantoms.
const MARGIN: usize = 16;

/// Parameters of [`Simoncelli`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimoncelliOptions {
    /// Level of the decomposition, from 1.
    pub level: u32,
    /// Slices or volumes.
    pub dimensions: Dimensions,
    /// Beyond the border. [`Boundary::Periodic`] is the transform of the image itself, as the standard's
    /// reference values have it; with any other one the image is padded first.
    pub boundary: Boundary,
}

/// The band-pass map of a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simoncelli(SimoncelliOptions);

impl SimoncelliOptions {
    /// Adds what is wrong.
    pub(super) fn check(self, faults: &mut Faults) {
        let Self { level, .. } = self;
        faults.unless((1..=MAXIMUM_LEVEL).contains(&level), || {
            format!("level of the Simoncelli wavelet is {level}; it must be 1 to {MAXIMUM_LEVEL}")
        });
    }

    /// The name of the response.
    pub(super) fn name(self) -> String {
        format!("simoncelli_b_l{}_{}", self.level, self.dimensions.name())
    }

    /// The factor of a frequency.
    pub(super) fn transfer(self, frequency: [f64; 3]) -> f64 {
        let radius = frequency.iter().map(|f| f * f).sum::<f64>().sqrt();
        let scaled = radius * f64::from(1_u32 << (self.level - 1));
        if (0.25..=1.0).contains(&scaled) {
            (FRAC_PI_2 * (2.0 * scaled).log2()).cos()
        } else {
            0.0
        }
    }

    /// Voxels that are added before and after each axis of an image of this shape.
    pub(super) fn margin(self, shape: &[usize]) -> [usize; 3] {
        let mut margin = [0; 3];
        if self.boundary != Boundary::Periodic {
            for axis in self.dimensions.axes() {
                // No level needs more than the image itself once more on each side.
                margin[*axis] = (MARGIN << (self.level - 1)).min(shape[*axis]);
            }
        }
        margin
    }
}

impl Simoncelli {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`FeatureError::Settings`](crate::FeatureError::Settings) for a level outside 1 to 16.
    pub fn new(options: SimoncelliOptions) -> Result<Self> {
        let mut faults = Faults::default();
        options.check(&mut faults);
        faults.into_result()?;
        Ok(Self(options))
    }
}

impl Filter for Simoncelli {
    fn names(&self) -> Vec<String> {
        vec![self.0.name()]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let SimoncelliOptions {
            dimensions,
            boundary,
            ..
        } = self.0;
        let margin = self.0.margin(image.shape());
        let response =
            frequency::filter_padded(&self.0.name(), image, margin, boundary, |padded| {
                let frequencies = Frequencies::new(padded.shape(), dimensions);
                frequency::filter(padded, dimensions, |at| {
                    Complex64::from(self.0.transfer(frequencies.at(at)))
                })
            })?;
        each(0, response)
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        None
    }
}
