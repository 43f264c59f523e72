//! The feature families, one folder or file each.

mod aggregate;
#[cfg(test)]
mod brute_force;
mod entropy;
pub(crate) mod first_order;
pub(crate) mod glcm;
pub(crate) mod glrlm;
pub(crate) mod glszm;
pub(crate) mod local_intensity;
pub(crate) mod morphology;
pub(crate) mod shape;
pub(crate) mod shape2d;
mod size_matrix;
mod summary;
