//! Weighted sums of products of columns, `XᵀDX`: the curvature of a likelihood, a covariance.
//!
//! Rows pass in blocks; every block is added to the whole sum before the next, and threads divide
//! the sum's rows among themselves. So each entry is one sum in row order for any number of threads.

use rayon::prelude::*;

use crate::adapters::faer::{Block, add_gram_panel};

/// Numbers in a block of rows: a few hundred kilobytes, read from the second-level cache by every panel.
const BLOCK_VALUES: usize = 1 << 17;

/// Most and fewest rows of a block.
const BLOCK_ROWS: (usize, usize) = (64, 1024);

/// Rows of the sum that one thread takes at a time.
const PANEL: usize = 32;

/// Lower triangle (with the diagonal) of `Σ_i` `z_i` `z_iᵀ`, order × order; the upper one is unspecified.
///
/// `fill(i, z)` writes the `order` numbers of row i, its factor √`d_i` included.
pub(crate) fn gram(rows: usize, order: usize, fill: impl Fn(usize, &mut [f64]) + Sync) -> Vec<f64> {
    let mut sum = vec![0.0; order * order];
    let at_once = (BLOCK_VALUES / order).clamp(BLOCK_ROWS.0, BLOCK_ROWS.1);
    let mut buffer = vec![0.0; at_once.min(rows) * order];
    for start in (0..rows).step_by(at_once) {
        let count = at_once.min(rows - start);
        let block = &mut buffer[..count * order];
        block
            .par_chunks_exact_mut(order)
            .enumerate()
            .with_min_len(PANEL)
            .for_each(|(offset, z)| fill(start + offset, z));
        let block = Block::new(block, count, order);
        sum.par_chunks_mut(PANEL * order)
            .enumerate()
            .for_each(|(at, panel)| add_gram_panel(panel, at * PANEL, block));
    }
    sum
}

/// Writes the lower triangle over the upper one.
pub(crate) fn mirror(matrix: &mut [f64], order: usize) {
    for i in 0..order {
        for j in 0..i {
            matrix[j * order + i] = matrix[i * order + j];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_plain_loop_on_any_number_of_threads() {
        for (n, p) in [(1, 1), (5, 3), (300, 70), (2000, 33)] {
            let value = |i: usize, j: usize| (i * 31 + j * 17) as f64 % 13.0 - 6.0;
            let fill = |i: usize, z: &mut [f64]| {
                for (j, v) in z.iter_mut().enumerate() {
                    *v = value(i, j);
                }
            };
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let mut sum = pool.build().unwrap().install(|| gram(n, p, fill));
                mirror(&mut sum, p);
                sum
            };
            let found = on(1);
            assert_eq!(found, on(3));
            for i in 0..p {
                for j in 0..p {
                    // Whole numbers: exact in any order.
                    let plain: f64 = (0..n).map(|row| value(row, i) * value(row, j)).sum();
                    assert!((found[i * p + j] - plain).abs() < 0.5, "{n} x {p}: {i} {j}");
                }
            }
        }
    }
}
