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

pub mod check;
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

use raduet_study::{Predictions, Report};

use crate::error::{Code, Result, ToolError, Warning};
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
}

/// Every form of the report with its file name.
///
/// # Errors
/// [`Code::Internal`] when a form cannot be serialised, which does not happen.
pub fn files(material: &Material<'_>) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let mut files = vec![
        ("leaderboard.csv", leaderboard::csv(material.report)?),
        ("metrics.json", json(material.report)?),
        ("report.md", markdown::page(material).into_bytes()),
        ("report.html", html::page(material).into_bytes()),
    ];
    files.extend(curves::files(material.report, material.predictions)?);
    Ok(files)
}

/// Every figure of the report.
fn json(report: &Report) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(report)
        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}
