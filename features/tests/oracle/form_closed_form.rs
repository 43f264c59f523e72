//! Families `shape`, `morphology` and `local_intensity` on bodies whose values can be written down, and
//! in all orientations of the image.

use std::f64::consts::PI;

use ndarray::{Array3, Axis};
use proptest::prelude::*;
use raduet_features::{ExtractionOptions, FeatureSet, Profile, Roi, Spacing, engine};

/// Rounding of some hundred operations.
const TOLERANCE: f64 = 1e-12;

struct Found {
    set: FeatureSet,
    values: Vec<f64>,
}

impl Found {
    fn value(&self, name: &str) -> f64 {
        self.values[self.set.position(name).expect("a feature")]
    }
}

fn measure(profile: Profile, families: &[&str], roi: &Roi) -> Found {
    let options = ExtractionOptions {
        profile,
        ..ExtractionOptions::default()
    };
    let settings = options.check().expect("valid settings");
    let set = FeatureSet::with(families, &settings).expect("families");
    let values = engine::extract_one(&set, &settings, roi).expect("features");
    Found {
        values: values.into_values(),
        set,
    }
}

fn region(values: &Array3<f64>, inside: &Array3<bool>, spacing: [f64; 3]) -> Roi {
    let spacing = Spacing::new(spacing).expect("a spacing");
    let roi = Roi::from_arrays(values, inside, spacing);
    roi.expect("finite values").expect("a region")
}

fn near(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= TOLERANCE * expected.abs(),
        "{what}: {found} {expected}"
    );
}

/// The mesh of a box is a box whose sides and corners are cut off half way between voxel centres.
#[test]
fn boxes() {
    let s = [3.0, 0.7, 1.9];
    for shape in [
        [1, 1, 1],
        [1, 1, 6],
        [4, 1, 1],
        [1, 3, 2],
        [3, 4, 5],
        [2, 70, 3],
    ] {
        let inside = Array3::from_elem(shape, true);
        let roi = region(&inside.mapv(|_| 2.5), &inside, s);
        // Distances between the outermost voxel centres.
        let n: [f64; 3] = shape.map(|k| k as f64);
        let d: [f64; 3] = std::array::from_fn(|k| (n[k] - 1.0) * s[k]);
        let others = [(0, 1, 2), (1, 2, 0), (2, 0, 1)];
        let voxel = s[0] * s[1] * s[2];
        let faces: f64 = others.iter().map(|(a, b, c)| d[*a] * d[*b] * s[*c]).sum();
        let sides: f64 = others.iter().map(|(a, b, c)| d[*a] * s[*b] * s[*c]).sum();
        let volume = d[0] * d[1] * d[2] + faces + sides / 2.0 + voxel / 6.0;
        let of_faces: f64 = others.iter().map(|(a, b, _)| 2.0 * d[*a] * d[*b]).sum();
        let of_sides: f64 = others
            .iter()
            .map(|(a, b, c)| 2.0 * d[*a] * s[*b].hypot(s[*c]))
            .sum();
        let corner = others
            .iter()
            .map(|(a, b, _)| (s[*a] * s[*b]).powi(2))
            .sum::<f64>()
            .sqrt();
        let area = of_faces + of_sides + corner;
        // Opposite corners: half a voxel further along one axis, at either end.
        let squares = (0..3).map(|far| {
            (0..3)
                .map(|k| {
                    if k == far {
                        (n[k] * s[k]).powi(2)
                    } else {
                        d[k].powi(2)
                    }
                })
                .sum::<f64>()
        });
        let diameter = squares.fold(0.0, f64::max).sqrt();
        // Variance of n equidistant points: (n² - 1) / 12.
        let mut variances: [f64; 3] =
            std::array::from_fn(|k| (n[k] * n[k] - 1.0) / 12.0 * s[k] * s[k]);
        variances.sort_by(|a, b| b.total_cmp(a));

        let found = measure(Profile::PyRadiomics, &["shape"], &roi);
        let value = |name: &str| found.value(&format!("shape_{name}"));
        near("volume", value("mesh_volume"), volume);
        near("area", value("surface_area"), area);
        near(
            "voxels",
            value("voxel_volume"),
            n.iter().product::<f64>() * voxel,
        );
        near("diameter", value("maximum_3d_diameter"), diameter);
        near(
            "sphericity",
            value("sphericity"),
            (36.0 * PI * volume * volume).cbrt() / area,
        );
        near("ratio", value("surface_volume_ratio"), area / volume);
        near(
            "major",
            value("major_axis_length"),
            4.0 * variances[0].sqrt(),
        );
        near(
            "minor",
            value("minor_axis_length"),
            4.0 * variances[1].sqrt(),
        );
        near(
            "least",
            value("least_axis_length"),
            4.0 * variances[2].sqrt(),
        );
        assert_eq!(value("flatness").is_nan(), n.iter().all(|n| *n < 1.5));

        let found = measure(Profile::Ibsi, &["morphology", "local_intensity"], &roi);
        let value = |name: &str| found.value(&format!("morphology_{name}"));
        near("volume", value("volume"), volume);
        near("area", value("surface_area"), area);
        near("diameter", value("maximum_3d_diameter"), diameter);
        // The mesh is convex.
        near("hull", value("volume_density_convex_hull"), 1.0);
        near("hull", value("area_density_convex_hull"), 1.0);
        let all: f64 = (0..3).map(|k| n[k] * s[k]).product();
        near("box", value("volume_density_bounding_box"), volume / all);
        near("integrated", value("integrated_intensity"), 2.5 * volume);
        assert!(value("centre_of_mass_shift").abs() < TOLERANCE);
        assert!(value("moran_i").is_nan() && value("geary_c").is_nan());
        near("peak", found.value("local_intensity_local_peak"), 2.5);
        // Flat and thin bodies have no ellipsoid.
        let extended = n.iter().filter(|n| **n > 1.5).count();
        assert_eq!(
            value("volume_density_enclosing_ellipsoid").is_nan(),
            extended < 3
        );
        assert_eq!(
            value("area_density_enclosing_ellipsoid").is_nan(),
            extended < 2
        );
        assert_eq!(value("elongation").is_nan(), extended == 0);
    }
}

/// A large ball. The mesh of a mask has a few normals only: its area stays a tenth above that of the
/// ball, however large.
#[test]
fn a_ball_is_nearly_round() {
    let (radius, side) = (40.0_f64, 81);
    let inside = Array3::from_shape_fn((side, side, side), |(z, y, x)| {
        [z, y, x]
            .map(|k| (k as f64 - radius).powi(2))
            .iter()
            .sum::<f64>()
            <= radius * radius
    });
    let roi = region(&inside.mapv(|_| 1.0), &inside, [1.0; 3]);
    let found = measure(Profile::Ibsi, &["morphology"], &roi);
    let relative = |name: &str, expected: f64| {
        let error = found.value(&format!("morphology_{name}")) / expected - 1.0;
        let name = name.to_owned();
        move |allowed: f64| assert!(error.abs() < allowed, "{name}: {error}")
    };
    relative("volume", 4.0 / 3.0 * PI * radius.powi(3))(2e-3);
    relative("surface_area", 4.0 * PI * radius.powi(2) * 1.087)(5e-3);
    relative("maximum_3d_diameter", 2.0 * radius)(1e-12 + 0.5 / radius);
    // Mean square of a coordinate in a ball: r² / 5.
    relative("major_axis_length", 4.0 * radius / 5.0_f64.sqrt())(2e-3);
    relative("flatness", 1.0)(1e-12);
    relative(
        "volume_density_enclosing_ellipsoid",
        (5.0_f64.sqrt() / 2.0).powi(3),
    )(5e-3);
    // The hull spans the outermost vertices of the mesh, a fraction of a voxel further out.
    relative("volume_density_convex_hull", 1.0)(1.0 / radius);
    relative("volume_density_bounding_box", PI / 6.0)(4e-2);
}

/// Two voxels 1.9 mm apart.
#[test]
fn two_voxels() {
    let values = Array3::from_shape_vec((1, 1, 2), vec![1.0, 3.0]).expect("two voxels");
    let roi = region(&values, &values.mapv(|_| true), [3.0, 0.7, 1.9]);
    let found = measure(Profile::Ibsi, &["morphology", "local_intensity"], &roi);
    near("moran", found.value("morphology_moran_i"), -1.0);
    near("geary", found.value("morphology_geary_c"), 1.0);
    // The centre of mass lies three quarters of the way to the brighter one.
    near(
        "shift",
        found.value("morphology_centre_of_mass_shift"),
        1.9 / 4.0,
    );
    near("local", found.value("local_intensity_local_peak"), 2.0);
    near("global", found.value("local_intensity_global_peak"), 2.0);
}

/// Sums over frequencies and balls are put together in one order on any number of threads.
#[test]
fn threads_change_no_bit_of_form() {
    let inside = Array3::from_shape_fn((12, 19, 31), |(z, y, x)| (z * 5 + y * 3 + x * 7) % 11 > 3);
    let values = Array3::from_shape_fn(inside.dim(), |(z, y, x)| ((z * y + x) % 17) as f64 * 0.3);
    let roi = region(&values, &inside, [3.0, 0.7, 1.9]);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let families = ["morphology", "local_intensity"];
        let found = pool.install(|| measure(Profile::Ibsi, &families, &roi));
        found
            .values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(4));
}

/// An image with its axes in another order, some of them reversed.
fn oriented<T: Clone>(array: &Array3<T>, axes: [usize; 3], reversed: [bool; 3]) -> Array3<T> {
    let mut view = array.view().permuted_axes(axes);
    for (axis, reversed) in reversed.into_iter().enumerate() {
        if reversed {
            view.invert_axis(Axis(axis));
        }
    }
    view.as_standard_layout().into_owned()
}

fn same(found: f64, expected: f64) -> bool {
    found.is_nan() && expected.is_nan()
        || (found - expected).abs() <= 1e-10 * expected.abs() + 1e-10
}

proptest! {
    // A failing case is printed; nothing is written.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The standard's features do not know how the image is turned. PyRadiomics' mesh does; its other
    /// features do not, but for the names of the three planes.
    #[test]
    fn forty_eight_orientations(
        shape in (1_usize..5, 1_usize..6, 1_usize..7), holes in 0_u8..9, order in 0_usize..6,
        reversed in any::<[bool; 3]>(),
        cells in prop::collection::vec((0_i32..100, 0_u8..10), 4 * 5 * 6),
    ) {
        let n = shape.0 * shape.1 * shape.2;
        let values = cells[..n].iter().map(|(value, _)| f64::from(*value)).collect();
        let values = Array3::from_shape_vec(shape, values).expect("a volume");
        let inside = cells[..n].iter().map(|(_, gap)| *gap >= holes).collect();
        let mut inside = Array3::from_shape_vec(shape, inside).expect("a volume");
        inside[[0, 0, 0]] = true;
        let s = [3.0, 0.7, 1.9];
        let axes = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]][order];
        let plain = region(&values, &inside, s);
        let turned = region(
            &oriented(&values, axes, reversed),
            &oriented(&inside, axes, reversed),
            axes.map(|axis| s[axis]),
        );

        let families = ["morphology", "local_intensity"];
        let [a, b] = [&plain, &turned].map(|roi| measure(Profile::Ibsi, &families, roi));
        for (column, (a, b)) in a.set.columns().iter().zip(a.values.iter().zip(&b.values)) {
            prop_assert!(same(*b, *a), "{} {} {}", column, a, b);
        }

        let [a, b] = [&plain, &turned].map(|roi| measure(Profile::PyRadiomics, &["shape"], roi));
        for name in [
            "elongation", "flatness", "least_axis_length", "minor_axis_length", "major_axis_length",
            "maximum_3d_diameter", "voxel_volume",
        ] {
            let name = format!("shape_{name}");
            prop_assert!(same(b.value(&name), a.value(&name)), "{}", name);
        }
        let planes = ["slice", "column", "row"].map(|plane| format!("shape_maximum_2d_diameter_{plane}"));
        for (to, from) in axes.into_iter().enumerate() {
            prop_assert!(same(b.value(&planes[to]), a.value(&planes[from])));
        }
    }
}
