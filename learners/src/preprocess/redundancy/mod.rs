//! Columns that say nearly the same as others.
//!
//! * `spearman_clusters`: columns are clustered by average linkage on 1 − |ρ| (Spearman), the tree is cut at
//!   1 − `threshold`, and one column of each cluster goes on: the medoid, whose mean |ρ| to the others is
//!   greatest, or the one with the greatest F of an analysis of variance;
//! * `correlation`: columns are taken by rising mean |r| (Pearson) to all others; each goes on unless its |r|
//!   with one that went on before exceeds `threshold`.
//!
//! Ties go to the earlier name.

mod linkage;

pub(crate) use linkage::average;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::preprocess::NAME;
use crate::preprocess::correlation::{absolute_correlations, unit};
use crate::preprocess::record::Dropped;
use crate::preprocess::statistics::ranks;
use crate::preprocess::working::Working;
use crate::selection::{Candidates, anova_f};

/// A rule with its settings, as `{"spearman_clusters": {"threshold": 0.95}}`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redundancy {
    /// One column of each cluster.
    SpearmanClusters(SpearmanClusters),
    /// No two columns of a correlation above the threshold.
    Correlation(CorrelationFilter),
}

/// Clusters of columns with nearly the same order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpearmanClusters {
    /// Mean |ρ| above which clusters are joined.
    pub threshold: f64,
    /// Which column stands for its cluster.
    pub representative: Representative,
}

/// Which column stands for its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Representative {
    /// The one with the greatest mean |ρ| to the others.
    #[default]
    Medoid,
    /// The one with the greatest F of an analysis of variance over the classes.
    AnovaF,
}

/// No two columns of a Pearson correlation above the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelationFilter {
    /// Greatest |r| of two columns that go on.
    pub threshold: f64,
}

/// Default of both rules.
const THRESHOLD: f64 = 0.9;

impl Default for SpearmanClusters {
    fn default() -> Self {
        Self {
            threshold: THRESHOLD,
            representative: Representative::Medoid,
        }
    }
}

impl Default for CorrelationFilter {
    fn default() -> Self {
        Self {
            threshold: THRESHOLD,
        }
    }
}

impl Redundancy {
    /// Refuses settings that make no sense.
    pub(crate) fn check(&self) -> Result<()> {
        let threshold = match self {
            Self::SpearmanClusters(settings) => settings.threshold,
            Self::Correlation(settings) => settings.threshold,
        };
        if threshold > 0.0 && threshold <= 1.0 {
            return Ok(());
        }
        Err(LearnError::settings(
            NAME,
            "redundancy: threshold: a correlation above 0 and up to 1",
        ))
    }
}

/// Goes on with one of each set of redundant columns.
///
/// # Errors
/// [`LearnError::OneClass`] where classes choose the representative.
pub(crate) fn fit(work: &mut Working, rule: &Redundancy) -> Result<()> {
    let (step, score, scores, stays) = match rule {
        Redundancy::SpearmanClusters(settings) => {
            let ranks = work.map(|_, values| unit(&ranks(values).0));
            let rho = absolute_correlations(&ranks);
            drop(ranks);
            let clusters = linkage::average(&rho, work.columns.len(), 1.0 - settings.threshold);
            let (score, scores) = match settings.representative {
                Representative::Medoid => {
                    ("mean |rho| in its cluster", centrality(&rho, &clusters))
                }
                Representative::AnovaF => {
                    let candidates = Candidates::new(work)?;
                    ("F", candidates.scored(|x| anova_f(x, &candidates)))
                }
            };
            let stays = representatives(&clusters, &scores);
            ("redundancy: spearman_clusters", score, scores, stays)
        }
        Redundancy::Correlation(settings) => {
            let r = absolute_correlations(&work.map(|_, values| unit(values)));
            let (scores, stays) = filtered(&r, work.columns.len(), settings.threshold);
            ("redundancy: correlation", "mean |r|", scores, stays)
        }
    };
    let names: Vec<String> = work.columns.iter().map(|c| c.fitted.name.clone()).collect();
    work.note(step.to_owned(), score, |place| {
        (Some(scores[place]), stays[place] == place)
    });
    work.retain(|place| {
        (stays[place] != place).then(|| Dropped::Redundant {
            with: names[stays[place]].clone(),
        })
    });
    Ok(())
}

/// Mean |ρ| of each column to the others of its cluster, 1 where it is alone.
fn centrality(rho: &[f64], clusters: &[usize]) -> Vec<f64> {
    let p = clusters.len();
    (0..p)
        .into_par_iter()
        .map(|at| {
            let others = (0..p).filter(|&other| other != at && clusters[other] == clusters[at]);
            let (sum, count) = others.fold((0.0, 0), |(sum, count), other| {
                (sum + rho[at * p + other], count + 1)
            });
            if count == 0 {
                1.0
            } else {
                sum / f64::from(count)
            }
        })
        .collect()
}

/// For each column the best of its cluster, the earlier of equal ones.
fn representatives(clusters: &[usize], scores: &[f64]) -> Vec<usize> {
    let mut best: Vec<Option<usize>> = vec![None; clusters.len()];
    for (at, &cluster) in clusters.iter().enumerate() {
        let better = best[cluster].is_none_or(|other| scores[at] > scores[other]);
        if better {
            best[cluster] = Some(at);
        }
    }
    let of = clusters.iter().enumerate();
    of.map(|(at, &cluster)| best[cluster].unwrap_or(at))
        .collect()
}

/// Mean |r| of each column to all others, and for each column the one that stays in its stead.
fn filtered(r: &[f64], p: usize, threshold: f64) -> (Vec<f64>, Vec<usize>) {
    let others = (p.max(2) - 1) as f64;
    let means: Vec<f64> = r
        .chunks_exact(p.max(1))
        .enumerate()
        .map(|(at, row)| (row.iter().sum::<f64>() - row[at]) / others)
        .collect();
    let mut order: Vec<usize> = (0..p).collect();
    order.sort_by(|&a, &b| means[a].total_cmp(&means[b]).then(a.cmp(&b)));
    let mut stays: Vec<usize> = (0..p).collect();
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        match kept.iter().find(|&&other| r[at * p + other] > threshold) {
            Some(&other) => stays[at] = other,
            None => kept.push(at),
        }
    }
    (means, stays)
}
