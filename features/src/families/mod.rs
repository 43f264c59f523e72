//! The feature families, one folder or file each.

mod aggregate;
#[cfg(test)]
mod brute_force;
#[cfg(test)]
mod brute_force_directions;
mod entropy;
pub(crate) mod first_order;
pub(crate) mod glcm;
pub(crate) mod glrlm;
pub(crate) mod glszm;
pub(crate) mod shape2d;
mod size_matrix;
