//! What the filters of PyRadiomics' image types must do whatever the image.

use ndarray::{Array3, Axis, Zip, s};
use proptest::prelude::*;
use raduet_features::extractor::{ImageDoubt, Processing};
use raduet_features::filters::Filter;
use raduet_features::filters::pyradiomics::{
    LaplacianOfGaussian, Number, Value, Wavelet, WaveletAxes, image_type, names, parameters_of,
};
use raduet_features::filters::wavelet_kernels::{self, decomposition_filters};
use raduet_features::{
    Affine, ExtractionOptions, Extractor, FeatureError, FeatureSet, Grid, ImageSource, MaskVolume,
    Result, Scaling, Spacing, Volume, Voxels,
};
use raduet_testkit::phantoms::Random;

fn spacing() -> Spacing {
    Spacing::new([2.0, 0.7, 1.1]).expect("a spacing")
}

fn noise(shape: [usize; 3], seed: u64) -> Array3<f64> {
    let mut random = Random::new(seed);
    Array3::from_shape_simple_fn(shape, || f64::from(random.below(2000)) - 700.0)
}

fn responses(filter: &dyn Filter, image: &Array3<f64>) -> Vec<Array3<f64>> {
    let mut all = Vec::new();
    filter
        .respond(image, spacing(), &mut |at, response| {
            assert_eq!(at, all.len());
            all.push(response);
            Ok(())
        })
        .expect("responses");
    assert_eq!(all.len(), filter.names().len());
    all
}

fn largest(image: &Array3<f64>) -> f64 {
    image.iter().fold(0.0, |most: f64, x| most.max(x.abs()))
}

fn assert_close(a: &Array3<f64>, b: &Array3<f64>, tolerance: f64, what: &str) {
    let off = largest(&(a - b));
    assert!(
        off <= tolerance,
        "{what}: {off:e} apart, allowed {tolerance:e}"
    );
}

/// Every image type with parameters that suit a small image.
fn all_filters() -> Vec<Box<dyn Filter>> {
    let sigma = Value::Numbers(vec![Number::Whole(1), Number::Real(2.5)]);
    let make = |name: &&str| {
        let given = if *name == "LoG" {
            vec![("sigma", sigma.clone())]
        } else {
            vec![]
        };
        image_type(name, &given).expect("an image type")
    };
    names().iter().map(make).collect()
}

#[test]
fn wavelets_take_a_constant_to_the_approximation_alone() {
    let image = Array3::from_elem((7, 6, 9), 3.0);
    for wavelet in wavelet_kernels::names() {
        for (axes, gain) in [
            (WaveletAxes::Volume, 2.0_f64.powi(3)),
            (WaveletAxes::Planes(Axis(0)), 2.0_f64.powi(2)),
        ] {
            let filter = Wavelet::new(wavelet, 2, 0, axes).expect("a wavelet");
            let mut all = responses(&filter, &image);
            let approximation = all.pop().expect("the approximation comes last");
            let expected = Array3::from_elem(image.raw_dim(), 3.0 * gain);
            assert_close(&approximation, &expected, 1e-10, wavelet);
            // The cut Meyer wavelet lets a thousandth through, the rounded tables of others far less.
            let allowed = if wavelet == "dmey" { 0.1 } else { 1e-9 };
            for detail in all {
                assert!(
                    largest(&detail) < allowed,
                    "{wavelet}: {}",
                    largest(&detail)
                );
            }
        }
    }
}

/// The transform as its definition reads, one voxel after the other, from a copy with periods of even length.
fn plain_band(image: &Array3<f64>, taps: [&[f64]; 3]) -> Array3<f64> {
    let shape = image.shape();
    let even = [0, 1, 2].map(|axis| shape[axis] + shape[axis] % 2);
    let at = |place: [usize; 3]| {
        let inside: Vec<_> = place
            .iter()
            .zip(shape)
            .map(|(at, size)| at % size)
            .collect();
        image[[inside[0], inside[1], inside[2]]]
    };
    let source = |axis: usize, at: usize, j: usize| {
        let taps = taps[axis].len();
        (at + taps / 2 + taps * even[axis] - j) % even[axis]
    };
    Array3::from_shape_fn(image.raw_dim(), |(z, y, x)| {
        let mut sum = 0.0;
        for (k, wz) in taps[0].iter().enumerate() {
            for (j, wy) in taps[1].iter().enumerate() {
                for (i, wx) in taps[2].iter().enumerate() {
                    let place = [source(0, z, k), source(1, y, j), source(2, x, i)];
                    sum += wz * wy * wx * at(place);
                }
            }
        }
        sum
    })
}

#[test]
fn wavelet_bands_are_the_plain_sums() {
    // Odd, even, and shorter than the filter.
    let image = noise([4, 7, 10], 5);
    for wavelet in ["haar", "coif1", "bior2.2", "db5"] {
        let filters = decomposition_filters(wavelet).expect("a wavelet");
        let filter = Wavelet::new(wavelet, 1, 0, WaveletAxes::Volume).expect("a wavelet");
        for (name, found) in filter.names().iter().zip(responses(&filter, &image)) {
            let letters: Vec<char> = name.chars().rev().take(3).collect();
            // Letters follow x, y, z: backwards they follow the axes of the array.
            let taps = [0, 1, 2].map(|axis| match letters[axis] {
                'L' => &filters.low[..],
                _ => &filters.high[..],
            });
            let expected = plain_band(&image, taps);
            assert_close(&found, &expected, 1e-10, &format!("{wavelet} {name}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn linear_filters_are_linear(seed in any::<u64>(), factor in -3.0..3.0_f64) {
        let shape = [6, 9, 8];
        let (a, b) = (noise(shape, seed), noise(shape, !seed));
        let both = &a + &(&b * factor);
        let sigma = [Number::Real(1.3)];
        let filters: [(Box<dyn Filter>, f64); 2] = [
            (Box::new(Wavelet::new("db3", 2, 0, WaveletAxes::Volume).expect("a wavelet")), 1e-12),
            // Single precision between the recursions.
            (Box::new(LaplacianOfGaussian::new(&sigma).expect("a width")), 1e-5),
        ];
        for (filter, rounding) in filters {
            let parts = responses(&*filter, &a).into_iter().zip(responses(&*filter, &b));
            for ((a, b), sum) in parts.zip(responses(&*filter, &both)) {
                let scale = largest(&a) + factor.abs() * largest(&b);
                assert_close(&(&a + &(&b * factor)), &sum, rounding * scale, "sum");
            }
        }
    }
}

#[test]
fn the_laplacian_of_a_paraboloid_is_its_curvature() {
    // σ² (∂²/∂x² + ∂²/∂y² + ∂²/∂z²) (x² - 2y² + 4z²) = 6 σ², lengths in mm.
    let [dz, dy, dx] = spacing().zyx();
    let shape = (41, 81, 61);
    let image = Array3::from_shape_fn(shape, |(z, y, x)| {
        let [z, y, x] = [
            (z as f64 - 20.0) * dz,
            (y as f64 - 40.0) * dy,
            (x as f64 - 30.0) * dx,
        ];
        x * x - 2.0 * y * y + 4.0 * z * z
    });
    for sigma in [1.5, 3.0] {
        let filter = LaplacianOfGaussian::new(&[Number::Real(sigma)]).expect("a width");
        let found = responses(&filter, &image)[0][[20, 40, 30]];
        let expected = 6.0 * sigma * sigma;
        // The image reaches 7000 and is rounded to seven digits between the recursions.
        assert!(
            (found - expected).abs() < 2e-2,
            "{sigma}: {found} for {expected}"
        );
    }
}

#[test]
fn the_recursion_is_close_to_the_sampled_gaussian() {
    // A voxel of brightness 1 in the middle: the response is the kernel.
    let mut image = Array3::zeros((41, 41, 41));
    image[[20, 20, 20]] = 1.0;
    let cube = Spacing::new([1.0; 3]).expect("a spacing");
    let sigma = 3.0_f64;
    let filter = LaplacianOfGaussian::new(&[Number::Real(sigma)]).expect("a width");
    let mut found = None;
    let mut keep = |_, response| -> Result<()> {
        found = Some(response);
        Ok(())
    };
    filter.respond(&image, cube, &mut keep).expect("a response");
    let expected = Array3::from_shape_fn(image.raw_dim(), |(z, y, x)| {
        let square: f64 = [z, y, x].map(|i| (i as f64 - 20.0).powi(2)).iter().sum();
        let variance = sigma * sigma;
        let gaussian =
            (-square / (2.0 * variance)).exp() / (std::f64::consts::TAU * variance).powf(1.5);
        gaussian * (square / variance - 3.0)
    });
    // The sum of two damped cosines is made exact for parabolas, not for the peak: ITK's is as far off.
    let peak = largest(&expected);
    assert_close(
        &found.expect("a response"),
        &expected,
        2e-2 * peak,
        "kernel",
    );
}

#[test]
fn a_sigma_too_wide_does_not_lose_the_others() {
    let sigmas = [9.0, 1.0, 8.0, 2.0].map(Number::Real);
    let filter = LaplacianOfGaussian::new(&sigmas).expect("widths");
    let mut made = Vec::new();
    // 4 voxels of 2 mm along z bear a width of 6 mm.
    let image = noise([4, 20, 20], 1);
    let error = filter.respond(&image, spacing(), &mut |at, response| {
        assert!(response.iter().all(|value| value.is_finite()));
        made.push(at);
        Ok(())
    });
    assert_eq!(made, [1, 3]);
    let Err(FeatureError::Filter {
        filter,
        found,
        expected,
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(filter, "log-sigma-9-0-mm-3D");
    assert_eq!(found, "the image has 4 voxels along z");
    assert_eq!(expected, "at least 6");
}

#[test]
fn columns_of_a_sigma_too_wide_are_undefined_and_others_keep_their_place() {
    let grid = Grid {
        shape: [4, 20, 20],
        spacing: spacing(),
        affine: Affine([
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ]),
    };
    let volume = Volume::new(Voxels::F64(noise(grid.shape, 1)), Scaling::NONE, grid);
    let volume = volume.expect("one shape");
    let inside = Array3::from_shape_fn(grid.shape, |(_, y, x)| y > 4 && x > 7);
    let mask = MaskVolume::new(inside, grid).expect("one shape");
    let measured = |sigmas: &[f64]| {
        let sigmas: Vec<_> = sigmas.iter().copied().map(Number::Real).collect();
        let filter = LaplacianOfGaussian::new(&sigmas).expect("widths");
        let source = ImageSource {
            filter: Some(Box::new(filter)),
            settings: None,
        };
        let set = FeatureSet::of(&["firstorder"]).expect("a family");
        let settings = ExtractionOptions::default().check().expect("defaults");
        let plan = Extractor::new(set, settings, Processing::default(), vec![source], 1);
        plan.expect("a plan").case(&volume, &mask).expect("values")
    };
    let (good, all) = (measured(&[1.0, 2.0]), measured(&[9.0, 1.0, 8.0, 2.0]));
    assert_eq!(good.doubts, []);
    let width = good.values.len() / 2;
    let parts: Vec<&[f64]> = all.values.chunks(width).collect();
    assert_eq!(parts.len(), 4);
    assert_eq!([parts[1], parts[3]].concat(), good.values);
    assert!(
        [parts[0], parts[2]]
            .concat()
            .iter()
            .all(|value| value.is_nan())
    );
    let [ImageDoubt::NotFiltered { images, reason }] = &all.doubts[..] else {
        panic!("{:?}", all.doubts);
    };
    assert_eq!(images, &["log-sigma-9-0-mm-3D", "log-sigma-8-0-mm-3D"]);
    assert!(reason.contains("4 voxels along z"), "{reason}");
}

#[test]
fn fewer_than_four_voxels_are_too_few_for_a_laplacian() {
    let filter = LaplacianOfGaussian::new(&[Number::Real(0.1)]).expect("a width");
    let respond = |shape| filter.respond(&noise(shape, 1), spacing(), &mut |_, _| Ok(()));
    assert!(respond([4, 4, 4]).is_ok());
    for axis in 0..3 {
        let mut shape = [4; 3];
        shape[axis] = 3;
        assert!(matches!(respond(shape), Err(FeatureError::Filter { .. })));
    }
}

#[test]
fn responses_have_the_same_bits_on_any_number_of_threads() {
    let image = noise([9, 14, 21], 3);
    for filter in all_filters() {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a pool")
                .install(|| responses(&*filter, &image))
        };
        let (one, four) = (on(1), on(4));
        for (one, four) in one.iter().zip(&four) {
            assert!(
                Zip::from(one)
                    .and(four)
                    .all(|a, b| a.to_bits() == b.to_bits()),
                "{filter:?}"
            );
        }
    }
}

#[test]
fn a_margin_of_the_reach_keeps_responses_as_they_are() {
    let shape = [70, 72, 75];
    let image = noise(shape, 11);
    let deep = Wavelet::new("db3", 2, 1, WaveletAxes::Planes(Axis(0))).expect("a wavelet");
    let mut filters = all_filters();
    filters.push(Box::new(deep));
    for filter in filters {
        let Some(reach) = filter.reach(spacing()) else {
            continue;
        };
        // Along x the region lies at a border: there the image is kept whole.
        let (low, high) = ([33, 33, 0], [36, 37, 5]);
        let cut_along =
            |axis: usize| low[axis] >= reach[axis] && high[axis] + reach[axis] <= shape[axis];
        assert!(cut_along(0) && cut_along(1), "{filter:?} reaches {reach:?}");
        let bounds = [0, 1, 2].map(|axis| {
            if cut_along(axis) {
                (low[axis] - reach[axis], high[axis] + reach[axis])
            } else {
                (0, shape[axis])
            }
        });
        let (from, to) = (bounds.map(|b| b.0), bounds.map(|b| b.1));
        let cut = image
            .slice(s![from[0]..to[0], from[1]..to[1], from[2]..to[2]])
            .to_owned();
        let whole = responses(&*filter, &image);
        for (whole, cut) in whole.iter().zip(responses(&*filter, &cut)) {
            for z in low[0]..high[0] {
                for y in low[1]..high[1] {
                    for x in low[2]..high[2] {
                        let a = whole[[z, y, x]];
                        let b = cut[[z - from[0], y - from[1], x - from[2]]];
                        assert!((a - b).abs() <= 1e-12 * a.abs(), "{filter:?}: {a} and {b}");
                    }
                }
            }
        }
    }
}

#[test]
fn degenerate_images_give_responses_or_errors() {
    for shape in [[1, 1, 1], [1, 5, 1], [1, 1, 6], [2, 2, 2], [3, 1, 3]] {
        for filter in all_filters() {
            for image in [
                noise(shape, 2),
                Array3::zeros(shape),
                Array3::from_elem(shape, -2.0),
            ] {
                let respond = filter.respond(&image, spacing(), &mut |_, response| {
                    assert_eq!(response.shape(), shape);
                    assert!(
                        response.iter().all(|x| x.is_finite()),
                        "{filter:?} {shape:?}"
                    );
                    Ok(())
                });
                assert!(
                    respond.is_ok() || matches!(respond, Err(FeatureError::Filter { .. })),
                    "{respond:?}"
                );
            }
        }
    }
}

#[test]
fn unknown_names_and_wrong_values_are_errors_that_help() {
    let fault = |name: &str, given: &[(&str, Value)]| {
        let error = image_type(name, given).expect_err("an error");
        assert!(matches!(error, FeatureError::Settings { .. }), "{error}");
        error.to_string()
    };
    let text = |text: &str| Value::Text(text.into());
    assert!(fault("Wavlet", &[]).contains("Did you mean 'Wavelet'?"));
    assert!(fault("LoG", &[]).contains("at least one width"));
    assert!(fault("LoG", &[("sigmas", text("1"))]).contains("Did you mean 'sigma'?"));
    let zero = Value::Numbers(vec![Number::Real(0.0)]);
    assert!(fault("LoG", &[("sigma", zero)]).contains("above zero"));
    assert!(fault("Wavelet", &[("wavelet", text("coif9"))]).contains("'coif1'"));
    assert!(fault("Wavelet", &[("level", Value::Number(Number::Whole(0)))]).contains("from 1"));
    assert!(fault("LBP2D", &[("lbp2DMethod", text("unifrom"))]).contains("'uniform'"));
    assert!(
        fault(
            "LBP2D",
            &[("lbp2DSamples", Value::Number(Number::Whole(64)))]
        )
        .contains("30")
    );
    assert!(fault("Square", &[("level", Value::Flag(true))]).contains("there is none"));
    assert_eq!(parameters_of("LoG"), Some(&["sigma"][..]));
    assert_eq!(parameters_of("Log"), None);
}
