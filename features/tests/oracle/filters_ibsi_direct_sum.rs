//! The filters of IBSI 2 against their definitions as sums over whole kernels, turned by rotation matrices, on
//! a small image with all boundary conditions.

use std::f64::consts::{PI, TAU};

use ndarray::Array3;
use raduet_features::Spacing;
use raduet_features::filters::Filter;
use raduet_features::filters::ibsi::{
    Dimensions, Energy, Gabor, GaborOptions, LaplacianOfGaussian, LaplacianOfGaussianOptions, Laws,
    LawsOptions, Orientations, Planes, Rotation, SeparableWavelet, SeparableWaveletOptions,
};
use raduet_features::filters::padding::Boundary;
use raduet_features::filters::pooling::Pooling;
use raduet_features::filters::wavelet_kernels;
use raduet_testkit::phantoms::texture;
use raduet_testkit::reference::Comparison;

pub(crate) const BOUNDARIES: [Boundary; 4] = [
    Boundary::Zero,
    Boundary::Nearest,
    Boundary::Periodic,
    Boundary::Mirror,
];

/// Sums of some thousand products of grey levels up to 50.
const ROUNDING: f64 = 1e-11;

/// A kernel: where its weights lie along x, y, z relative to its centre.
type Weights = Vec<([isize; 3], f64)>;

type Matrix = [[isize; 3]; 3];

pub(crate) fn small_image() -> Array3<f64> {
    let values = texture(5 * 6, 7, 50, 3).into_iter().map(f64::from);
    Array3::from_shape_vec((5, 6, 7), values.collect()).expect("a volume")
}

/// Which voxel of a line stands beyond its end, by walking there.
fn walk(position: isize, length: usize, boundary: Boundary) -> Option<usize> {
    let end = length.cast_signed();
    let mut position = position;
    while !(0..end).contains(&position) {
        position = match boundary {
            Boundary::Zero => return None,
            Boundary::Nearest => position.clamp(0, end - 1),
            Boundary::Periodic => position + if position < 0 { end } else { -end },
            Boundary::Mirror if position < 0 => -1 - position,
            Boundary::Mirror => 2 * end - 1 - position,
        };
    }
    Some(position.unsigned_abs())
}

/// The sum over a kernel at every voxel.
fn direct_sum(image: &Array3<f64>, kernel: &Weights, boundary: Boundary) -> Array3<f64> {
    let (slices, rows, columns) = image.dim();
    Array3::from_shape_fn(image.dim(), |(z, y, x)| {
        let weighted = kernel.iter().map(|([kx, ky, kz], weight)| {
            let x = walk(x.cast_signed() - kx, columns, boundary);
            let y = walk(y.cast_signed() - ky, rows, boundary);
            let z = walk(z.cast_signed() - kz, slices, boundary);
            match (z, y, x) {
                (Some(z), Some(y), Some(x)) => weight * image[[z, y, x]],
                _ => 0.0,
            }
        });
        weighted.sum()
    })
}

/// All matrices that turn the axes x, y, z into each other and keep their handedness.
fn rotation_matrices(dimensions: Dimensions) -> Vec<Matrix> {
    let mut matrices = Vec::new();
    for code in 0..6_usize.pow(3) {
        // For each row its axis and sign.
        let rows = [code % 6, code / 6 % 6, code / 36];
        let matrix = rows.map(|row| {
            let mut entries = [0; 3];
            entries[row / 2] = if row % 2 == 0 { 1 } else { -1 };
            entries
        });
        let [a, b, c] = matrix;
        let determinant = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0]);
        let about_z = dimensions == Dimensions::Three || matrix[2] == [0, 0, 1];
        if determinant == 1 && about_z {
            matrices.push(matrix);
        }
    }
    matrices
}

fn turned(kernel: &Weights, matrix: &Matrix) -> Weights {
    let turn = |at: &[isize; 3]| matrix.map(|row| row.iter().zip(at).map(|(a, b)| a * b).sum());
    kernel
        .iter()
        .map(|(at, weight)| (turn(at), *weight))
        .collect()
}

/// The product of lines of weights along x, y, z; the weight at `origin` is the centre.
fn product(lines: &[Vec<f64>], step: isize) -> Weights {
    let mut kernel: Weights = vec![([0; 3], 1.0)];
    for (axis, line) in lines.iter().enumerate() {
        let origin = (line.len() / 2).cast_signed();
        let mut next = Weights::new();
        for (at, weight) in &kernel {
            for (k, tap) in line.iter().enumerate() {
                let mut at = *at;
                at[axis] = (k.cast_signed() - origin) * step;
                next.push((at, weight * tap));
            }
        }
        kernel = next;
    }
    kernel
}

fn pooled(responses: &[Array3<f64>], pooling: Pooling) -> Array3<f64> {
    Array3::from_shape_fn(responses[0].dim(), |at| {
        let values = responses.iter().map(|response| response[at]);
        match pooling {
            Pooling::Max => values.fold(f64::NEG_INFINITY, f64::max),
            Pooling::Min => values.fold(f64::INFINITY, f64::min),
            Pooling::Average => values.sum::<f64>() / responses.len() as f64,
        }
    })
}

pub(crate) fn respond(filter: &dyn Filter, image: &Array3<f64>, spacing: f64) -> Array3<f64> {
    let spacing = Spacing::new([spacing; 3]).expect("a spacing");
    let mut found = None;
    let mut keep = |_, response| {
        found = Some(response);
        Ok(())
    };
    filter
        .respond(image, spacing, &mut keep)
        .expect("a response");
    found.expect("a response")
}

pub(crate) fn check(
    comparison: &mut Comparison,
    what: &str,
    found: &Array3<f64>,
    expected: &Array3<f64>,
    absolute: f64,
) {
    assert_eq!(found.dim(), expected.dim(), "{what}");
    for ((at, found), expected) in found.indexed_iter().zip(expected) {
        comparison.check(
            &format!("{what} at {at:?}"),
            *found,
            *expected,
            0.0,
            absolute,
        );
    }
}

#[test]
fn laplacians_of_gaussians_are_their_direct_sums() {
    let image = small_image();
    let mut comparison = Comparison::default();
    let (spacing, sigma) = (0.5, 0.75);
    let s = sigma / spacing;
    for (dimensions, d) in [(Dimensions::Two, 2), (Dimensions::Three, 3)] {
        let mut kernel = Weights::new();
        // Four standard deviations are 6 voxels.
        let depth = if d == 3 { 6 } else { 0 };
        for z in -depth..=depth {
            for y in -6_isize..=6 {
                for x in -6_isize..=6 {
                    let r2 = (x * x + y * y + z * z) as f64;
                    let amplitude =
                        -(1.0 / ((2.0 * PI).sqrt() * s)).powi(d) * (f64::from(d) - r2 / (s * s));
                    kernel.push(([x, y, z], amplitude / (s * s) * (-r2 / (2.0 * s * s)).exp()));
                }
            }
        }
        for boundary in BOUNDARIES {
            let options = LaplacianOfGaussianOptions {
                sigma_mm: sigma,
                cutoff: 4.0,
                dimensions,
                boundary,
            };
            let filter = LaplacianOfGaussian::new(options).expect("valid parameters");
            let expected = direct_sum(&image, &kernel, boundary);
            let what = format!("{:?} {boundary:?}", filter.names());
            check(
                &mut comparison,
                &what,
                &respond(&filter, &image, spacing),
                &expected,
                ROUNDING,
            );
        }
    }
    comparison.finish("laplacian_of_gaussian_direct_sum");
}

#[test]
fn laws_filters_are_their_direct_sums() {
    let image = small_image();
    let mut comparison = Comparison::default();
    let line =
        |weights: &[f64], norm: f64| weights.iter().map(|weight| weight / norm.sqrt()).collect();
    let l5: Vec<f64> = line(&[1.0, 4.0, 6.0, 4.0, 1.0], 70.0);
    let e3: Vec<f64> = line(&[-1.0, 0.0, 1.0], 2.0);
    let s3: Vec<f64> = line(&[-1.0, 2.0, -1.0], 6.0);
    let w5: Vec<f64> = line(&[-1.0, 2.0, 0.0, -2.0, 1.0], 10.0);
    let cases = [
        ("L5E3", vec![l5.clone(), e3.clone()], Dimensions::Two),
        ("L5E3S3", vec![l5, e3.clone(), s3], Dimensions::Three),
        ("E3W5E3", vec![e3.clone(), w5, e3], Dimensions::Three),
    ];
    for (name, lines, dimensions) in cases {
        let kernel = product(&lines, 1);
        for boundary in BOUNDARIES {
            let turned = rotation_matrices(dimensions)
                .into_iter()
                .map(|matrix| turned(&kernel, &matrix));
            let responses: Vec<_> = turned
                .map(|kernel| direct_sum(&image, &kernel, boundary))
                .collect();
            let plain = (Rotation::None, direct_sum(&image, &kernel, boundary));
            let pools = [Pooling::Max, Pooling::Average, Pooling::Min]
                .map(|pooling| (Rotation::Invariant(pooling), pooled(&responses, pooling)));
            for (rotation, expected) in pools.into_iter().chain([plain]) {
                let options = LawsOptions {
                    kernels: name.into(),
                    rotation,
                    energy: Energy::None,
                    boundary,
                };
                let filter = Laws::new(options).expect("valid parameters");
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
    }
    comparison.finish("laws_direct_sum");
}

#[test]
fn wavelets_are_their_direct_sums() {
    let image = small_image();
    let mut comparison = Comparison::default();
    let cases = [
        ("db2", "LH", 1),
        ("db2", "HL", 2),
        ("haar", "LLH", 1),
        ("haar", "HLH", 2),
        ("db2", "HHH", 1),
    ];
    for (wavelet, band, level) in cases {
        let filters = wavelet_kernels::decomposition_filters(wavelet).expect("a wavelet");
        let letters = band.chars();
        let lines: Vec<_> = letters
            .map(|letter| {
                if letter == 'L' {
                    &filters.low
                } else {
                    &filters.high
                }
                .clone()
            })
            .collect();
        let coarse = vec![filters.low.clone(); band.len()];
        let dimensions = if band.len() == 2 {
            Dimensions::Two
        } else {
            Dimensions::Three
        };
        let kernels = match level {
            1 => vec![product(&lines, 1)],
            _ => vec![product(&coarse, 1), product(&lines, 2)],
        };
        for boundary in BOUNDARIES {
            let matrices = rotation_matrices(dimensions).into_iter();
            let responses: Vec<_> = matrices
                .map(|matrix| {
                    let turned = kernels.iter().map(|kernel| turned(kernel, &matrix));
                    turned.fold(image.clone(), |image, kernel| {
                        direct_sum(&image, &kernel, boundary)
                    })
                })
                .collect();
            for pooling in [Pooling::Max, Pooling::Average] {
                let filter = SeparableWavelet::new(SeparableWaveletOptions {
                    wavelet: wavelet.into(),
                    band: band.into(),
                    level,
                    rotation: Rotation::Invariant(pooling),
                    boundary,
                });
                let filter = filter.expect("valid parameters");
                let what = format!("{:?} {boundary:?}", filter.names());
                let expected = pooled(&responses, pooling);
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
    comparison.finish("wavelet_direct_sum");
}

/// Real and imaginary weights of a Gabor kernel up to 8 standard deviations, in planes across z, y or x.
fn gabor_kernel(options: GaborOptions, theta: f64, across: usize) -> [Weights; 2] {
    let GaborOptions {
        sigma_mm: sigma,
        wavelength_mm: wavelength,
        gamma,
        ..
    } = options;
    let mut parts = [Weights::new(), Weights::new()];
    for row in -20_isize..=20 {
        for column in -20_isize..=20 {
            let (y, x) = (row as f64, column as f64);
            let (along, beside) = (
                x * theta.cos() + y * theta.sin(),
                y * theta.cos() - x * theta.sin(),
            );
            let square = along * along + gamma * gamma * beside * beside;
            let envelope = (-square / (2.0 * sigma * sigma)).exp();
            let phase = TAU * along / wavelength;
            let at = match across {
                0 => [column, row, 0],
                1 => [column, 0, row],
                _ => [0, column, row],
            };
            parts[0].push((at, envelope * phase.cos()));
            parts[1].push((at, envelope * phase.sin()));
        }
    }
    parts
}

#[test]
fn gabor_filters_are_their_direct_sums() {
    let image = small_image();
    let mut comparison = Comparison::default();
    let options = GaborOptions {
        sigma_mm: 1.5,
        wavelength_mm: 3.0,
        gamma: 0.6,
        theta_degrees: 20.0,
        orientations: Orientations::Single,
        planes: Planes::Axial,
        boundary: Boundary::Mirror,
    };
    let invariant = |step_degrees, pooling| Orientations::Invariant {
        step_degrees,
        pooling,
    };
    // With steps of 72 degrees no direction has its opposite among them, with 60 degrees each has.
    let cases = [
        (Orientations::Single, Planes::Axial, 1, Pooling::Max),
        (
            invariant(60.0, Pooling::Max),
            Planes::Axial,
            6,
            Pooling::Max,
        ),
        (
            invariant(72.0, Pooling::Average),
            Planes::Orthogonal,
            5,
            Pooling::Average,
        ),
        (
            invariant(60.0, Pooling::Min),
            Planes::Orthogonal,
            6,
            Pooling::Min,
        ),
    ];
    for (orientations, planes, steps, pooling) in cases {
        for boundary in BOUNDARIES {
            let options = GaborOptions {
                orientations,
                planes,
                boundary,
                ..options
            };
            let across = if planes == Planes::Axial { 0..1 } else { 0..3 };
            let sets: Vec<_> = across
                .map(|across| {
                    let moduli: Vec<_> = (0..steps)
                        .map(|step| {
                            let theta =
                                20.0_f64.to_radians() + TAU * f64::from(step) / f64::from(steps);
                            let [re, im] = gabor_kernel(options, theta, across)
                                .map(|kernel| direct_sum(&image, &kernel, boundary));
                            ndarray::Zip::from(&re)
                                .and(&im)
                                .map_collect(|re, im| re.hypot(*im))
                        })
                        .collect();
                    pooled(&moduli, pooling)
                })
                .collect();
            let expected = pooled(&sets, Pooling::Average);
            let filter = Gabor::new(options).expect("valid parameters");
            let what = format!("{:?} {boundary:?}", filter.names());
            // The filter's kernel ends at 6 standard deviations, where weights are 2e-8.
            check(
                &mut comparison,
                &what,
                &respond(&filter, &image, 1.0),
                &expected,
                1e-5,
            );
        }
    }
    comparison.finish("gabor_direct_sum");
}
