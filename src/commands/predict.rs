//! `raduet predict`: a saved learner's answers on a feature table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use raduet_learners::{FittedPipeline, LearnError, Samples, Training};
use raduet_study::uncertainty::clopper_pearson;
use raduet_study::{
    Arm, FeatureTable, Label, Part, PatientId, Pooling, PredictionRow, Predictions,
};
use serde_json::json;

use super::{Context, Outcome};
use crate::cli::PredictArgs;
use crate::error::{Code, Exit, Level, Result, ToolError, Warning, WarningCode, shown};
use crate::io::atomic::write_file;
use crate::io::key_columns::Chosen;
use crate::io::predictions_csv::{self, Answer};
use crate::io::raw_table::{RawTable, chosen_columns};
use crate::io::{feature_table, model_file};
use crate::report_writers::numbers::{interval_percent, percent};
use crate::run_folder::remove_file;
use crate::settings::nearest::suggestion;

/// Confidence of the one interval that is printed.
const CONFIDENCE: f64 = 0.95;

/// More columns than this are counted, not named.
const SHOWN_COLUMNS: usize = 12;

pub(super) fn run(args: &PredictArgs, context: Context) -> Outcome {
    let console = context.console;
    let model = model_file::read(&args.model)?;
    let chosen = Chosen::from_words(&args.column)?;
    let mut table = feature_table::read_raw(&args.table, &chosen)?;
    console.say(&table.taken);
    let mut doubts = std::mem::take(&mut table.warnings);
    let features = features(&model, &table, &mut doubts).map_err(|f| f.file(&args.table))?;
    let truths = truths(&model, &table, &mut doubts);
    if is_training_table(&model, &features, &truths) {
        let found = "this table is the one that the model was fitted on";
        let done = "answers are written; they say nothing about other patients";
        doubts.push(Warning::new(WarningCode::Leak, found, done));
    }
    // What was taken for what has been said already.
    let told =
        |doubt: &&Warning| doubt.level == Level::Warning || doubt.code == WarningCode::Column;
    for doubt in doubts.iter().filter(told) {
        console.say(&doubt.to_string());
    }
    let rows: Vec<usize> = (0..table.rows.len()).collect();
    let probabilities = model
        .predict_proba(&features, &rows)
        .map_err(|fault| refused(&fault).file(&args.table))?;
    let answers = Answers::new(&model, &table, truths, probabilities);
    let patients = answers.by_patient()?;
    write_file(&args.output, &answers.csv()?)?;
    let pooled = beside(&args.output);
    if patients.rows().len() < table.rows.len() {
        let truth = |row: &PredictionRow| answers.truth_of(row);
        let rows = patients.rows().iter().map(|row| (row, truth(row)));
        write_file(&pooled, &csv(&model, rows)?)?;
    } else {
        remove_file(&pooled)?;
    }
    let summary = answers.summary(&patients, &args.output);
    console.print(&if context.json {
        serde_json::to_string_pretty(&summary.json()).unwrap_or_default()
    } else {
        summary.text()
    });
    Ok(Exit::Done)
}

/// Where the patients' answers go: `predictions.csv` → `predictions.patients.csv`.
fn beside(output: &Path) -> PathBuf {
    output.with_extension("patients.csv")
}

/// The model's columns of the table, in the model's order, with patients and sites beside them.
fn features(
    model: &FittedPipeline,
    table: &RawTable,
    doubts: &mut Vec<Warning>,
) -> Result<FeatureTable> {
    let known: Vec<&str> = table.table.columns().iter().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = model.columns().iter().map(String::as_str).collect();
    let unknown: Vec<&str> = known
        .iter()
        .copied()
        .filter(|name| !wanted.contains(name))
        .collect();
    let mut places = Vec::with_capacity(wanted.len());
    let mut missing = Vec::new();
    for name in model.columns() {
        match table.table.column_index(name) {
            Some(at) => places.push(at),
            None => missing.push(name.as_str()),
        }
    }
    if let Some(first) = missing.first() {
        let mut found = format!(
            "{} of the model's {} columns are missing: {}",
            missing.len(),
            model.columns().len(),
            listed(&missing)
        );
        if !unknown.is_empty() {
            found.push_str("; columns that the model does not know: ");
            found.push_str(&listed(&unknown));
        }
        let near = suggestion(first, &unknown);
        let remedy = if near.starts_with("did you mean") {
            format!("'{first}': {near} Rename it")
        } else {
            "extract the features with the settings of the training table".to_owned()
        };
        return Err(ToolError::new(Code::Manifest, found).remedy(remedy));
    }
    if !unknown.is_empty() {
        let found = format!(
            "{} column(s) that the model does not know: {}",
            unknown.len(),
            listed(&unknown)
        );
        doubts.push(Warning::new(WarningCode::Column, found, "not used").note());
    }
    let internal = |fault: raduet_study::StudyError| ToolError::internal(fault.to_string());
    let patients = table.rows.iter().map(|row| row.patient.clone()).collect();
    let features = chosen_columns(&table.table, &places)?
        .with_patients(patients)
        .map_err(internal)?;
    match &table.sites {
        Some(sites) => features.with_sites(sites.clone()).map_err(internal),
        None => Ok(features),
    }
}

fn listed(names: &[&str]) -> String {
    let mut text = names[..names.len().min(SHOWN_COLUMNS)].join(", ");
    if names.len() > SHOWN_COLUMNS {
        text.push_str(", …");
    }
    text
}

/// The true class of each row, where the table names one that the model knows.
fn truths(
    model: &FittedPipeline,
    table: &RawTable,
    doubts: &mut Vec<Warning>,
) -> Vec<Option<Label>> {
    let mut strange = BTreeSet::new();
    let truths = table.rows.iter().map(|row| {
        let name = row.label.as_deref()?;
        let label = model.classes().label(name);
        if label.is_none() {
            strange.insert(name);
        }
        label
    });
    let truths = truths.collect();
    if !strange.is_empty() {
        let names: Vec<&str> = strange.into_iter().collect();
        let found = format!("classes that the model does not know: {}", listed(&names));
        let done = format!(
            "y_true left empty for them; the model's classes: {}",
            model.classes().names().join(", ")
        );
        doubts.push(Warning::new(WarningCode::Manifest, found, done));
    }
    truths
}

/// Whether these are the very rows that the model was fitted on.
fn is_training_table(
    model: &FittedPipeline,
    features: &FeatureTable,
    truths: &[Option<Label>],
) -> bool {
    let training = model.training();
    if training.sha256.is_none() || training.rows != truths.len() {
        return false;
    }
    let labels: Option<Vec<Label>> = truths.iter().copied().collect();
    let rows: Vec<usize> = (0..truths.len()).collect();
    let samples =
        labels.and_then(|l| Samples::from_table(features, &rows, &l, model.classes()).ok());
    samples.is_some_and(|samples| Training::of(&samples).sha256 == training.sha256)
}

/// Every row's answer.
struct Answers<'a> {
    model: &'a FittedPipeline,
    table: &'a RawTable,
    truths: Vec<Option<Label>>,
    of_patient: BTreeMap<&'a PatientId, Option<Label>>,
    probabilities: Vec<Vec<f64>>,
}

impl<'a> Answers<'a> {
    fn new(
        model: &'a FittedPipeline,
        table: &'a RawTable,
        truths: Vec<Option<Label>>,
        probabilities: Vec<Vec<f64>>,
    ) -> Self {
        let mut of_patient = BTreeMap::new();
        for (row, &truth) in table.rows.iter().zip(&truths) {
            let known = of_patient.entry(&row.patient).or_insert(truth);
            if *known != truth {
                *known = None;
            }
        }
        Self {
            model,
            table,
            truths,
            of_patient,
            probabilities,
        }
    }

    /// The rows as predictions; what has no true class gets the first, which nobody looks at.
    fn rows(&self) -> impl Iterator<Item = PredictionRow> {
        let rows = self.table.rows.iter().zip(&self.probabilities);
        rows.map(|(row, probabilities)| PredictionRow {
            sample: row.sample.clone(),
            patient: row.patient.clone(),
            part: row.part.unwrap_or(Part::Test),
            fold: 0,
            truth: Label(0),
            probabilities: probabilities.clone(),
        })
    }

    fn csv(&self) -> Result<Vec<u8>> {
        let rows: Vec<PredictionRow> = self.rows().collect();
        csv(self.model, rows.iter().zip(self.truths.iter().copied()))
    }

    /// Mean probabilities of each patient's rows.
    fn by_patient(&self) -> Result<Predictions> {
        // A patient whose rows stand in several parts of the table has one answer here.
        let rows = self.rows().map(|row| PredictionRow {
            part: Part::Test,
            ..row
        });
        let classes = self.model.classes().clone();
        Predictions::new(name(self.model), Arm::Radiomics, classes, rows.collect())
            .and_then(|all| all.by_patient(&Pooling::MeanProbability))
            .map_err(|fault| ToolError::internal(fault.to_string()))
    }

    /// The class of a patient, where all of its rows agree on one.
    fn truth_of(&self, row: &PredictionRow) -> Option<Label> {
        self.of_patient.get(&row.patient).copied().flatten()
    }

    fn summary(&self, patients: &Predictions, output: &Path) -> Summary<'_> {
        let mut answers = BTreeMap::new();
        let (mut known, mut right) = (0, 0);
        for row in patients.rows() {
            *answers.entry(row.answer()).or_insert(0) += 1;
            if let Some(truth) = self.truth_of(row) {
                known += 1;
                right += u64::from(truth == row.answer());
            }
        }
        Summary {
            model: self.model,
            rows: self.table.rows.len(),
            patients: patients.rows().len(),
            answers,
            known,
            right,
            output: output.to_owned(),
        }
    }
}

/// What is printed.
struct Summary<'a> {
    model: &'a FittedPipeline,
    rows: usize,
    patients: usize,
    /// Patients by answer.
    answers: BTreeMap<Label, usize>,
    /// Patients whose class is known.
    known: u64,
    /// Those of them who were answered rightly.
    right: u64,
    output: PathBuf,
}

impl Summary<'_> {
    fn text(&self) -> String {
        let training = self.model.training();
        let of = training
            .patients
            .map(|patients| format!(" of {patients} patients"));
        let answers: Vec<String> = self
            .answers
            .iter()
            .map(|(&label, count)| format!("{} {count}", shown(self.model.classes().name(label))))
            .collect();
        let mut text = format!(
            "{}, fitted on {} rows{}: answers for {} rows of {} patients\nanswers by patient: {}",
            name(self.model),
            training.rows,
            of.unwrap_or_default(),
            self.rows,
            self.patients,
            answers.join(", ")
        );
        if self.known > 0 {
            let share = self.right as f64 / self.known as f64;
            let interval = clopper_pearson(self.right, self.known, CONFIDENCE);
            let _ = write!(
                text,
                "\nright for {} of {} patients whose class is known: {} % {} (exact, {} %)",
                self.right,
                self.known,
                percent(share),
                interval_percent(interval),
                100.0 * CONFIDENCE
            );
        }
        let _ = write!(text, "\npredictions: {}", self.output.display());
        text
    }

    fn json(&self) -> serde_json::Value {
        let classes = self.model.classes();
        let answers: serde_json::Map<_, _> = classes
            .labels()
            .map(|label| {
                let count = self.answers.get(&label).copied().unwrap_or(0);
                (classes.name(label).to_owned(), json!(count))
            })
            .collect();
        json!({
            "model": name(self.model),
            "pipeline": self.model.settings(),
            "training": self.model.training(),
            "rows": self.rows,
            "patients": self.patients,
            "answers_by_patient": answers,
            "patients_with_known_class": self.known,
            "right": self.right,
            "output": self.output.to_string_lossy(),
        })
    }
}

/// The learner's name as reports have it: with its back end where that is not ours.
fn name(model: &FittedPipeline) -> String {
    let word = |key: &str| {
        model.settings()[key]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (learner, backend) = (word("learner"), word("backend"));
    match raduet_learners::registry::find(&format!("{learner}:{backend}")) {
        Ok(entry) => entry.id(),
        Err(_) => learner,
    }
}

fn csv<'r>(
    model: &FittedPipeline,
    rows: impl Iterator<Item = (&'r PredictionRow, Option<Label>)>,
) -> Result<Vec<u8>> {
    let name = name(model);
    predictions_csv::write_answers(
        model.classes(),
        rows.map(|(row, truth)| Answer {
            model: &name,
            arm: Arm::Radiomics,
            row,
            truth,
            grading: raduet_study::Grading::Probabilities,
        }),
    )
}

fn refused(fault: &LearnError) -> ToolError {
    let (code, remedy) = match fault {
        LearnError::NotFinite { .. } => (
            Code::Nonfinite,
            "mend the table, or fit the model with --impute median",
        ),
        _ => (
            Code::Manifest,
            "give a table with the columns that the model was fitted on, or fit it again",
        ),
    };
    ToolError::new(code, fault.to_string()).remedy(remedy)
}
