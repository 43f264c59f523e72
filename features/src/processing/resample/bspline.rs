//! Cubic B-splines (Unser 1999, doi:10.1109/79.799930): a recursive prefilter turns samples into
//! coefficients, four of which on each axis give the value at a position.
//!
//! Beyond the ends the samples continue as in a mirror that stands on the last one. All arithmetic is in
//! the order of ITK's B-spline interpolation, whose results are truncated to whole numbers: there the last
//! bit decides.

use rayon::prelude::*;

use super::taps::Tap;

/// Beyond this many voxels a sample has no influence on a coefficient: 0.27 to this power is 5e-19, less than
/// the last bit.
pub(super) const REACH: usize = 32;

/// Beyond this many the recursion has forgotten where it began: all rounding errors are those of the whole
/// axis, too.
pub(super) const REACH_OF_ALL_BITS: usize = 64;

/// Rows that are filtered side by side, so that none waits for the sum before.
const ROWS: usize = 4;

/// ITK leaves terms of this relative size out of the sum that starts the recursion.
const TOLERANCE: f64 = 1e-10;

/// The pole of the cubic prefilter, `√3 - 2`.
fn pole() -> f64 {
    3.0_f64.sqrt() - 2.0
}

/// The taps at a position.
pub(super) fn taps(position: f64) -> [Tap; 4] {
    // ITK rounds to single precision here. At worst the position lies in the neighbouring piece of the
    // spline, by less than 1e-5, where both pieces agree to third order.
    #[expect(clippy::cast_possible_truncation, reason = "as explained above")]
    let below = f64::from((position as f32).floor());
    let w = position - below;
    let last = (1.0 / 6.0) * w * w * w;
    let first = (1.0 / 6.0) + 0.5 * w * (w - 1.0) - last;
    let third = w + first - 2.0 * last;
    let second = 1.0 - first - third - last;
    [(-1.0, first), (0.0, second), (1.0, third), (2.0, last)].map(|(step, weight)| Tap {
        index: below + step,
        weight,
    })
}

/// Turns samples into coefficients along one axis, in place. The array is seen as
/// `outer × length × inner`; a single sample is its own coefficient.
pub(super) fn prefilter(values: &mut [f64], length: usize, inner: usize) {
    if length < 2 {
        return;
    }
    if inner == 1 {
        values
            .par_chunks_mut(length * ROWS)
            .for_each(|rows| along_rows(rows, length));
    } else {
        values
            .par_chunks_mut(length * inner)
            .for_each(|plane| across_rows(plane, length, inner));
    }
}

/// The weights with which the first samples enter the start of the recursion, and what their sum is
/// divided by.
fn start(length: usize) -> (Vec<f64>, f64) {
    let z = pole();
    let horizon = horizon();
    let mut power = z;
    if horizon < length {
        let mut weights = vec![1.0];
        while weights.len() < horizon {
            weights.push(power);
            power *= z;
        }
        return (weights, 1.0);
    }
    // The mirror images of all samples, as a geometric series.
    let inverse = 1.0 / z;
    let mut back = z.powf((length - 1) as f64);
    let mut weights = vec![1.0; length];
    weights[length - 1] = back;
    let next = back * inverse;
    back *= next;
    for weight in &mut weights[1..length - 1] {
        *weight = power + back;
        power *= z;
        back *= inverse;
    }
    (weights, 1.0 - power * power)
}

/// How many samples enter the start of the recursion.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive number"
)]
fn horizon() -> usize {
    (TOLERANCE.ln() / pole().abs().ln()).ceil() as usize
}

/// `(1 - z)(1 - 1/z)`, the gain of the recursion.
fn gain() -> f64 {
    let z = pole();
    (1.0 - z) * (1.0 - 1.0 / z)
}

/// Up to [`ROWS`] rows, one after another in memory.
fn along_rows(rows: &mut [f64], length: usize) {
    let z = pole();
    let gain = gain();
    for value in &mut *rows {
        *value *= gain;
    }
    let (weights, divisor) = start(length);
    for row in rows.chunks_mut(length) {
        row[0] = summed(&weights, row) / divisor;
    }
    if rows.len() < ROWS * length {
        for row in rows.chunks_mut(length) {
            recursion([row], z);
        }
    } else {
        let (a, rest) = rows.split_at_mut(length);
        let (b, rest) = rest.split_at_mut(length);
        let (c, d) = rest.split_at_mut(length);
        recursion([a, b, c, d], z);
    }
}

/// Forth and back along rows of one length whose first value is in place.
fn recursion<const R: usize>(mut rows: [&mut [f64]; R], z: f64) {
    let n = rows[0].len();
    let mut before: [f64; R] = std::array::from_fn(|row| rows[row][0]);
    for at in 1..n {
        for (row, before) in rows.iter_mut().zip(&mut before) {
            row[at] += z * *before;
            *before = row[at];
        }
    }
    let factor = z / (z * z - 1.0);
    let mut after: [f64; R] =
        std::array::from_fn(|row| factor * (z * rows[row][n - 2] + rows[row][n - 1]));
    for (row, after) in rows.iter_mut().zip(&after) {
        row[n - 1] = *after;
    }
    for at in (0..n - 1).rev() {
        for (row, after) in rows.iter_mut().zip(&mut after) {
            row[at] = z * (*after - row[at]);
            *after = row[at];
        }
    }
}

/// The weighted sum in ITK's order: the last sample right after the first where all of them enter.
fn summed(weights: &[f64], samples: &[f64]) -> f64 {
    let mut sum = samples[0];
    let mut end = weights.len();
    if end == samples.len() {
        end -= 1;
        sum += weights[end] * samples[end];
    }
    for (weight, sample) in weights[..end].iter().zip(samples).skip(1) {
        sum += weight * sample;
    }
    sum
}

/// The same for many lines side by side, row after row.
fn across_rows(plane: &mut [f64], length: usize, inner: usize) {
    let z = pole();
    let gain = gain();
    for value in &mut *plane {
        *value *= gain;
    }
    let (weights, divisor) = start(length);
    let mut first = plane[..inner].to_vec();
    let mut add = |at: usize, weight: f64| {
        for (sum, value) in first.iter_mut().zip(&plane[at * inner..][..inner]) {
            *sum += weight * value;
        }
    };
    let mut end = weights.len();
    if end == length {
        add(length - 1, weights[length - 1]);
        end -= 1;
    }
    for (at, weight) in weights[..end].iter().enumerate().skip(1) {
        add(at, *weight);
    }
    for (value, sum) in plane[..inner].iter_mut().zip(&first) {
        *value = sum / divisor;
    }
    for at in 1..length {
        let (before, here) = plane.split_at_mut(at * inner);
        let before = &before[(at - 1) * inner..];
        for (value, before) in here[..inner].iter_mut().zip(before) {
            *value += z * before;
        }
    }
    let factor = z / (z * z - 1.0);
    let (before, last) = plane.split_at_mut((length - 1) * inner);
    for (value, before) in last.iter_mut().zip(&before[(length - 2) * inner..]) {
        *value = factor * (z * before + *value);
    }
    for at in (0..length - 1).rev() {
        let (here, after) = plane.split_at_mut((at + 1) * inner);
        for (value, after) in here[at * inner..].iter_mut().zip(&after[..inner]) {
            *value = z * (after - *value);
        }
    }
}
