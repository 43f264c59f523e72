//! The chain of steps with everything it estimated, applied to new tables by column name.

use std::collections::{BTreeMap, BTreeSet};

use raduet_study::FeatureTable;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{LearnError, Result};
use crate::preprocess::Preprocess;
use crate::preprocess::column::FittedColumn;
use crate::preprocess::pca::Components;
use crate::preprocess::record::{DroppedColumn, StepRecord};
use crate::preprocess::undefined::refuse;

/// Rows made together.
const ROWS_MADE: usize = 256;

/// The chain with everything it estimated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedPreprocess {
    pub(crate) settings: Preprocess,
    /// Columns of the training table, in its order.
    pub(crate) inputs: Vec<String>,
    /// Sites of the training rows, ascending, where they are harmonised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sites: Vec<String>,
    pub(crate) kept: Vec<FittedColumn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) components: Option<Components>,
    pub(crate) dropped: Vec<DroppedColumn>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) record: Vec<StepRecord>,
}

impl FittedPreprocess {
    /// Settings of the chain.
    pub fn settings(&self) -> &Preprocess {
        &self.settings
    }

    /// Number of columns the learner sees.
    pub fn width(&self) -> usize {
        self.components
            .as_ref()
            .map_or(self.kept.len(), Components::count)
    }

    /// Names of the columns the learner sees, in its order.
    pub fn names(&self) -> Vec<String> {
        match &self.components {
            Some(components) => components.names(),
            None => self.kept().map(str::to_owned).collect(),
        }
    }

    /// Names of the columns that are left of the table: those of the learner in its order, unless they are
    /// combined into components.
    pub fn kept(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(|column| column.name.as_str())
    }

    /// Columns of the training table, in its order.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// Columns that the learner does not see; each displays as a sentence.
    pub fn dropped(&self) -> &[DroppedColumn] {
        &self.dropped
    }

    /// What every step that judges columns kept, with its scores.
    pub fn record(&self) -> &[StepRecord] {
        &self.record
    }

    /// The learner's view of rows of a table, row-major rows × [`FittedPreprocess::width`].
    /// Columns are found by name, so their order does not matter.
    ///
    /// # Errors
    /// [`LearnError::Columns`] unless the table has exactly the training columns,
    /// [`LearnError::Row`], [`LearnError::NotFinite`] in a column the learner sees,
    /// [`LearnError::NoSites`] and [`LearnError::UnknownSite`] where sites are harmonised.
    pub fn transform(&self, table: &FeatureTable, rows: &[usize]) -> Result<Vec<f64>> {
        let positions = self.positions(table.columns())?;
        if let Some(&found) = rows.iter().find(|row| **row >= table.samples().len()) {
            return Err(LearnError::Row {
                found,
                rows: table.samples().len(),
            });
        }
        let mut ascending = positions.clone();
        ascending.sort_unstable();
        ascending.dedup();
        let name = |row: usize| format!("'{}'", table.samples()[rows[row]]);
        refuse(
            self.settings.undefined,
            table.columns(),
            &ascending,
            || rows.iter().map(|&row| table.row(row)),
            name,
        )?;
        let sites = self.site_numbers(table, rows)?;
        let site = |at: usize| sites.get(at).copied().unwrap_or(0);
        Ok(self.made(rows.len(), &positions, |at| (table.row(rows[at]), site(at))))
    }

    /// The learner's view of `count` rows, each given by its values and the number of its site;
    /// `positions` are those of the kept columns' sources among the values.
    pub(crate) fn made<'a>(
        &self,
        count: usize,
        positions: &[usize],
        row: impl Fn(usize) -> (&'a [f64], usize) + Sync,
    ) -> Vec<f64> {
        let width = self.width();
        let mut values = vec![0.0; count * width];
        let blocks = values.par_chunks_mut(ROWS_MADE * width.max(1));
        blocks.enumerate().for_each(|(block, out)| {
            let mut before = Vec::new();
            for (offset, out) in out.chunks_exact_mut(width).enumerate() {
                let (from, site) = row(block * ROWS_MADE + offset);
                let columns = self.kept.iter().zip(positions);
                let made = columns.map(|(column, &at)| column.apply(from[at], site));
                match &self.components {
                    None => out.iter_mut().zip(made).for_each(|(to, value)| *to = value),
                    Some(components) => {
                        before.clear();
                        before.extend(made);
                        components.apply(&mut before, out);
                    }
                }
            }
        });
        values
    }

    /// The number of each row's site, or nothing where sites do not matter.
    fn site_numbers(&self, table: &FeatureTable, rows: &[usize]) -> Result<Vec<usize>> {
        if self.sites.is_empty() {
            return Ok(Vec::new());
        }
        let sites = table.sites().ok_or(LearnError::NoSites)?;
        let number = |&row: &usize| {
            let site = &sites[row];
            self.sites
                .binary_search(site)
                .map_err(|_| LearnError::UnknownSite {
                    site: site.clone(),
                    sample: table.samples()[row].to_string(),
                    known: self.sites.clone(),
                })
        };
        rows.iter().map(number).collect()
    }

    /// Where the source of each kept column stands among `columns`.
    fn positions(&self, columns: &[String]) -> Result<Vec<usize>> {
        let at: BTreeMap<&str, usize> = columns
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), index))
            .collect();
        let known: BTreeSet<&str> = self.inputs.iter().map(String::as_str).collect();
        let missing = self.inputs.iter().filter(|n| !at.contains_key(n.as_str()));
        let missing: Vec<String> = missing.cloned().collect();
        let unknown = columns.iter().filter(|n| !known.contains(n.as_str()));
        let unknown: Vec<String> = unknown.cloned().collect();
        if !(missing.is_empty() && unknown.is_empty()) {
            return Err(LearnError::Columns { missing, unknown });
        }
        Ok(self.kept.iter().map(|c| at[c.source()]).collect())
    }

    /// What a chain from a file must fulfil.
    pub(crate) fn check(&self) -> Result<()> {
        let fault =
            |found: String, expected: &str| Err(LearnError::saved("preprocess", found, expected));
        if let Err(error) = self.settings.check() {
            return fault(error.to_string(), "settings that make sense");
        }
        let mut inputs = BTreeSet::new();
        if let Some(twice) = self.inputs.iter().find(|n| !inputs.insert(n.as_str())) {
            return fault(format!("column '{twice}' twice"), "distinct names");
        }
        if self.kept.is_empty() {
            return fault("no column".into(), "at least one that is kept");
        }
        if !self.sites.windows(2).all(|pair| pair[0] < pair[1]) {
            return fault("sites out of order".into(), "distinct sites, ascending");
        }
        if self.sites.is_empty() == self.settings.combat.is_some() {
            return fault(
                format!("{} sites", self.sites.len()),
                "sites exactly where they are harmonised",
            );
        }
        let mut names = BTreeSet::new();
        for column in &self.kept {
            if !names.insert(column.name.as_str()) {
                return fault(format!("column '{}' twice", column.name), "distinct names");
            }
            if !inputs.contains(column.source()) {
                return fault(
                    format!("column '{}'", column.source()),
                    "a column of the training table",
                );
            }
            column.check(self.settings.undefined.replaces(), self.sites.len())?;
        }
        for column in &self.dropped {
            if !names.insert(column.column.as_str()) {
                return fault(
                    format!("column '{}' kept and left out, or twice", column.column),
                    "each column once",
                );
            }
        }
        if let Some(lost) = self.inputs.iter().find(|n| !names.contains(n.as_str())) {
            return fault(
                format!("column '{lost}' neither kept nor left out"),
                "every column of the training table",
            );
        }
        match (&self.components, &self.settings.pca) {
            (Some(components), Some(_)) => components.check(self.kept.len())?,
            (None, None) => {}
            _ => {
                return fault(
                    "components or none".into(),
                    "them exactly where they are asked for",
                );
            }
        }
        self.record.iter().try_for_each(StepRecord::check)
    }
}
