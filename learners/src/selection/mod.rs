//! Choosing columns by what they say about the class, on training rows only.
//!
//! | method | score of a column | kept |
//! |---|---|---|
//! | [`anova_f`](Univariate) | F of a one-way analysis of variance | best `k`, `percentile` or above `threshold` |
//! | [`kruskal_wallis`](Univariate) | H, the same on ranks | the same |
//! | [`mutual_information`](MutualInformation) | nats shared with the class | the same |
//! | [`mrmr`](Mrmr) | relevance against redundancy, one column after the other | first `k` |
//! | [`lasso`](Lasso) | coefficient under an L1 penalty, or where its path enters | not zero; first `k` of the path |
//! | [`rfe`](Rfe) | round in which a model did without it | last `k` |
//! | [`boruta`](Boruta) | share of forests in which it beat every shadow | significantly more than half |
//! | [`stability`](Stability) | share of resamples in which another method chose it | at least `threshold` |
//!
//! Every method sees columns in the order of their names; ties go to the earlier name. Sample weights
//! are not used.

mod boruta;
mod candidates;
mod f_test;
mod gini_importance;
mod kruskal_wallis;
mod lasso;
mod mrmr;
mod mutual_information;
mod quota;
mod rfe;
mod stability;

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::preprocess::record::Dropped;
use crate::preprocess::working::Working;

pub use boruta::Boruta;
pub use lasso::Lasso;
pub use mrmr::{Mrmr, MrmrScheme};
pub use mutual_information::MutualInformation;
pub use quota::Univariate;
pub use rfe::{Rfe, RfeEstimator};
pub use stability::Stability;

pub(crate) use candidates::Candidates;
pub(crate) use f_test::anova_f;
pub(crate) use kruskal_wallis::h as kruskal_wallis_h;

/// Name in messages.
pub(crate) const NAME: &str = "selection";

/// A method with its settings, as `{"anova_f": {"k": 20}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Selection {
    /// F of a one-way analysis of variance.
    AnovaF(Univariate),
    /// H of Kruskal and Wallis.
    KruskalWallis(Univariate),
    /// Mutual information with the class by nearest neighbours.
    MutualInformation(MutualInformation),
    /// Most relevance, least redundancy.
    Mrmr(Mrmr),
    /// Columns with a coefficient under an L1 penalty.
    Lasso(Lasso),
    /// Recursive elimination of the columns that a model needs least.
    Rfe(Rfe),
    /// Columns that a forest needs more than shuffled ones.
    Boruta(Boruta),
    /// Columns that another method chooses again and again.
    Stability(Stability),
}

impl Default for Selection {
    fn default() -> Self {
        Self::AnovaF(Univariate::default())
    }
}

/// What a method says of every candidate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// One a column, NaN where there is none.
    pub(crate) scores: Vec<f64>,
    /// Whether it goes on.
    pub(crate) kept: Vec<bool>,
}

impl Selection {
    /// Name in settings and records.
    pub fn method(&self) -> &'static str {
        match self {
            Self::AnovaF(_) => "anova_f",
            Self::KruskalWallis(_) => "kruskal_wallis",
            Self::MutualInformation(_) => "mutual_information",
            Self::Mrmr(_) => "mrmr",
            Self::Lasso(_) => "lasso",
            Self::Rfe(_) => "rfe",
            Self::Boruta(_) => "boruta",
            Self::Stability(_) => "stability",
        }
    }

    /// What its scores are.
    pub fn score(&self) -> &'static str {
        match self {
            Self::AnovaF(_) => "F",
            Self::KruskalWallis(_) => "H",
            Self::MutualInformation(_) => "mutual information in nats",
            Self::Mrmr(_) => "relevance against redundancy",
            Self::Lasso(settings) => settings.score(),
            Self::Rfe(_) => "round of elimination",
            Self::Boruta(_) => "share of rounds above every shadow",
            Self::Stability(_) => "share of resamples",
        }
    }

    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`LearnError::Settings`].
    pub fn check(&self) -> Result<()> {
        match self {
            Self::AnovaF(settings) | Self::KruskalWallis(settings) => settings.check(),
            Self::MutualInformation(settings) => settings.check(),
            Self::Mrmr(settings) => settings.check(),
            Self::Lasso(settings) => settings.check(),
            Self::Rfe(settings) => settings.check(),
            Self::Boruta(settings) => settings.check(),
            Self::Stability(settings) => settings.check(),
        }
    }

    /// Scores of all candidates and who goes on.
    pub(crate) fn judge(&self, candidates: &Candidates) -> Result<Verdict> {
        match self {
            Self::AnovaF(settings) => {
                Ok(settings.verdict(candidates.scored(|x| anova_f(x, candidates))))
            }
            Self::KruskalWallis(settings) => {
                let scores = candidates.scored(|x| kruskal_wallis::statistic(x, candidates));
                Ok(settings.verdict(scores))
            }
            Self::MutualInformation(settings) => Ok(settings.judge(candidates)),
            Self::Mrmr(settings) => Ok(settings.judge(candidates)),
            Self::Lasso(settings) => settings.judge(candidates),
            Self::Rfe(settings) => settings.judge(candidates),
            Self::Boruta(settings) => settings.judge(candidates),
            Self::Stability(settings) => settings.judge(candidates),
        }
    }
}

/// Goes on with the columns that a method chooses.
///
/// # Errors
/// [`LearnError::OneClass`], and those of the models that a method fits.
pub(crate) fn fit(work: &mut Working, method: &Selection) -> Result<()> {
    let candidates = Candidates::new(work)?;
    let verdict = method.judge(&candidates)?;
    drop(candidates);
    let kept = verdict.kept.iter().filter(|kept| **kept).count();
    work.note(
        format!("{NAME}: {}", method.method()),
        method.score(),
        |place| (Some(verdict.scores[place]), verdict.kept[place]),
    );
    let because = |place: usize| {
        format!(
            "{} gives {} {:.4}; {kept} of {} columns go on",
            method.method(),
            method.score(),
            verdict.scores[place],
            verdict.kept.len()
        )
    };
    work.retain(|place| {
        (!verdict.kept[place]).then(|| Dropped::NotSelected {
            because: because(place),
        })
    });
    Ok(())
}

/// A setting of a method that makes no sense.
pub(crate) fn refused(method: &str, reason: &str) -> LearnError {
    LearnError::settings(NAME, format!("{method}: {reason}"))
}
