//! `ComBat`: offsets and spreads of sites (scanners, hospitals) taken out of every column.
//!
//! Johnson, Li, Rabinovic 2007, doi 10.1093/biostatistics/kxj037. For site s and column j
//!
//! ```text
//! x_ij = α_j + σ_j (γ_sj + δ_sj ε_ij)        harmonised: (x − α − σ γ*) / δ* + α
//! ```
//!
//! α is the mean over rows (that of the reference site, where one is chosen), σ² the pooled variance within
//! sites. γ* and δ*² are empirical Bayes estimates: columns of a site share a prior for each, so a
//! small site is not overcorrected (`priors.rs`). There are no covariates: the design knows sites only,
//! and the target cannot be passed. New rows of known sites are harmonised with the training's
//! estimates (`neuroCombatFromTraining`); a site that training did not have is an error.
//!
//! Rules for what the paper leaves open: a column that varies between sites only is dropped; with one
//! site nothing changes; with one column there is no prior and γ*, δ* are the site's own.

mod priors;

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::preprocess::constant::is_constant;
use crate::preprocess::record::Dropped;
use crate::preprocess::working::Working;
use crate::preprocess::{NAME, statistics::sum_of};
use crate::saved::{expect_finite, expect_size, expect_values};

use priors::SiteColumn;

/// How sites are harmonised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Combat {
    /// Normal and inverse gamma priors; else the columns' own estimates are the prior.
    pub parametric: bool,
    /// Offsets only, spreads stay.
    pub mean_only: bool,
    /// The site that the others are brought to; none brings all to their common mean and spread.
    pub reference_site: Option<String>,
}

impl Default for Combat {
    fn default() -> Self {
        Self {
            parametric: true,
            mean_only: false,
            reference_site: None,
        }
    }
}

/// What is taken out of one column, site by site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SiteEffects {
    /// α.
    mean: f64,
    /// σ.
    deviation: f64,
    /// γ* of each site.
    shift: Vec<f64>,
    /// δ* of each site.
    spread: Vec<f64>,
}

impl SiteEffects {
    /// The harmonised value of a row of a site.
    pub(crate) fn apply(&self, value: f64, site: usize) -> f64 {
        let (shift, spread) = (self.shift[site], self.spread[site]);
        let centred = value - self.mean - self.deviation * shift;
        // Multiplied by the rest of one over the spread, so that no effect leaves the very value.
        value - self.deviation * shift + centred * (1.0 / spread - 1.0)
    }

    /// What effects from a file must fulfil.
    pub(crate) fn check(&self, column: &str, sites: usize) -> Result<()> {
        let place = format!("preprocess, sites of column '{column}'");
        expect_size(&place, self.shift.len(), sites)?;
        expect_size(&place, self.spread.len(), sites)?;
        expect_finite(&place, &self.shift)?;
        expect_finite(&place, &[self.mean, self.deviation])?;
        expect_values(&place, &self.spread, "finite spreads above 0", |v| {
            v.is_finite() && v > 0.0 && (1.0 / v).is_finite()
        })
    }
}

/// One column's estimates before the priors.
struct ColumnFit {
    mean: f64,
    deviation: f64,
    /// Mean and sum of squares of each site on the standard scale.
    sites: Vec<SiteColumn>,
    site_only: bool,
}

/// Estimates the effects of sites; gives the sites in ascending order.
///
/// # Errors
/// [`LearnError::NoSites`]; [`LearnError::Settings`] for a reference site without rows;
/// [`LearnError::TooFewRows`] for a site with a single row, unless only means are harmonised.
pub(crate) fn fit(work: &mut Working, settings: &Combat) -> Result<Vec<String>> {
    let of_row = work.samples.sites().ok_or(LearnError::NoSites)?;
    let distinct: BTreeSet<&String> = of_row.iter().collect();
    let sites: Vec<String> = distinct.into_iter().cloned().collect();
    let number = |site| sites.binary_search(site).unwrap_or(0);
    let given: Vec<usize> = of_row.iter().map(number).collect();
    let seen: Vec<usize> = work.order().iter().map(|&row| given[row]).collect();
    let mut counts = vec![0_usize; sites.len()];
    for &site in &seen {
        counts[site] += 1;
    }
    let reference = reference(settings, &sites)?;
    for (site, &count) in sites.iter().zip(&counts) {
        let alone = count < 2 && sites.len() > 1;
        if alone && (!settings.mean_only || settings.reference_site.as_ref() == Some(site)) {
            return Err(LearnError::settings(
                NAME,
                format!(
                    "combat: site '{site}' has one training row, so its spread is unknown: choose \
                     mean_only, or leave the site out"
                ),
            ));
        }
    }
    let fits = work.map(|place, values| {
        let plain = work.columns[place].fitted.indicates.is_none();
        plain.then(|| one_column(values, &seen, &counts, reference))
    });
    work.retain(|place| {
        let fit = fits[place].as_ref();
        fit.is_some_and(|fit| fit.site_only)
            .then_some(Dropped::SiteOnly)
    });
    let mut fits: Vec<ColumnFit> = fits.into_iter().flatten().collect();
    fits.retain(|fit| !fit.site_only);
    let effects = all_effects(&fits, &counts, settings, reference);
    let plain = work.columns.iter_mut();
    let plain = plain.filter(|c| c.fitted.indicates.is_none());
    for (candidate, effects) in plain.zip(effects) {
        candidate.fitted.sites = Some(effects);
    }
    work.sites = Some(given);
    Ok(sites)
}

fn reference(settings: &Combat, sites: &[String]) -> Result<Option<usize>> {
    let Some(wanted) = &settings.reference_site else {
        return Ok(None);
    };
    match sites.binary_search(wanted) {
        Ok(at) => Ok(Some(at)),
        Err(_) => Err(LearnError::settings(
            NAME,
            format!(
                "combat: no training row is from reference_site '{wanted}'; there are: {}",
                sites.join(", ")
            ),
        )),
    }
}

/// α, σ and the sites' means and squares of one column.
fn one_column(
    values: &[f64],
    site_of_row: &[usize],
    counts: &[usize],
    reference: Option<usize>,
) -> ColumnFit {
    let of_site = |site: usize| -> Vec<f64> {
        let rows = values.iter().zip(site_of_row);
        rows.filter(|(_, at)| **at == site)
            .map(|(v, _)| *v)
            .collect()
    };
    let parts: Vec<Vec<f64>> = (0..counts.len()).map(of_site).collect();
    // A first guess of the mean taken off keeps digits where it is large beside the spread.
    let origin = values[0];
    let means: Vec<f64> = parts
        .iter()
        .map(|part| origin + sum_of(part, |x| x - origin) / part.len() as f64)
        .collect();
    let squares: Vec<f64> = parts
        .iter()
        .zip(&means)
        .map(|(part, mean)| sum_of(part, |x| (x - mean) * (x - mean)))
        .collect();
    let rows = values.len() as f64;
    let (mean, variance) = if let Some(site) = reference {
        (means[site], squares[site] / counts[site] as f64)
    } else {
        let shares = means.iter().zip(counts);
        let offset: f64 = shares.map(|(m, &c)| c as f64 * (m - origin)).sum();
        (origin + offset / rows, squares.iter().sum::<f64>() / rows)
    };
    let deviation = variance.sqrt();
    let standard = means.iter().zip(&squares).zip(counts);
    let sites = standard.map(|((m, squares), &rows)| SiteColumn {
        rows: rows as f64,
        mean: (m - mean) / deviation,
        squares: squares / variance,
    });
    let within: Vec<f64> = if let Some(site) = reference {
        parts[site].clone()
    } else {
        let residuals = parts.iter().zip(&means);
        residuals
            .flat_map(|(part, m)| part.iter().map(move |x| x - m + mean))
            .collect()
    };
    ColumnFit {
        mean,
        deviation,
        sites: sites.collect(),
        site_only: is_constant(&within, mean, variance),
    }
}

/// γ* and δ* of every column.
fn all_effects(
    fits: &[ColumnFit],
    counts: &[usize],
    settings: &Combat,
    reference: Option<usize>,
) -> Vec<SiteEffects> {
    let by_site: Vec<Vec<(f64, f64)>> = (0..counts.len())
        .into_par_iter()
        .map(|site| {
            if counts.len() == 1 || reference == Some(site) {
                return vec![(0.0, 1.0); fits.len()];
            }
            let columns: Vec<SiteColumn> = fits.iter().map(|fit| fit.sites[site]).collect();
            priors::estimates(&columns, settings.parametric, settings.mean_only)
        })
        .collect();
    let effects = fits.iter().enumerate().map(|(j, fit)| SiteEffects {
        mean: fit.mean,
        deviation: fit.deviation,
        shift: by_site.iter().map(|site| site[j].0).collect(),
        spread: by_site.iter().map(|site| site[j].1.sqrt()).collect(),
    });
    effects.collect()
}
