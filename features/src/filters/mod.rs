//! Image filters: each gives one or several response images, on which features are measured like on the
//! image itself.
//!
//! A filter is one file. Where the standard and PyRadiomics differ, each has its own: below [`ibsi`] and
//! below [`pyradiomics`].

mod convolve;
mod fft;
pub mod ibsi;
pub mod padding;
pub mod pooling;
pub mod pyradiomics;
mod rotations;
mod voxelwise;
pub mod wavelet_kernels;

use ndarray::{Array3, s};

use crate::error::Result;
use crate::geometry::Spacing;

/// A box of an image: its first voxel and how many there are along z, y, x.
pub type Box3 = ([usize; 3], [usize; 3]);

/// A filter with its parameters, checked.
pub trait Filter: Send + Sync + std::fmt::Debug {
    /// What the responses are called, in their order: `wavelet-LLH` …; known before any image is.
    fn names(&self) -> Vec<String>;

    /// Filters an image `[z, y, x]` with voxel distances in mm. Calls `each` once for each name, in order,
    /// with the position of the name and a response of the image's shape; one at a time, so that no more
    /// than one response need be in memory. A response that this image is too small for is left out, and
    /// the error comes after the others.
    ///
    /// # Errors
    /// What `each` returns, or a filter's own reason why this image, or a response to it, cannot be made.
    fn respond(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()>;

    /// As [`Self::respond`], but `each` receives only a box of each response: the same numbers, perhaps with less
    /// work.
    ///
    /// # Errors
    /// As [`Self::respond`].
    fn respond_within(
        &self,
        image: &Array3<f64>,
        spacing: Spacing,
        wanted: Box3,
        each: &mut dyn FnMut(usize, Array3<f64>) -> Result<()>,
    ) -> Result<()> {
        let ([z, y, x], [nz, ny, nx]) = wanted;
        let cut = s![z..z + nz, y..y + ny, x..x + nx];
        self.respond(image, spacing, &mut |at, response| {
            each(at, response.slice(cut).to_owned())
        })
    }

    /// How many voxels beyond a region along z, y, x its responses depend on, or `None` when they depend on
    /// the whole image. Along an axis on which a region with so many voxels on both sides lies inside the
    /// image, responses are the same when the image is cut down to that.
    fn reach(&self, spacing: Spacing) -> Option<[usize; 3]>;
}
