//! The triangular factor R of a tall matrix, X = Q R, without holding a copy of X.
//!
//! Rows pass in blocks, each stacked under the R of those before it (Golub and Van Loan, Matrix
//! Computations, 2013, section 5.1; Demmel et al. 2012, doi 10.1137/080731992). `RᵀR` = `XᵀX`, but singular
//! values below the root of the machine's precision survive, which they do not in `XᵀX`.

use rayon::prelude::*;

use crate::adapters::faer::Stack;

/// Fewest rows of a block.
const BLOCK_ROWS: usize = 256;

/// Rows written together: a cache line of a column.
const TOGETHER: usize = 8;

/// Rows, in multiples of the columns, from which on threads take a part each; most parts.
const ROWS_PER_PART: usize = 8;
const MAX_PARTS: usize = 8;

/// R of the matrix whose row i `fill(i, z)` writes, row-major, `order` columns, and as many rows or fewer.
pub(crate) fn triangle_of(
    rows: usize,
    order: usize,
    fill: impl Fn(usize, &mut [f64]) + Sync,
) -> Vec<f64> {
    // From the shape alone, so that the answer does not depend on the number of threads.
    let parts = (rows / (ROWS_PER_PART * order)).clamp(1, MAX_PARTS);
    let size = rows.div_ceil(parts);
    let of_part = |part: usize| {
        let end = rows.min((part + 1) * size);
        let block = order.max(BLOCK_ROWS);
        let mut stack = Stack::new((order + block).min(size), order);
        let mut together = vec![0.0; TOGETHER * order];
        let mut start = part * size;
        while start < end {
            let count = block.min(end - start);
            for first in (start..start + count).step_by(TOGETHER) {
                let these = first..(first + TOGETHER).min(start + count);
                let out = &mut together[..these.len() * order];
                for (row, z) in these.zip(out.chunks_exact_mut(order)) {
                    fill(row, z);
                }
                stack.push(out);
            }
            stack.reduce();
            start += count;
        }
        stack.rows()
    };
    if parts == 1 {
        // A triangle already: nothing to stack.
        return of_part(0);
    }
    let triangles: Vec<Vec<f64>> = (0..parts).into_par_iter().map(of_part).collect();
    let mut stack = Stack::new(triangles.iter().map(Vec::len).sum::<usize>() / order, order);
    for triangle in triangles {
        stack.push(&triangle);
    }
    stack.reduce();
    stack.rows()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::faer::{Block, right_singular};

    #[test]
    fn singular_values_are_those_of_the_whole_matrix() {
        for (n, p) in [(3, 5), (40, 4), (700, 3), (2000, 20)] {
            let value = |i: usize, j: usize| ((i * 37 + j * 101 + i * j * 7) % 97) as f64 / 97.0;
            let fill = |i: usize, z: &mut [f64]| {
                for (j, v) in z.iter_mut().enumerate() {
                    *v = value(i, j);
                }
            };
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().unwrap().install(|| triangle_of(n, p, fill))
            };
            let r = on(1);
            assert_eq!(r, on(3));
            let whole: Vec<f64> = (0..n * p).map(|at| value(at / p, at % p)).collect();
            let expected = right_singular(Block::new(&whole, n, p), "test").unwrap();
            let found = right_singular(Block::new(&r, r.len() / p, p), "test").unwrap();
            for (a, b) in expected.values.iter().zip(&found.values) {
                assert!((a - b).abs() < 1e-12 * expected.values[0], "{a} {b}");
            }
        }
    }
}
