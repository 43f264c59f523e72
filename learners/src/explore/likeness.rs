//! Which columns say the same: Spearman's correlation of all pairs, and an order in which alike ones stand together.

use crate::preprocess::correlation::{correlations, unit};
use crate::preprocess::redundancy::average;
use crate::preprocess::statistics::ranks;

/// Heights at which clusters are read, the highest first.
const HEIGHTS: [f64; 10] = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];

/// Spearman's ρ of all pairs of columns, p × p, ties sharing their mean rank; 0 with a column that does not vary.
/// Every value must be defined.
pub fn spearman(columns: &[Vec<f64>]) -> Vec<f64> {
    let unit: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| unit(&ranks(column).0))
        .collect();
    correlations(&unit)
}

/// The columns in an order that keeps alike ones together: clusters of average linkage on 1 − |ρ| (Sokal and Michener
/// 1958), read at ten heights from the loosest to the tightest, each cluster and column at the place of its first
/// member. `rho` is p × p.
pub fn by_likeness(rho: &[f64], p: usize) -> Vec<usize> {
    let closeness: Vec<f64> = rho.iter().map(|r| r.abs()).collect();
    let clusters = HEIGHTS.map(|height| average(&closeness, p, height));
    let mut order: Vec<usize> = (0..p).collect();
    order.sort_by_key(|&column| clusters.each_ref().map(|of| of[column]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlations_scipy() {
        let file = include_str!("../../../tests/reference/stats/explore.json");
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        let case = &file["spearman"];
        let columns: Vec<Vec<f64>> = serde_json::from_value(case["columns"].clone()).unwrap();
        let expected: Vec<Vec<f64>> = serde_json::from_value(case["rho"].clone()).unwrap();
        let found = spearman(&columns);
        for (found, expected) in found.iter().zip(expected.concat()) {
            assert!((found - expected).abs() < 1e-13, "{found} {expected}");
        }
        // 0 and 2 are opposites, 1, 3 and 5 are alike, 4 stands alone.
        let order = by_likeness(&found, columns.len());
        let place = |column: usize| order.iter().position(|&c| c == column).unwrap();
        assert_eq!(place(0).abs_diff(place(2)), 1);
        let mut alike = [1, 3, 5].map(place);
        alike.sort_unstable();
        assert_eq!(alike[2] - alike[0], 2, "{order:?}");
    }

    #[test]
    fn a_column_without_variation_is_like_none() {
        let found = spearman(&[vec![1.0, 2.0, 3.0], vec![5.0; 3]]);
        assert_eq!(found, [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(by_likeness(&[], 0), Vec::<usize>::new());
    }
}
