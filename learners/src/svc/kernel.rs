//! Kernel functions K(a, b), with scikit-learn's letters.
//!
//! | name | K(a, b) |
//! |---|---|
//! | `rbf` | exp(−γ \|a − b\|²) |
//! | `linear` | a·b |
//! | `poly` | (γ a·b + r)^d |
//! | `sigmoid` | tanh(γ a·b + r) |
//!
//! All are functions of a·b, |a|² and |b|², so that blocks of rows cost products only.

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
    /// Whether moving all rows together changes nothing.
    pub(crate) fn sees_differences_only(self) -> bool {
        matches!(self, Self::Rbf { .. })
    }

    /// K(a, a) from |a|².
    pub(crate) fn diagonal(self, norm: f64) -> f64 {
        let mut out = [0.0; LANES];
        self.of_products(&[norm; LANES], norm, &[norm; LANES], &mut out);
        out[0]
    }

    /// Of one row with |a|² = `norm` and a panel's rows, from their products.
    #[expect(clippy::inline_always, reason = "compiled for the caller's processor")]
    #[inline(always)]
    pub(crate) fn of_products(
        self,
        products: &[f64; LANES],
        norm: f64,
        norms: &[f64; LANES],
        out: &mut [f64; LANES],
    ) {
        match self {
            Self::Rbf { gamma } => {
                for (out, (product, other)) in out.iter_mut().zip(products.iter().zip(norms)) {
                    // Rounding may leave a little below zero.
                    let distance = (norm + other - 2.0 * product).max(0.0);
                    *out = exp(-gamma * distance);
                }
            }
            Self::Linear {} => {
                for (out, &product) in out.iter_mut().zip(products) {
                    *out = product;
                }
            }
            Self::Poly {
                gamma,
                coef0,
                degree,
            } => {
                for (out, &product) in out.iter_mut().zip(products) {
                    *out = power(gamma * product + coef0, degree);
                }
            }
            Self::Sigmoid { gamma, coef0 } => {
                for (out, &product) in out.iter_mut().zip(products) {
                    let e = exp(2.0 * (gamma * product + coef0));
                    *out = 1.0 - 2.0 / (e + 1.0);
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
    /// Of two rows, by differences and plain sums.
    pub(crate) fn of_rows(self, a: &[f64], b: &[f64]) -> f64 {
        match self {
            Self::Rbf { gamma } => (-gamma * crate::dense::squared_distance(a, b)).exp(),
            Self::Linear {} => crate::dense::dot(a, b),
            Self::Poly {
                gamma,
                coef0,
                degree,
            } => power(gamma * crate::dense::dot(a, b) + coef0, degree),
            Self::Sigmoid { gamma, coef0 } => (gamma * crate::dense::dot(a, b) + coef0).tanh(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::panels::{Panels, product};
    use super::*;

    #[test]
    fn blocks_give_what_plain_rows_give() {
        let rows: Vec<Vec<f64>> = (0..LANES)
            .map(|i| {
                (0..7)
                    .map(|k| f64::from(u32::try_from(i * 37 + k * 11).unwrap() % 23) / 9.0 - 1.0)
                    .collect()
            })
            .collect();
        let panels = Panels::pack(7, rows.iter().map(Vec::as_slice));
        let mut norms = [0.0; LANES];
        for (norm, row) in norms.iter_mut().zip(&rows) {
            *norm = product(row, row);
        }
        for kernel in [
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
        ] {
            for (row, &norm) in rows.iter().zip(&norms) {
                let mut out = [0.0; LANES];
                let products = panels.products(0, row);
                kernel.of_products(&products, norm, &norms, &mut out);
                for (a, other) in out.iter().zip(&rows) {
                    let plain = kernel.of_rows(row, other);
                    let scale = plain.abs().max(1.0);
                    assert!((a - plain).abs() < 1e-13 * scale, "{kernel:?} {a} {plain}");
                }
            }
        }
    }

    #[test]
    fn powers_are_products() {
        assert_eq!(power(3.0, 0).to_bits(), 1.0_f64.to_bits());
        assert_eq!(power(-2.0, 5).to_bits(), (-32.0_f64).to_bits());
    }
}
