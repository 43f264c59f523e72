//! Rows side by side, so that one row's products with many others are vector instructions.
//!
//! A *panel* holds [`LANES`] rows column by column: entry (k, l) is column k of its row l. Every sum of
//! products runs over the columns in order, in its own lane. So a product has the same bits in whichever
//! lane it falls, in either order of its two rows, and when computed by itself ([`product`]):
//! |a|² + |b|² − 2 a·b is exactly zero for equal rows.

/// Rows of a panel.
pub(crate) const LANES: usize = 32;

/// Rows packed for products.
pub(crate) struct Panels {
    width: usize,
    lines: Vec<[f64; LANES]>,
}

impl Panels {
    /// Packs rows of `width` values; missing rows of the last panel are zeros.
    pub(crate) fn pack<'a>(width: usize, rows: impl ExactSizeIterator<Item = &'a [f64]>) -> Self {
        let panels = rows.len().div_ceil(LANES);
        let mut lines = vec![[0.0; LANES]; panels * width];
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
    pub(crate) fn products(&self, panel: usize, row: &[f64]) -> [f64; LANES] {
        let lines = &self.lines[panel * self.width..(panel + 1) * self.width];
        let mut sums = [0.0; LANES];
        for (line, &value) in lines.iter().zip(row) {
            for (sum, &other) in sums.iter_mut().zip(line) {
                *sum += value * other;
            }
        }
        sums
    }
}

/// The product of two rows, with the bits that a panel gives.
pub(crate) fn product(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (x, y) in a.iter().zip(b) {
        sum += x * y;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::pulp::vectorised;

    #[test]
    fn a_product_has_the_same_bits_in_every_lane_and_by_itself() {
        let (width, rows) = (300, 70);
        let values: Vec<f64> = (0..width * rows)
            .map(|i| (i * 7919 % 1009) as f64 / 97.0 - 5.0)
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
