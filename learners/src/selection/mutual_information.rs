//! Mutual information of a column with the class, by nearest neighbours.
//!
//! Ross 2014, doi 10.1371/journal.pone.0087357, scikit-learn's `mutual_info_classif`: with `r_i` the distance
//! of row i to its k-th neighbour of the same class and `m_i` the rows of any class nearer than that,
//! itself included,
//!
//! `I = ψ(n) + mean ψ(k) − mean ψ(n_c(i)) − mean ψ(m_i)`, at least 0.
//!
//! Classes of one row are left out; k is smaller in classes of few rows. scikit-learn adds noise of
//! 1e-10 to break ties; here nothing is drawn, and a row whose `r_i` is 0 counts the rows equal to it.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::preprocess::statistics::sorted;
use crate::selection::{Candidates, Univariate, Verdict, refused};

/// Euler's constant γ, for ψ(n) = Σ_{i<n} 1/i − γ.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Mutual information and how many columns go on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MutualInformation {
    /// Neighbours k.
    pub n_neighbors: usize,
    /// This many columns, or all where there are fewer.
    pub k: Option<usize>,
    /// This share of columns in percent, at least one.
    pub percentile: Option<f64>,
    /// All columns that share at least this much.
    pub threshold: Option<f64>,
}

impl Default for MutualInformation {
    fn default() -> Self {
        Self {
            n_neighbors: 3,
            k: None,
            percentile: None,
            threshold: None,
        }
    }
}

impl MutualInformation {
    fn quota(&self) -> Univariate {
        Univariate {
            k: self.k,
            percentile: self.percentile,
            threshold: self.threshold,
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.n_neighbors == 0 {
            return Err(refused("mutual_information", "n_neighbors = 0: at least 1"));
        }
        self.quota().check()
    }

    pub(crate) fn judge(&self, candidates: &Candidates) -> Verdict {
        let digamma = digamma_table(candidates.rows());
        let scores = candidates.scored(|x| shared(x, candidates, self.n_neighbors, &digamma));
        self.quota().verdict(scores)
    }
}

/// ψ at 0 (unused), 1, …, n.
fn digamma_table(n: usize) -> Vec<f64> {
    let mut table = vec![f64::NEG_INFINITY, -EULER];
    for i in 1..n {
        table.push(table[i] + 1.0 / i as f64);
    }
    table
}

/// Nats that one column shares with the class.
fn shared(values: &[f64], candidates: &Candidates, neighbours: usize, digamma: &[f64]) -> f64 {
    let counts = &candidates.counts;
    let mut by_class: Vec<Vec<f64>> = counts.iter().map(|&c| Vec::with_capacity(c)).collect();
    for (x, &class) in values.iter().zip(&candidates.classes) {
        by_class[class].push(x + 0.0);
    }
    by_class.retain(|values| values.len() > 1);
    for values in &mut by_class {
        values.sort_unstable_by(f64::total_cmp);
    }
    let all = sorted(&by_class.concat());
    if all.is_empty() {
        return 0.0;
    }
    let n = all.len() as f64;
    let (mut of_k, mut of_class, mut of_m) = (0.0, 0.0, 0.0);
    for values in &by_class {
        let k = neighbours.min(values.len() - 1);
        of_k += values.len() as f64 * digamma[k];
        of_class += values.len() as f64 * digamma[values.len()];
        let mut first = 0_usize;
        for (at, &x) in values.iter().enumerate() {
            // The window of k + 1 values around x whose farther end is nearest; it only moves up.
            first = first.max(at.saturating_sub(k));
            while first < at
                && first + k + 1 < values.len()
                && values[first + k + 1] - x < x - values[first]
            {
                first += 1;
            }
            let reach = f64::max(x - values[first], values[first + k] - x);
            // Nearer than the neighbour, not as near.
            let reach = if reach > 0.0 { reach.next_down() } else { 0.0 };
            let below = all.partition_point(|v| x - v > reach);
            let up_to = below + all[below..].partition_point(|v| v - x <= reach);
            of_m += digamma[up_to - below];
        }
    }
    (digamma[all.len()] + (of_k - of_class - of_m) / n).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_of_whole_numbers() {
        let table = digamma_table(10);
        assert_eq!(table.len(), 11);
        // ψ(10) = 2.2517525890667211…
        assert!((table[10] - 2.251_752_589_066_721).abs() < 1e-14);
    }
}
