//! In which order a scan visits the tokens of a grid.
//!
//! ```text
//! grid (2 x 3)    rows             columns          and both reversed
//! 0 1 2           0 1 2 3 4 5      0 3 1 4 2 5      5 4 3 2 1 0    5 2 4 1 3 0
//! 3 4 5
//! ```
//!
//! The kernels look tokens up through these lists, so no sequence is ever turned over or transposed.

use std::sync::Arc;

/// Position of the token visited at each time.
pub(crate) type Order = Arc<[u32]>;

fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// First to last.
pub(crate) fn forwards(tokens: usize) -> Order {
    (0..tokens).map(position).collect()
}

/// Last to first.
pub(crate) fn backwards(tokens: usize) -> Order {
    (0..tokens).rev().map(position).collect()
}

/// The four orders of a two-dimensional scan (Y. Liu et al., *VMamba*, arXiv 2401.10166): rows, columns,
/// rows reversed, columns reversed.
pub(crate) fn four_ways(height: usize, width: usize) -> [Order; 4] {
    let tokens = height * width;
    let columns = || (0..tokens).map(move |t| position(t % height * width + t / height));
    [
        forwards(tokens),
        columns().collect(),
        backwards(tokens),
        columns().rev().collect(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_closed_form() {
        let [rows, columns, rows_back, columns_back] = four_ways(2, 3);
        assert_eq!(*rows, [0, 1, 2, 3, 4, 5]);
        assert_eq!(*columns, [0, 3, 1, 4, 2, 5]);
        assert_eq!(*rows_back, [5, 4, 3, 2, 1, 0]);
        assert_eq!(*columns_back, [5, 2, 4, 1, 3, 0]);
        assert_eq!(*backwards(3), [2, 1, 0]);
        assert!(forwards(0).is_empty());
    }
}
