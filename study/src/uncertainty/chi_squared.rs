//! The upper tail of the χ² distribution with whole degrees of freedom, in closed form.
//!
//! With y = x / 2 (Abramowitz and Stegun 26.4.4 and 26.4.5):
//!
//! * ν even: e^(−y) Σ_(k < ν/2) y^k / k!
//! * ν odd: 2 Φ(−√x) + e^(−y) Σ_(k = 1..(ν−1)/2) y^(k − 1/2) / Γ(k + 1/2)

use crate::uncertainty::normal::cdf;

/// The probability of a value above `x`; 1 for `x` up to 0.
///
/// # Panics
/// Without degrees of freedom.
///
/// # Examples
/// ```
/// use raduet_study::uncertainty::chi_squared_upper;
///
/// assert!((chi_squared_upper(2.0, 2) - (-1.0_f64).exp()).abs() < 1e-15);
/// ```
pub fn chi_squared_upper(x: f64, degrees: usize) -> f64 {
    assert!(degrees > 0, "a χ² distribution without degrees of freedom");
    if x <= 0.0 {
        return 1.0;
    }
    let y = x / 2.0;
    let even = degrees.is_multiple_of(2);
    // The first term, and by how much each next one is larger: y / k, or y / (k + 1/2).
    let (start, mut term, offset) = if even {
        (0.0, (-y).exp(), 0.0)
    } else {
        // Γ(3/2) = √π / 2.
        let first = (-y).exp() * y.sqrt() * 2.0 / std::f64::consts::PI.sqrt();
        (2.0 * cdf(-x.sqrt()), first, 0.5)
    };
    let mut sum = start;
    for k in 1..=degrees / 2 {
        sum += term;
        term *= y / (k as f64 + offset);
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_scipy() {
        let file = include_str!("../../../tests/reference/stats/chi_squared.csv");
        let mut lines = 0;
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "small whole numbers"
            )]
            let found = chi_squared_upper(cells[0], cells[1] as usize);
            // A sum of up to fifty terms, each good to some ulp.
            let near = (found - cells[2]).abs() <= 1e-13 * cells[2];
            assert!(near, "{line}: {found}");
            lines += 1;
        }
        assert!(lines >= 30);
    }
}
