//! Rows side by side, so that one row's products with many others are vector instructions.
//!
//! A *panel* holds [`LANES`] rows column by column: entry (k, l) is column k of its row l. Every sum of
//! products runs over the columns in order, in its own lane, [`CHUNK`] of them in the panel's
//! precision and the chunks in `f64`. So a product has the same bits in whichever lane it falls, in
//! either order of its two rows, and when computed by itself ([`product`]): |a|² + |b|² − 2 a·b is
//! exactly zero for equal rows.

use std::ops::{AddAssign, Mul};

use super::exponential::{exp_32, exp_64};

/// Rows of a panel.
pub(crate) const LANES: usize = 32;

/// Columns summed in the panel's precision before `f64` takes over.
const CHUNK: usize = 128;

/// The precision of a panel's values.
pub(crate) trait Real:
    Copy + Default + Into<f64> + Mul<Output = Self> + AddAssign + Send + Sync
{
    /// Rounds to this precision.
    fn rounded(value: f64) -> Self;

    /// Exponential function.
    fn exponential(self) -> Self;
}

impl Real for f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounding is what it is for"
    )]
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    fn rounded(value: f64) -> Self {
        value as Self
    }

    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    fn exponential(self) -> Self {
        exp_32(self)
    }
}

impl Real for f64 {
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    fn rounded(value: f64) -> Self {
        value
    }

    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    fn exponential(self) -> Self {
        exp_64(self)
    }
}

/// Rows packed for products.
pub(crate) struct Panels<T> {
    width: usize,
    lines: Vec<[T; LANES]>,
}

impl<T: Real> Panels<T> {
    /// Packs rows of `width` values; missing rows of the last panel are zeros.
    pub(crate) fn pack<'a>(width: usize, rows: impl ExactSizeIterator<Item = &'a [T]>) -> Self
    where
        T: 'a,
    {
        let panels = rows.len().div_ceil(LANES);
        let mut lines = vec![[T::default(); LANES]; panels * width];
        for (at, row) in rows.enumerate() {
            let first = at / LANES * width;
            for (line, value) in lines[first..first + width].iter_mut().zip(row) {
                line[at % LANES] = *value;
            }
        }
        Self { width, lines }
    }

    /// Products of `row` with the rows of one panel.
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    pub(crate) fn products(&self, panel: usize, row: &[T]) -> [f64; LANES] {
        let lines = &self.lines[panel * self.width..(panel + 1) * self.width];
        let mut total = [0.0; LANES];
        for (lines, row) in lines.chunks(CHUNK).zip(row.chunks(CHUNK)) {
            let mut sums = [T::default(); LANES];
            for (line, &value) in lines.iter().zip(row) {
                for (sum, &other) in sums.iter_mut().zip(line) {
                    *sum += value * other;
                }
            }
            for (total, sum) in total.iter_mut().zip(sums) {
                *total += sum.into();
            }
        }
        total
    }
}

/// The product of two rows, with the bits that a panel gives.
pub(crate) fn product<T: Real>(a: &[T], b: &[T]) -> f64 {
    let chunks = a.chunks(CHUNK).zip(b.chunks(CHUNK));
    let sums = chunks.map(|(a, b)| {
        let mut sum = T::default();
        for (&x, &y) in a.iter().zip(b) {
            sum += x * y;
        }
        sum.into()
    });
    sums.fold(0.0, |total, sum: f64| total + sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::pulp::vectorised;

    #[test]
    fn a_product_has_the_same_bits_in_every_lane_and_by_itself() {
        let (width, rows) = (300, 70);
        let values: Vec<f32> = (0..width * rows)
            .map(|i| f32::rounded(f64::from(u32::try_from(i * 7919 % 1009).unwrap()) / 97.0 - 5.0))
            .collect();
        let row = |at: usize| &values[at * width..(at + 1) * width];
        let panels = Panels::pack(width, (0..rows).map(row));
        let turned = Panels::pack(width, (0..rows).rev().map(row));
        for a in [0, 31, 69] {
            for b in 0..rows {
                let plain = product(row(a), row(b)).to_bits();
                let packed = panels.products(b / LANES, row(a))[b % LANES];
                assert_eq!(packed.to_bits(), plain);
                let place = rows - 1 - b;
                let wide = vectorised(
                    #[inline(always)]
                    || turned.products(place / LANES, row(a))[place % LANES],
                );
                assert_eq!(wide.to_bits(), plain);
                assert_eq!(product(row(b), row(a)).to_bits(), plain);
            }
        }
    }
}
