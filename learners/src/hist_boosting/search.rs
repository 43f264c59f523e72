//! The best split of a node, column by column.
//!
//! With sums G of gradients and H of curvatures, λ = `l2_regularization`, a split into L and R gains
//! `G_L²/(H_L + λ) + G_R²/(H_R + λ) − G²/(H + λ)`
//! (Chen and Guestrin 2016, doi 10.1145/2939672.2939785, equation 7 without the half). For λ = 0 this is
//! `(G_L H − G H_L)² / (H_L H_R H)`, exactly 0 where both sides have the same ratio.
//! Counts and curvatures only grow from bin to bin, so the splits that leave both sides large enough are
//! one range, found by bisection; the loop over it has no branch. Of equal splits the first column's
//! wins, then undefined values on the right and the lowest bin, or, with these on the left, the highest.

use super::binning::{BinnedTable, MISSING};
use super::histogram::Histogram;
use super::packed::Packing;

/// What a split must leave on both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    /// Rows.
    pub(super) rows: usize,
    /// Curvature, in steps, above 0.
    pub(super) curvature: f64,
    /// λ in steps.
    pub(super) l2: f64,
}

/// The best split found so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    /// Grows with the gain within one node.
    pub(super) score: f64,
    pub(super) column: usize,
    /// Last bin that goes left.
    pub(super) bin: u8,
    pub(super) missing_left: bool,
    /// Packed sums of the left side.
    pub(super) left: u64,
}

impl Split {
    /// The better one; the first of equals.
    pub(super) fn better(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(a), Some(b)) => Some(if b.score > a.score { b } else { a }),
            (a, b) => a.or(b),
        }
    }
}

/// Searches the columns of one node.
pub(super) struct Search<'a> {
    pub(super) table: &'a BinnedTable,
    pub(super) packing: Packing,
    pub(super) limits: Limits,
}

/// Scores looked at together: independent maxima that can be vectorised.
const LANES: usize = 4;

impl Search<'_> {
    /// What the score of a node's best split gains, in steps.
    pub(super) fn gain(&self, score: f64, total: u64) -> f64 {
        let (g, h) = self.sums(total);
        if self.limits.l2 > 0.0 {
            score - g * g / (h + self.limits.l2)
        } else {
            score / h
        }
    }

    /// Gradient and curvature.
    fn sums(&self, sum: u64) -> (f64, f64) {
        (self.packing.gradient(sum), self.packing.curvature(sum))
    }

    /// Whether a side is too small.
    fn too_small(&self, side: u64) -> bool {
        self.packing.count(side) < self.limits.rows
            || self.packing.curvature(side) < self.limits.curvature
    }

    /// Whether a node could have two sides that are large enough.
    pub(super) fn can_split(&self, total: u64) -> bool {
        self.packing.count(total) >= 2 * self.limits.rows
            && self.packing.curvature(total) >= 2.0 * self.limits.curvature
    }

    /// The best split of one column if it beats `best`.
    pub(super) fn column(
        &self,
        column: usize,
        histogram: &Histogram,
        total: u64,
        best: &mut Option<Split>,
    ) {
        let edges = self.table.edges(column);
        let bins = edges.edges.len() + 1;
        let mut left: Histogram = [0; 256];
        let missing = if edges.has_missing {
            histogram[usize::from(MISSING)]
        } else {
            0
        };
        for (missing_left, start) in [(false, 0), (true, missing)] {
            if missing_left && missing == 0 {
                break;
            }
            let mut sum: u64 = start;
            for (left, part) in left[..bins].iter_mut().zip(histogram) {
                sum = sum.wrapping_add(*part);
                *left = sum;
            }
            let Some((at, score)) = self.best_of(&left[..bins], total, missing_left, *best) else {
                continue;
            };
            let heavier_left =
                2 * self.packing.count(left[usize::from(at)]) > self.packing.count(total);
            *best = Some(Split {
                score,
                column,
                bin: at,
                // Where no row is undefined, unseen ones follow the heavier side.
                missing_left: missing_left || (missing == 0 && heavier_left),
                left: left[usize::from(at)],
            });
        }
    }

    /// The best of these left sides, if it beats `best`; of equals the first or the last.
    fn best_of(
        &self,
        left: &[u64],
        total: u64,
        take_last: bool,
        best: Option<Split>,
    ) -> Option<(u8, f64)> {
        let first = left.partition_point(|&side| self.too_small(side));
        let end = left.partition_point(|&side| !self.too_small(total.wrapping_sub(side)));
        let range = left.get(first..end).filter(|range| !range.is_empty())?;
        let (g, h) = self.sums(total);
        let l2 = self.limits.l2;
        let score = |side: u64| {
            let (g_left, h_left) = self.sums(side);
            if l2 > 0.0 {
                let (a, b) = (h_left + l2, h - h_left + l2);
                let g_right = g - g_left;
                (g_left * g_left * b + g_right * g_right * a) / (a * b)
            } else {
                let d = g_left * h - g * h_left;
                d * d / (h_left * (h - h_left))
            }
        };
        let wanted = best.map_or(0.0, |best| best.score);
        let highest = highest(range, score);
        if highest > wanted {
            let reaches = |&side: &u64| score(side) >= highest;
            let at = if take_last {
                range.iter().rposition(reaches)
            } else {
                range.iter().position(reaches)
            };
            Some((u8::try_from(first + at?).ok()?, highest))
        } else {
            None
        }
    }
}

/// Largest score.
fn highest(sides: &[u64], score: impl Fn(u64) -> f64) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let blocks = sides.chunks_exact(LANES);
    let larger = |a: f64, b: f64| if a > b { a } else { b };
    let rest = blocks
        .remainder()
        .iter()
        .fold(0.0, |m, &side| larger(score(side), m));
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] = larger(score(block[lane]), lanes[lane]);
        }
    }
    lanes.into_iter().fold(rest, larger)
}
