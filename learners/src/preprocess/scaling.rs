//! Columns brought to a common scale, with scikit-learn's definitions.
//!
//! | rule | of a value x |
//! |---|---|
//! | `standard` | (x − mean) / population standard deviation |
//! | `robust` | (x − median) / (third quartile − first quartile) |
//! | `min_max` | (x − least) / (greatest − least); new values may leave 0..1 |
//! | `quantile_uniform` | share of training values below x, linear between 1000 quantiles |
//! | `quantile_normal` | the standard normal quantile of that share, cut at ±5.2 |
//!
//! A column whose quartiles are equal is centred only by `robust`. scikit-learn's quantile transformer
//! also moves values within 1e-7 of the ends to the ends, whatever the column's scale; here they stay
//! where they are.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::preprocess::constant::Spread;
use crate::preprocess::normal::normal_quantile;
use crate::preprocess::statistics::{median, quantile, quantile_at, sorted};
use crate::preprocess::working::Working;

/// Quantiles remembered a column, scikit-learn's default.
const N_QUANTILES: usize = 1000;

/// Share beyond which a normal quantile is cut, scikit-learn's `BOUNDS_THRESHOLD`.
const CUT: f64 = 1e-7;

/// Whether columns are brought to a common scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Mean 0 and population standard deviation 1 over the training rows.
    #[default]
    Standard,
    /// Median 0 and distance of the quartiles 1.
    Robust,
    /// Least value 0 and greatest 1.
    MinMax,
    /// Ranks spread evenly over 0..1.
    QuantileUniform,
    /// Ranks spread like a standard normal variable.
    QuantileNormal,
    /// Values as they are.
    Unscaled,
}

/// How one column is brought to the common scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Scale {
    /// (x − centre) / width.
    Linear {
        /// Subtracted; 0 where unscaled.
        centre: f64,
        /// Divided by; 1 where unscaled.
        width: f64,
    },
    /// Share of training values below.
    Uniform {
        /// Training values at even shares, ascending.
        quantiles: Vec<f64>,
    },
    /// Normal quantile of that share.
    Normal {
        /// Training values at even shares, ascending.
        quantiles: Vec<f64>,
    },
}

impl Scale {
    /// Values as they are.
    pub(crate) const IDENTITY: Self = Self::Linear {
        centre: 0.0,
        width: 1.0,
    };

    /// The value on the common scale; undefined stays undefined.
    pub(crate) fn apply(&self, value: f64) -> f64 {
        match self {
            Self::Linear { centre, width } => (value - centre) / width,
            _ if value.is_nan() => value,
            Self::Uniform { quantiles } => share_below(quantiles, value),
            Self::Normal { quantiles } => {
                let share = share_below(quantiles, value);
                normal_quantile(share.clamp(CUT, 1.0 - CUT))
            }
        }
    }

    /// What a scale from a file must fulfil.
    pub(crate) fn check(&self, column: &str) -> Result<()> {
        let fault = |found: String, expected: &str| {
            let place = format!("preprocess, scale of column '{column}'");
            Err(LearnError::saved(place, found, expected))
        };
        match self {
            Self::Linear { centre, width } => {
                if !(centre.is_finite() && width.is_finite() && *width > 0.0) {
                    return fault(
                        format!("centre {centre}, width {width}"),
                        "finite values and a width above 0",
                    );
                }
            }
            Self::Uniform { quantiles } | Self::Normal { quantiles } => {
                let ascending = quantiles.windows(2).all(|pair| pair[0] <= pair[1]);
                if quantiles.is_empty() || !ascending || quantiles.iter().any(|v| !v.is_finite()) {
                    return fault(
                        format!("{} quantiles out of order", quantiles.len()),
                        "finite quantiles in ascending order",
                    );
                }
            }
        }
        Ok(())
    }
}

/// Share of training values below a value, linear between the quantiles; the middle of the shares of
/// equal quantiles.
fn share_below(quantiles: &[f64], value: f64) -> f64 {
    let last = quantiles.len() - 1;
    let steps = last.max(1) as f64;
    let below = quantiles.partition_point(|q| *q < value);
    let up_to = below + quantiles[below..].partition_point(|q| *q <= value);
    if value <= quantiles[0] {
        return 0.0;
    }
    if value >= quantiles[last] {
        return 1.0;
    }
    if up_to > below {
        return 0.5 * (below + up_to - 1) as f64 / steps;
    }
    let (low, high) = (quantiles[below - 1], quantiles[below]);
    ((below - 1) as f64 + (value - low) / (high - low)) / steps
}

/// Estimates the scale of every column; `spreads` are those of its values.
pub(crate) fn fit(work: &mut Working, rule: Scaling, spreads: &[Spread]) {
    let scales = match rule {
        Scaling::Unscaled => return,
        Scaling::Standard => spreads
            .iter()
            .map(|spread| linear(spread.mean, spread.variance.sqrt()))
            .collect(),
        _ => work.map(|_, values| by_order(rule, values)),
    };
    for (candidate, scale) in work.columns.iter_mut().zip(scales) {
        candidate.fitted.scale = scale;
    }
}

/// A scale that needs values in ascending order.
fn by_order(rule: Scaling, values: &[f64]) -> Scale {
    let defined: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let sorted = sorted(&defined);
    let (least, greatest) = (sorted[0], sorted[sorted.len() - 1]);
    match rule {
        Scaling::MinMax => linear(least, greatest - least),
        Scaling::Robust => {
            let width = quantile(&sorted, 0.75) - quantile(&sorted, 0.25);
            linear(median(&sorted).unwrap_or(least), width)
        }
        _ => {
            let count = N_QUANTILES.min(sorted.len());
            let steps = (count - 1).max(1) as f64;
            // One division only, so that with a quantile a value each is that very value.
            let last = (sorted.len() - 1) as f64;
            let quantiles = (0..count).map(|i| quantile_at(&sorted, i as f64 * last / steps));
            let mut highest = f64::NEG_INFINITY;
            let quantiles = quantiles.map(|q| {
                // Rounding between equal values must not turn the order.
                highest = f64::max(highest, q);
                highest
            });
            let quantiles = quantiles.collect();
            if rule == Scaling::QuantileNormal {
                Scale::Normal { quantiles }
            } else {
                Scale::Uniform { quantiles }
            }
        }
    }
}

/// A linear scale; without any width it only centres.
fn linear(centre: f64, width: f64) -> Scale {
    let width = if width > 0.0 { width } else { 1.0 };
    Scale::Linear { centre, width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_quantiles_give_the_middle_of_their_shares() {
        let quantiles = [1.0, 2.0, 2.0, 2.0, 4.0];
        let found: Vec<f64> = [0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 9.0]
            .iter()
            .map(|&v| share_below(&quantiles, v))
            .collect();
        assert_eq!(found, [0.0, 0.0, 0.125, 0.5, 0.875, 1.0, 1.0]);
        assert!(share_below(&[3.0], 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn scales_from_files_are_checked() {
        assert!(Scale::IDENTITY.check("x").is_ok());
        let width = |width| Scale::Linear { centre: 0.0, width };
        assert!(width(0.0).check("x").is_err() && width(f64::INFINITY).check("x").is_err());
        let normal = |quantiles| Scale::Normal { quantiles };
        assert!(normal(vec![1.0, 1.0]).check("x").is_ok());
        assert!(normal(vec![]).check("x").is_err() && normal(vec![2.0, 1.0]).check("x").is_err());
    }
}
