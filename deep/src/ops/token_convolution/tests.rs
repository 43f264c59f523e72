//! What it computes, beside plain loops and finite differences.

use super::*;
use crate::ops::gradient_check::{check, noise};

/// (N, C), grid, taps.
fn cases() -> Vec<([usize; 2], [usize; 2], Taps)> {
    vec![
        ([2, 3], [1, 5], Taps::causal(4)),
        ([2, 17], [1, 5], Taps::future(4)),
        ([1, 33], [1, 2], Taps::centred(3)),
        ([3, 16], [1, 1], Taps::causal(4)),
        ([2, 5], [4, 3], Taps::square(3)),
        ([1, 18], [1, 1], Taps::square(3)),
    ]
}

fn numbers(t: &Tensor) -> Vec<f64> {
    let t = t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    t.into_iter().map(f64::from).collect()
}

/// The definition in f64; the activation is told apart by `silu`.
fn plain(conv: &TokenConvolution, x: &Tensor, w: &Tensor, b: &[f64]) -> Vec<f64> {
    let (batch, tokens, channels) = x.dims3().unwrap();
    let (x, w) = (numbers(x), numbers(w));
    let taps = &conv.taps.0;
    let [height, width] = conv.grid.map(|side| isize::try_from(side).unwrap());
    let mut y = Vec::new();
    for n in 0..batch {
        for (row, column) in (0..height).flat_map(|r| (0..width).map(move |c| (r, c))) {
            for c in 0..channels {
                let mut sum = b[c];
                for (k, [down, right]) in taps.iter().enumerate() {
                    let (r, q) = (row + down, column + right);
                    if (0..height).contains(&r) && (0..width).contains(&q) {
                        let token = usize::try_from(r * width + q).unwrap();
                        sum += w[c * taps.len() + k] * x[(n * tokens + token) * channels + c];
                    }
                }
                y.push(match conv.then {
                    Then::Plain => sum,
                    Then::Silu => sum / (1.0 + (-sum).exp()),
                });
            }
        }
    }
    y
}

#[test]
fn token_convolution_closed_form() {
    for ([batch, channels], grid, taps) in cases() {
        for then in [Then::Plain, Then::Silu] {
            let x = noise(1, &[batch, grid[0] * grid[1], channels]);
            let w = noise(2, &[channels, 1, taps.0.len()]);
            let b = noise(3, &[channels]);
            let conv = TokenConvolution {
                grid,
                taps: taps.clone(),
                then,
            };
            let of = |t: &Tensor| Value::constant(t.clone());
            let with = conv.clone().apply(&of(&x), &of(&w), Some(&of(&b))).unwrap();
            let without = conv.clone().apply(&of(&x), &of(&w), None).unwrap();
            for (found, bias) in [(with, numbers(&b)), (without, vec![0.0; channels])] {
                let expected = plain(&conv, &x, &w, &bias);
                for (f, e) in numbers(found.tensor()).iter().zip(&expected) {
                    // Ten terms of about one.
                    assert!((f - e).abs() < 2e-6, "{conv:?} {f} {e}");
                }
            }
        }
    }
}

#[test]
fn token_convolution_gradient_finite_differences() {
    for ([batch, channels], grid, taps) in cases() {
        for then in [Then::Plain, Then::Silu] {
            let arguments = [
                noise(1, &[batch, grid[0] * grid[1], channels]),
                noise(2, &[channels, 1, taps.0.len()]),
                noise(3, &[channels]),
            ];
            let conv = TokenConvolution {
                grid,
                taps: taps.clone(),
                then,
            };
            check(&arguments, |v| {
                conv.clone().apply(&v[0], &v[1], Some(&v[2]))
            });
            check(&arguments[..2], |v| conv.clone().apply(&v[0], &v[1], None));
        }
    }
}

#[test]
fn unfit_shapes_are_refused() {
    let conv = TokenConvolution {
        grid: [2, 3],
        taps: Taps::square(3),
        then: Then::Plain,
    };
    let of = |shape: &[usize]| Value::constant(noise(1, shape));
    let apply = |x: &[usize], w: &[usize]| conv.clone().apply(&of(x), &of(w), None);
    assert!(apply(&[1, 6, 2], &[2, 1, 3, 3]).is_ok());
    assert!(apply(&[1, 5, 2], &[2, 1, 3, 3]).is_err());
    assert!(apply(&[1, 6, 2], &[2, 1, 3]).is_err());
}
