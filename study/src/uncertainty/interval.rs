//! Confidence intervals out of a bootstrap distribution.
//!
//! Percentile and BCa after Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, sections
//! 13.3 and 14.3.

use serde::{Deserialize, Serialize};

use crate::uncertainty::normal;

/// Values of discrete figures that differ by rounding only count as equal to the estimate.
const TIE: f64 = 1e-12;

/// Lower and upper end, both inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Interval {
    /// Whether a value lies inside.
    pub fn contains(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }
}

/// The value below which a share `q` of the sorted values lies, linear between neighbours (type 7 of
/// Hyndman and Fan 1996, numpy's default).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share in 0..=1 of a position in a list"
)]
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let share = position - below as f64;
    // The nearer end leads, so that neither end is overshot by rounding.
    let step = sorted[above] - sorted[below];
    if share < 0.5 {
        sorted[below] + step * share
    } else {
        sorted[above] - step * (1.0 - share)
    }
}

/// The interval between the two outer quantiles.
///
/// `sorted`: the figure in every resample, at least one, smallest first.
pub(crate) fn percentile(sorted: &[f64], confidence: f64) -> Interval {
    let tail = (1.0 - confidence) / 2.0;
    Interval {
        lower: quantile(sorted, tail),
        upper: quantile(sorted, 1.0 - tail),
    }
}

/// The bias-corrected and accelerated interval; `None` where its correction has no value: every
/// resample on one side of the estimate, or an acceleration that turns the quantiles around.
///
/// * `sorted`: the figure in every resample, smallest first;
/// * `jackknife`: the figure with each patient left out once;
/// * `estimate`: the figure of everyone.
pub(crate) fn bca(
    sorted: &[f64],
    jackknife: &[f64],
    estimate: f64,
    confidence: f64,
) -> Option<Interval> {
    let below = sorted.partition_point(|&v| v < estimate - TIE);
    let up_to = sorted.partition_point(|&v| v <= estimate + TIE);
    // Ties count half, as scipy does.
    let share = (below + up_to) as f64 / (2 * sorted.len()) as f64;
    let bias = normal::quantile(share);
    let acceleration = acceleration(jackknife);
    let end = |q: f64| {
        let z = bias + normal::quantile(q);
        let denominator = 1.0 - acceleration * z;
        let corrected = normal::cdf(bias + z / denominator);
        (bias.is_finite() && denominator > 0.0).then(|| quantile(sorted, corrected))
    };
    let tail = (1.0 - confidence) / 2.0;
    Some(Interval {
        lower: end(tail)?,
        upper: end(1.0 - tail)?,
    })
}

/// Σ d³ / (6 (Σ d²)^(3/2)) with d the distance of a jackknife value below their mean; 0 when no
/// patient matters more than another.
fn acceleration(jackknife: &[f64]) -> f64 {
    let mean = jackknife.iter().sum::<f64>() / jackknife.len() as f64;
    let (mut squares, mut cubes) = (0.0, 0.0);
    for value in jackknife {
        let d = mean - value;
        squares += d * d;
        cubes += d * d * d;
    }
    // Rounding alone leaves distances of this size.
    if squares <= TIE * TIE {
        return 0.0;
    }
    cubes / (6.0 * squares.powf(1.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_between_neighbours_by_hand() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        let near = |q: f64, expected: f64| (quantile(&sorted, q) - expected).abs() < 1e-15;
        assert!(near(0.0, 1.0) && near(1.0, 8.0) && near(0.5, 3.0) && near(0.75, 5.0));
        assert!((quantile(&[3.0], 0.3) - 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_figure_that_cannot_vary_has_a_point() {
        let always = vec![0.5; 100];
        let point = Interval {
            lower: 0.5,
            upper: 0.5,
        };
        assert_eq!(percentile(&always, 0.95), point);
        assert_eq!(bca(&always, &[0.5; 7], 0.5, 0.95), Some(point));
    }

    #[test]
    fn an_estimate_outside_its_resamples_has_no_bca() {
        assert_eq!(bca(&[0.1, 0.2, 0.3], &[0.1, 0.2, 0.3], 0.9, 0.95), None);
    }

    /// The cells of one case of the reference file.
    fn cell(case: &str, what: &str) -> Vec<f64> {
        let file = include_str!("../../../tests/reference/stats/bootstrap.csv");
        let head = format!("{case},{what},");
        let line = file.lines().find_map(|line| line.strip_prefix(&head));
        line.expect("a line of the reference file")
            .split(' ')
            .map(|number| number.parse().expect("a number"))
            .collect()
    }

    #[test]
    fn intervals_scipy() {
        for case in ["skewed", "skewed90", "share"] {
            let (data, confidence) = (cell(case, "data"), cell(case, "confidence")[0]);
            let mut sorted = cell(case, "distribution");
            sorted.sort_by(f64::total_cmp);
            let n = data.len() as f64;
            let sum: f64 = data.iter().sum();
            let jackknife: Vec<f64> = data.iter().map(|value| (sum - value) / (n - 1.0)).collect();
            let found = [
                ("percentile", Some(percentile(&sorted, confidence))),
                ("bca", bca(&sorted, &jackknife, sum / n, confidence)),
            ];
            for (name, interval) in found {
                let interval = interval.unwrap();
                let expected = cell(case, name);
                // The corrected share of a BCa end is good to about 1e-15, an end to 1e-12.
                assert!(
                    (interval.lower - expected[0]).abs() < 1e-12
                        && (interval.upper - expected[1]).abs() < 1e-12,
                    "{case} {name}: {interval:?}, expected {expected:?}"
                );
            }
        }
    }
}
