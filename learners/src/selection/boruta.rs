//! Columns that a random forest needs more than shuffled ones.
//!
//! Boruta: Kursa and Rudnicki 2010, doi 10.18637/jss.v036.i11. Every round sets a shuffled copy (shadow)
//! beside each column still in the race, at least [`SHADOWS`] of them, fits a forest to all and counts a hit for
//! each column whose importance exceeds the `perc`-th percentile of the shadows'. A column without
//! meaning hits in half of the rounds at most; binomial tails at `alpha`, Bonferroni-corrected for the
//! number of columns, confirm or reject it. Importance is the decrease of Gini impurity.

use raduet_study::random::Stream;
use raduet_study::uncertainty::at_least;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{LearnError, Result};
use crate::learner::Parameters;
use crate::preprocess::statistics::{quantile, sorted};
use crate::registry;
use crate::saved::SavedModel;
use crate::selection::gini_importance::gini_importance;
use crate::selection::{Candidates, NAME, Verdict, refused};

/// Least number of shadows, as in the authors' package.
const SHADOWS: usize = 5;

/// Boruta and its forests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Boruta {
    /// Trees a forest.
    pub n_estimators: usize,
    /// Most splits from root to leaf.
    pub max_depth: usize,
    /// Most rounds.
    pub max_iter: usize,
    /// Probability of confirming or rejecting any column wrongly.
    pub alpha: f64,
    /// Percentile of the shadows' importances that counts; 100 is their greatest.
    pub perc: f64,
    /// Whether columns go on that are undecided after the last round.
    pub keep_tentative: bool,
    /// Seed of shadows and forests.
    pub random_state: u64,
}

impl Default for Boruta {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            max_depth: 5,
            max_iter: 100,
            alpha: 0.05,
            perc: 100.0,
            keep_tentative: false,
            random_state: 0,
        }
    }
}

/// What is known of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Tentative,
    Confirmed,
    Rejected,
}

impl Boruta {
    pub(crate) fn check(&self) -> Result<()> {
        let fault = |reason| Err(refused("boruta", reason));
        if self.n_estimators == 0 || self.max_iter == 0 || self.max_depth == 0 {
            return fault("n_estimators, max_depth, max_iter: at least 1");
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return fault("alpha: a probability between 0 and 1");
        }
        if !(self.perc > 0.0 && self.perc <= 100.0) {
            return fault("perc: above 0 and up to 100");
        }
        Ok(())
    }

    /// A column's score is the share of its rounds in which it hit.
    pub(crate) fn judge(&self, candidates: &Candidates) -> Result<Verdict> {
        let width = candidates.width();
        let mut states = vec![State::Tentative; width];
        let mut hits = vec![0_u64; width];
        let mut rounds = vec![0_u64; width];
        for round in 0..self.max_iter as u64 {
            let racing: Vec<usize> = (0..width)
                .filter(|&at| states[at] != State::Rejected)
                .collect();
            if !states.contains(&State::Tentative) {
                break;
            }
            let (own, bar) = self.round(candidates, &racing, round)?;
            for (&at, importance) in racing.iter().zip(own) {
                rounds[at] += 1;
                hits[at] += u64::from(importance > bar);
            }
            for at in racing {
                if states[at] == State::Tentative {
                    states[at] = self.state(hits[at], rounds[at], width);
                }
            }
        }
        let shares = hits.iter().zip(&rounds);
        Ok(Verdict {
            scores: shares.map(|(&h, &r)| h as f64 / r as f64).collect(),
            kept: states
                .iter()
                .map(|state| match state {
                    State::Confirmed => true,
                    State::Tentative => self.keep_tentative,
                    State::Rejected => false,
                })
                .collect(),
        })
    }

    /// What the tails of the binomial say.
    fn state(&self, hits: u64, rounds: u64, columns: usize) -> State {
        let alpha = self.alpha / columns as f64;
        if at_least(hits, rounds, 0.5) < alpha {
            State::Confirmed
        } else if at_least(rounds - hits, rounds, 0.5) < alpha {
            State::Rejected
        } else {
            State::Tentative
        }
    }

    /// Importances of the racing columns beside shadows, and what they have to exceed.
    fn round(
        &self,
        candidates: &Candidates,
        racing: &[usize],
        round: u64,
    ) -> Result<(Vec<f64>, f64)> {
        let mut stream = Stream::new(self.random_state, "shadows of Boruta", round);
        let shadows: Vec<Vec<f64>> = (0..racing.len().max(SHADOWS))
            .map(|i| {
                let mut shadow = candidates.columns[racing[i % racing.len()]].clone();
                stream.shuffle(&mut shadow);
                shadow
            })
            .collect();
        let own = racing.iter().map(|&at| candidates.columns[at].as_slice());
        let columns: Vec<&[f64]> = own.chain(shadows.iter().map(Vec::as_slice)).collect();
        let settings = [
            ("n_estimators".to_owned(), json!(self.n_estimators)),
            ("max_depth".to_owned(), json!(self.max_depth)),
        ];
        let forest = registry::find("random_forest")?.with(&Parameters::from_iter(settings))?;
        // Its own seed a round, from the same stream.
        let model = forest.fit(&candidates.samples(&columns)?, stream.bits())?;
        let SavedModel::RandomForest(forest) = model.to_saved() else {
            return Err(LearnError::Backend {
                learner: NAME,
                reason: "a forest of another kind".into(),
            });
        };
        let mut importances = gini_importance(&forest);
        let shadow = importances.split_off(racing.len());
        Ok((importances, quantile(&sorted(&shadow), self.perc / 100.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomial_tails_decide() {
        let boruta = Boruta::default();
        // One column: 0.5^5 = 0.031 < 0.05 after five hits, not after four.
        assert_eq!(boruta.state(4, 4, 1), State::Tentative);
        assert_eq!(boruta.state(5, 5, 1), State::Confirmed);
        assert_eq!(boruta.state(0, 5, 1), State::Rejected);
        // Ten columns: 0.5^7 = 0.0078 > 0.005, 0.5^8 = 0.0039.
        assert_eq!(boruta.state(7, 7, 10), State::Tentative);
        assert_eq!(boruta.state(8, 8, 10), State::Confirmed);
    }
}
