//! Kernel functions K(a, b), with scikit-learn's letters.
//!
//! | name | K(a, b) |
//! |---|---|
//! | `rbf` | exp(−γ \|a − b\|²) |
//! | `linear` | a·b |
//! | `poly` | (γ a·b + r)^d |
//! | `sigmoid` | tanh(γ a·b + r) |
//!
//! All are functions of one number that two rows have in common, their *measure*: the squared distance for a Gaussian,
//! else the product. The distance is summed from differences: its rounding does not depend on where the data lie,
//! and it is exactly zero for equal rows.

use serde::{Deserialize, Serialize};

use super::exponential::exp;
use super::panels::LANES;
use crate::error::Result;
use crate::saved::expect_finite;

/// A kernel with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum KernelFunction {
    /// Gaussian.
    Rbf { gamma: f64 },
    /// Plain product.
    Linear {},
    /// Power of a product.
    Poly { gamma: f64, coef0: f64, degree: u32 },
    /// Hyperbolic tangent of a product; not positive definite in general.
    Sigmoid { gamma: f64, coef0: f64 },
}

impl KernelFunction {
    /// Measure of a row with itself, with the bits that a panel gives.
    pub(crate) fn own_measure(self, row: &[f64]) -> f64 {
        match self {
            Self::Rbf { .. } => 0.0,
            _ => row.iter().map(|value| value * value).sum(),
        }
    }

    /// Measures of one row with each of a panel, whose line k holds column k of its rows.
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    pub(crate) fn measures(self, panel: &[[f64; LANES]], row: &[f64]) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        let lines = panel.iter().zip(row);
        if let Self::Rbf { .. } = self {
            for (line, &value) in lines {
                for (sum, &other) in sums.iter_mut().zip(line) {
                    *sum += (value - other) * (value - other);
                }
            }
        } else {
            for (line, &value) in lines {
                for (sum, &other) in sums.iter_mut().zip(line) {
                    *sum += value * other;
                }
            }
        }
        sums
    }

    /// Makes kernels of measures.
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    pub(crate) fn of_measures(self, values: &mut [f64; LANES]) {
        match self {
            Self::Rbf { gamma } => {
                for value in values {
                    *value = exp(-gamma * *value);
                }
            }
            Self::Linear {} => {}
            Self::Poly {
                gamma,
                coef0,
                degree,
            } => {
                for value in values {
                    *value = power(gamma * *value + coef0, degree);
                }
            }
            Self::Sigmoid { gamma, coef0 } => {
                for value in values {
                    let e = exp(2.0 * (gamma * *value + coef0));
                    *value = 1.0 - 2.0 / (e + 1.0);
                }
            }
        }
    }

    pub(crate) fn check(self) -> Result<()> {
        let (gamma, coef0) = match self {
            Self::Rbf { gamma } => (gamma, 0.0),
            Self::Linear {} => (1.0, 0.0),
            Self::Poly { gamma, coef0, .. } | Self::Sigmoid { gamma, coef0 } => (gamma, coef0),
        };
        expect_finite("kernel", &[gamma, coef0])
    }
}

/// base^exponent by squaring.
#[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
#[inline(always)]
fn power(mut base: f64, mut exponent: u32) -> f64 {
    let mut result = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result *= base;
        }
        base *= base;
        exponent /= 2;
    }
    result
}

#[cfg(test)]
impl KernelFunction {
    /// Of two rows, by plain sums.
    pub(crate) fn of_rows(self, a: &[f64], b: &[f64]) -> f64 {
        let pairs = || a.iter().zip(b);
        let product = || pairs().map(|(x, y)| x * y).sum::<f64>();
        match self {
            Self::Rbf { gamma } => {
                let distance: f64 = pairs().map(|(x, y)| (x - y).powi(2)).sum();
                (-gamma * distance).exp()
            }
            Self::Linear {} => product(),
            Self::Poly {
                gamma,
                coef0,
                degree,
            } => power(gamma * product() + coef0, degree),
            Self::Sigmoid { gamma, coef0 } => (gamma * product() + coef0).tanh(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::panels::Panels;
    use super::*;
    use crate::adapters::pulp::vectorised;

    const KERNELS: [KernelFunction; 4] = [
        KernelFunction::Rbf { gamma: 0.3 },
        KernelFunction::Linear {},
        KernelFunction::Poly {
            gamma: 0.2,
            coef0: 0.5,
            degree: 3,
        },
        KernelFunction::Sigmoid {
            gamma: 0.1,
            coef0: -0.2,
        },
    ];

    fn rows(width: usize) -> Vec<Vec<f64>> {
        let value = |i: usize, k: usize| (i * 37 + k * 11) % 23;
        let row = |i| (0..width).map(|k| value(i, k) as f64 / 9.0 - 1.0).collect();
        (0..LANES).map(row).collect()
    }

    #[test]
    fn panels_give_what_plain_sums_give() {
        for width in [1, 7, 29] {
            let rows = rows(width);
            let panels = Panels::of(width, rows.iter().map(Vec::as_slice));
            for kernel in KERNELS {
                for (at, row) in rows.iter().enumerate() {
                    let measures = kernel.measures(panels.panel(0), row);
                    let own = kernel.own_measure(row);
                    assert_eq!(measures[at].to_bits(), own.to_bits());
                    let mut kernels = measures;
                    kernel.of_measures(&mut kernels);
                    for (found, other) in kernels.iter().zip(&rows) {
                        let plain = kernel.of_rows(row, other);
                        let most = 1e-13 * plain.abs().max(1.0);
                        assert!((found - plain).abs() < most, "{kernel:?} {found} {plain}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_measure_has_the_same_bits_in_every_lane_and_compiled_for_every_processor() {
        let rows = rows(29);
        let panels = Panels::of(29, rows.iter().map(Vec::as_slice));
        let turned = Panels::of(29, rows.iter().rev().map(Vec::as_slice));
        for kernel in KERNELS {
            let plain = kernel.measures(panels.panel(0), &rows[3]);
            let wide = vectorised(
                #[inline(always)]
                || kernel.measures(turned.panel(0), &rows[3]),
            );
            for (at, (plain, wide)) in plain.iter().zip(wide.iter().rev()).enumerate() {
                assert_eq!(wide.to_bits(), plain.to_bits());
                let back = kernel.measures(panels.panel(0), &rows[at])[3];
                assert_eq!(back.to_bits(), plain.to_bits());
            }
        }
    }

    #[test]
    fn powers_are_products() {
        assert_eq!(power(3.0, 0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(power(-2.0, 5).to_bits(), (-32.0_f64).to_bits());
    }
}
