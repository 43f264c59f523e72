//! What is done to an image before its regions are measured. Pure functions from volumes to volumes.

mod normalise;
mod resample;

pub use normalise::normalise;
pub use resample::{
    Extent, GridRule, Intensities, Interpolator, MaskInterpolator, Resampling, resample,
};
