//! The four features that ask how much one side of a pair tells about the other; symbols stand in the
//! head of [`super`].

use super::eigenvalues::second_largest_absolute;
use super::marginals::CoOccurrence;
use crate::profile::Profile;
use crate::settings::Pairs;

/// What PyRadiomics takes instead of 0 / 0; undefined in the other profile.
fn by_convention(c: &CoOccurrence, value: f64) -> f64 {
    match c.frame.profile {
        Profile::PyRadiomics => value,
        Profile::Ibsi => f64::NAN,
    }
}

/// `Σ (i - mu_x)(j - mu_y) p(i, j) / (sigma_x sigma_y + ε)`. Where a `sigma` is 0 PyRadiomics says 1, the
/// standard nothing: NaN.
///
/// The covariance is a quarter of the difference between the variances of `i + j` and `i - j`.
pub(super) fn correlation(c: &CoOccurrence) -> f64 {
    let deviations = (c.rows.variance * c.columns.variance).sqrt();
    if deviations == 0.0 {
        return by_convention(c, 1.0);
    }
    let (sum, difference) = (c.rows.mean + c.columns.mean, c.rows.mean - c.columns.mean);
    let of_sums = c.over_sums(|k| (k - sum) * (k - sum));
    let of_differences = c.over_differences(|k| k * k) - difference * difference;
    (of_sums - of_differences) / 4.0 / (deviations + c.frame.profile.epsilon())
}

/// `(HXY - HXY1) / max(HX, HY)`. Where both are 0 PyRadiomics says 0, the standard nothing: NaN.
pub(super) fn information_correlation_1(c: &CoOccurrence) -> f64 {
    if c.is_certain() {
        return by_convention(c, 0.0);
    }
    let epsilon = c.frame.profile.epsilon();
    let marginal = c.rows.entropy(epsilon).max(c.columns.entropy(epsilon));
    (c.joint_entropy - c.cross_entropy_1()) / marginal
}

/// `sqrt(1 - exp(-2 (HXY2 - HXY)))`.
///
/// The difference is a mutual information and never negative, but may round below zero where the two
/// sides are independent: 0 then.
pub(super) fn information_correlation_2(c: &CoOccurrence) -> f64 {
    if c.is_certain() {
        return 0.0;
    }
    let information = (c.cross_entropy_2() - c.joint_entropy).max(0.0);
    (-(-2.0 * information).exp_m1()).sqrt()
}

/// The square root of the second largest eigenvalue of
/// `Q(i, j) = Σ_k p(i, k) p(j, k) / (p_x(i) p_y(k) + ε)`; set to 1 elsewhere when the
/// region has one grey level.
///
/// With `A(i, k) = p(i, k) / sqrt(p_x(i) p_y(k) + ε)`, `Q` is similar to `A A^T`, exactly so for `ε = 0`
/// and to first order in `ε` otherwise: `D^(1/2) Q D^(-1/2)`, `D = diag(p_x)`, differs from `A A^T` by an
/// antisymmetric matrix of the size of `ε`, which moves eigenvalues by its square only. `ε` matters:
/// levels that occur in a single pair have `p_x(i) p_y(k)` near `1e-8`. Where pairs count both ways `A`
/// is symmetric, and the feature is its second largest absolute eigenvalue, found without squaring. The
/// largest is 1, of the eigenvector `sqrt(p_x)`.
pub(super) fn maximal_correlation(c: &CoOccurrence) -> f64 {
    // Levels without neighbours in this direction add eigenvalues 0.
    let mut position = vec![usize::MAX; c.rows.p.len()];
    let mut n = 0;
    for (level, (x, y)) in c.rows.p.iter().zip(&c.columns.p).enumerate() {
        if *x > 0.0 || *y > 0.0 {
            position[level] = n;
            n += 1;
        }
    }
    let mut leading = vec![0.0; n];
    for (at, p) in position.iter().zip(&c.rows.p).filter(|(at, _)| **at < n) {
        leading[*at] = p.sqrt();
    }
    let epsilon = c.frame.profile.epsilon();
    let mut a = vec![0.0; n * n];
    for cell in &c.elements {
        let (i, j) = (usize::from(cell.i), usize::from(cell.j));
        let scale = (c.rows.p[i] * c.columns.p[j] + epsilon).sqrt() * c.total;
        let (row, column) = (position[i], position[j]);
        match c.frame.pairs {
            Pairs::OneWay => a[row * n + column] = cell.count / scale,
            Pairs::Symmetric => {
                let count = cell.count * if i == j { 2.0 } else { 1.0 };
                a[row * n + column] = count / scale;
                a[column * n + row] = count / scale;
            }
        }
    }
    match c.frame.pairs {
        Pairs::Symmetric => second_largest_absolute(&mut a, &leading),
        Pairs::OneWay => second_largest_absolute(&mut times_transpose(&a, n), &leading).sqrt(),
    }
}

/// `A A^T` of an `n × n` matrix.
fn times_transpose(a: &[f64], n: usize) -> Vec<f64> {
    let mut product = Vec::with_capacity(n * n);
    for row in a.chunks_exact(n) {
        let with_all = a.chunks_exact(n);
        product
            .extend(with_all.map(|other| row.iter().zip(other).map(|(a, b)| a * b).sum::<f64>()));
    }
    product
}
