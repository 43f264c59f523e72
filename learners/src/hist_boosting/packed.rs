//! Gradient, curvature and count of rows in one 64-bit number, so that a histogram adds all three at once.
//!
//! ```text
//! bit 63                                             0
//!     | gradient, signed | curvature | count of rows |
//! ```
//!
//! Sums of whole numbers are exact: their order, and with it the number of threads, leaves no trace, and
//! the larger child's histogram is the parent's minus the smaller one's. The steps are as fine as the
//! sums over all rows of a round allow (quantised training: Shi et al. 2022,
//! doi 10.48550/arXiv.2207.09682, who find far coarser steps enough). For 16 000 rows a mean gradient
//! is about 2000 steps.

/// Most rows of a round: beyond, a step would be too coarse.
pub(super) const MOST_ROWS: usize = (1 << 20) - 1;

/// Bits of a sum of curvatures at most, and of a sum of gradients beside its sign: the product of two sums
/// stays exact in an `f64`.
const MOST_BITS: u32 = 26;

/// Where the parts lie and what a step of each is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Packing {
    count_bits: u32,
    /// Below the gradient: bits of curvature and count together.
    low_bits: u32,
    /// Steps in a gradient of 1.
    gradient_steps: f64,
    /// Steps in a curvature of 1.
    curvature_steps: f64,
}

impl Packing {
    /// For at most `rows` rows whose absolute gradients and curvatures sum to the given numbers.
    pub(super) fn new(rows: usize, gradients: f64, curvatures: f64) -> Self {
        debug_assert!(rows <= MOST_ROWS);
        let count_bits = usize::BITS - rows.leading_zeros();
        let curvature_bits = ((64 - count_bits) / 2 - 1).min(MOST_BITS);
        let low_bits = curvature_bits + count_bits;
        let gradient_bits = (63 - low_bits).min(MOST_BITS);
        let steps = |sum: f64, bits: u32| {
            // Rounding adds at most half a step a row.
            let room = (1_u64 << bits) as f64 - 1.0 - rows as f64 / 2.0;
            let steps = room / sum;
            if steps.is_finite() { steps } else { 1.0 }
        };
        Self {
            count_bits,
            low_bits,
            gradient_steps: steps(gradients, gradient_bits),
            curvature_steps: steps(curvatures, curvature_bits),
        }
    }

    /// One row.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, within the bits by choice of the steps; a gradient keeps its sign in the top bits"
    )]
    pub(super) fn pack(&self, gradient: f64, curvature: f64) -> u64 {
        let g = gradient * self.gradient_steps;
        let g = (g + 0.5_f64.copysign(g)) as i64;
        let h = (curvature * self.curvature_steps + 0.5) as i64;
        ((g as u64) << self.low_bits) | ((h as u64) << self.count_bits) | 1
    }

    /// Rows in a sum.
    pub(super) fn count(&self, sum: u64) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "at most 2^20")]
        let count = (sum & ((1 << self.count_bits) - 1)) as usize;
        count
    }

    /// Curvature of a sum, in steps.
    pub(super) fn curvature(&self, sum: u64) -> f64 {
        let mask = (1_u64 << (self.low_bits - self.count_bits)) - 1;
        small((sum >> self.count_bits) & mask)
    }

    /// Gradient of a sum, in steps.
    pub(super) fn gradient(&self, sum: u64) -> f64 {
        // Moved up by half the range, so that it is not negative.
        let moved = (sum ^ (1 << 63)) >> self.low_bits;
        small(moved) - (1_u64 << (63 - self.low_bits)) as f64
    }

    /// Something given in units of curvature, in steps.
    pub(super) fn in_curvature_steps(&self, value: f64) -> f64 {
        value * self.curvature_steps
    }
}

/// A whole number below 2^52 as `f64`, by its bits: unlike a conversion, this is vectorised everywhere.
fn small(number: u64) -> f64 {
    const TWO_TO_52: u64 = 0x4330_0000_0000_0000;
    f64::from_bits(TWO_TO_52 | number) - f64::from_bits(TWO_TO_52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_keep_all_three() {
        let rows = [(0.5, 0.25), (-0.75, 0.1875), (0.25, 0.1), (-0.999, 0.001)];
        let packing = Packing::new(4, 2.499, 0.5385);
        let packed: Vec<u64> = rows.iter().map(|&(g, h)| packing.pack(g, h)).collect();
        let all = packed.iter().fold(0_u64, |sum, v| sum.wrapping_add(*v));
        let check = |sum: u64, rows: &[(f64, f64)]| {
            assert_eq!(packing.count(sum), rows.len());
            let (g, h) = rows
                .iter()
                .fold((0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
            assert!((packing.gradient(sum) / packing.gradient_steps - g).abs() < 1e-6);
            assert!((packing.curvature(sum) / packing.curvature_steps - h).abs() < 1e-6);
        };
        check(all, &rows);
        check(all.wrapping_sub(packed[0]), &rows[1..]);
        check(
            all.wrapping_sub(packed[0]).wrapping_sub(packed[2]),
            &[rows[1], rows[3]],
        );
        check(0, &[]);
    }

    #[test]
    fn the_largest_sums_fit() {
        for rows in [1, 2, 100, 16_000, MOST_ROWS] {
            for sign in [1.0, -1.0] {
                let n = rows as f64;
                let packing = Packing::new(rows, 0.7 * n, 0.25 * n);
                let one = packing.pack(0.7 * sign, 0.25);
                let sum = (0..rows).fold(0_u64, |sum, _| sum.wrapping_add(one));
                assert_eq!(packing.count(sum), rows);
                // Equal rows are all rounded the same way, by half a step at most.
                let g = packing.gradient(sum) / n - 0.7 * sign * packing.gradient_steps;
                let h = packing.curvature(sum) / n - 0.25 * packing.curvature_steps;
                assert!(
                    g.abs() <= 0.5 + 1e-6 && h.abs() <= 0.5 + 1e-6,
                    "{rows}: {g} {h}"
                );
            }
        }
    }
}
