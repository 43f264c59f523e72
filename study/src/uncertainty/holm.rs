//! Holm's correction of several p values.

/// Adjusted p values in the order given (Holm 1979, *Scandinavian Journal of Statistics* 6:65–70).
///
/// The i-th smallest of m (from 1) becomes the largest of (m − j + 1) · p over j ≤ i, at most 1.
/// Rejecting adjusted values below α keeps the chance of any false rejection below α.
///
/// # Examples
/// ```
/// use raduet_study::uncertainty::holm;
///
/// assert_eq!(holm(&[0.25, 0.125, 0.5]), [0.5, 0.375, 0.5]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max((p.len() - rank) as f64 * p[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}
