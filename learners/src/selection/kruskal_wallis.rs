//! H of Kruskal and Wallis (1952, doi 10.1080/01621459.1952.10483441), corrected for ties as scipy's
//! `kruskal`.
//!
//! `H = (12 / (n (n + 1)) Σ_c R_c² / n_c − 3 (n + 1)) / (1 − Σ (t³ − t) / (n³ − n))`, `R_c` the sum of ranks
//! of class c, t the sizes of groups of equal values.

use crate::preprocess::statistics::ranks;
use crate::selection::Candidates;

/// H of one column.
pub(crate) fn statistic(values: &[f64], candidates: &Candidates) -> f64 {
    h(values, &candidates.classes, &candidates.counts)
}

/// H of values whose classes are numbered, with the number of values of each class, none of them 0.
pub(crate) fn h(values: &[f64], classes: &[usize], counts: &[usize]) -> f64 {
    let n = values.len() as f64;
    let (ranks, ties) = ranks(values);
    let mut sums = vec![0.0; counts.len()];
    for (rank, &class) in ranks.iter().zip(classes) {
        sums[class] += rank;
    }
    let squares = sums.iter().zip(counts);
    let squares: f64 = squares.map(|(sum, &count)| sum * sum / count as f64).sum();
    let h = 12.0 / (n * (n + 1.0)) * squares - 3.0 * (n + 1.0);
    h / (1.0 - ties / (n * n * n - n))
}
