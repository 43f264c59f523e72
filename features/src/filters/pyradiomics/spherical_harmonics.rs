//! Spherical harmonics, with the phase `(-1)^m` and unit norm.
//!
//! `Y_n^m(θ, φ) = √((2n+1)/4π · (n-m)!/(n+m)!) P_n^m(cos φ) e^{imθ}`: azimuth θ, polar angle φ (NIST Digital Library
//! of Mathematical Functions, 14.30). `P_n^m` is taken for the positive root of `1 - cos² φ`.

use std::f64::consts::PI;

/// Real and imaginary part.
pub(super) type Complex = [f64; 2];

/// `Y_n^m` for `m = -n ..= n` at an azimuth and a polar angle.
pub(super) fn spherical_harmonics(n: i32, azimuth: f64, polar: f64) -> Vec<Complex> {
    (-n..=n)
        .map(|m| {
            let order = m.abs();
            let legendre = associated_legendre(n, order, polar.cos());
            let ratio: f64 = (n - order + 1..=n + order).map(f64::from).product();
            let norm = (f64::from(2 * n + 1) / (4.0 * PI) / ratio).sqrt();
            // Y_n^-m is (-1)^m times the complex conjugate of Y_n^m.
            let sign = if m < 0 && order % 2 == 1 { -1.0 } else { 1.0 };
            let angle = f64::from(m) * azimuth;
            let size = sign * norm * legendre;
            [size * angle.cos(), size * angle.sin()]
        })
        .collect()
}

/// `P_n^m(x)` with the phase `(-1)^m`, by recursion in `n` from `P_m^m`.
fn associated_legendre(n: i32, m: i32, x: f64) -> f64 {
    let root = (1.0 - x * x).max(0.0).sqrt();
    let mut last = 0.0;
    let mut now: f64 = (1..=m).map(|k| -f64::from(2 * k - 1) * root).product();
    for degree in m + 1..=n {
        let next = (f64::from(2 * degree - 1) * x * now - f64::from(degree + m - 1) * last)
            / f64::from(degree - m);
        last = now;
        now = next;
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_of_low_degrees_are_met() {
        let (theta, phi) = (1.1, 0.7_f64);
        let close = |found: Complex, expected: Complex| {
            (found[0] - expected[0]).abs() < 1e-15 && (found[1] - expected[1]).abs() < 1e-15
        };
        let zero = spherical_harmonics(0, theta, phi)[0];
        assert!(close(zero, [0.5 / PI.sqrt(), 0.0]));
        let one = spherical_harmonics(1, theta, phi);
        let size = (3.0 / (8.0 * PI)).sqrt() * phi.sin();
        assert!(close(one[0], [size * theta.cos(), -size * theta.sin()]));
        assert!(close(one[1], [(3.0 / (4.0 * PI)).sqrt() * phi.cos(), 0.0]));
        assert!(close(one[2], [-size * theta.cos(), -size * theta.sin()]));
        let two = spherical_harmonics(2, theta, phi);
        let middle = (5.0 / (16.0 * PI)).sqrt() * (3.0 * phi.cos().powi(2) - 1.0);
        assert!(close(two[2], [middle, 0.0]));
    }

    #[test]
    fn the_sum_over_orders_of_the_squares_is_constant() {
        // Unsöld's theorem: Σ |Y_n^m|² = (2n + 1) / 4π.
        for n in 0..8 {
            let all = spherical_harmonics(n, -2.0, 2.4);
            let sum: f64 = all.iter().flatten().map(|part| part * part).sum();
            let expected = f64::from(2 * n + 1) / (4.0 * PI);
            assert!((sum - expected).abs() < 1e-13, "{n}: {sum}");
        }
    }
}
