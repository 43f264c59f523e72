//! What the tool writes about a run, one form a file. Each gives bytes; the caller places them.
//!
//! | form | what it is for |
//! |---|---|
//! | [`screen`] | the end of a run, and the head of the report |
//! | [`html`] | reading: one file, no network |
//! | [`markdown`] | putting into a repository or a message |
//! | [`leaderboard`] | one line per model, for a spreadsheet |
//! | `metrics.json` | every figure with its interval, for a program |
//! | [`curves`], [`explanations`] | drawing: the points of every figure |
//! | `paper_tables` | Tables I to V of the paper |
//! | [`doubts`], [`features`], [`undefined`], [`run_json`] | what failed, what the columns are, which cells are empty and why, how it was made |

pub mod curves;
pub mod doubts;
pub mod escape;
pub mod explanations;
pub mod features;
pub mod html;
pub mod leaderboard;
mod lines;
pub mod markdown;
pub mod numbers;
#[cfg(feature = "deep")]
pub mod paper_tables;
pub mod run_json;
pub mod screen;
pub mod undefined;

use std::collections::BTreeMap;

use raduet_study::{Predictions, Report, Split};
use serde_json::Value;

use crate::error::{Code, Result, ToolError, Warning};
use crate::figures;
use crate::io::cohort_csv::CohortRow;
use crate::io::feature_csv::FeatureFile;
use crate::provenance::Provenance;

/// Everything a written report speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The figures.
    pub report: &'a Report,
    /// The answers, for curves.
    pub predictions: &'a [Predictions],
    /// Cases and models without a result.
    pub failures: &'a [ToolError],
    /// Doubts.
    pub warnings: &'a [Warning],
    /// What stands behind the results.
    pub provenance: &'a Provenance,
    /// What the run kept beside its answers.
    pub kept: Kept<'a>,
}

/// What a run kept beside its answers; nothing of it where there are predictions only.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Every fitted model with its settings, as `run.json` lists them, or null.
    pub models: &'a Value,
    /// The files that the run wrote and did not make from others, with their SHA-256.
    pub files: Option<&'a BTreeMap<String, String>>,
    /// Who stood where.
    pub split: Option<&'a Split>,
    /// Who took part.
    pub cohort: &'a [CohortRow],
    /// What was measured.
    pub features: Option<&'a FeatureFile>,
}

impl Default for Kept<'_> {
    fn default() -> Self {
        Self {
            models: &Value::Null,
            files: None,
            split: None,
            cohort: &[],
            features: None,
        }
    }
}

/// Every form of the report with its file name.
///
/// # Errors
/// [`Code::Internal`] when a form cannot be serialised, which does not happen.
pub fn files(material: &Material<'_>) -> Result<Vec<(String, Vec<u8>)>> {
    let figures = figures::all(material);
    let mut files = vec![
        ("leaderboard.csv", leaderboard::csv(material.report)?),
        ("report.md", markdown::page(material).into_bytes()),
        ("report.html", html::page(material).into_bytes()),
    ];
    files.extend(curves::files(material.report, material.predictions)?);
    let mut named: Vec<(String, Vec<u8>)> = files
        .into_iter()
        .map(|(name, bytes)| (name.to_owned(), bytes))
        .collect();
    named.extend(figures::files(&figures)?);
    Ok(named)
}

/// `metrics.json`: every figure of the report.
///
/// # Errors
/// [`Code::Internal`] when it cannot be serialised, which does not happen.
pub fn metrics_json(report: &Report) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(report)
        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}
