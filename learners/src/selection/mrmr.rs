//! Most relevance, least redundancy: one column after the other, each as relevant as possible and as
//! little correlated with those chosen before.
//!
//! Ding and Peng 2005, doi 10.1142/S0219720005001004, for continuous columns: relevance is F, redundancy
//! the mean |Pearson's r| with the chosen ones; `quotient` divides (FCQ), `difference` subtracts (FCD).
//! As in the package `mrmr_selection`, |r| counts as at least 0.001, so that a quotient stays finite.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dense::dot;
use crate::error::Result;
use crate::preprocess::correlation::unit;
use crate::selection::quota::DEFAULT_K;
use crate::selection::{Candidates, Verdict, anova_f, refused};

/// Least redundancy of two columns.
const FLOOR: f64 = 1e-3;

/// How relevance and redundancy are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MrmrScheme {
    /// F divided by the mean correlation.
    #[default]
    Quotient,
    /// F less the mean correlation.
    Difference,
}

/// Most relevance, least redundancy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mrmr {
    /// This many columns, or all where there are fewer.
    pub k: usize,
    /// How relevance and redundancy are combined.
    pub scheme: MrmrScheme,
}

impl Default for Mrmr {
    fn default() -> Self {
        Self {
            k: DEFAULT_K,
            scheme: MrmrScheme::Quotient,
        }
    }
}

impl Mrmr {
    pub(crate) fn check(&self) -> Result<()> {
        if self.k == 0 {
            return Err(refused("mrmr", "k = 0: at least one column is needed"));
        }
        Ok(())
    }

    /// A column's score is the one with which it was chosen, or its last.
    pub(crate) fn judge(&self, candidates: &Candidates) -> Verdict {
        let relevance: Vec<f64> = candidates
            .scored(|x| anova_f(x, candidates))
            .into_iter()
            .map(|f| if f.is_nan() { 0.0 } else { f.min(f64::MAX) })
            .collect();
        let unit: Vec<Vec<f64>> = candidates.columns.par_iter().map(|x| unit(x)).collect();
        let mut redundancy = vec![0.0; relevance.len()];
        let mut scores = relevance.clone();
        let mut kept = vec![false; relevance.len()];
        for chosen in 1..=self.k.min(relevance.len()) {
            let open = (0..kept.len()).filter(|&at| !kept[at]);
            let Some(best) =
                open.reduce(|best, at| if scores[at] > scores[best] { at } else { best })
            else {
                break;
            };
            kept[best] = true;
            let added: Vec<f64> = unit
                .par_iter()
                .map(|x| dot(x, &unit[best]).abs().max(FLOOR))
                .collect();
            for at in (0..kept.len()).filter(|&at| !kept[at]) {
                redundancy[at] += added[at];
                let mean = redundancy[at] / chosen as f64;
                scores[at] = match self.scheme {
                    MrmrScheme::Quotient => relevance[at] / mean,
                    MrmrScheme::Difference => relevance[at] - mean,
                };
            }
        }
        Verdict { scores, kept }
    }
}
