//! Convex hulls of lattice points, in exact arithmetic: [`planar`] in a plane, [`solid`] in space. The corners of
//! either kind give the largest distance of all points, their [`diameter`].
//!
//! Scaling along an axis keeps a hull, so hulls are found in half voxels and measured in mm.

pub(crate) mod diameter;
pub(crate) mod planar;
pub(crate) mod solid;
