//! Sums over the balls around all voxels of a row.
//!
//! A ball is a stack of rows, and the sum over a row is a difference of two running sums. Rows of one
//! length are added up first, so that a voxel costs one addition for each row of the ball.

use ndarray::Array3;
use rayon::prelude::*;

use crate::geometry::Spacing;

/// Volume of the ball in mm³.
const BALL: f64 = 1000.0;

/// A row of the ball: steps along z and y, and how far it reaches along x on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BallRow {
    pub(super) z: isize,
    pub(super) y: isize,
    pub(super) reach: usize,
}

/// Rows of the ball, those of one length together.
pub(super) fn ball(spacing: Spacing) -> Vec<BallRow> {
    let [depth, height, width] = spacing.zyx();
    let radius = (BALL * 3.0 / (4.0 * std::f64::consts::PI)).cbrt();
    let inside = |z: isize, y: isize, x: usize| {
        let squared = [z as f64 * depth, y as f64 * height, x as f64 * width].map(|d| d * d);
        squared.iter().sum::<f64>() <= radius * radius
    };
    // Steps along an axis that stay within the ball.
    let most = |inside: &dyn Fn(isize) -> bool| {
        let mut steps = 0;
        while inside(steps + 1) {
            steps += 1;
        }
        steps
    };
    let deepest = most(&|k| inside(k, 0, 0));
    let mut rows = Vec::new();
    for z in -deepest..=deepest {
        let highest = most(&|k| inside(z, k, 0));
        for y in -highest..=highest {
            let reach = most(&|k| inside(z, y, k.unsigned_abs())).unsigned_abs();
            rows.push(BallRow { z, y, reach });
        }
    }
    rows.sort_by_key(|row| row.reach);
    rows
}

/// How far the ball reaches along z, y, x.
pub(super) fn reach(ball: &[BallRow]) -> [usize; 3] {
    let most = |of: &dyn Fn(&BallRow) -> usize| ball.iter().map(of).max().unwrap_or(0);
    [
        most(&|row| row.z.unsigned_abs()),
        most(&|row| row.y.unsigned_abs()),
        most(&|row| row.reach),
    ]
}

/// Numbers that are added up in registers.
const LANES: usize = 16;

/// Sums of several rows of one length, element by element.
fn add_up(rows: &[&[f64]], length: usize, into: &mut Vec<f64>) {
    into.clear();
    into.resize(length, 0.0);
    let (whole, rest) = into.as_chunks_mut::<LANES>();
    let end = whole.len() * LANES;
    for (at, total) in whole.iter_mut().enumerate() {
        for row in rows {
            for (total, part) in total.iter_mut().zip(&row[at * LANES..][..LANES]) {
                *total += part;
            }
        }
    }
    for row in rows {
        for (total, part) in rest.iter_mut().zip(&row[end..]) {
            *total += part;
        }
    }
}

/// Running sums along x: sum `x` of a row is that of the values before voxel `x - margin`. Rows go on for
/// `margin` voxels without value on either side.
pub(super) struct RunningSums {
    sums: Vec<f64>,
    shape: [usize; 3],
    margin: usize,
}

impl RunningSums {
    /// Of a function of the values.
    pub(super) fn new(values: &Array3<f64>, margin: usize, of: impl Fn(f64) -> f64 + Sync) -> Self {
        let (slices, rows, columns) = values.dim();
        let stride = columns + 2 * margin + 1;
        let mut sums = vec![0.0; slices * rows * stride];
        let values = values.as_slice().expect("a box of an image lies in order");
        let lines = sums.par_chunks_mut(stride).zip(values.par_chunks(columns));
        lines.for_each(|(sums, values)| {
            let (within, beyond) = sums[margin + 1..].split_at_mut(columns);
            let mut sum = 0.0;
            for (to, value) in within.iter_mut().zip(values) {
                sum += of(*value);
                *to = sum;
            }
            beyond.fill(sum);
        });
        Self {
            sums,
            shape: [slices, rows, columns],
            margin,
        }
    }

    /// Sums over the balls around the voxels of row `(z, y)`, from voxel `x` on; as many as `into` holds.
    /// `rest` is room for one row.
    pub(super) fn over_balls(
        &self,
        ball: &[BallRow],
        [z, y, x]: [usize; 3],
        rest: &mut Vec<f64>,
        into: &mut [f64],
    ) {
        let [slices, rows, columns] = self.shape;
        let stride = columns + 2 * self.margin + 1;
        into.fill(0.0);
        for of_one_length in ball.chunk_by(|a, b| a.reach == b.reach) {
            let reach = of_one_length[0].reach;
            // From the sum left of the first ball to that right of the last.
            let from = x + self.margin - reach;
            let length = into.len() + 2 * reach + 1;
            let rows = of_one_length.iter().filter_map(|row| {
                let z = z.checked_add_signed(row.z).filter(|z| *z < slices)?;
                let y = y.checked_add_signed(row.y).filter(|y| *y < rows)?;
                Some(&self.sums[(z * rows + y) * stride + from..][..length])
            });
            add_up(rows.collect::<Vec<_>>().as_slice(), length, rest);
            let (left, right) = (&rest[..into.len()], &rest[2 * reach + 1..]);
            for ((total, left), right) in into.iter_mut().zip(left).zip(right) {
                *total += right - left;
            }
        }
    }
}

/// Number of voxels of an image of a shape in the balls around the voxels of row `(z, y)`, from voxel
/// `x` on.
pub(super) fn count_over_balls(
    shape: [usize; 3],
    ball: &[BallRow],
    [z, y, x]: [usize; 3],
    into: &mut [f64],
) {
    let [slices, rows, columns] = shape;
    into.fill(0.0);
    for of_one_length in ball.chunk_by(|a, b| a.reach == b.reach) {
        let reach = of_one_length[0].reach;
        let within = of_one_length.iter().filter(|row| {
            z.checked_add_signed(row.z).is_some_and(|z| z < slices)
                && y.checked_add_signed(row.y).is_some_and(|y| y < rows)
        });
        let within = within.count();
        for (x, count) in (x..).zip(&mut *into) {
            let length = (x + reach + 1).min(columns) - x.saturating_sub(reach);
            *count += (within * length) as f64;
        }
    }
}
