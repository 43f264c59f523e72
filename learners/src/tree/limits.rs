//! Settings that bound the growth of a tree, by scikit-learn's names, and what they mean for given rows.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};

/// Rows: so many, or a fraction of all training rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a count (2) or a fraction (0.1)")]
pub enum Amount {
    /// So many.
    Count(usize),
    /// A fraction of all.
    Fraction(f64),
}

impl Amount {
    /// Rows out of `all`, rounded up.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a checked fraction of a number of rows"
    )]
    pub(crate) fn rounded_up(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Fraction(fraction) => (fraction * all as f64).ceil() as usize,
        }
    }

    /// Rows out of `all` (which may be a sum of weights), rounded down, at least one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a checked fraction of a number of rows"
    )]
    pub(crate) fn rounded_down(self, all: f64) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Fraction(fraction) => ((fraction * all) as usize).max(1),
        }
    }

    /// Refuses counts below `least` and fractions outside 0..1 (1 itself only where `whole`).
    fn check(self, learner: &'static str, name: &str, least: usize, whole: Whole) -> Result<()> {
        let good = match self {
            Self::Count(count) => count >= least,
            Self::Fraction(f) => f > 0.0 && (f < 1.0 || (whole == Whole::Allowed && f <= 1.0)),
        };
        refuse_unless(good, learner, || {
            format!("{name}: {self:?}; give a count of {least} or more, or a fraction of the rows")
        })
    }
}

/// Whether a fraction may be 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    Allowed,
    Refused,
}

/// How many columns a node looks at; more are looked at until one varies within the node.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected null, \"sqrt\", \"log2\", a count (3) or a fraction (0.5)"
)]
pub enum MaxFeatures {
    /// By a function of the number of columns.
    Named(NamedFeatures),
    /// So many.
    Count(usize),
    /// A fraction of all.
    Fraction(f64),
}

/// Functions of the number of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedFeatures {
    /// The square root.
    Sqrt,
    /// The logarithm to base 2.
    Log2,
}

impl MaxFeatures {
    /// The square root of the number of columns.
    pub const SQRT: Self = Self::Named(NamedFeatures::Sqrt);

    /// Columns out of `width`, at least one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a checked fraction of a number of columns"
    )]
    pub(crate) fn of(self, width: usize) -> usize {
        let count = match self {
            Self::Named(NamedFeatures::Sqrt) => width.isqrt(),
            Self::Named(NamedFeatures::Log2) => width.checked_ilog2().unwrap_or(0) as usize,
            Self::Count(count) => count,
            Self::Fraction(fraction) => (fraction * width as f64) as usize,
        };
        count.clamp(1, width.max(1))
    }

    pub(crate) fn check(self, learner: &'static str) -> Result<()> {
        let good = match self {
            Self::Named(_) => true,
            Self::Count(count) => count > 0,
            Self::Fraction(f) => f > 0.0 && f <= 1.0,
        };
        refuse_unless(good, learner, || {
            format!("max_features: {self:?}; give a count above 0 or a fraction in 0..=1")
        })
    }
}

/// Settings of one tree's growth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    pub(crate) max_depth: Option<usize>,
    pub(crate) min_samples_split: Amount,
    pub(crate) min_samples_leaf: Amount,
    pub(crate) min_weight_fraction_leaf: f64,
    pub(crate) max_features: Option<MaxFeatures>,
    pub(crate) max_leaf_nodes: Option<usize>,
    pub(crate) min_impurity_decrease: f64,
    pub(crate) ccp_alpha: f64,
}

/// scikit-learn's default of `min_samples_split`.
pub(crate) const MIN_SAMPLES_SPLIT: Amount = Amount::Count(2);

/// scikit-learn's default of `min_samples_leaf`.
pub(crate) const MIN_SAMPLES_LEAF: Amount = Amount::Count(1);

impl Growth {
    /// Refuses what makes no sense.
    pub(crate) fn check(&self, learner: &'static str) -> Result<()> {
        let refuse = |good: bool, text: &str| refuse_unless(good, learner, || text.to_owned());
        refuse(
            self.max_depth != Some(0),
            "max_depth: 0; give 1 or more, or null",
        )?;
        self.min_samples_split
            .check(learner, "min_samples_split", 2, Whole::Allowed)?;
        self.min_samples_leaf
            .check(learner, "min_samples_leaf", 1, Whole::Refused)?;
        refuse(
            (0.0..=0.5).contains(&self.min_weight_fraction_leaf),
            "min_weight_fraction_leaf: give a number in 0..=0.5",
        )?;
        if let Some(features) = self.max_features {
            features.check(learner)?;
        }
        refuse(
            self.max_leaf_nodes.is_none_or(|most| most >= 2),
            "max_leaf_nodes: give 2 or more, or null",
        )?;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        refuse(
            not_negative(self.min_impurity_decrease),
            "min_impurity_decrease: give a number of 0 or more",
        )?;
        refuse(
            not_negative(self.ccp_alpha),
            "ccp_alpha: give a number of 0 or more",
        )
    }

    /// What the settings mean for `rows` training rows of weight `weight`.
    pub(crate) fn limits(&self, rows: usize, weight: f64) -> Limits {
        let min_leaf = self.min_samples_leaf.rounded_up(rows).max(1);
        Limits {
            max_depth: self.max_depth.unwrap_or(usize::MAX),
            min_split: self
                .min_samples_split
                .rounded_up(rows)
                .max(2)
                .max(2 * min_leaf),
            leaf: LeafLimits {
                rows: min_leaf,
                weight: self.min_weight_fraction_leaf * weight,
            },
            min_decrease: self.min_impurity_decrease,
            max_leaves: self.max_leaf_nodes,
        }
    }
}

/// Refuses fractions of rows to draw that make no sense.
pub(crate) fn check_share(learner: &'static str, name: &str, amount: Amount) -> Result<()> {
    amount.check(learner, name, 1, Whole::Allowed)
}

fn refuse_unless(good: bool, learner: &'static str, reason: impl FnOnce() -> String) -> Result<()> {
    if good {
        return Ok(());
    }
    Err(LearnError::settings(learner, reason()))
}

/// Least size of a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LeafLimits {
    /// Rows, however much each weighs.
    pub(crate) rows: usize,
    /// Weight of the rows.
    pub(crate) weight: f64,
}

/// Bounds of a tree's growth, in rows and weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// Most splits from root to leaf.
    pub(crate) max_depth: usize,
    /// Fewest rows of a node that is split.
    pub(crate) min_split: usize,
    /// Least size of a leaf.
    pub(crate) leaf: LeafLimits,
    /// Least decrease of impurity, weighted by the node's share of the training weight.
    pub(crate) min_decrease: f64,
    /// Most leaves; the most rewarding splits are made first.
    pub(crate) max_leaves: Option<usize>,
}

impl Limits {
    /// Most nodes of a branch that begins at `depth` with so many members.
    pub(crate) fn most_nodes(&self, members: usize, depth: usize) -> usize {
        let by_rows = members / self.leaf.rows.max(1);
        let levels = u32::try_from(self.max_depth.saturating_sub(depth)).unwrap_or(u32::MAX);
        let by_depth = 1_usize.checked_shl(levels).unwrap_or(usize::MAX);
        let leaves = by_rows
            .min(by_depth)
            .min(self.max_leaves.unwrap_or(usize::MAX));
        (2 * leaves).saturating_sub(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_bounded_by_rows_depth_and_leaves() {
        let limits = |max_depth, rows, max_leaves| Limits {
            max_depth,
            min_split: 2,
            leaf: LeafLimits { rows, weight: 0.0 },
            min_decrease: 0.0,
            max_leaves,
        };
        let free = limits(usize::MAX, 1, None);
        assert_eq!(free.most_nodes(1000, 7), 1999);
        assert_eq!(limits(usize::MAX, 10, None).most_nodes(1009, 0), 199);
        assert_eq!(limits(3, 1, None).most_nodes(1000, 0), 15);
        assert_eq!(limits(3, 1, None).most_nodes(1000, 2), 3);
        assert_eq!(limits(3, 1, None).most_nodes(1000, 3), 1);
        assert_eq!(limits(80, 1, Some(31)).most_nodes(1000, 0), 61);
        assert_eq!(free.most_nodes(1, 0), 1);
        assert_eq!(free.most_nodes(0, 0), 1);
    }

    #[test]
    fn fractions_round_as_scikit_learn_rounds() {
        assert_eq!(Amount::Fraction(0.1).rounded_up(101), 11);
        assert_eq!(Amount::Fraction(0.1).rounded_down(101.0), 10);
        assert_eq!(Amount::Fraction(0.001).rounded_down(101.0), 1);
        assert_eq!(MaxFeatures::SQRT.of(107), 10);
        assert_eq!(MaxFeatures::Named(NamedFeatures::Log2).of(107), 6);
        assert_eq!(MaxFeatures::Fraction(0.5).of(107), 53);
        assert_eq!(MaxFeatures::Count(400).of(107), 107);
    }

    #[test]
    fn settings_read_counts_fractions_and_names() {
        let read = |text: &str| serde_json::from_str::<Option<MaxFeatures>>(text);
        assert_eq!(read("null").unwrap(), None);
        assert_eq!(read("\"sqrt\"").unwrap(), Some(MaxFeatures::SQRT));
        assert_eq!(read("1").unwrap(), Some(MaxFeatures::Count(1)));
        assert_eq!(read("1.0").unwrap(), Some(MaxFeatures::Fraction(1.0)));
        assert!(read("\"all\"").unwrap_err().to_string().contains("sqrt"));
        assert!(MaxFeatures::Fraction(1.5).check("x").is_err());
        let leaf = serde_json::from_str::<Amount>("0.25").unwrap();
        assert_eq!(leaf, Amount::Fraction(0.25));
    }
}
