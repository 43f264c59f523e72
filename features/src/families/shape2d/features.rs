//! The nine features; symbols stand in the head of [`super`].

use std::f64::consts::PI;

use super::moments::PrincipalVariances;
use crate::spec::Feature;

/// What the features are read from.
pub(super) struct Shape {
    /// `A` in mm².
    pub(super) area: f64,
    /// `P` in mm.
    pub(super) perimeter: f64,
    /// In mm.
    pub(super) diameter: f64,
    /// In mm².
    pub(super) pixel_area: f64,
    pub(super) variances: PrincipalVariances,
}

/// The features in PyRadiomics' order.
pub(super) const TABLE: &[Feature<Shape>] = &[
    Feature::new(
        "shape2d_elongation",
        Some("shape2D_Elongation"),
        None,
        "1",
        "sqrt(l_2 / l_1); NaN for a single pixel",
        |s| (s.variances.minor / s.variances.major).sqrt(),
    ),
    Feature::new(
        "shape2d_major_axis_length",
        Some("shape2D_MajorAxisLength"),
        None,
        "mm",
        "4 sqrt(l_1)",
        |s| 4.0 * s.variances.major.sqrt(),
    ),
    Feature::new(
        "shape2d_maximum_diameter",
        Some("shape2D_MaximumDiameter"),
        None,
        "mm",
        "largest distance between two points of the outline on lines between pixel centres",
        |s| s.diameter,
    ),
    Feature::new(
        "shape2d_mesh_surface",
        Some("shape2D_MeshSurface"),
        None,
        "mm^2",
        "A",
        |s| s.area,
    ),
    Feature::new(
        "shape2d_minor_axis_length",
        Some("shape2D_MinorAxisLength"),
        None,
        "mm",
        "4 sqrt(l_2)",
        |s| 4.0 * s.variances.minor.sqrt(),
    ),
    Feature::new(
        "shape2d_perimeter",
        Some("shape2D_Perimeter"),
        None,
        "mm",
        "P",
        |s| s.perimeter,
    ),
    Feature::new(
        "shape2d_perimeter_surface_ratio",
        Some("shape2D_PerimeterSurfaceRatio"),
        None,
        "mm^-1",
        "P / A",
        |s| s.perimeter / s.area,
    ),
    Feature::new(
        "shape2d_pixel_surface",
        Some("shape2D_PixelSurface"),
        None,
        "mm^2",
        "n times the area of a pixel",
        |s| s.pixel_area,
    ),
    Feature::new(
        "shape2d_sphericity",
        Some("shape2D_Sphericity"),
        None,
        "1",
        "2 sqrt(pi A) / P",
        |s| 2.0 * (PI * s.area).sqrt() / s.perimeter,
    ),
];
