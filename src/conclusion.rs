//! From answers to a written report: the last step of every run.

use std::collections::BTreeMap;

use raduet_study::leakage::separating_columns;
use raduet_study::reference::{majority, training_patients};
use raduet_study::report::ReportSettings;
use raduet_study::uncertainty::Bootstrap;
use raduet_study::{CaseId, Cohort, FeatureTable, Label, Predictions, Report, Split, StudyError};
use serde_json::{Value, json};

use crate::arms::{FittedModel, FoldRows};
use crate::console::Console;
use crate::error::{Code, Exit, Faults, Result, ToolError, Warning, WarningCode};
use crate::figures::Pictures;
use crate::finished_run::{FinishedRun, RunRecord};
use crate::guards::{Guards, sanity};
use crate::io::cohort_csv::{self, CohortRow};
use crate::io::feature_csv::FeatureFile;
use crate::io::{predictions_csv, split_file};
use crate::models::Answers;
use crate::provenance::{Clock, ModelTime, Provenance};
use crate::report_writers::{self, doubts};
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
    /// What the source says of each case beside, parallel to the cohort's; empty where it says nothing.
    pub extras: Vec<&'a BTreeMap<String, String>>,
    /// What stands behind the results.
    pub provenance: &'a Provenance,
    /// Whether this run is a control.
    pub guards: Guards,
    /// Whether figures are drawn.
    pub pictures: Pictures,
    /// Cases without a result.
    pub failures: Vec<ToolError>,
    /// Doubts.
    pub warnings: Vec<Warning>,
}

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The final screen.
    Screen,
    /// Every figure as JSON.
    Json,
    /// Not at all: another result follows.
    Quiet,
}

/// A run whose results are written.
pub struct Concluded {
    failed: usize,
    /// None when no model has answered.
    report: Option<Report>,
    times: Vec<ModelTime>,
}

impl Conclusion<'_> {
    /// Computes the report and writes every output.
    ///
    /// # Errors
    /// [`Code::Output`], or [`Code::Split`] for a report that these answers do not allow.
    pub fn write(
        mut self,
        folder: &RunFolder,
        answers: Answers,
        clock: &mut Clock,
        console: Console,
    ) -> Result<Concluded, Faults> {
        self.failures.extend(answers.failures);
        folder.write("split.json", &split_file::write(self.split)?)?;
        let failed = self.failures.len();
        if answers.predictions.is_empty() {
            console.doubts(&self.failures, &self.warnings, "");
            write_doubts(folder, &self.failures, &self.warnings)?;
            return Ok(Concluded {
                failed,
                report: None,
                times: Vec::new(),
            });
        }
        let mut models = answers.predictions;
        // Written beside the models, so that the file alone gives the whole report again.
        let training = training_patients(self.cohort, self.split);
        models.push(majority(&models[0], &training).map_err(|fault| refused(&fault))?);
        let predictions = predictions_csv::write(&models)?;
        folder.write("predictions.csv", &predictions)?;
        let report = clock.time("report", || self.report(&models))?;
        let mut warnings = self.warnings.clone();
        warnings.extend(told(&report, &answers.fitted));
        console.doubts(&self.failures, &warnings, "");
        write_doubts(folder, &self.failures, &warnings)?;
        folder.write("metrics.json", &report_writers::metrics_json(&report)?)?;
        folder.write("cohort.csv", &cohort_csv::write(&self.people())?)?;
        for (name, bytes) in report_writers::explanations::files(&answers.fitted)? {
            folder.write(name, &bytes)?;
        }
        let fitted: Vec<Value> = answers.fitted.iter().map(described).collect();
        let record = RunRecord::of(self.provenance, fitted.into(), folder.path())?;
        clock.time("render", || -> Result<(), Faults> {
            let run = FinishedRun::gather(folder.path(), record.clone())?;
            for (name, bytes) in report_writers::files(&run.material(), self.pictures)? {
                folder.write(&name, &bytes)?;
            }
            Ok(())
        })?;
        let mut measured = clock.measured();
        measured.models = answers.fitted.iter().map(timed).collect();
        folder.write("run.json", &record.bytes(&measured)?)?;
        Ok(Concluded {
            failed,
            report: Some(report),
            times: measured.models,
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
        if self.guards.sanity {
            report.warnings.insert(0, sanity::WARNING.to_owned());
            report.control = Some(sanity::verdict(&report));
        }
        Ok(report)
    }

    /// Who took part, and with how many slices.
    fn people(&self) -> Vec<CohortRow> {
        let mut slices: BTreeMap<CaseId, usize> = BTreeMap::new();
        for row in &self.features.rows {
            *slices.entry(row.imaged_case()).or_default() += 1;
        }
        let classes = self.cohort.classes();
        let cases = self.cohort.cases().iter().enumerate();
        cases
            .map(|(index, case)| {
                let extra = self.extras.get(index).copied();
                let slices = slices.get(&case.id).copied().unwrap_or(0);
                CohortRow::new(case, classes, extra, slices)
            })
            .collect()
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
    /// Clears the state, prints the final screen or the report as JSON, and says how the run ended.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn end(self, folder: RunFolder, console: Console, form: Form) -> Result<Exit, Faults> {
        let path = folder.path().join("report.html");
        folder.finish()?;
        let Some(report) = self.report else {
            console.say("no model has answered: there is no report");
            return Ok(Exit::AllFailed);
        };
        match form {
            Form::Screen => console.print(&report_writers::screen::text(&report, &self.times)),
            Form::Quiet => {}
            Form::Json => {
                console.print(&serde_json::to_string_pretty(&report).unwrap_or_default());
            }
        }
        console.say(&format!("report: {}", path.display()));
        let refuted = report.control.is_some_and(|control| !control.passed);
        Ok(if self.failed == 0 && !refuted {
            Exit::Done
        } else {
            Exit::SomeFailed
        })
    }
}

/// What the report and the models have to say, as doubts.
fn told(report: &Report, fitted: &[FittedModel]) -> Vec<Warning> {
    let mut doubts = doubts::of_report(report);
    for model in fitted {
        if model.test_reads.answered != 1 {
            let found = format!(
                "{}: the test rows of fold {} were answered {} times",
                model.name, model.fold, model.test_reads.answered
            );
            doubts.push(Warning::new(WarningCode::Leak, found, "recorded"));
        }
        for note in &model.notes {
            let found = format!("{}: {note}", model.name);
            let done = if note.starts_with("column ") {
                "fitted without it"
            } else {
                "recorded"
            };
            doubts.push(Warning::new(WarningCode::Column, found, done).note());
        }
    }
    doubts
}

/// What a fitted model took.
fn timed(model: &FittedModel) -> ModelTime {
    ModelTime {
        name: model.name.clone(),
        fold: model.fold,
        seconds: model.seconds.clone(),
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
        "test_rows_read": model.test_reads,
    })
}

/// A statistic that these predictions do not allow.
fn refused(fault: &StudyError) -> ToolError {
    ToolError::new(Code::Split, fault.to_string())
        .remedy("give the test part more patients, or use folds")
}

/// Writes `failures.csv` and `warnings.csv`, or removes those of an earlier run where there is nothing to
/// list.
///
/// # Errors
/// [`Code::Output`].
pub fn write_doubts(
    folder: &RunFolder,
    failures: &[ToolError],
    warnings: &[Warning],
) -> Result<()> {
    let lists = [
        ("failures.csv", doubts::failures_csv(failures)?),
        ("warnings.csv", doubts::warnings_csv(warnings)?),
    ];
    for (name, csv) in lists {
        match csv {
            Some(bytes) => folder.write(name, &bytes)?,
            None => folder.remove(name)?,
        }
    }
    Ok(())
}
