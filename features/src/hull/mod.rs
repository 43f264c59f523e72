//! Convex hulls of lattice points, in exact arithmetic: [`planar`] in a plane, [`solid`] in space.
//!
//! Scaling along an axis keeps a hull, so hulls are found in half voxels and measured in mm.

pub(crate) mod planar;
pub(crate) mod solid;
