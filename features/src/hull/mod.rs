//! Convex hulls of lattice points, in exact arithmetic: [`planar`] in a plane, [`solid`] in space, whose
//! [`diameter`] is the largest distance of all points.
//!
//! Scaling along an axis keeps a hull, so hulls are found in half voxels and measured in mm.

pub(crate) mod diameter;
pub(crate) mod planar;
pub(crate) mod solid;
