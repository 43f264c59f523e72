//! The filters of IBSI 2 (A. Depeursinge et al., *Standardised convolutional filtering for radiomics*,
//! arXiv:2006.05470; P. Whybra et al., Radiology 310, 2024, doi:10.1148/radiol.231319).
//!
//! Kernels are given with their first axis along x. Lengths in mm become voxels by the image's spacing.

mod frequency;
mod gabor;
mod laplacian_of_gaussian;
mod laws;
mod mean;
mod planes;
mod riesz;
mod separable;
mod simoncelli;
mod wavelet;

use ndarray::Array3;

use crate::error::{FeatureError, Result};
use crate::filters::pooling::Pooling;

pub use gabor::{Gabor, GaborOptions, Orientations, Planes};
pub use laplacian_of_gaussian::{LaplacianOfGaussian, LaplacianOfGaussianOptions};
pub use laws::{Energy, Laws, LawsOptions};
pub use mean::{Mean, MeanOptions};
pub use riesz::{Riesz, RieszBase, RieszOptions};
pub use simoncelli::{Simoncelli, SimoncelliOptions};
pub use wavelet::{SeparableWavelet, SeparableWaveletOptions};

/// How many axes a filter works along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimensions {
    /// In each axial slice by itself.
    Two,
    /// In the whole volume.
    Three,
}

impl Dimensions {
    /// The ending in the names of responses.
    fn name(self) -> &'static str {
        match self {
            Self::Two => "2d",
            Self::Three => "3d",
        }
    }

    /// The axes of a volume `[z, y, x]`.
    fn axes(self) -> &'static [usize] {
        match self {
            Self::Two => &[1, 2],
            Self::Three => &[0, 1, 2],
        }
    }
}

/// Whether a filter is applied in several orientations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Only as it is.
    None,
    /// In all orientations by right angles, 4 in a slice and 24 in a volume, their responses pooled.
    Invariant(Pooling),
}

impl Rotation {
    /// What it adds to the names of responses.
    fn name(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Invariant(pooling) => format!("_invariant_{}", pooling.name()),
        }
    }
}

/// Collects what is wrong with parameters.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    /// A fault unless `fine`.
    fn unless(&mut self, fine: bool, fault: impl FnOnce() -> String) {
        if !fine {
            self.0.push(fault());
        }
    }

    /// A fault unless the number is finite and above zero.
    fn positive(&mut self, what: &str, found: f64) {
        self.unless(found.is_finite() && found > 0.0, || {
            format!("{what} is {found}; it must be above 0")
        });
    }

    /// All of them at once.
    fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(FeatureError::Settings { faults: self.0 })
    }
}

/// Kernels that reach further are refused: a length in the wrong unit would otherwise fill the memory.
const MAXIMUM_REACH: usize = 512;

/// A whole number of voxels as such, or an error when it is too far.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to lie between 0 and the maximum"
)]
fn checked_reach(filter: &str, voxels: f64) -> Result<usize> {
    if (0.0..=MAXIMUM_REACH as f64).contains(&voxels) {
        return Ok(voxels as usize);
    }
    Err(FeatureError::Filter {
        filter: filter.to_owned(),
        found: format!("a kernel that reaches {voxels} voxels at this spacing"),
        expected: format!("one that reaches at most {MAXIMUM_REACH}"),
    })
}

/// The image in standard layout, as the convolutions need it.
fn in_standard_layout(image: &Array3<f64>) -> Array3<f64> {
    image.as_standard_layout().into_owned()
}
