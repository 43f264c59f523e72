//! Surface of an ellipsoid.

use std::f64::consts::PI;

/// The standard asks for terms up to this degree (IBSI chapter 3.1.22).
const DEGREE: u8 = 20;

/// Area of the ellipsoid with semi-axes `a >= b >= c` as the standard approximates it, by a series of
/// Legendre polynomials: `4 pi a b Σ_v (α β)^v / (1 - 4 v²) P_v((α² + β²) / (2 α β))`,
/// `α² = 1 - b²/a²`, `β² = 1 - c²/a²`. NaN when `a` is 0.
///
/// The series would be exact with `α² = 1 - c²/b²`; as the manual prints it, and as its reference values
/// were computed, an ellipsoid of 3 × 2 × 1 comes out 8 % too large, a ball right.
pub(super) fn area([a, b, c]: [f64; 3]) -> f64 {
    let (alpha_2, beta_2) = (1.0 - (b / a).powi(2), 1.0 - (c / a).powi(2));
    // Bonnet's recursion of q_v = (α β)^v P_v, which needs no division by α β: both may be 0.
    let (half_sum, product) = (f64::midpoint(alpha_2, beta_2), alpha_2 * beta_2);
    let (mut before, mut q) = (0.0, 1.0);
    let mut sum = 0.0;
    for v in 0..=DEGREE {
        let v = f64::from(v);
        sum += q / (1.0 - 4.0 * v * v);
        let next = ((2.0 * v + 1.0) * half_sum * q - v * product * before) / (v + 1.0);
        before = q;
        q = next;
    }
    4.0 * PI * a * b * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-14, "{found} {expected}");
    }

    /// The last two by `numpy.polynomial.legendre.legval`, term by term.
    #[test]
    fn balls_and_the_series_written_out() {
        near(area([3.0; 3]), 36.0 * PI);
        assert!(area([0.0; 3]).is_nan());
        near(area([3.0, 2.0, 1.0]), 52.813_481_012_024_16);
        near(area([1.0, 0.9, 0.05]), 8.466_777_282_209_43);
    }
}
