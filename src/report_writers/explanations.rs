//! What models go by, as CSV under `figures/`; each file is there where it was asked for.
//!
//! | file | a line is |
//! |---|---|
//! | `importance.csv` | a column: how much the log loss of the test rows rises when its values are shuffled |
//! | `shap.csv` | a class and a column: mean absolute SHAP value over the test rows |
//! | `shap_MODEL.csv` | a test row and a class: the answer where nothing is known, and what each column adds to it |
//! | `learning_curve.csv` | a number of patients learned from: log losses of these and of patients held out, in folds of the training rows |
//!
//! SHAP values add up to class shares for single trees and forests, to raw scores (log odds of the second of two
//! classes, or one score a class before softmax) for boosting, logistic regression and linear discriminants; all
//! of them before calibration.

use crate::arms::FittedModel;
#[cfg(feature = "learners")]
use crate::arms::explanation::RowContributions;
use crate::error::Result;
use crate::io::cell;
#[cfg(feature = "learners")]
use crate::io::feature_csv::FeatureRow;
use crate::report_writers::lines::Lines;

/// Every file that any model has something for.
///
/// # Errors
/// [`crate::error::Code::Internal`] when a writer fails, which it does not in memory.
pub fn files(models: &[FittedModel]) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let mut files = Vec::new();
    let any = |has: fn(&FittedModel) -> bool| models.iter().any(has);
    if any(|model| !model.explanation.importances.is_empty()) {
        files.push(("figures/importance.csv", importance(models)?));
    }
    if any(|model| !model.explanation.contributions.is_empty()) {
        files.push(("figures/shap.csv", contributions(models)?));
    }
    if any(|model| !model.explanation.learning_curve.is_empty()) {
        files.push(("figures/learning_curve.csv", learning_curve(models)?));
    }
    Ok(files)
}

fn number(value: Option<f64>) -> String {
    value.map(cell::number).unwrap_or_default()
}

/// What each column is worth to each model on each fold.
fn importance(models: &[FittedModel]) -> Result<Vec<u8>> {
    let mut out = Lines::new(&["model", "fold", "column", "log_loss_rise", "sd"])?;
    for model in models {
        for importance in &model.explanation.importances {
            out.put([
                cell::text(&model.name),
                model.fold.to_string(),
                cell::text(&importance.column),
                number(importance.mean),
                number(importance.sd),
            ])?;
        }
    }
    out.bytes()
}

fn contributions(models: &[FittedModel]) -> Result<Vec<u8>> {
    let mut out = Lines::new(&["model", "fold", "class", "column", "mean_absolute_shap"])?;
    for model in models {
        for contribution in &model.explanation.contributions {
            out.put([
                cell::text(&model.name),
                model.fold.to_string(),
                cell::text(&contribution.class),
                cell::text(&contribution.column),
                cell::number(contribution.mean_absolute),
            ])?;
        }
    }
    out.bytes()
}

/// The SHAP values of every test row of one model on one fold.
///
/// # Errors
/// As [`files`].
#[cfg(feature = "learners")]
pub fn shap_of_rows(contributions: &RowContributions, rows: &[FeatureRow]) -> Result<Vec<u8>> {
    let shap = &contributions.shap;
    let head = ["ID", "PatientID", "Slice", "class", "base"].map(str::to_owned);
    let columns = shap.columns.iter().map(|column| cell::text(column));
    let head: Vec<String> = head.into_iter().chain(columns).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut out = Lines::new(&head)?;
    let mut values = shap.values.chunks_exact(shap.columns.len());
    for &row in &contributions.rows {
        let row = &rows[row];
        for ((class, &base), values) in shap.outputs.iter().zip(&shap.base).zip(&mut values) {
            let keys = [
                cell::text(row.sample.case.as_str()),
                cell::text(row.patient.as_str()),
                row.sample
                    .slice
                    .map(|slice| slice.to_string())
                    .unwrap_or_default(),
                cell::text(class),
                cell::number(base),
            ];
            out.put(
                keys.into_iter()
                    .chain(values.iter().map(|&v| cell::number(v))),
            )?;
        }
    }
    out.bytes()
}

fn learning_curve(models: &[FittedModel]) -> Result<Vec<u8>> {
    let mut out = Lines::new(&[
        "model",
        "fold",
        "share",
        "patients",
        "learned_log_loss",
        "learned_sd",
        "held_out_log_loss",
        "held_out_sd",
        "failed_fits",
    ])?;
    for model in models {
        for size in &model.explanation.learning_curve {
            out.put([
                cell::text(&model.name),
                model.fold.to_string(),
                cell::number(size.share),
                cell::number(size.patients),
                number(size.learned.map(|(mean, _)| mean)),
                number(size.learned.map(|(_, sd)| sd)),
                number(size.held_out.map(|(mean, _)| mean)),
                number(size.held_out.map(|(_, sd)| sd)),
                size.failed.to_string(),
            ])?;
        }
    }
    out.bytes()
}
