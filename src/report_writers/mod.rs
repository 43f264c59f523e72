//! What the tool writes about a run, one form a file. Each gives bytes; the caller places them.
//!
//! | form | what it is for |
//! |---|---|
//! | [`screen`] | the end of a run, and the head of the report |
//! | [`html`] | reading: one file, no network |
//! | [`markdown`] | putting into a repository or a message |
//! | [`leaderboard`] | one line per model, for a spreadsheet |
//! | [`pairwise`] | every pair of models: differences, tests, patients needed |
//! | `metrics.json` | every figure with its interval, for a program |
//! | [`methods`] | what was done, in the past tense, and whom to cite |
//! | [`explanations`] | drawing: what models go by |
//! | [`tables`] | putting into a paper: its Tables I to VIII, the cohort, the differences |
//! | [`doubts`], [`features`], [`undefined`], [`run_json`] | what failed, what the columns are, which cells are empty and why, how it was made |

pub mod check;
pub(crate) mod chosen;
pub mod doubts;
pub mod escape;
pub mod explanations;
pub mod features;
pub mod html;
pub(crate) mod judged;
pub mod leaderboard;
mod lines;
pub mod markdown;
pub mod methods;
pub mod numbers;
pub mod pairwise;
pub mod run_json;
pub mod screen;
pub mod tables;
pub mod undefined;

use std::collections::BTreeMap;

use raduet_study::{Predictions, Report, Split};
use serde_json::Value;

use crate::checklists;
use crate::error::{Code, Result, ToolError, Warning};
use crate::figures::{self, Drawn, Pictures};
use crate::finished_run::Exhibits;
use crate::io::cohort_csv::CohortRow;
use crate::io::feature_csv::FeatureFile;
use crate::provenance::Provenance;
use crate::run_folder::TABLES;
use tables::{People, Sources};

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
    /// What figures show beyond answers and features.
    pub exhibits: Option<&'a Exhibits>,
}

impl<'a> Kept<'a> {
    /// Who took part and where they stood, where both are known.
    pub(crate) fn people(&self) -> Option<People<'a>> {
        let split = self.split?;
        let rows = self.cohort;
        (!rows.is_empty()).then_some(People { rows, split })
    }
}

impl Default for Kept<'_> {
    fn default() -> Self {
        Self {
            models: &Value::Null,
            files: None,
            split: None,
            cohort: &[],
            features: None,
            exhibits: None,
        }
    }
}

/// Every form of the report with its file name.
///
/// # Errors
/// [`Code::Internal`] when a form cannot be serialised, which does not happen.
pub fn files(material: &Material<'_>, pictures: Pictures) -> Result<Vec<(String, Vec<u8>)>> {
    let figures = match pictures {
        Pictures::Drawn => figures::draw(material),
        Pictures::LeftOut => Drawn::none(),
    };
    let checklists = checklists::fill(material);
    let methods = methods::Methods::of(material);
    let mut files = Vec::new();
    let mut put = |name: &str, bytes: Vec<u8>| files.push((name.to_owned(), bytes));
    put("leaderboard.csv", leaderboard::csv(material.report)?);
    put("pairwise.csv", pairwise::csv(material.report)?);
    put("report.md", markdown::page(material).into_bytes());
    let page = html::page(material, &figures, &checklists, &methods);
    put("report.html", page.into_bytes());
    put("methods.md", methods.markdown().into_bytes());
    put("citations.bib", methods.bibliography().into_bytes());
    files.extend(figures::files(&figures.figures)?);
    files.extend(checklists::files(&checklists)?);
    let sources = Sources::of_run(
        material.report,
        material.predictions,
        material.kept.people(),
    );
    for (name, bytes) in tables::files(&sources)? {
        files.push((format!("{TABLES}/{name}"), bytes));
    }
    apart(&files, material)?;
    Ok(files)
}

/// Nothing that is made from a run's data may take the place of these, or of another such file.
fn apart(files: &[(String, Vec<u8>)], material: &Material<'_>) -> Result<()> {
    let mut names: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    let data = |name: &&&str| {
        material
            .kept
            .files
            .is_some_and(|data| data.contains_key(**name))
    };
    match twice
        .map(|pair| pair[0])
        .or(names.iter().find(data).copied())
    {
        Some(name) => Err(ToolError::internal(format!("two files of the name {name}"))),
        None => Ok(()),
    }
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
