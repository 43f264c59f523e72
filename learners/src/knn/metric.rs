//! Distances between rows, as scikit-learn names them.

use serde::{Deserialize, Serialize};

use crate::dense::{dot, squared_distance};

/// How far apart two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// `√Σ (a_j − b_j)²`.
    Euclidean,
    /// `Σ |a_j − b_j|`.
    Manhattan,
    /// `max |a_j − b_j|`.
    Chebyshev,
    /// `(Σ |a_j − b_j|^p)^(1/p)`.
    Minkowski,
    /// `1 − a·b / (|a| |b|)`; 1 where a row is zero.
    Cosine,
}

/// A metric with its exponent: what orders rows, and the distance it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Distance {
    Euclidean,
    Manhattan,
    Chebyshev,
    Minkowski(f64),
    Cosine,
}

impl Distance {
    /// The metric, Minkowski's special cases under their own names.
    pub(super) fn new(metric: Metric, p: f64) -> Self {
        match metric {
            Metric::Euclidean => Self::Euclidean,
            Metric::Manhattan => Self::Manhattan,
            Metric::Chebyshev => Self::Chebyshev,
            Metric::Cosine => Self::Cosine,
            Metric::Minkowski if p.to_bits() == 1.0_f64.to_bits() => Self::Manhattan,
            Metric::Minkowski if p.to_bits() == 2.0_f64.to_bits() => Self::Euclidean,
            Metric::Minkowski if p.is_infinite() => Self::Chebyshev,
            Metric::Minkowski => Self::Minkowski(p),
        }
    }

    /// A number that grows with the distance and costs no root.
    pub(super) fn rank(self, a: &[f64], b: &[f64]) -> f64 {
        let differences = || a.iter().zip(b).map(|(x, y)| (x - y).abs());
        match self {
            Self::Euclidean => squared_distance(a, b),
            Self::Manhattan => absolute_distance(a, b),
            Self::Chebyshev => differences().fold(0.0, f64::max),
            Self::Minkowski(p) => differences().map(|d| d.powf(p)).sum(),
            Self::Cosine => {
                let length = (dot(a, a) * dot(b, b)).sqrt();
                let cosine = if length > 0.0 {
                    dot(a, b) / length
                } else {
                    0.0
                };
                (1.0 - cosine).clamp(0.0, 2.0)
            }
        }
    }

    /// The distance of a [`Distance::rank`].
    pub(super) fn of_rank(self, rank: f64) -> f64 {
        match self {
            Self::Euclidean => rank.sqrt(),
            Self::Minkowski(p) => rank.powf(1.0 / p),
            Self::Manhattan | Self::Chebyshev | Self::Cosine => rank,
        }
    }
}

/// `Σ |a_j − b_j|` in partial sums of a fixed order that can be vectorised.
fn absolute_distance(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    let (a_blocks, b_blocks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_blocks
        .remainder()
        .iter()
        .zip(b_blocks.remainder())
        .map(|(x, y)| (x - y).abs())
        .sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for lane in 0..LANES {
            lanes[lane] += (x[lane] - y[lane]).abs();
        }
    }
    lanes.iter().sum::<f64>() + rest
}
