//! What it computes, beside plain loops and finite differences.

use super::*;
use crate::ops::gradient_check::{check, noise};

/// (N, heads, L, M, E): one token, ragged widths, several blocks of queries.
const CASES: [[usize; 5]; 4] = [
    [1, 1, 1, 1, 1],
    [2, 3, 5, 7, 4],
    [1, 2, 33, 4, 16],
    [1, 1, 90, 1500, 3],
];

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let numbers = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    numbers.into_iter().map(f64::from).collect()
}

/// The definition in f64.
fn plain(s: &Sizes, q: &[f64], kv: &[f64]) -> Vec<f64> {
    let c = s.channels();
    let mut y = vec![0.0; s.batch * s.queries * c];
    for n in 0..s.batch {
        for h in 0..s.heads {
            for i in 0..s.queries {
                let key = |j: usize, e: usize| kv[(n * s.keys + j) * 2 * c + h * s.width + e];
                let row = (n * s.queries + i) * c + h * s.width;
                let score = |j: usize| {
                    let sum: f64 = (0..s.width).map(|e| q[row + e] * key(j, e)).sum();
                    (sum / (s.width as f64).sqrt()).exp()
                };
                let p: Vec<f64> = (0..s.keys).map(score).collect();
                let total: f64 = p.iter().sum();
                for e in 0..s.width {
                    let sum: f64 = (0..s.keys).map(|j| p[j] * key(j, c + e)).sum();
                    y[row + e] = sum / total;
                }
            }
        }
    }
    y
}

#[test]
fn cross_attention_closed_form() {
    for [batch, heads, queries, keys, width] in CASES {
        let s = Sizes {
            batch,
            heads,
            queries,
            keys,
            width,
        };
        let q = noise(1, &[batch, queries, heads * width])
            .affine(3.0, 0.0)
            .unwrap();
        let kv = noise(2, &[batch, keys, 2 * heads * width]);
        let value = |t: &Tensor| Value::constant(t.clone());
        let y = cross_attention(&value(&q), &value(&kv), heads).unwrap();
        let expected = plain(&s, &numbers(&q), &numbers(&kv));
        for (found, expected) in numbers(y.tensor()).iter().zip(expected) {
            // Means of numbers below one under weights good to a few units in the last place.
            assert!((found - expected).abs() < 2e-6, "{s:?} {found} {expected}");
        }
    }
}

/// The same numbers packed the other way.
#[test]
fn both_packings_agree() {
    let (heads, c) = (3, 12);
    let qkv = noise(3, &[2, 9, 3 * c]);
    let part = |start: usize, len: usize| {
        Value::constant(qkv.narrow(2, start, len).unwrap().contiguous().unwrap())
    };
    let apart = cross_attention(&part(0, c), &part(c, 2 * c), heads).unwrap();
    let together = self_attention(&Value::constant(qkv.clone()), heads).unwrap();
    assert_eq!(numbers(apart.tensor()), numbers(together.tensor()));
}

#[test]
fn attention_gradient_finite_differences() {
    for [batch, heads, queries, keys, width] in
        [[1, 1, 1, 1, 1], [2, 3, 5, 7, 4], [1, 2, 33, 4, 16]]
    {
        let c = heads * width;
        check(
            &[
                noise(1, &[batch, queries, c]),
                noise(2, &[batch, keys, 2 * c]),
            ],
            |v| cross_attention(&v[0], &v[1], heads),
        );
        check(&[noise(4, &[batch, keys, 3 * c])], |v| {
            self_attention(&v[0], heads)
        });
    }
    // Several blocks of queries.
    check(&[noise(5, &[1, 40, 3]), noise(6, &[1, 4096, 6])], |v| {
        cross_attention(&v[0], &v[1], 1)
    });
}

#[test]
fn unfit_shapes_are_refused() {
    let value = |shape: &[usize]| Value::constant(noise(1, shape));
    assert!(self_attention(&value(&[2, 4, 10]), 1).is_err());
    assert!(self_attention(&value(&[2, 4, 12]), 3).is_err());
    assert!(self_attention(&value(&[2, 4, 12]), 0).is_err());
    assert!(cross_attention(&value(&[2, 4, 6]), &value(&[1, 4, 12]), 2).is_err());
    assert!(cross_attention(&value(&[2, 4, 6]), &value(&[2, 4, 6]), 2).is_err());
}
