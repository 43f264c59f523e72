//! The scan against its definition, and its way back against finite differences.

use candle_core::{Result, Tensor};

use super::order::{backwards, forwards, four_ways};
use super::*;
use crate::ops::gradient_check::{check, noise};

/// (N, L, E, S, R), grid height for four directions or 0 for one, bias factor: one token, chunks that end
/// early, channels that fill no vector, several groups of channels.
const CASES: [([usize; 5], usize, f32); 7] = [
    ([1, 1, 1, 8, 1], 0, 1.0),
    ([2, 5, 3, 16, 1], 0, 1.0),
    ([1, 33, 17, 8, 3], 0, 2.0),
    ([2, 16, 40, 16, 2], 0, 1.0),
    ([1, 19, 150, 8, 2], 0, 1.0),
    ([2, 15, 18, 16, 2], 3, 1.0),
    ([1, 20, 5, 8, 3], 4, 2.0),
];

fn numbers(t: &Tensor) -> Vec<f64> {
    let t = t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    t.into_iter().map(f64::from).collect()
}

fn settings([_, tokens, _, _, rank]: [usize; 5], height: usize, bias_factor: f32) -> SelectiveScan {
    SelectiveScan {
        orders: match height {
            0 => vec![backwards(tokens)],
            h => four_ways(h, tokens / h).to_vec(),
        },
        rank,
        bias_factor,
    }
}

/// u, projection, `A_log` in 0..2, W, b around -1, D.
fn arguments(
    [batch, tokens, channels, states, rank]: [usize; 5],
    directions: usize,
) -> Vec<Tensor> {
    let all = directions * channels;
    let around = |t: Tensor, scale: f64, centre: f64| t.affine(scale, centre).unwrap();
    vec![
        noise(1, &[batch, tokens, channels]),
        noise(2, &[batch, tokens, directions * (rank + 2 * states)]),
        around(noise(3, &[all, states]), 1.0, 1.0),
        noise(4, &[directions, channels, rank]),
        around(noise(5, &[directions, channels]), 1.0, -1.0),
        noise(6, &[all]),
    ]
}

fn apply(scan: &SelectiveScan, v: &[Value]) -> Result<Value> {
    let parameters = Parameters {
        a_log: &v[2],
        step_weight: &v[3],
        step_bias: &v[4],
        shortcut: &v[5],
    };
    scan.apply(&v[0], &v[1], parameters)
}

/// The definition in f64.
fn plain(scan: &SelectiveScan, sizes: [usize; 5], arguments: &[Tensor]) -> Vec<f64> {
    let [batch, tokens, channels, states, rank] = sizes;
    let [u, projected, a_log, weight, bias, shortcut] =
        std::array::from_fn(|k| numbers(&arguments[k]));
    let row = rank + 2 * states;
    let mut y = vec![0.0; u.len()];
    for sample in 0..batch {
        for (k, order) in scan.orders.iter().enumerate() {
            for e in 0..channels {
                let channel = k * channels + e;
                let mut h = vec![0.0; states];
                for at in order.iter() {
                    let token = sample * tokens + *at as usize;
                    let p = &projected[(token * scan.orders.len() + k) * row..][..row];
                    let mut x = f64::from(scan.bias_factor) * bias[channel];
                    for j in 0..rank {
                        x += weight[channel * rank + j] * p[j];
                    }
                    let delta = x.exp().ln_1p();
                    let input = u[token * channels + e];
                    let mut sum = shortcut[channel] * input;
                    for s in 0..states {
                        let a = -a_log[channel * states + s].exp();
                        h[s] = (delta * a).exp() * h[s] + delta * p[rank + s] * input;
                        sum += p[rank + states + s] * h[s];
                    }
                    y[token * channels + e] += sum;
                }
            }
        }
    }
    y
}

#[test]
fn selective_scan_closed_form() {
    for (sizes, height, factor) in CASES {
        let scan = settings(sizes, height, factor);
        let tensors = arguments(sizes, scan.orders.len());
        let values: Vec<Value> = tensors.iter().cloned().map(Value::constant).collect();
        let found = numbers(apply(&scan, &values).unwrap().tensor());
        let expected = plain(&scan, sizes, &tensors);
        assert_eq!(found.len(), expected.len());
        for (f, e) in found.iter().zip(&expected) {
            // Up to 4 x 16 products of about one, a few roundings each.
            assert!((f - e).abs() < 1e-5, "{sizes:?} {f} {e}");
        }
    }
}

#[test]
fn selective_scan_gradient_finite_differences() {
    for (sizes, height, factor) in CASES {
        let scan = settings(sizes, height, factor);
        check(&arguments(sizes, scan.orders.len()), |v| apply(&scan, v));
    }
}

#[test]
fn a_scan_gives_the_same_bits_on_any_number_of_threads() {
    let sizes = [3, 40, 300, 16, 2];
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let scan = settings(sizes, 0, 1.0);
            let values: Vec<Value> = (0..)
                .zip(arguments(sizes, 1))
                .map(|(slot, tensor)| Value::parameter(slot, tensor))
                .collect();
            let y = apply(&scan, &values).unwrap();
            let mut found = vec![numbers(y.tensor())];
            let dy = noise(9, y.dims());
            for gradient in crate::graph::backward(y, dy, 6).unwrap() {
                found.push(numbers(&gradient.unwrap()));
            }
            found
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(5));
}

#[test]
fn unfit_shapes_are_refused() {
    let sizes = [1, 4, 3, 8, 2];
    let scan = settings(sizes, 0, 1.0);
    let refused = |scan: &SelectiveScan, change: fn(&mut Vec<Tensor>)| {
        let mut tensors = arguments(sizes, 1);
        change(&mut tensors);
        let values: Vec<Value> = tensors.into_iter().map(Value::constant).collect();
        assert!(apply(scan, &values).is_err());
    };
    refused(&scan, |t| t[1] = noise(1, &[1, 4, 17]));
    refused(&scan, |t| t[2] = noise(1, &[3, 5]));
    refused(&scan, |t| t[5] = noise(1, &[4]));
    let orders = vec![forwards(5)];
    refused(&SelectiveScan { orders, ..scan }, |_| ());
}
