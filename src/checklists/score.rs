//! The METRICS score: the weight of the items that are met over the weight of those that apply.
//!
//! Kocak et al. 2024: items of conditions that a study does not meet are left out of both sums. Items that
//! only the author can answer make the score a range: from none of them met to all of them met.

use super::{Answer, Item, Status};

/// A score in percent as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// With every open item unmet.
    pub lowest: f64,
    /// With every open item met.
    pub highest: f64,
    /// Items that are left to the author.
    pub open: usize,
}

impl Score {
    /// The score of a list whose items have weights.
    pub(super) fn of(rows: &[(Item, Answer)]) -> Option<Self> {
        let (mut met, mut open, mut whole, mut left) = (0.0, 0.0, 0.0, 0);
        for (item, answer) in rows {
            let weight = item.weight?;
            if answer.status == Status::NotApplicable {
                continue;
            }
            whole += weight;
            match answer.met {
                Some(true) => met += weight,
                Some(false) => {}
                None => {
                    open += weight;
                    left += 1;
                }
            }
        }
        (whole > 0.0).then(|| Self {
            lowest: 100.0 * met / whole,
            highest: 100.0 * (met + open) / whole,
            open: left,
        })
    }
}

/// The published word for a score in percent.
pub fn grade(score: f64) -> &'static str {
    match score {
        s if s < 20.0 => "very low",
        s if s < 40.0 => "low",
        s if s < 60.0 => "moderate",
        s if s < 80.0 => "good",
        _ => "excellent",
    }
}
