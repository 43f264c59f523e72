//! The 25 features with reference values; symbols stand in the head of [`super`].

use std::f64::consts::PI;

use super::ellipsoid;
use crate::spec::Feature;

/// What the features are read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// `A` in mm².
    pub(super) area: f64,
    /// `V` in mm³.
    pub(super) volume: f64,
    /// In mm³.
    pub(super) approximate_volume: f64,
    /// `l_1`, `l_2`, `l_3` in mm².
    pub(super) variances: [f64; 3],
    /// In mm.
    pub(super) diameter: f64,
    /// In mm³ and mm².
    pub(super) hull: [f64; 2],
    /// Sides in mm.
    pub(super) bounding_box: [f64; 3],
    /// In mm.
    pub(super) centre_shift: f64,
    /// Of the intensity mask.
    pub(super) mean: f64,
    pub(super) moran: f64,
    pub(super) geary: f64,
}

impl Form {
    /// Semi-axes of the approximate enclosing ellipsoid in mm.
    fn semi_axes(&self) -> [f64; 3] {
        self.variances.map(|variance| 2.0 * variance.sqrt())
    }

    /// `36 pi V² / A³`: 1 for a ball.
    fn compactness(&self) -> f64 {
        36.0 * PI * self.volume * self.volume / self.area.powi(3)
    }

    /// A ratio of which NaN, not infinity, says that its denominator is zero.
    fn ratio(numerator: f64, denominator: f64) -> f64 {
        if denominator > 0.0 {
            numerator / denominator
        } else {
            f64::NAN
        }
    }
}

const SINGLE_VOXEL: &str = "the region is a single voxel";
const FLAT: &str = "all voxel centres lie in one plane";
const LINE: &str = "all voxel centres lie on one line";
const NO_CONTRAST: &str = "all intensities are equal, or the region is a single voxel";

/// The features in the standard's order.
pub(super) const TABLE: &[Feature<Form>] = &[
    Feature::new("morphology_volume", None, Some("RNU0"), "mm^3", "V", |f| {
        f.volume
    }),
    Feature::new(
        "morphology_approximate_volume",
        None,
        Some("YEKZ"),
        "mm^3",
        "N times the volume of a voxel",
        |f| f.approximate_volume,
    ),
    Feature::new(
        "morphology_surface_area",
        None,
        Some("C0JK"),
        "mm^2",
        "A",
        |f| f.area,
    ),
    Feature::new(
        "morphology_surface_to_volume_ratio",
        None,
        Some("2PR5"),
        "mm^-1",
        "A / V",
        |f| f.area / f.volume,
    ),
    Feature::new(
        "morphology_compactness_1",
        None,
        Some("SKGS"),
        "1",
        "V / (pi^(1/2) A^(3/2))",
        |f| f.volume / (PI.sqrt() * f.area.powf(1.5)),
    ),
    Feature::new(
        "morphology_compactness_2",
        None,
        Some("BQWJ"),
        "1",
        "36 pi V^2 / A^3",
        Form::compactness,
    ),
    Feature::new(
        "morphology_spherical_disproportion",
        None,
        Some("KRCK"),
        "1",
        "A / (36 pi V^2)^(1/3)",
        |f| 1.0 / f.compactness().cbrt(),
    ),
    Feature::new(
        "morphology_sphericity",
        None,
        Some("QCFX"),
        "1",
        "(36 pi V^2)^(1/3) / A",
        |f| f.compactness().cbrt(),
    ),
    Feature::new(
        "morphology_asphericity",
        None,
        Some("25C7"),
        "1",
        "(A^3 / (36 pi V^2))^(1/3) - 1",
        |f| 1.0 / f.compactness().cbrt() - 1.0,
    ),
    Feature::new(
        "morphology_centre_of_mass_shift",
        None,
        Some("KLMA"),
        "mm",
        "distance between the mean of the voxel centres and their mean weighted by X",
        |f: &Form| f.centre_shift,
    )
    .undefined_when("the intensities add up to zero"),
    Feature::new(
        "morphology_maximum_3d_diameter",
        None,
        Some("L0JK"),
        "mm",
        "largest distance between two vertices of the mesh",
        |f| f.diameter,
    ),
    Feature::new(
        "morphology_major_axis_length",
        None,
        Some("TDIC"),
        "mm",
        "4 sqrt(l_1)",
        |f| 2.0 * f.semi_axes()[0],
    ),
    Feature::new(
        "morphology_minor_axis_length",
        None,
        Some("P9VJ"),
        "mm",
        "4 sqrt(l_2)",
        |f| 2.0 * f.semi_axes()[1],
    ),
    Feature::new(
        "morphology_least_axis_length",
        None,
        Some("7J51"),
        "mm",
        "4 sqrt(l_3)",
        |f| 2.0 * f.semi_axes()[2],
    ),
    Feature::new(
        "morphology_elongation",
        None,
        Some("Q3CK"),
        "1",
        "sqrt(l_2 / l_1)",
        |f: &Form| (f.variances[1] / f.variances[0]).sqrt(),
    )
    .undefined_when(SINGLE_VOXEL),
    Feature::new(
        "morphology_flatness",
        None,
        Some("N17B"),
        "1",
        "sqrt(l_3 / l_1)",
        |f: &Form| (f.variances[2] / f.variances[0]).sqrt(),
    )
    .undefined_when(SINGLE_VOXEL),
    Feature::new(
        "morphology_volume_density_bounding_box",
        None,
        Some("PBX1"),
        "1",
        "V over the volume of the box around the mesh along the axes of the image",
        |f| f.volume / f.bounding_box.iter().product::<f64>(),
    ),
    Feature::new(
        "morphology_area_density_bounding_box",
        None,
        Some("R59B"),
        "1",
        "A over the area of that box",
        |f| {
            let [z, y, x] = f.bounding_box;
            f.area / (2.0 * (z * y + y * x + x * z))
        },
    ),
    Feature::new(
        "morphology_volume_density_enclosing_ellipsoid",
        None,
        Some("6BDE"),
        "1",
        "V over the volume of the ellipsoid with semi-axes 2 sqrt(l_k)",
        |f: &Form| {
            let [a, b, c] = f.semi_axes();
            Form::ratio(f.volume, 4.0 / 3.0 * PI * a * b * c)
        },
    )
    .undefined_when(FLAT),
    Feature::new(
        "morphology_area_density_enclosing_ellipsoid",
        None,
        Some("RDD2"),
        "1",
        "A over the area of that ellipsoid, by Legendre polynomials to degree 20",
        |f: &Form| Form::ratio(f.area, ellipsoid::area(f.semi_axes())),
    )
    .undefined_when(LINE),
    Feature::new(
        "morphology_volume_density_convex_hull",
        None,
        Some("R3ER"),
        "1",
        "V over the volume of the convex hull of the mesh",
        |f| f.volume / f.hull[0],
    ),
    Feature::new(
        "morphology_area_density_convex_hull",
        None,
        Some("7T7F"),
        "1",
        "A over the area of that hull",
        |f| f.area / f.hull[1],
    ),
    Feature::new(
        "morphology_integrated_intensity",
        None,
        Some("99N0"),
        "intensity mm^3",
        "V times the mean of X",
        |f| f.volume * f.mean,
    ),
    Feature::new(
        "morphology_moran_i",
        None,
        Some("N365"),
        "1",
        "n / W Σ_ij w_ij (X_i - mu)(X_j - mu) / Σ_i (X_i - mu)^2",
        |f: &Form| f.moran,
    )
    .undefined_when(NO_CONTRAST),
    Feature::new(
        "morphology_geary_c",
        None,
        Some("NPT7"),
        "1",
        "(n - 1) / (2 W) Σ_ij w_ij (X_i - X_j)^2 / Σ_i (X_i - mu)^2",
        |f: &Form| f.geary,
    )
    .undefined_when(NO_CONTRAST),
];
