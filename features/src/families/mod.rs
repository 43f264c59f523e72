//! The feature families, one folder or file each.

pub(crate) mod entropy;
pub(crate) mod first_order;
