//! k nearest neighbours: the share of each class among the k closest training rows.
//!
//! Rows are compared by brute force: at the hundreds of columns of a radiomics table no search tree is
//! faster. Of training rows at equal distance the earlier one counts as nearer.
//! Cover and Hart 1967, doi 10.1109/TIT.1967.1053964; weights by distance: Dudani 1976,
//! doi 10.1109/TSMC.1976.5408784, in scikit-learn's form 1 / d.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_finite, expect_product};

mod metric;
mod search;

pub use metric::Metric;

use metric::Distance;
use search::{Neighbor, Search};

/// Name in results.
pub(crate) const NAME: &str = "k_neighbors";

/// What a neighbour's vote counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Votes {
    /// One.
    Uniform,
    /// The inverse of its distance; where some are at distance zero, only those count.
    Distance,
}

/// k nearest neighbours and their settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KNeighbors {
    /// How many neighbours vote.
    pub n_neighbors: usize,
    /// What a vote counts.
    pub weights: Votes,
    /// How distances are taken.
    pub metric: Metric,
    /// Exponent of Minkowski's metric, at least 1; the other metrics have no use for it.
    pub p: f64,
}

impl Default for KNeighbors {
    fn default() -> Self {
        Self {
            n_neighbors: 5,
            weights: Votes::Uniform,
            metric: Metric::Minkowski,
            p: 2.0,
        }
    }
}

impl Learner for KNeighbors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn check(&self) -> Result<()> {
        if self.n_neighbors == 0 {
            return Err(LearnError::settings(
                NAME,
                "n_neighbors is 0, expected at least 1",
            ));
        }
        // Below 1 it is no metric: scikit-learn takes it for brute force, with no use known to us.
        if !(self.p.is_finite() && self.p >= 1.0) {
            return Err(LearnError::settings(
                NAME,
                format!("p is {}, expected a finite number of at least 1", self.p),
            ));
        }
        Ok(())
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, self.n_neighbors)?;
        samples.without_weights(NAME)?;
        Ok(Box::new(NeighborsModel {
            classes: samples.classes().len(),
            width: samples.width(),
            neighbors: self.n_neighbors,
            votes: self.weights,
            metric: self.metric,
            p: self.p,
            labels: samples.labels().iter().map(|label| label.0).collect(),
            values: samples.values().to_vec(),
        }))
    }

    fn settings(&self) -> serde_json::Value {
        serde_json::json!({
            "n_neighbors": self.n_neighbors,
            "weights": self.weights,
            "metric": self.metric,
            "p": self.p,
        })
    }
}

/// The training rows, kept for comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighborsModel {
    classes: usize,
    width: usize,
    neighbors: usize,
    votes: Votes,
    metric: Metric,
    p: f64,
    labels: Vec<usize>,
    /// Training rows × columns.
    values: Vec<f64>,
}

impl NeighborsModel {
    pub(crate) fn check(&self) -> Result<()> {
        expect_product("values", self.values.len(), self.labels.len(), self.width)?;
        expect_finite("values", &self.values)?;
        if let Some(label) = self.labels.iter().find(|&&label| label >= self.classes) {
            return Err(LearnError::saved(
                "labels",
                label.to_string(),
                format!("class numbers below {}", self.classes),
            ));
        }
        if self.width == 0 || self.neighbors == 0 || self.neighbors > self.labels.len() {
            return Err(LearnError::saved(
                "neighbors",
                format!("{} of {} columns", self.neighbors, self.width),
                format!("1 to {} and a column", self.labels.len()),
            ));
        }
        if !(self.p.is_finite() && self.p >= 1.0) {
            return Err(LearnError::saved("p", self.p.to_string(), "at least 1"));
        }
        Ok(())
    }

    /// Shares of the classes among the neighbours of one query.
    fn shares(&self, distance: Distance, nearest: &[Neighbor]) -> Vec<f64> {
        let mut shares = vec![0.0; self.classes];
        let far = |rank: f64| distance.of_rank(rank);
        // A distance so small that its inverse overflows counts as zero.
        let touching = |rank: f64| far(rank).recip().is_infinite();
        let any = nearest.iter().any(|(rank, _)| touching(*rank));
        for &(rank, row) in nearest {
            shares[self.labels[row]] += match self.votes {
                Votes::Uniform => 1.0,
                Votes::Distance if any => f64::from(u8::from(touching(rank))),
                Votes::Distance => far(rank).recip(),
            };
        }
        let sum: f64 = shares.iter().sum();
        if sum > 0.0 {
            for s in &mut shares {
                *s /= sum;
            }
        } else {
            // Every neighbour infinitely far away: each has one vote.
            for &(_, row) in nearest {
                shares[self.labels[row]] += 1.0 / nearest.len() as f64;
            }
        }
        shares
    }
}

impl Model for NeighborsModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let distance = Distance::new(self.metric, self.p);
        let search = Search {
            values: &self.values,
            width: self.width,
            neighbors: self.neighbors,
            distance,
        };
        search.each(values, |nearest| self.shares(distance, nearest))
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::KNeighbors(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(neighbors: usize, votes: Votes) -> NeighborsModel {
        NeighborsModel {
            classes: 2,
            width: 1,
            neighbors,
            votes,
            metric: Metric::Euclidean,
            p: 2.0,
            labels: vec![0, 1, 1, 1],
            values: vec![1.0, -1.0, 1.0, 3.0],
        }
    }

    #[test]
    fn the_earlier_of_equally_near_rows_counts() {
        // Training rows at 1, -1, 1, 3 with classes 0, 1, 1, 1; query at 0 with k = 1, 2 and 4.
        let shares = |k| model(k, Votes::Uniform).predict_proba(&[0.0], 1);
        assert_eq!(shares(1), [1.0, 0.0]);
        assert_eq!(shares(2), [0.5, 0.5]);
        assert_eq!(shares(4), [0.25, 0.75]);
    }

    #[test]
    fn near_votes_count_more_and_touching_ones_alone() {
        // Distances 1, 1, 1, 3 from 0: votes 1, 1, 1, 1/3.
        let shares = model(4, Votes::Distance).predict_proba(&[0.0], 1);
        assert!((shares[0] - 0.3).abs() < 1e-15, "{shares:?}");
        // At 1 two rows touch, one of each class.
        let shares = model(4, Votes::Distance).predict_proba(&[1.0], 1);
        assert_eq!(shares, [0.5, 0.5]);
        // Infinitely far from all of them.
        let shares = model(2, Votes::Distance).predict_proba(&[1e200], 1);
        assert_eq!(shares, [0.5, 0.5]);
    }

    #[test]
    fn metrics_are_those_of_their_formulas() {
        let (a, b) = ([1.0, -2.0, 0.5], [0.0, 2.0, 0.0]);
        let distance = |metric, p| {
            let distance = Distance::new(metric, p);
            distance.of_rank(distance.rank(&a, &b))
        };
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        };
        close(distance(Metric::Euclidean, 2.0), 17.25_f64.sqrt());
        close(distance(Metric::Minkowski, 2.0), 17.25_f64.sqrt());
        close(distance(Metric::Manhattan, 2.0), 5.5);
        close(distance(Metric::Minkowski, 1.0), 5.5);
        close(distance(Metric::Chebyshev, 2.0), 4.0);
        close(distance(Metric::Minkowski, 3.0), 65.125_f64.cbrt());
        close(
            distance(Metric::Cosine, 2.0),
            1.0 + 4.0 / (5.25_f64 * 4.0).sqrt(),
        );
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let bad = |learner: KNeighbors| assert!(learner.check().is_err(), "{learner:?}");
        let good = KNeighbors::default();
        bad(KNeighbors {
            n_neighbors: 0,
            ..good
        });
        bad(KNeighbors { p: 0.5, ..good });
        bad(KNeighbors {
            p: f64::NAN,
            ..good
        });
        assert!(good.check().is_ok());
    }
}
