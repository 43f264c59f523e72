//! The engine: image model and radiomics features. No files, no environment, no printing, no
//! hidden randomness.
//!
//! Axes are `[z, y, x]` for volumes and `[row, column]` for slices, C-order, lengths in mm, voxel
//! centres at integers.
//!
//! The way of the data: [`Volume`] and [`MaskVolume`] give a [`Roi`] for each slice; [`engine`] cuts
//! its intensities into grey levels ([`discretise`]), hands both to the families of a [`FeatureSet`]
//! and returns a [`FeatureVector`] whose values stand in the order of the set's columns.

/// The example of the README is compiled with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod aggregation;
mod bins;
pub mod components;
pub mod discretise;
pub mod engine;
pub mod error;
pub mod extractor;
mod families;
pub mod family;
pub mod filters;
pub mod geometry;
mod hull;
mod intensities;
pub mod maps;
mod mesh;
mod principal_axes;
pub mod processing;
pub mod profile;
pub mod registry;
pub mod roi;
pub mod set;
pub mod settings;
pub mod spec;
mod survey;
pub mod vector;
mod vectorised;
pub mod volume;
mod whole_numbers;

pub use aggregation::Aggregation;
pub use discretise::{Discretisation, DiscretisedRoi};
pub use error::{FeatureError, Result};
pub use extractor::{Extractor, ImageSource, Measured};
pub use geometry::{Affine, Grid, Spacing};
pub use profile::Profile;
pub use roi::Roi;
pub use set::{Column, FeatureSet};
pub use settings::{ExtractionOptions, ExtractionSettings};
pub use spec::FeatureSpec;
pub use vector::FeatureVector;
pub use volume::{MaskVolume, Scaling, Volume, Voxels};
