//! Filters as PyRadiomics defines them: the image types of its parameter files.
//!
//! [`image_type`] makes a filter from a name and parameters; unknown ones are errors. PyRadiomics filters the
//! image it measures as a whole, and so do these filters: cut to the region and a margin first (`preCrop`), it
//! gives other responses, unless [`Filter::reach`] says how large a margin leaves them as they are.

mod gradient;
mod intensity_curve;
mod laplacian_of_gaussian;
mod original;
mod parameters;
mod recursive_gaussian;
mod wavelet;

pub use gradient::{Gradient, GradientUnit};
pub use intensity_curve::IntensityCurve;
pub use laplacian_of_gaussian::LaplacianOfGaussian;
pub use original::Original;
pub use parameters::{Number, Value};
pub use wavelet::{Wavelet, WaveletAxes};

use self::parameters::{Parameters, unknown};
use super::Filter;
use crate::error::{FeatureError, Result};

/// An image type: its name in parameter files, its parameters, and what makes it.
struct ImageType {
    name: &'static str,
    parameters: &'static [&'static str],
    make: fn(&Parameters<'_>) -> Result<Box<dyn Filter>>,
}

const IMAGE_TYPES: &[ImageType] = &[
    ImageType {
        name: "Original",
        parameters: &[],
        make: |_| Ok(Box::new(Original)),
    },
    ImageType {
        name: "LoG",
        parameters: LaplacianOfGaussian::PARAMETERS,
        make: |given| Ok(Box::new(LaplacianOfGaussian::from_parameters(given)?)),
    },
    ImageType {
        name: "Wavelet",
        parameters: Wavelet::PARAMETERS,
        make: |given| Ok(Box::new(Wavelet::from_parameters(given)?)),
    },
    ImageType {
        name: "Square",
        parameters: &[],
        make: |_| Ok(Box::new(IntensityCurve::Square)),
    },
    ImageType {
        name: "SquareRoot",
        parameters: &[],
        make: |_| Ok(Box::new(IntensityCurve::SquareRoot)),
    },
    ImageType {
        name: "Logarithm",
        parameters: &[],
        make: |_| Ok(Box::new(IntensityCurve::Logarithm)),
    },
    ImageType {
        name: "Exponential",
        parameters: &[],
        make: |_| Ok(Box::new(IntensityCurve::Exponential)),
    },
    ImageType {
        name: "Gradient",
        parameters: Gradient::PARAMETERS,
        make: |given| Ok(Box::new(Gradient::from_parameters(given)?)),
    },
];

/// The filter of an image type, by its name in the section `imageType` of a parameter file.
///
/// ```
/// use raduet_features::filters::pyradiomics::{Number, Value, image_type};
///
/// let sigma = Value::Numbers(vec![Number::Real(1.0), Number::Real(2.5)]);
/// let filter = image_type("LoG", &[("sigma", sigma)]).unwrap();
/// assert_eq!(filter.names(), ["log-sigma-1-0-mm-3D", "log-sigma-2-5-mm-3D"]);
/// ```
///
/// # Errors
/// [`FeatureError::Settings`] when there is no such image type or parameter, or a value is not allowed.
pub fn image_type(name: &str, parameters: &[(&str, Value)]) -> Result<Box<dyn Filter>> {
    let found = find(name).ok_or_else(|| FeatureError::Settings {
        faults: vec![unknown("image type", name, &names())],
    })?;
    (found.make)(&Parameters::new(found.name, found.parameters, parameters)?)
}

/// The names of all image types.
pub fn names() -> Vec<&'static str> {
    IMAGE_TYPES.iter().map(|one| one.name).collect()
}

/// The parameters that an image type knows, or `None` when there is no such image type. What else a parameter
/// file says about an image type are settings of the extraction.
pub fn parameters_of(name: &str) -> Option<&'static [&'static str]> {
    find(name).map(|found| found.parameters)
}

fn find(name: &str) -> Option<&'static ImageType> {
    IMAGE_TYPES.iter().find(|one| one.name == name)
}
