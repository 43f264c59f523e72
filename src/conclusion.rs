//! From answers to a written report: the last step of every run.

use raduet_study::leakage::separating_columns;
use raduet_study::report::ReportSettings;
use raduet_study::uncertainty::Bootstrap;
use raduet_study::{Cohort, FeatureTable, Label, Predictions, Report, Split, StudyError};
use serde_json::{Value, json};

use crate::arms::{FittedModel, FoldRows};
use crate::console::Console;
use crate::error::{Code, Exit, Faults, Result, ToolError, Warning};
use crate::io::feature_csv::FeatureFile;
use crate::io::{predictions_csv, split_file};
use crate::models::Answers;
use crate::provenance::{Clock, Provenance};
use crate::report_writers::{self, Material, doubts, run_json};
use crate::run_folder::RunFolder;
use crate::settings::Settings;

/// What is known when the models have answered.
pub struct Conclusion<'a> {
    /// The study's name.
    pub name: &'a str,
    /// All settings.
    pub settings: &'a Settings,
    /// Who takes part.
    pub cohort: &'a Cohort,
    /// Slices and features.
    pub features: &'a FeatureFile,
    /// Who trained and who is tested.
    pub split: &'a Split,
    /// What stands behind the results.
    pub provenance: &'a Provenance,
    /// Cases without a result.
    pub failures: Vec<ToolError>,
    /// Doubts.
    pub warnings: Vec<Warning>,
}

/// A run whose results are written.
pub struct Concluded {
    failed: usize,
    screen: String,
}

impl Conclusion<'_> {
    /// Computes the report and writes every output.
    ///
    /// # Errors
    /// [`Code::Output`]; the models' failures when none has answered.
    pub fn write(
        mut self,
        folder: &RunFolder,
        answers: Answers,
        clock: &mut Clock,
        console: Console,
    ) -> Result<Concluded, Faults> {
        self.failures.extend(answers.failures);
        console.doubts(&self.failures, &self.warnings);
        if answers.predictions.is_empty() {
            Faults::check(self.failures)?;
            let nothing = ToolError::new(Code::Settings, "no model was planned")
                .remedy("name learners or networks");
            return Err(nothing.into());
        }
        folder.write("split.json", &split_file::write(self.split)?)?;
        folder.write(
            "predictions.csv",
            &predictions_csv::write(&answers.predictions)?,
        )?;
        write_list(
            folder,
            "failures.csv",
            doubts::failures_csv(&self.failures)?,
        )?;
        write_list(
            folder,
            "warnings.csv",
            doubts::warnings_csv(&self.warnings)?,
        )?;
        let report = clock.time("report", || self.report(&answers.predictions))?;
        let material = Material {
            report: &report,
            predictions: &answers.predictions,
            failures: &self.failures,
            warnings: &self.warnings,
            provenance: self.provenance,
        };
        for (name, bytes) in report_writers::files(&material)? {
            folder.write(name, &bytes)?;
        }
        let models: Vec<Value> = answers.fitted.iter().map(described).collect();
        let run = run_json::bytes(self.provenance, &clock.measured(), models.into())?;
        folder.write("run.json", &run)?;
        Ok(Concluded {
            failed: self.failures.len(),
            screen: report_writers::screen::text(&report),
        })
    }

    fn report(&self, predictions: &[Predictions]) -> Result<Report> {
        let settings = ReportSettings {
            bootstrap: Bootstrap {
                resamples: self.settings.report.bootstrap,
                confidence: self.settings.report.confidence,
                seed: self.settings.split.seed,
            },
            ..ReportSettings::default()
        };
        let mut report = Report::new(self.name, self.cohort, self.split, predictions, &settings)
            .map_err(|fault| refused(&fault))?;
        report.leaks = self.leaks().map_err(|fault| refused(&fault))?;
        Ok(report)
    }

    /// Columns that separate a class by themselves in the first fold's training rows.
    fn leaks(&self) -> Result<Vec<raduet_study::leakage::Leak>, StudyError> {
        let Some(parts) = self.split.folds.first() else {
            return Ok(Vec::new());
        };
        let train = FoldRows::new(0, parts, &self.features.rows).train;
        let table = &self.features.table;
        let samples = train
            .iter()
            .map(|&row| table.samples()[row].clone())
            .collect();
        let values = train
            .iter()
            .flat_map(|&row| table.row(row))
            .copied()
            .collect();
        let labels: Vec<Label> = train
            .iter()
            .map(|&row| self.features.rows[row].label)
            .collect();
        let training = FeatureTable::new(samples, table.columns().to_vec(), values)?;
        separating_columns(&training, &labels, &self.features.classes)
    }
}

impl Concluded {
    /// Clears the state, prints the final screen, and says how the run ended.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn end(self, folder: RunFolder, console: Console) -> Result<Exit, Faults> {
        let report = folder.path().join("report.html");
        folder.finish()?;
        console.print(&self.screen);
        console.say(&format!("report: {}", report.display()));
        Ok(if self.failed == 0 {
            Exit::Done
        } else {
            Exit::SomeFailed
        })
    }
}

/// A fitted model's entry in `run.json`.
fn described(model: &FittedModel) -> Value {
    json!({
        "name": model.name,
        "arm": model.arm,
        "fold": model.fold,
        "settings": model.settings,
        "notes": model.notes,
    })
}

/// A statistic that these predictions do not allow.
fn refused(fault: &StudyError) -> ToolError {
    ToolError::new(Code::Split, fault.to_string())
        .remedy("give the test part more patients, or use folds")
}

/// Writes a list, or removes that of an earlier run when there is nothing to list.
fn write_list(folder: &RunFolder, name: &str, csv: Option<Vec<u8>>) -> Result<()> {
    match csv {
        Some(bytes) => folder.write(name, &bytes),
        None => folder.remove(name),
    }
}
