//! Separable wavelets (IBSI 25BO), undecimated: each level leaves the image's size and spreads the filters
//! by holes instead (M. J. Shensa, *The discrete wavelet transform: wedding the à trous and Mallat
//! algorithms*, doi:10.1109/78.157290).
//!
//! At level `j` the decomposition filters have steps of `2^(j-1)` voxels. Levels before the last take the
//! low-pass filter along every axis. A filter of even length stands on the voxel with its tap `L / 2`,
//! counted from 0. Orientations turn the low-pass filters of earlier levels, too.

use ndarray::Array3;

use crate::error::Result;
use crate::filters::convolve::Kernel;
use crate::filters::ibsi::separable::{Chain, Separable};
use crate::filters::ibsi::{Dimensions, Faults, Rotation, in_standard_layout};
use crate::filters::padding::Boundary;
use crate::filters::{Filter, wavelet_kernels};
use crate::geometry::Spacing;

/// The filters of level 16 reach over 32768 times their length: beyond any image.
const MAXIMUM_LEVEL: u32 = 16;

/// Parameters of [`SeparableWavelet`].
#[derive(Debug, Clone, PartialEq)]
pub struct SeparableWaveletOptions {
    /// Name of the wavelet: `haar`, `db3`, `coif1` …
    pub wavelet: String,
    /// `L` or `H` along x, y and, for volumes, z: `LH` is a filter of slices, `LLH` one of volumes.
    pub band: String,
    /// Level of the decomposition, from 1.
    pub level: u32,
    /// One or all orientations.
    pub rotation: Rotation,
    /// Beyond the border, at each level anew.
    pub boundary: Boundary,
}

/// One band of an undecimated separable wavelet transform.
#[derive(Debug, Clone, PartialEq)]
pub struct SeparableWavelet {
    options: SeparableWaveletOptions,
    separable: Separable,
}

impl SeparableWavelet {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`FeatureError::Settings`](crate::FeatureError::Settings) for an unknown wavelet, a band that is not
    /// two or three letters `L` and `H`, or a level outside 1 to 16.
    pub fn new(options: SeparableWaveletOptions) -> Result<Self> {
        let SeparableWaveletOptions {
            wavelet,
            band,
            level,
            rotation,
            boundary,
        } = &options;
        let filters = wavelet_kernels::decomposition_filters(wavelet);
        let mut faults = Faults::default();
        faults.unless(filters.is_some(), || {
            let known: Vec<_> = wavelet_kernels::names().collect();
            format!("no wavelet '{wavelet}'; there are {}", known.join(", "))
        });
        let letters = band.chars().all(|letter| matches!(letter, 'L' | 'H'));
        faults.unless(letters && matches!(band.len(), 2 | 3), || {
            format!("wavelet band is '{band}'; it must be two or three letters L and H")
        });
        faults.unless((1..=MAXIMUM_LEVEL).contains(level), || {
            format!("wavelet level is {level}; it must be 1 to {MAXIMUM_LEVEL}")
        });
        faults.into_result()?;

        let Some(filters) = filters else {
            unreachable!("an unknown wavelet is a fault");
        };
        let chain = |letter: char| -> Chain {
            let last = if letter == 'L' {
                &filters.low
            } else {
                &filters.high
            };
            let earlier = (1..*level).map(|level| (&filters.low, level));
            let levels = earlier.chain([(last, *level)]);
            levels
                .map(|(taps, level)| Kernel::centred(taps.clone()).with_step(1 << (level - 1)))
                .collect()
        };
        let mut chains = band.chars().map(chain);
        let separable = Separable {
            chains: std::array::from_fn(|_| chains.next().unwrap_or_default()),
            dimensions: if band.len() == 2 {
                Dimensions::Two
            } else {
                Dimensions::Three
            },
            rotation: *rotation,
            boundary: *boundary,
        };
        Ok(Self { options, separable })
    }
}

impl Filter for SeparableWavelet {
    fn names(&self) -> Vec<String> {
        let SeparableWaveletOptions {
            wavelet,
            band,
            level,
            rotation,
            ..
        } = &self.options;
        let band = band.to_lowercase();
        vec![format!(
            "wavelet_{wavelet}_{band}_l{level}{}",
            rotation.name()
        )]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        _spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        each(0, self.separable.respond(&in_standard_layout(image)))
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        self.separable.reach()
    }
}
