//! The engine: image model and radiomics features. No files, no environment, no printing, no
//! hidden randomness.
//!
//! Axes are `[z, y, x]` for volumes and `[row, column]` for slices, C-order, lengths in mm, voxel
//! centres at integers.

pub mod geometry;
pub mod volume;

pub use geometry::{Affine, Grid, Spacing};
pub use volume::{MaskVolume, Scaling, Volume, Voxels};
