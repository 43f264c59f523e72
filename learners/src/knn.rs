//! k nearest neighbours: the share of each class among the k closest training rows.
//!
//! Distances are Euclidean and compared by brute force, in blocks that stay in the cache: at the
//! hundreds of columns of a radiomics table no search tree is faster. Of training rows at equal
//! distance the earlier one counts as nearer.
//! Cover and Hart 1967, doi 10.1109/TIT.1967.1053964.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::dense::squared_distance;
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, assert_shape};
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_finite, expect_product};

/// Name in results.
pub(crate) const NAME: &str = "k_neighbors";

/// Query rows handled together by one thread.
const QUERY_BLOCK: usize = 16;

/// Training values (numbers, not rows) that stay in the cache while a block of queries passes.
const TRAINING_BLOCK_VALUES: usize = 1 << 14;

/// k nearest neighbours, each with one vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KNeighbors {
    /// How many neighbours vote.
    pub n_neighbors: usize,
}

impl Default for KNeighbors {
    fn default() -> Self {
        Self { n_neighbors: 5 }
    }
}

impl Learner for KNeighbors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn fit(&self, samples: &Samples, _seed: u64) -> Result<Box<dyn Model>> {
        samples.ready(NAME, self.n_neighbors)?;
        samples.without_weights(NAME)?;
        Ok(Box::new(NeighborsModel {
            classes: samples.classes().len(),
            width: samples.width(),
            neighbors: self.n_neighbors,
            labels: samples.labels().iter().map(|label| label.0).collect(),
            values: samples.values().to_vec(),
        }))
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "n_neighbors": self.n_neighbors,
            "weights": "uniform",
            "metric": "euclidean",
            "ties": "earlier training row",
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
        Ok(())
    }

    /// Shares of the classes among the neighbours of up to `QUERY_BLOCK` rows.
    fn shares(&self, queries: &[f64]) -> Vec<f64> {
        let (p, k) = (self.width, self.neighbors);
        let block = (TRAINING_BLOCK_VALUES / p).max(1);
        let count = queries.len() / p;
        // Per query the k nearest so far, nearest first, as (squared distance, training row).
        let mut nearest = vec![(f64::INFINITY, usize::MAX); count * k];
        for (at, training) in self.values.chunks(block * p).enumerate() {
            for (query, best) in queries.chunks_exact(p).zip(nearest.chunks_exact_mut(k)) {
                for (offset, row) in training.chunks_exact(p).enumerate() {
                    let distance = squared_distance(query, row);
                    if distance < best[k - 1].0 || best[k - 1].1 == usize::MAX {
                        // Strictly nearer only: rows come in order, so an equal one is later.
                        let place = best.partition_point(|b| b.1 != usize::MAX && b.0 <= distance);
                        best[place..].rotate_right(1);
                        best[place] = (distance, at * block + offset);
                    }
                }
            }
        }
        let mut shares = vec![0.0; count * self.classes];
        for (best, share) in nearest
            .chunks_exact(k)
            .zip(shares.chunks_exact_mut(self.classes))
        {
            for &(_, row) in best {
                share[self.labels[row]] += 1.0;
            }
            for s in share.iter_mut() {
                *s /= k as f64;
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
        values
            .par_chunks(QUERY_BLOCK * self.width)
            .flat_map_iter(|queries| self.shares(queries))
            .collect()
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::KNeighbors(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_equally_near_rows_counts() {
        // Training rows at 1, -1, 1, 3 with classes 0, 1, 1, 1; query at 0 with k = 1 and 2.
        let model = |neighbors| NeighborsModel {
            classes: 2,
            width: 1,
            neighbors,
            labels: vec![0, 1, 1, 1],
            values: vec![1.0, -1.0, 1.0, 3.0],
        };
        assert_eq!(model(1).predict_proba(&[0.0], 1), [1.0, 0.0]);
        assert_eq!(model(2).predict_proba(&[0.0], 1), [0.5, 0.5]);
        assert_eq!(model(4).predict_proba(&[0.0], 1), [0.25, 0.75]);
    }
}
