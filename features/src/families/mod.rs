//! The feature families, one folder or file each.

mod aggregate;
#[cfg(test)]
mod brute_force_directions;
#[cfg(test)]
mod brute_force_undirected;
mod distribution;
mod entropy;
pub(crate) mod first_order;
pub(crate) mod glcm;
pub(crate) mod gldzm;
pub(crate) mod glrlm;
pub(crate) mod glszm;
pub(crate) mod intensity_histogram;
pub(crate) mod intensity_volume_histogram;
pub(crate) mod local_intensity;
pub(crate) mod morphology;
mod neighbourhood;
pub(crate) mod ngldm;
pub(crate) mod ngtdm;
mod parts;
pub(crate) mod shape;
pub(crate) mod shape2d;
mod size_matrix;
mod sort;
pub(crate) mod statistics;
mod summary;
mod tally;
