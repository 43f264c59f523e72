//! Entropy in bits, with PyRadiomics' small number inside the logarithm.

/// The distance from 1.0 to the next `f64`, which PyRadiomics adds inside every logarithm and to some
/// denominators. It shows where a probability is 1: the entropy of a flat region is about -3.2e-16.
pub(crate) const EPSILON: f64 = f64::EPSILON;

/// `-p log2(p + ε)`; exactly 0 for `p = 0`.
pub(crate) fn term(p: f64) -> f64 {
    if p > 0.0 {
        -p * (p + EPSILON).log2()
    } else {
        0.0
    }
}

/// `-Σ p log2(p + ε)`.
pub(crate) fn of(probabilities: impl IntoIterator<Item = f64>) -> f64 {
    probabilities.into_iter().map(term).sum()
}
