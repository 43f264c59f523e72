//! F of a one-way analysis of variance, scikit-learn's `f_classif`.
//!
//! `F = (Σ_c n_c (m_c − m)² / (K − 1)) / (Σ_i (x_i − m_c(i))² / (n − K))` over K classes of n rows, `m_c` their
//! means. Infinite where classes differ and do not vary; undefined where nothing varies.

use crate::selection::Candidates;

/// F of one column.
pub(crate) fn anova_f(values: &[f64], candidates: &Candidates) -> f64 {
    let (classes, counts) = (&candidates.classes, &candidates.counts);
    let n = values.len() as f64;
    // Counted from a value of the column, so that a large mean costs no digits.
    let origin = values.first().copied().unwrap_or(0.0);
    let mut means = vec![0.0; counts.len()];
    for (x, &class) in values.iter().zip(classes) {
        means[class] += x - origin;
    }
    let total: f64 = means.iter().sum();
    for (mean, &count) in means.iter_mut().zip(counts) {
        *mean /= count as f64;
    }
    let within: f64 = values
        .iter()
        .zip(classes)
        .map(|(x, &class)| {
            let d = x - origin - means[class];
            d * d
        })
        .sum();
    let between: f64 = means
        .iter()
        .zip(counts)
        .map(|(mean, &count)| count as f64 * (mean - total / n) * (mean - total / n))
        .sum();
    let k = counts.len() as f64;
    (between / (k - 1.0)) / (within / (n - k))
}
