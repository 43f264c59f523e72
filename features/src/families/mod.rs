//! The feature families, one folder or file each.

mod aggregate;
#[cfg(test)]
mod brute_force;
mod distribution;
mod entropy;
pub(crate) mod first_order;
pub(crate) mod glcm;
pub(crate) mod glrlm;
pub(crate) mod glszm;
pub(crate) mod intensity_histogram;
pub(crate) mod intensity_volume_histogram;
pub(crate) mod shape2d;
mod size_matrix;
pub(crate) mod statistics;
