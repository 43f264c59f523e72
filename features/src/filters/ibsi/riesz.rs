//! Riesz transforms of other filters: derivatives of all orders that leave the amplitude of
//! every frequency, up to its direction, as it is (M. Unser and D. Van De Ville, doi:10.1109/TIP.2009.2038832).
//!
//! For orders `l` along x, y, z with sum `L` a frequency `f` is multiplied by
//! `(-j)^L · √(L! / (l_x! l_y! l_z!)) · f_x^l_x f_y^l_y f_z^l_z / |f|^L`, and the frequency 0 by 0.

use ndarray::Array3;
use rustfft::num_complex::Complex64;

use crate::error::Result;
use crate::filters::Filter;
use crate::filters::ibsi::frequency::{self, Frequencies};
use crate::filters::ibsi::laplacian_of_gaussian::{AxisParts, LaplacianOfGaussianOptions};
use crate::filters::ibsi::simoncelli::SimoncelliOptions;
use crate::filters::ibsi::{Dimensions, Faults};
use crate::filters::padding::Boundary;
use crate::geometry::Spacing;

/// Factorials up to this are far from what an `f64` cannot hold; orders above 2 are rarely used.
const MAXIMUM_ORDER: u32 = 20;

/// Voxels added at each end of an axis for the transform of a Laplacian of Gaussian, in half widths of its
/// kernel: the transform reaches further than the kernel. With one half width the responses of the standard's
/// phantoms differ by 0.3 % of their range, with three by less than 0.1 %.
const MARGIN: usize = 3;

/// The filter that is transformed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RieszBase {
    /// The Laplacian of Gaussian.
    LaplacianOfGaussian(LaplacianOfGaussianOptions),
    /// The Simoncelli wavelet.
    Simoncelli(SimoncelliOptions),
}

/// Parameters of [`Riesz`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RieszOptions {
    /// Orders along x, y, z; not all 0, and 0 along z for filters of slices.
    pub order: [u32; 3],
    /// What is transformed.
    pub base: RieszBase,
}

/// A Riesz transform of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Riesz(RieszOptions);

impl RieszBase {
    fn dimensions(&self) -> Dimensions {
        match self {
            Self::LaplacianOfGaussian(options) => options.dimensions,
            Self::Simoncelli(options) => options.dimensions,
        }
    }
}

impl Riesz {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`FeatureError::Settings`](crate::FeatureError::Settings) for faults of the base filter, orders that
    /// are all 0 or more than 20 together, and an order along z for a filter of slices.
    pub fn new(options: RieszOptions) -> Result<Self> {
        let mut faults = Faults::default();
        match options.base {
            RieszBase::LaplacianOfGaussian(options) => options.check(&mut faults),
            RieszBase::Simoncelli(options) => options.check(&mut faults),
        }
        let order = options.order;
        let sum = order.iter().map(|order| u64::from(*order)).sum::<u64>();
        faults.unless((1..=u64::from(MAXIMUM_ORDER)).contains(&sum), || {
            format!(
                "orders {order:?} of the Riesz transform; their sum must be 1 to {MAXIMUM_ORDER}"
            )
        });
        let flat = options.base.dimensions() == Dimensions::Two;
        faults.unless(!flat || order[2] == 0, || {
            format!(
                "orders {order:?} of the Riesz transform of a filter of slices; the last must be 0"
            )
        });
        faults.into_result()?;
        Ok(Self(options))
    }

    /// The name of the response.
    fn name(&self) -> String {
        let [x, y, z] = self.0.order;
        let (orders, base) = match self.0.base {
            RieszBase::LaplacianOfGaussian(base) => (base.dimensions, base.name()),
            RieszBase::Simoncelli(base) => (base.dimensions, base.name()),
        };
        let orders = match orders {
            Dimensions::Two => format!("{x}{y}"),
            Dimensions::Three => format!("{x}{y}{z}"),
        };
        format!("riesz_l{orders}_{base}")
    }

    /// The factor of a frequency `[z, y, x]`.
    fn transfer(&self, frequency: [f64; 3]) -> Complex64 {
        let radius = frequency.iter().map(|f| f * f).sum::<f64>().sqrt();
        if radius == 0.0 {
            return Complex64::default();
        }
        let [z, y, x] = frequency;
        let mut value = 1.0;
        let mut total = 0;
        for (coordinate, order) in [x, y, z].into_iter().zip(self.0.order) {
            for step in 1..=order {
                total += 1;
                // L! / Π l! one factor at a time.
                let ratio = (f64::from(total) / f64::from(step)).sqrt();
                value *= ratio * coordinate / radius;
            }
        }
        Complex64::new(0.0, -1.0).powu(total) * value
    }

    fn of_simoncelli(&self, image: &Array3<f64>, base: SimoncelliOptions) -> Result<Array3<f64>> {
        let margin = base.margin(image.shape());
        frequency::filter_padded(&self.name(), image, margin, base.boundary, |padded| {
            let frequencies = Frequencies::new(padded.shape(), base.dimensions);
            frequency::filter(padded, base.dimensions, |at| {
                let frequency = frequencies.at(at);
                // Most frequencies are outside the band.
                match base.transfer(frequency) {
                    0.0 => Complex64::default(),
                    band => self.transfer(frequency) * band,
                }
            })
        })
    }

    fn of_laplacian(
        &self,
        image: &Array3<f64>,
        base: &LaplacianOfGaussianOptions,
        spacing: Spacing,
    ) -> Result<Array3<f64>> {
        let parts = base.parts(spacing)?;
        let mut margin = [0; 3];
        if base.boundary != Boundary::Periodic {
            for part in &parts {
                margin[part.axis] = MARGIN * part.half_width;
            }
        }
        frequency::filter_padded(&self.name(), image, margin, base.boundary, |padded| {
            let frequencies = Frequencies::new(padded.shape(), base.dimensions);
            let spectrum = |part| Spectra::new(part, padded.shape());
            let spectra: Vec<_> = parts.iter().map(spectrum).collect();
            frequency::filter(padded, base.dimensions, |at| {
                let mut smooth = 1.0;
                let mut derived = 0.0;
                for spectra in &spectra {
                    let k = at[spectra.axis];
                    derived = derived * spectra.gaussian[k] + smooth * spectra.second_derivative[k];
                    smooth *= spectra.gaussian[k];
                }
                self.transfer(frequencies.at(at)) * derived
            })
        })
    }
}

/// Transforms of a kernel's parts along one axis, which are real because the parts are symmetric.
struct Spectra {
    axis: usize,
    gaussian: Vec<f64>,
    second_derivative: Vec<f64>,
}

impl Spectra {
    fn new(part: &AxisParts, shape: &[usize]) -> Self {
        let length = shape[part.axis];
        Self {
            axis: part.axis,
            gaussian: cosine_transform(&part.gaussian, length),
            second_derivative: cosine_transform(&part.second_derivative, length),
        }
    }
}

/// The Fourier transform of a symmetric kernel about its middle, on an axis of so many voxels.
fn cosine_transform(kernel: &[f64], length: usize) -> Vec<f64> {
    let middle = kernel.len() / 2;
    let frequency = |k: usize| {
        let beside = kernel[middle + 1..]
            .iter()
            .enumerate()
            .map(|(before, weight)| {
                // Whole turns are taken off while the angle is still an integer.
                let turns = (k * (before + 1) % length) as f64 / length as f64;
                2.0 * weight * (std::f64::consts::TAU * turns).cos()
            });
        kernel[middle] + beside.sum::<f64>()
    };
    (0..length).map(frequency).collect()
}

impl Filter for Riesz {
    fn names(&self) -> Vec<String> {
        vec![self.name()]
    }

    fn respond(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let response = match &self.0.base {
            RieszBase::LaplacianOfGaussian(base) => self.of_laplacian(image, base, spacing)?,
            RieszBase::Simoncelli(base) => self.of_simoncelli(image, *base)?,
        };
        each(0, response)
    }

    fn reach(&self, _spacing: Spacing) -> Option<[usize; 3]> {
        None
    }
}
