//! The surface of a mask as a mesh of triangles, by marching cubes at half way between voxel centres.
//!
//! [`bits`] packs the mask; [`cubes`] counts configurations, from which a [`triangulation`] has its
//! area and volume ([`pyradiomics`] and [`closed`] hold one); [`vertices`] finds the outermost vertices.

pub(crate) mod bits;
pub(crate) mod closed;
pub(crate) mod cubes;
pub(crate) mod pyradiomics;
pub(crate) mod triangulation;
pub(crate) mod vertices;
