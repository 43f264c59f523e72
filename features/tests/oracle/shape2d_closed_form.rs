//! Rectangles and discs, whose outlines can be written down.

use ndarray::Array3;
use raduet_features::{ExtractionSettings, FeatureSet, Roi, Spacing, engine};
use raduet_testkit::phantoms;

/// Rounding of a handful of operations.
const TOLERANCE: f64 = 1e-13;

fn shape(inside: &Array3<bool>, height: f64, width: f64) -> impl Fn(&str) -> f64 + use<> {
    let set = FeatureSet::of(&["shape2d"]).expect("a family");
    let values = inside.mapv(|_| 0.0);
    let spacing = Spacing::new([5.0, height, width]).expect("a spacing");
    let roi = Roi::from_arrays(&values, inside, spacing)
        .expect("finite")
        .expect("a region");
    let found = engine::extract_one(&set, &ExtractionSettings::default(), &roi).expect("features");
    move |name| found.values()[set.position(name).expect("a feature")]
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= TOLERANCE * expected.abs(),
        "{found} {expected}"
    );
}

/// The outline of an `h × w` rectangle cuts off a corner of half a pixel by half a pixel four times.
#[test]
fn rectangles() {
    for (rows, columns) in [(1, 1), (1, 7), (6, 1), (3, 5), (20, 20)] {
        let (height, width) = (0.7, 1.3);
        let found = shape(&Array3::from_elem((1, rows, columns), true), height, width);
        let (h, w) = (rows as f64, columns as f64);
        let corner = (height / 2.0_f64).hypot(width / 2.0);
        let perimeter = 2.0 * (h - 1.0) * height + 2.0 * (w - 1.0) * width + 4.0 * corner;
        let area = (h * w - 0.5) * height * width;
        near(found("shape2d_perimeter"), perimeter);
        near(found("shape2d_mesh_surface"), area);
        near(found("shape2d_pixel_surface"), h * w * height * width);
        near(found("shape2d_perimeter_surface_ratio"), perimeter / area);
        near(
            found("shape2d_sphericity"),
            2.0 * (std::f64::consts::PI * area).sqrt() / perimeter,
        );
        // From the middle of one side's outermost pixel edge to that of the opposite corner.
        let upright = (h * height).hypot((w - 1.0) * width);
        let lying = ((h - 1.0) * height).hypot(w * width);
        near(found("shape2d_maximum_diameter"), upright.max(lying));
        // Variance of n equidistant points: (n² - 1) / 12.
        let of_rows = ((h * h - 1.0) / 12.0).sqrt() * height;
        let of_columns = ((w * w - 1.0) / 12.0).sqrt() * width;
        near(
            found("shape2d_major_axis_length"),
            4.0 * of_rows.max(of_columns),
        );
        near(
            found("shape2d_minor_axis_length"),
            4.0 * of_rows.min(of_columns),
        );
        let elongation = found("shape2d_elongation");
        if rows * columns == 1 {
            assert!(elongation.is_nan());
        } else {
            near(
                elongation,
                of_rows.min(of_columns) / of_rows.max(of_columns),
            );
        }
    }
}

/// A line at 45° has no width: exactly, although its coordinates are not those of an axis.
#[test]
fn a_diagonal_line_has_no_minor_axis() {
    let inside = Array3::from_shape_fn((1, 9, 9), |(_, y, x)| y == x);
    let found = shape(&inside, 1.0, 1.0);
    assert_eq!(
        found("shape2d_minor_axis_length").to_bits(),
        0.0_f64.to_bits()
    );
    near(
        found("shape2d_major_axis_length"),
        4.0 * (2.0 * 80.0_f64 / 12.0).sqrt(),
    );
    // Nine diamonds of half a pixel each, kept apart at their corners.
    near(found("shape2d_mesh_surface"), 9.0 * 0.5);
    near(found("shape2d_perimeter"), 9.0 * 4.0 * 0.5_f64.sqrt());
}

/// A large disc: area and axes approach those of the circle. The outline runs at multiples of 45° only
/// and is as long as that of the regular octagon around the circle: `8 (sqrt(2) - 1) / pi` = 1.055 times
/// the circle, up to the size of a pixel.
#[test]
fn a_disc_is_nearly_round() {
    let side = 201;
    let inside = Array3::from_shape_vec((1, side, side), phantoms::disc(side)).expect("a square");
    let found = shape(&inside, 1.0, 1.0);
    let radius = side as f64 / 2.0;
    let relative = |name: &str, expected: f64| found(name) / expected - 1.0;
    assert!(
        relative(
            "shape2d_mesh_surface",
            std::f64::consts::PI * radius * radius
        )
        .abs()
            < 5e-3
    );
    // Both semi-axes of an ellipse are twice the standard deviation along them.
    assert!(relative("shape2d_major_axis_length", 2.0 * radius).abs() < 5e-3);
    assert!(relative("shape2d_maximum_diameter", 2.0 * radius).abs() < 1e-2);
    assert!(relative("shape2d_elongation", 1.0).abs() < 1e-12);
    let octagon = 16.0 * (2.0_f64.sqrt() - 1.0) * radius;
    assert!(relative("shape2d_perimeter", octagon).abs() < 5e-3);
}
