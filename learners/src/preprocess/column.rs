//! One column that the learner sees: everything that the steps estimated for it, applied to one value.

use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::preprocess::combat::SiteEffects;
use crate::preprocess::scaling::Scale;

/// What becomes of a table's column, step after step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FittedColumn {
    /// Its name before the learner.
    pub(crate) name: String,
    /// Set where it marks undefined values: the column whose values they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) indicates: Option<String>,
    /// Stands in for an undefined value, where that is chosen.
    pub(crate) fill: Option<f64>,
    /// Offsets and spreads of the sites, where these are harmonised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sites: Option<SiteEffects>,
    /// The common scale.
    pub(crate) scale: Scale,
}

impl FittedColumn {
    /// A column as it stands in the table.
    pub(crate) fn raw(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            indicates: None,
            fill: None,
            sites: None,
            scale: Scale::IDENTITY,
        }
    }

    /// 1 where another column is undefined, 0 elsewhere.
    pub(crate) fn indicator(of: &str) -> Self {
        Self {
            indicates: Some(of.to_owned()),
            ..Self::raw(&format!("{of} is undefined"))
        }
    }

    /// The table's column that it is made from.
    pub(crate) fn source(&self) -> &str {
        self.indicates.as_ref().unwrap_or(&self.name)
    }

    /// The value before the learner; `site` is the number of the row's site where there are any.
    /// An undefined value without a stand-in stays undefined.
    pub(crate) fn apply(&self, raw: f64, site: usize) -> f64 {
        if self.indicates.is_some() {
            return self.scale.apply(f64::from(u8::from(raw.is_nan())));
        }
        let value = match self.fill {
            Some(fill) if raw.is_nan() => fill,
            _ => raw,
        };
        let value = match &self.sites {
            Some(effects) => effects.apply(value, site),
            None => value,
        };
        self.scale.apply(value)
    }

    /// What a column from a file must fulfil.
    pub(crate) fn check(&self, fills: bool, sites: usize) -> Result<()> {
        let fault = |found: String, expected: &str| {
            let place = format!("preprocess, column '{}'", self.name);
            Err(LearnError::saved(place, found, expected))
        };
        let plain = self.indicates.is_none();
        if self.fill.is_some() != (fills && plain) || self.fill.is_some_and(|v| !v.is_finite()) {
            return fault(
                format!("{:?} for undefined values", self.fill),
                "a finite stand-in where values are replaced, none elsewhere",
            );
        }
        if self.sites.is_some() != (sites > 0 && plain) {
            return fault(
                "site effects or none".into(),
                "them exactly where sites are harmonised",
            );
        }
        if let Some(of) = &self.indicates
            && self.name != Self::indicator(of).name
        {
            return fault(format!("an indicator of '{of}'"), "the name of one");
        }
        self.sites
            .as_ref()
            .map_or(Ok(()), |effects| effects.check(&self.name, sites))?;
        self.scale.check(&self.name)
    }
}
