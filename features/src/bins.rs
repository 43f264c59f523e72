//! Which bin an intensity falls into, for every rule of [`Discretisation`].
//!
//! The floating-point arithmetic is part of a rule: a value on an edge, or a rounding error beside it,
//! must fall where the reference has it.
//! - PyRadiomics' rules compare with edges that are computed exactly as `numpy` computes them.
//! - The standard's rules are formulas: `floor((x - lower) / w)` and `floor((N (x - m)) / (M - m))`, each
//!   operation rounded once in that order, so that whole numbers on an edge are met without error.

use crate::discretise::Discretisation;
use crate::error::{FeatureError, Result};

/// The bins of one region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bins {
    rule: Rule,
    count: usize,
}

#[derive(Debug, Clone, Copy)]
enum Rule {
    /// `first + i · step`, i = 0..=count, the very last one replaced by `last`.
    Edges { first: f64, step: f64, last: f64 },
    /// `floor(times · (x - first) / over) + 1`, kept within `1..=count`.
    Formula { first: f64, times: f64, over: f64 },
    /// The value itself, rounded.
    Value,
}

impl Bins {
    /// Bins for a region with values from `low` to `high`, both finite; at most `maximum` of them.
    ///
    /// # Errors
    /// [`FeatureError::TooManyBins`]; [`FeatureError::NotGreyLevels`] when values that should be levels
    /// are not from 1 to `maximum`.
    pub(crate) fn new(rule: Discretisation, low: f64, high: f64, maximum: usize) -> Result<Self> {
        let too_many = |first: f64, width, bins| FeatureError::TooManyBins {
            minimum: low,
            maximum: high,
            width,
            bins,
            allowed: maximum,
            suggested: (high - first) / 64.0,
        };
        match rule {
            Discretisation::PyRadiomicsFixedBinSize { width } => {
                let first = low - low.rem_euclid(width);
                let bins = ((high - first) / width).floor() + 1.0;
                if bins > maximum as f64 {
                    return Err(too_many(low, width, bins));
                }
                // `numpy.arange` steps by the rounded difference of its first two elements. One bin
                // more than needed on paper, in case rounding puts the last edge below `high`.
                Ok(Self {
                    rule: Rule::Edges {
                        first,
                        step: (first + width) - first,
                        last: f64::INFINITY,
                    },
                    count: index(bins) + 1,
                })
            }
            Discretisation::PyRadiomicsFixedBinNumber { count } => {
                let (from, to) = if low < high {
                    (low, high)
                } else {
                    (low - 0.5, high + 0.5)
                };
                Ok(Self {
                    rule: Rule::Edges {
                        first: from,
                        step: (to - from) / f64::from(count),
                        last: to + 1.0,
                    },
                    count: count as usize,
                })
            }
            Discretisation::FixedBinNumber { count } => Ok(Self {
                rule: Rule::Formula {
                    first: low,
                    times: f64::from(count),
                    // Any width serves a flat region: its distance from the first edge is 0.
                    over: if low < high { high - low } else { 1.0 },
                },
                count: count as usize,
            }),
            Discretisation::FixedBinSize { width, lower } => {
                let first = lower.unwrap_or(low);
                let bins = (((high - first) / width).floor() + 1.0).max(1.0);
                if bins > maximum as f64 {
                    return Err(too_many(first, width, bins));
                }
                Ok(Self {
                    rule: Rule::Formula {
                        first,
                        times: 1.0,
                        over: width,
                    },
                    count: index(bins),
                })
            }
            Discretisation::AsStored => {
                if low.round() < 1.0 || high.round() > maximum as f64 {
                    return Err(FeatureError::NotGreyLevels {
                        minimum: low,
                        maximum: high,
                        allowed: maximum,
                    });
                }
                Ok(Self {
                    rule: Rule::Value,
                    count: index(high.round()),
                })
            }
        }
    }

    /// No level is above this.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The grey level of a value from the region, `1..=count`.
    pub(crate) fn level(&self, value: f64) -> usize {
        match self.rule {
            Rule::Edges { first, step, .. } => {
                let guess = index((value - first) / step).min(self.count - 1);
                // The guess is off by one at most, when rounding moves a value across its edge.
                if value < self.edge(guess) {
                    guess.max(1)
                } else if value >= self.edge(guess + 1) {
                    (guess + 2).min(self.count)
                } else {
                    guess + 1
                }
            }
            // The cut-off of `index` at 0 puts what lies below the first bin into it.
            Rule::Formula { first, times, over } => {
                (index(times * (value - first) / over) + 1).min(self.count)
            }
            Rule::Value => index(value.round()),
        }
    }

    /// For values that come in ascending order.
    pub(crate) fn ascending(&self) -> Ascending<'_> {
        Ascending {
            bins: self,
            latest: None,
        }
    }

    /// Where the first bin begins and how wide all are, where that is what decides.
    pub(crate) fn line(&self) -> Option<(f64, f64)> {
        match self.rule {
            Rule::Edges { first, step, .. } => Some((first, step)),
            Rule::Formula { .. } | Rule::Value => None,
        }
    }

    /// Edge below bin `at + 1`; for rules with edges.
    fn edge(&self, at: usize) -> f64 {
        match self.rule {
            Rule::Edges { last, .. } if at == self.count => last,
            Rule::Edges { first, step, .. } => first + number(at) * step,
            Rule::Formula { .. } | Rule::Value => f64::NAN,
        }
    }
}

/// Grey levels of values that come in ascending order: most are of the level of the one before.
pub(crate) struct Ascending<'a> {
    bins: &'a Bins,
    /// The level of the latest value, and the edge above it.
    latest: Option<(usize, f64)>,
}

impl Ascending<'_> {
    /// As [`Bins::level`].
    pub(crate) fn level(&mut self, value: f64) -> usize {
        if let Some((level, edge)) = self.latest
            && value < edge
        {
            return level;
        }
        let level = self.bins.level(value);
        if matches!(self.bins.rule, Rule::Edges { .. }) {
            self.latest = Some((level, self.bins.edge(level)));
        }
        level
    }
}

/// The whole part of a number as an index; 0 for numbers below zero. By way of 32 bits, which processors
/// convert several times faster than 64.
#[expect(
    clippy::cast_possible_truncation,
    reason = "callers bound the number from above; what lies below 0 saturates there"
)]
fn index(number: f64) -> usize {
    (number as i32).max(0).unsigned_abs() as usize
}

/// An index as a number, by the same way.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "edges are asked for up to the number of bins, which the settings bound"
)]
fn number(index: usize) -> f64 {
    f64::from(index as i32)
}
