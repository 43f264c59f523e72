//! Products of rows with a few vectors, and sums of rows with a few factors: a linear score and its gradient.
//!
//! Every product is the sum of [`super::dot`] and every sum grows as by [`super::add_scaled`], bit for bit; only
//! what is read once serves several.

use super::LANES;
use crate::adapters::pulp::vectorised;

/// `out[i K + k]` = the product of row i of `x` with vector k of `vectors` (K), all of `width` numbers.
pub(crate) fn products(out: &mut [f64], x: &[f64], vectors: &[f64], width: usize) {
    let count = vectors.len() / width;
    debug_assert_eq!(out.len() * width, x.len() * count);
    vectorised(
        #[inline(always)]
        || {
            for (x, out) in x.chunks_exact(width).zip(out.chunks_exact_mut(count)) {
                for (vectors, out) in vectors.chunks(4 * width).zip(out.chunks_mut(4)) {
                    let vector = |k: usize| &vectors[k * width..(k + 1) * width];
                    match out {
                        [a, b, c, d] => {
                            [*a, *b, *c, *d] =
                                dots(x, [vector(0), vector(1), vector(2), vector(3)]);
                        }
                        [a, b, c] => [*a, *b, *c] = dots(x, [vector(0), vector(1), vector(2)]),
                        [a, b] => [*a, *b] = dots(x, [vector(0), vector(1)]),
                        [a] => [*a] = dots(x, [vector(0)]),
                        _ => {}
                    }
                }
            }
        },
    );
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn dots<const N: usize>(x: &[f64], vectors: [&[f64]; N]) -> [f64; N] {
    let (blocks, x_rest) = x.as_chunks::<LANES>();
    let others = vectors.map(|v| &v.as_chunks::<LANES>().0[..blocks.len()]);
    let mut lanes = [[0.0; LANES]; N];
    for (at, x) in blocks.iter().enumerate() {
        for k in 0..N {
            for lane in 0..LANES {
                lanes[k][lane] += x[lane] * others[k][at][lane];
            }
        }
    }
    let mut found = [0.0; N];
    for k in 0..N {
        let rest = x_rest.iter().zip(&vectors[k][blocks.len() * LANES..]);
        let rest: f64 = rest.map(|(x, v)| x * v).sum();
        found[k] = lanes[k].iter().sum::<f64>() + rest;
    }
    found
}

/// Adds to vector k of `sums` (K × `width`) every row i of `x` times `factors[i K + k]`, row after row.
pub(crate) fn add_products(sums: &mut [f64], x: &[f64], factors: &[f64], width: usize) {
    let count = sums.len() / width;
    debug_assert_eq!(factors.len() * width, x.len() * count);
    vectorised(
        #[inline(always)]
        || {
            for (x, factors) in x.chunks(4 * width).zip(factors.chunks(4 * count)) {
                for (k, sum) in sums.chunks_exact_mut(width).enumerate() {
                    let row = |i: usize| &x[i * width..(i + 1) * width];
                    let factor = |i: usize| factors[i * count + k];
                    match x.len() / width {
                        4 => add(
                            sum,
                            [factor(0), factor(1), factor(2), factor(3)],
                            [row(0), row(1), row(2), row(3)],
                        ),
                        rows => (0..rows).for_each(|i| add(sum, [factor(i)], [row(i)])),
                    }
                }
            }
        },
    );
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn add<const N: usize>(sum: &mut [f64], factors: [f64; N], rows: [&[f64]; N]) {
    let rows = rows.map(|row| &row[..sum.len()]);
    for (at, s) in sum.iter_mut().enumerate() {
        for i in 0..N {
            *s += factors[i] * rows[i][at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::{add_scaled, dot};

    #[test]
    fn bits_are_those_of_the_plain_loops() {
        let numbers = |count: usize, step: usize| -> Vec<f64> {
            let of = |i: usize| ((i * step) % 101) as f64 / 7.0 - 5.3;
            (0..count).map(of).collect()
        };
        for rows in [1, 4, 7] {
            for width in [1, 8, 19] {
                for count in [1, 2, 3, 4, 7] {
                    let x = numbers(rows * width, 37);
                    let vectors = numbers(count * width, 53);
                    let mut out = vec![0.0; rows * count];
                    products(&mut out, &x, &vectors, width);
                    let mut sums = numbers(count * width, 11);
                    let mut plain_sums = sums.clone();
                    add_products(&mut sums, &x, &out, width);
                    for (i, x) in x.chunks_exact(width).enumerate() {
                        for (k, v) in vectors.chunks_exact(width).enumerate() {
                            let plain = dot(x, v);
                            assert_eq!(out[i * count + k].to_bits(), plain.to_bits());
                            let sum = &mut plain_sums[k * width..(k + 1) * width];
                            add_scaled(sum, plain, x);
                        }
                    }
                    assert_eq!(sums, plain_sums, "{rows} x {width}, {count}");
                }
            }
        }
    }
}
