//! The filters of IBSI 2 against closed forms, and what must hold for every image.

use std::f64::consts::TAU;

use ndarray::{Array3, Axis, s};
use raduet_features::filters::Filter;
use raduet_features::filters::ibsi::{
    Dimensions, Energy, Gabor, GaborOptions, LaplacianOfGaussian, LaplacianOfGaussianOptions, Laws,
    LawsOptions, Mean, MeanOptions, Orientations, Planes, Riesz, RieszBase, RieszOptions, Rotation,
    SeparableWavelet, SeparableWaveletOptions, Simoncelli, SimoncelliOptions,
};
use raduet_features::filters::padding::Boundary;
use raduet_features::filters::pooling::Pooling;
use raduet_features::{FeatureError, Spacing};
use raduet_testkit::phantoms::texture;
use raduet_testkit::reference::Comparison;

use crate::filters_ibsi_direct_sum::{BOUNDARIES, check, respond, small_image};

/// Sums of some hundred numbers, and Fourier transforms of a few thousand.
const ROUNDING: f64 = 1e-10;

fn log(dimensions: Dimensions, boundary: Boundary) -> LaplacianOfGaussianOptions {
    LaplacianOfGaussianOptions {
        sigma_mm: 1.0,
        cutoff: 3.0,
        dimensions,
        boundary,
    }
}

fn laws(kernels: &str, pooling: Pooling, energy: Energy) -> LawsOptions {
    LawsOptions {
        kernels: kernels.into(),
        rotation: Rotation::Invariant(pooling),
        energy,
        boundary: Boundary::Mirror,
    }
}

fn gabor(planes: Planes) -> GaborOptions {
    GaborOptions {
        sigma_mm: 1.0,
        wavelength_mm: 3.0,
        gamma: 0.8,
        theta_degrees: 0.0,
        orientations: Orientations::Invariant {
            step_degrees: 45.0,
            pooling: Pooling::Average,
        },
        planes,
        boundary: Boundary::Mirror,
    }
}

fn wavelet(band: &str, level: u32, rotation: Rotation) -> SeparableWaveletOptions {
    SeparableWaveletOptions {
        wavelet: "db2".into(),
        band: band.into(),
        level,
        rotation,
        boundary: Boundary::Mirror,
    }
}

fn boxed(filter: raduet_features::Result<impl Filter + 'static>) -> Box<dyn Filter> {
    Box::new(filter.expect("valid parameters"))
}

/// Filters that know no direction: those of slices are the same after a turn about z, the others after any.
fn without_direction(dimensions: Dimensions) -> Vec<Box<dyn Filter>> {
    let average = Rotation::Invariant(Pooling::Average);
    let [kernels, band, planes] = match dimensions {
        Dimensions::Two => ["L5E3", "LH", "axial"],
        Dimensions::Three => ["L5E3S3", "LHH", "orthogonal"],
    };
    let planes = if planes == "axial" {
        Planes::Axial
    } else {
        Planes::Orthogonal
    };
    let boundary = Boundary::Mirror;
    vec![
        boxed(Mean::new(MeanOptions {
            support: 3,
            dimensions,
            boundary,
        })),
        boxed(LaplacianOfGaussian::new(log(dimensions, boundary))),
        boxed(Laws::new(laws(kernels, Pooling::Max, Energy::None))),
        boxed(Laws::new(laws(kernels, Pooling::Min, Energy::Within(2)))),
        boxed(Gabor::new(gabor(planes))),
        boxed(SeparableWavelet::new(wavelet(band, 2, average))),
    ]
}

/// All filters, those on Fourier transforms of the image too.
fn every_filter(dimensions: Dimensions) -> Vec<Box<dyn Filter>> {
    let mut filters = without_direction(dimensions);
    let order = [1, 1, 0];
    for boundary in [Boundary::Periodic, Boundary::Mirror] {
        let simoncelli = SimoncelliOptions {
            level: 1,
            dimensions,
            boundary,
        };
        filters.push(boxed(Simoncelli::new(simoncelli)));
        let base = RieszBase::Simoncelli(simoncelli);
        filters.push(boxed(Riesz::new(RieszOptions { order, base })));
        let base = RieszBase::LaplacianOfGaussian(log(dimensions, boundary));
        filters.push(boxed(Riesz::new(RieszOptions { order, base })));
    }
    filters
}

#[test]
fn means_of_a_constant_are_the_constant() {
    let image = Array3::from_elem((4, 5, 6), 7.5);
    let mut comparison = Comparison::default();
    for dimensions in [Dimensions::Two, Dimensions::Three] {
        for boundary in BOUNDARIES {
            let filter = Mean::new(MeanOptions {
                support: 3,
                dimensions,
                boundary,
            })
            .expect("an odd support");
            let mut expected = image.clone();
            if boundary == Boundary::Zero {
                // A third of the voxels is missing along each axis that ends.
                for axis in if dimensions == Dimensions::Two {
                    1..3
                } else {
                    0..3
                } {
                    let last = expected.len_of(Axis(axis)) - 1;
                    for end in [0, last] {
                        expected
                            .index_axis_mut(Axis(axis), end)
                            .mapv_inplace(|value| value * 2.0 / 3.0);
                    }
                }
            }
            let what = format!("{:?} {boundary:?}", filter.names());
            check(
                &mut comparison,
                &what,
                &respond(&filter, &image, 1.0),
                &expected,
                ROUNDING,
            );
        }
    }
    comparison.finish("mean_closed_form");
}

#[test]
fn an_impulse_gives_the_kernel() {
    let mut image = Array3::zeros((7, 7, 7));
    image[[3, 3, 3]] = 1.0;
    let options = LawsOptions {
        rotation: Rotation::None,
        boundary: Boundary::Zero,
        ..laws("E3S3L3", Pooling::Max, Energy::None)
    };
    let filter = Laws::new(options).expect("valid parameters");
    let along = |weights: [f64; 3], at: usize| match at {
        2..=4 => weights[at - 2],
        _ => 0.0,
    };
    // L2 norms are √2, √6, √6.
    let expected = Array3::from_shape_fn(image.dim(), |(z, y, x)| {
        let product =
            along([-1.0, 0.0, 1.0], x) * along([-1.0, 2.0, -1.0], y) * along([1.0, 2.0, 1.0], z);
        product / 72.0_f64.sqrt()
    });
    let mut comparison = Comparison::default();
    check(
        &mut comparison,
        "E3S3L3",
        &respond(&filter, &image, 1.0),
        &expected,
        ROUNDING,
    );
    comparison.finish("laws_impulse");
}

/// `wave(2π (p x + q y + r z) / N)` on a cube of `N` voxels a side.
fn wave(side: usize, turns: [f64; 3], wave: impl Fn(f64) -> f64) -> Array3<f64> {
    Array3::from_shape_fn((side, side, side), |(z, y, x)| {
        let [p, q, r] = turns;
        wave(TAU * (p * x as f64 + q * y as f64 + r * z as f64) / side as f64)
    })
}

#[test]
fn waves_keep_their_form_in_bands_and_riesz_transforms() {
    // With an odd side the grid of frequencies has a zero; its unit are (N - 1) / 2 = 10 turns.
    let (side, unit) = (21, 10.0);
    let mut comparison = Comparison::default();
    for level in [1_u32, 2] {
        let simoncelli = SimoncelliOptions {
            level,
            dimensions: Dimensions::Three,
            boundary: Boundary::Periodic,
        };
        let band = |turns: [f64; 3]| {
            let radius = turns.iter().map(|turns| turns * turns).sum::<f64>().sqrt() / unit;
            // 2^(level - 1), for these two levels.
            let scaled = radius * f64::from(level);
            let inside = (0.25..=1.0).contains(&scaled);
            if inside {
                (TAU / 4.0 * (2.0 * scaled).log2()).cos()
            } else {
                0.0
            }
        };
        for turns in [
            [0.0; 3],
            [3.0, 0.0, 0.0],
            [0.0, 4.0, 0.0],
            [2.0, 2.0, 0.0],
            [3.0, 1.0, 2.0],
            [9.0; 3],
        ] {
            let image = wave(side, turns, f64::cos);
            let filter = Simoncelli::new(simoncelli).expect("valid parameters");
            let expected = wave(side, turns, |angle| band(turns) * angle.cos());
            let what = format!("{:?} {turns:?}", filter.names());
            check(
                &mut comparison,
                &what,
                &respond(&filter, &image, 1.0),
                &expected,
                ROUNDING,
            );

            let length = turns
                .iter()
                .map(|turns| turns * turns)
                .sum::<f64>()
                .sqrt()
                .max(f64::MIN_POSITIVE);
            let [x, y, z] = turns.map(|turns| turns / length);
            // -j turns a cosine into a sine, its square is -1; L! / Π l! is 1, 1, 2 and 6.
            let parts = [
                ([1, 0, 0], x, true),
                ([0, 2, 0], -y * y, false),
                ([1, 0, 1], -2.0_f64.sqrt() * x * z, false),
                ([1, 1, 1], -6.0_f64.sqrt() * x * y * z, true),
            ];
            for (order, factor, sine) in parts {
                let base = RieszBase::Simoncelli(simoncelli);
                let filter = Riesz::new(RieszOptions { order, base }).expect("valid parameters");
                let expected = wave(side, turns, |angle| {
                    band(turns) * factor * if sine { angle.sin() } else { angle.cos() }
                });
                let what = format!("{:?} {turns:?}", filter.names());
                check(
                    &mut comparison,
                    &what,
                    &respond(&filter, &image, 1.0),
                    &expected,
                    ROUNDING,
                );
            }
        }
    }
    comparison.finish("frequencies_closed_form");
}

/// A quarter turn in the plane of two axes.
fn quarter_turn(volume: &Array3<f64>, first: usize, second: usize) -> Array3<f64> {
    let mut turned = volume.view();
    turned.swap_axes(first, second);
    turned.invert_axis(Axis(first));
    turned.as_standard_layout().into_owned()
}

#[test]
fn responses_turn_with_the_image() {
    let image = small_image();
    let mut comparison = Comparison::default();
    let turns = [
        (Dimensions::Two, 1, 2),
        (Dimensions::Three, 1, 2),
        (Dimensions::Three, 0, 1),
        (Dimensions::Three, 0, 2),
    ];
    for (dimensions, first, second) in turns {
        for filter in without_direction(dimensions) {
            let found = respond(&*filter, &quarter_turn(&image, first, second), 1.0);
            let expected = quarter_turn(&respond(&*filter, &image, 1.0), first, second);
            let what = format!("{:?} turned in {first}, {second}", filter.names());
            check(&mut comparison, &what, &found, &expected, ROUNDING);
        }
    }
    comparison.finish("filters_turn");
}

#[test]
fn responses_depend_on_their_reach_only() {
    let (slices, rows, columns) = (24, 30, 28);
    let values = texture(slices * rows, columns, 50, 5)
        .into_iter()
        .map(f64::from);
    let image =
        Array3::from_shape_vec((slices, rows, columns), values.collect()).expect("a volume");
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    let mut comparison = Comparison::default();
    for dimensions in [Dimensions::Two, Dimensions::Three] {
        for filter in without_direction(dimensions) {
            let reach = filter.reach(spacing).expect("a finite reach");
            // A region of 2 voxels a side near one end of the first axis and in the middle of the others.
            let low = [1_usize, 14, 13];
            let from: [usize; 3] =
                std::array::from_fn(|axis| low[axis].saturating_sub(reach[axis]));
            let to: [usize; 3] =
                std::array::from_fn(|axis| (low[axis] + 2 + reach[axis]).min(image.shape()[axis]));
            let cut = image.slice(s![from[0]..to[0], from[1]..to[1], from[2]..to[2]]);
            let of_cut = respond(&*filter, &cut.to_owned(), 1.0);
            let of_image = respond(&*filter, &image, 1.0);
            let region = |response: &Array3<f64>, [z, y, x]: [usize; 3]| {
                response.slice(s![z..z + 2, y..y + 2, x..x + 2]).to_owned()
            };
            let found = region(&of_cut, std::array::from_fn(|axis| low[axis] - from[axis]));
            let what = format!("{:?}", filter.names());
            check(
                &mut comparison,
                &what,
                &found,
                &region(&of_image, low),
                ROUNDING,
            );
        }
    }
    comparison.finish("filters_reach");
}

#[test]
fn bits_do_not_depend_on_threads() {
    let image = small_image();
    for dimensions in [Dimensions::Two, Dimensions::Three] {
        for filter in every_filter(dimensions) {
            let [one, four] = [1, 4].map(|threads| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .expect("threads");
                let response = pool.install(|| respond(&*filter, &image, 1.0));
                response.mapv(f64::to_bits)
            });
            assert_eq!(one, four, "{:?}", filter.names());
        }
    }
}

#[test]
fn tiny_and_turned_arrays_are_filtered() {
    for dimensions in [Dimensions::Two, Dimensions::Three] {
        for filter in every_filter(dimensions) {
            for shape in [(1, 1, 1), (1, 1, 5), (3, 1, 1), (1, 2, 2)] {
                let response = respond(&*filter, &Array3::from_elem(shape, 2.0), 1.0);
                assert_eq!(response.dim(), shape, "{:?}", filter.names());
                assert!(
                    response.iter().all(|value| value.is_finite()),
                    "{:?}",
                    filter.names()
                );
            }
            let image = small_image();
            let in_columns = image.t().as_standard_layout().into_owned().reversed_axes();
            assert!(!in_columns.is_standard_layout());
            let expected = respond(&*filter, &image, 1.0);
            assert_eq!(
                respond(&*filter, &in_columns, 1.0),
                expected,
                "{:?}",
                filter.names()
            );
        }
    }
}

fn faults<T: std::fmt::Debug>(found: raduet_features::Result<T>) -> Vec<String> {
    match found {
        Err(FeatureError::Settings { faults }) => faults,
        other => panic!("expected faults, found {other:?}"),
    }
}

#[test]
fn all_faults_are_named() {
    let boundary = Boundary::Zero;
    let dimensions = Dimensions::Two;
    let mean = |support| {
        Mean::new(MeanOptions {
            support,
            dimensions,
            boundary,
        })
    };
    assert_eq!(
        faults(mean(4)),
        ["support of the mean filter is 4 voxels; it must be odd and at most 1025"]
    );
    assert_eq!(faults(mean(0)).len(), 1);
    let options = log(dimensions, boundary);
    let bad = LaplacianOfGaussianOptions {
        sigma_mm: f64::NAN,
        cutoff: 0.0,
        ..options
    };
    assert_eq!(faults(LaplacianOfGaussian::new(bad)).len(), 2);
    let found = faults(Laws::new(laws("L5X5E3S3", Pooling::Max, Energy::Within(0))));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].contains("'X5'") && found[0].contains("W5"),
        "{found:?}"
    );
    assert_eq!(
        faults(Laws::new(laws("L5E", Pooling::Max, Energy::None))).len(),
        1
    );
    let wavelets = wavelet("LX", 0, Rotation::None);
    let bad = SeparableWaveletOptions {
        wavelet: "morlet".into(),
        ..wavelets
    };
    assert_eq!(faults(SeparableWavelet::new(bad)).len(), 3);
    let bad = GaborOptions {
        sigma_mm: 0.0,
        wavelength_mm: -1.0,
        gamma: f64::INFINITY,
        theta_degrees: f64::NAN,
        orientations: Orientations::Invariant {
            step_degrees: 50.0,
            pooling: Pooling::Max,
        },
        ..gabor(Planes::Axial)
    };
    assert_eq!(faults(Gabor::new(bad)).len(), 5);
    let simoncelli = SimoncelliOptions {
        level: 17,
        dimensions,
        boundary,
    };
    assert_eq!(faults(Simoncelli::new(simoncelli)).len(), 1);
    let riesz = |order| {
        Riesz::new(RieszOptions {
            order,
            base: RieszBase::Simoncelli(simoncelli),
        })
    };
    assert_eq!(faults(riesz([0, 0, 0])).len(), 2);
    assert_eq!(faults(riesz([0, 0, 1])).len(), 2);
}

#[test]
fn kernels_beyond_all_measure_are_refused() {
    let image = small_image();
    let spacing = Spacing::new([1.0; 3]).expect("a spacing");
    let boundary = Boundary::Zero;
    // Metres for millimetres.
    let sigma_mm = 1500.0;
    let blob = LaplacianOfGaussianOptions {
        sigma_mm,
        ..log(Dimensions::Three, boundary)
    };
    let base = RieszBase::LaplacianOfGaussian(blob);
    let filters = [
        boxed(LaplacianOfGaussian::new(blob)),
        boxed(Gabor::new(GaborOptions {
            sigma_mm,
            ..gabor(Planes::Orthogonal)
        })),
        boxed(Riesz::new(RieszOptions {
            order: [1, 0, 0],
            base,
        })),
    ];
    for filter in filters {
        let found = filter.respond(&image, spacing, &mut |_, _| Ok(()));
        assert!(
            matches!(found, Err(FeatureError::Filter { .. })),
            "{found:?}"
        );
        assert_eq!(filter.reach(spacing), None);
    }
}

#[test]
fn responses_are_named_by_their_filters() {
    let names: Vec<_> = every_filter(Dimensions::Three)
        .iter()
        .map(|filter| filter.names())
        .collect();
    let expected = [
        "mean_m3_3d",
        "log_s1_3d",
        "laws_l5e3s3_invariant_max",
        "laws_l5e3s3_invariant_min_energy_d2",
        "gabor_s1_l3_g0.8_t0_invariant45_average_orthogonal",
        "wavelet_db2_lhh_l2_invariant_average",
        "simoncelli_b_l1_3d",
        "riesz_l110_simoncelli_b_l1_3d",
        "riesz_l110_log_s1_3d",
    ];
    assert_eq!(names[..expected.len()].concat(), expected);
}
