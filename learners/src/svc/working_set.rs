//! The loops over all rows in a step of the solver: which two multipliers to change, and what the change
//! does to the others. Symbols as in `solver.rs`.
//!
//! Of equal candidates the last wins, as in LIBSVM. A largest value is found block by block without
//! branches, then its place by going back through the block where it was last met.

use crate::adapters::pulp::vectorised;

/// Values handled together.
const LANES: usize = 8;

/// Values after which the largest so far is compared.
const BLOCK: usize = 512;

/// Curvature used where a pair's own is not positive, as in LIBSVM.
pub(crate) const SMALLEST_CURVATURE: f64 = 1e-12;

/// The rows of a step, seen as columns: all lists of one length.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// F.
    pub(crate) scores: &'a [f64],
    /// 0 where α may move up along y, else −∞.
    pub(crate) up: &'a [f64],
    /// 0 where α may move down along y, else +∞.
    pub(crate) low: &'a [f64],
    /// K(x, x).
    pub(crate) diagonal: &'a [f64],
}

/// The row with the largest F among those that may move up, and its F; −∞ if there is none.
pub(crate) fn highest_up(rows: Rows<'_>) -> (usize, f64) {
    let length = rows.scores.len();
    let (scores, up) = (rows.scores, &rows.up[..length]);
    vectorised(
        #[inline(always)]
        || {
            let (mut best, mut block) = (f64::NEG_INFINITY, 0);
            for start in (0..length).step_by(BLOCK) {
                let range = start..(start + BLOCK).min(length);
                let found = largest(range.len(), {
                    let (scores, up) = (&scores[range.clone()], &up[range]);
                    #[inline(always)]
                    move |at| scores[at] + up[at]
                });
                if found >= best {
                    (best, block) = (found, start);
                }
            }
            let end = (block + BLOCK).min(length);
            let place = (block..end).rev().find(|&at| scores[at] + up[at] >= best);
            (place.unwrap_or(block), best)
        },
    )
}

/// The partner of row `i` with score `score` and kernels `line`: the row that may move down whose
/// joint step gains most, if any gains; and the smallest F among those that may move down.
pub(crate) fn best_low(rows: Rows<'_>, score: f64, own: f64, line: &[f32]) -> (Option<usize>, f64) {
    let length = rows.scores.len();
    let (scores, low) = (rows.scores, &rows.low[..length]);
    let (diagonal, line) = (&rows.diagonal[..length], &line[..length]);
    vectorised(
        #[inline(always)]
        || {
            let (mut best, mut block) = (0.0, None);
            let mut smallest = f64::INFINITY;
            for start in (0..length).step_by(BLOCK) {
                let range = start..(start + BLOCK).min(length);
                let (scores, low) = (&scores[range.clone()], &low[range.clone()]);
                let (diagonal, line) = (&diagonal[range.clone()], &line[range.clone()]);
                let gained = largest(
                    range.len(),
                    #[inline(always)]
                    |at| gain(score - (scores[at] + low[at]), own, diagonal[at], line[at]),
                );
                let highest = largest(
                    range.len(),
                    #[inline(always)]
                    |at| -(scores[at] + low[at]),
                );
                smallest = if -highest < smallest {
                    -highest
                } else {
                    smallest
                };
                if gained > 0.0 && gained >= best {
                    (best, block) = (gained, Some(start));
                }
            }
            let place = block.and_then(|block| {
                let end = (block + BLOCK).min(length);
                (block..end).rev().find(|&at| {
                    let difference = score - (scores[at] + low[at]);
                    gain(difference, own, diagonal[at], line[at]) >= best
                })
            });
            (place, smallest)
        },
    )
}

/// Twice what a free joint step gains: (`F_i` − `F_t`)² / (`K_ii` + `K_tt` − 2 `K_it`), 0 without a gain.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn gain(difference: f64, own: f64, other: f64, kernel: f32) -> f64 {
    let difference = if difference > 0.0 { difference } else { 0.0 };
    // A row that may not move down lies infinitely far above.
    let curvature = own + other - 2.0 * f64::from(kernel);
    let curvature = if curvature > 0.0 {
        curvature
    } else {
        SMALLEST_CURVATURE
    };
    difference * difference / curvature
}

/// Largest of `value(0..count)`, −∞ for none.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn largest(count: usize, value: impl Fn(usize) -> f64) -> f64 {
    let mut lanes = [f64::NEG_INFINITY; LANES];
    for start in 0..count / LANES {
        for (lane, best) in lanes.iter_mut().enumerate() {
            let v = value(start * LANES + lane);
            *best = if v > *best { v } else { *best };
        }
    }
    for at in count / LANES * LANES..count {
        let v = value(at);
        lanes[0] = if v > lanes[0] { v } else { lanes[0] };
    }
    lanes.iter().fold(
        f64::NEG_INFINITY,
        |best, &v| if v > best { v } else { best },
    )
}

/// F −= a K(i, ·) + b K(j, ·).
pub(crate) fn subtract_two(scores: &mut [f64], a: f64, line_i: &[f32], b: f64, line_j: &[f32]) {
    let length = scores.len();
    let (line_i, line_j) = (&line_i[..length], &line_j[..length]);
    vectorised(
        #[inline(always)]
        || {
            for ((score, &k_i), &k_j) in scores.iter_mut().zip(line_i).zip(line_j) {
                *score -= a * f64::from(k_i) + b * f64::from(k_j);
            }
        },
    );
}

/// sum += a K.
pub(crate) fn add_line(sum: &mut [f64], a: f64, line: &[f32]) {
    let line = &line[..sum.len()];
    vectorised(
        #[inline(always)]
        || {
            for (sum, &kernel) in sum.iter_mut().zip(line) {
                *sum += a * f64::from(kernel);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_that_of_plain_loops() {
        let number = |i: usize, salt: usize| ((i * 7919 + salt * 104_729) % 1013) as f64 / 101.0;
        for length in [1, 7, 8, 511, 512, 513, 1500] {
            for salt in 0..20 {
                let scores: Vec<f64> = (0..length).map(|i| number(i, salt) - 5.0).collect();
                let shut = |i: usize, of: usize| (number(i, salt + of) * 10.0) % 3.0 < 1.0;
                let up: Vec<f64> = (0..length)
                    .map(|i| if shut(i, 1) { f64::NEG_INFINITY } else { 0.0 })
                    .collect();
                let low: Vec<f64> = (0..length)
                    .map(|i| if shut(i, 2) { f64::INFINITY } else { 0.0 })
                    .collect();
                let diagonal = vec![1.0; length];
                #[expect(clippy::cast_possible_truncation, reason = "test data")]
                let line: Vec<f32> = (0..length)
                    .map(|i| (number(i, salt + 3) / 10.0) as f32)
                    .collect();
                let rows = Rows {
                    scores: &scores,
                    up: &up,
                    low: &low,
                    diagonal: &diagonal,
                };
                let mut expected = (None, f64::NEG_INFINITY);
                for i in (0..length).filter(|&i| up[i] >= 0.0) {
                    if scores[i] >= expected.1 {
                        expected = (Some(i), scores[i]);
                    }
                }
                let (i, score) = highest_up(rows);
                assert_eq!(score.to_bits(), expected.1.to_bits());
                let Some(expected) = expected.0 else { continue };
                assert_eq!(i, expected);
                let (mut best, mut partner, mut smallest) = (0.0, None, f64::INFINITY);
                for t in (0..length).filter(|&t| low[t] <= 0.0) {
                    smallest = scores[t].min(smallest);
                    let b = score - scores[t];
                    let a = 1.0 + 1.0 - 2.0 * f64::from(line[t]);
                    let g = b * b / if a > 0.0 { a } else { SMALLEST_CURVATURE };
                    if b > 0.0 && g >= best {
                        (best, partner) = (g, Some(t));
                    }
                }
                let found = best_low(rows, score, 1.0, &line);
                assert_eq!((found.0, found.1.to_bits()), (partner, smallest.to_bits()));
            }
        }
    }
}
