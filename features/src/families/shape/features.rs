//! The fourteen features; symbols stand in the head of [`super`].

use std::f64::consts::PI;

use super::diameters::Diameters;
use crate::spec::Feature;

/// What the features are read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// `A` in mm².
    pub(super) area: f64,
    /// `V` in mm³.
    pub(super) volume: f64,
    /// In mm³.
    pub(super) voxel_volume: f64,
    /// `l_1`, `l_2`, `l_3` in mm².
    pub(super) variances: [f64; 3],
    pub(super) diameters: Diameters,
}

const SINGLE_VOXEL: &str = "the region is a single voxel";

/// The features in PyRadiomics' order.
pub(super) const TABLE: &[Feature<Shape>] = &[
    Feature::new(
        "shape_elongation",
        Some("shape_Elongation"),
        Some("Q3CK"),
        "1",
        "sqrt(l_2 / l_1)",
        |s: &Shape| (s.variances[1] / s.variances[0]).sqrt(),
    )
    .undefined_when(SINGLE_VOXEL),
    Feature::new(
        "shape_flatness",
        Some("shape_Flatness"),
        Some("N17B"),
        "1",
        "sqrt(l_3 / l_1)",
        |s: &Shape| (s.variances[2] / s.variances[0]).sqrt(),
    )
    .undefined_when(SINGLE_VOXEL),
    Feature::new(
        "shape_least_axis_length",
        Some("shape_LeastAxisLength"),
        Some("7J51"),
        "mm",
        "4 sqrt(l_3)",
        |s| 4.0 * s.variances[2].sqrt(),
    ),
    Feature::new(
        "shape_major_axis_length",
        Some("shape_MajorAxisLength"),
        Some("TDIC"),
        "mm",
        "4 sqrt(l_1)",
        |s| 4.0 * s.variances[0].sqrt(),
    ),
    Feature::new(
        "shape_maximum_2d_diameter_column",
        Some("shape_Maximum2DDiameterColumn"),
        None,
        "mm",
        "largest distance between two vertices of the mesh with the same y",
        |s| s.diameters.same_y,
    ),
    Feature::new(
        "shape_maximum_2d_diameter_row",
        Some("shape_Maximum2DDiameterRow"),
        None,
        "mm",
        "largest distance between two vertices of the mesh with the same x",
        |s| s.diameters.same_x,
    ),
    Feature::new(
        "shape_maximum_2d_diameter_slice",
        Some("shape_Maximum2DDiameterSlice"),
        None,
        "mm",
        "largest distance between two vertices of the mesh with the same z",
        |s| s.diameters.same_z,
    ),
    Feature::new(
        "shape_maximum_3d_diameter",
        Some("shape_Maximum3DDiameter"),
        Some("L0JK"),
        "mm",
        "largest distance between two vertices of the mesh",
        |s| s.diameters.solid,
    ),
    Feature::new(
        "shape_mesh_volume",
        Some("shape_MeshVolume"),
        Some("RNU0"),
        "mm^3",
        "V",
        |s| s.volume,
    ),
    Feature::new(
        "shape_minor_axis_length",
        Some("shape_MinorAxisLength"),
        Some("P9VJ"),
        "mm",
        "4 sqrt(l_2)",
        |s| 4.0 * s.variances[1].sqrt(),
    ),
    Feature::new(
        "shape_sphericity",
        Some("shape_Sphericity"),
        Some("QCFX"),
        "1",
        "(36 pi V^2)^(1/3) / A",
        |s| (36.0 * PI * s.volume * s.volume).cbrt() / s.area,
    ),
    Feature::new(
        "shape_surface_area",
        Some("shape_SurfaceArea"),
        Some("C0JK"),
        "mm^2",
        "A",
        |s| s.area,
    ),
    Feature::new(
        "shape_surface_volume_ratio",
        Some("shape_SurfaceVolumeRatio"),
        Some("2PR5"),
        "mm^-1",
        "A / V",
        |s| s.area / s.volume,
    ),
    Feature::new(
        "shape_voxel_volume",
        Some("shape_VoxelVolume"),
        Some("YEKZ"),
        "mm^3",
        "N times the volume of a voxel",
        |s| s.voxel_volume,
    ),
];
