//! What is judged at the level of patients: the rows, and what they are called.
//!
//! Mostly a row is a patient. Where slices are judged as they are (`--unit slice`), or where patients have rows of
//! several classes so that no one answer could be right for all of them, it is a sample; then a text that speaks of
//! patients would be wrong.

use raduet_study::pooling::PoolingName;
use raduet_study::report::{Level, LevelReport, ModelReport, Unit};
use raduet_study::{Part, Pooling, Predictions, Report};

use super::Material;

/// What rows of a report stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    /// Rows judged in place of patients.
    pub(crate) rows: usize,
    /// Whether each of them is a patient.
    pub(crate) patients: bool,
    /// Samples: slices, or rows that are whole cases or lesions.
    samples: &'static str,
}

impl Judged {
    pub(crate) fn of(material: &Material<'_>) -> Self {
        Self::new(material.report, material.predictions)
    }

    /// Of a report and the answers behind it.
    pub(crate) fn new(report: &Report, predictions: &[Predictions]) -> Self {
        let mut rows = predictions.iter().flat_map(Predictions::rows);
        let sliced = rows.clone().next().is_none() || rows.any(|row| row.sample.slice.is_some());
        // Every model answered the same questions, so the first speaks for all.
        let first = report.models.first();
        let figure = first.and_then(|model| model.patient.figures.first());
        Self {
            rows: figure.map_or(report.test_patients, |figure| figure.slices),
            patients: are_patients(report),
            samples: if sliced { "slices" } else { "rows" },
        }
    }

    /// What a row of a level is, in the plural.
    pub(crate) fn noun(self, level: Level) -> &'static str {
        match level {
            Level::Patient if self.patients => "patients",
            Level::Patient | Level::Slice => self.samples,
        }
    }

    /// Whose accuracy it is: `patient`, `slice`, `row`.
    pub(crate) fn single(self) -> &'static str {
        match self.noun(Level::Patient) {
            "patients" => "patient",
            "slices" => "slice",
            _ => "row",
        }
    }

    /// The same at the beginning of a sentence.
    pub(crate) fn capital(self) -> &'static str {
        match self.single() {
            "patient" => "Patient",
            "slice" => "Slice",
            _ => "Row",
        }
    }

    /// `24 test patients`, `31 test rows of 24 patients`.
    pub(crate) fn counted(self, report: &Report, level: Level) -> String {
        let noun = self.noun(level);
        match level {
            Level::Patient if self.patients => format!("{} test patients", self.rows),
            Level::Patient => format!(
                "{} test {noun} of {} patients",
                self.rows, report.test_patients
            ),
            Level::Slice => format!("{} test {noun}", report.test_slices),
        }
    }

    /// Levels that differ: patients, and samples where they are others than what is judged as patients.
    pub(crate) fn levels(self, report: &Report) -> Vec<Level> {
        if self.rows == report.test_slices {
            vec![Level::Patient]
        } else {
            vec![Level::Patient, Level::Slice]
        }
    }

    /// What a reader must know where rows are no patients.
    pub(crate) fn note(self, report: &Report) -> Option<String> {
        let noun = self.noun(Level::Patient);
        let why = match report.settings.unit {
            _ if self.patients => return None,
            Unit::Slice => "as was asked for",
            Unit::Patient => "since patients have rows of several classes",
        };
        Some(format!(
            "Every one of the {} test {noun} was judged by itself, {why}: what is called patient accuracy elsewhere is \
             that of {noun} here. Intervals and tests are over the {} patients.",
            self.rows, report.test_patients,
        ))
    }
}

/// Whether what is judged at the level of patients is patients, one row each.
pub(crate) fn are_patients(report: &Report) -> bool {
    // Every model answered the same questions, so the first speaks for all.
    let first = report.models.first();
    let figure = first.and_then(|model| model.patient.figures.first());
    report.settings.unit == Unit::Patient
        && figure.is_none_or(|figure| figure.slices == report.test_patients)
}

/// A model at a level.
pub(crate) fn at(model: &ModelReport, level: Level) -> &LevelReport {
    match level {
        Level::Slice => &model.slice,
        Level::Patient => &model.patient,
    }
}

/// How a report pooled slices; none by weights, which do not stand in a report.
pub(crate) fn pooling(report: &Report) -> Option<Pooling> {
    match report.settings.pooling {
        PoolingName::MeanProbability => Some(Pooling::MeanProbability),
        PoolingName::MajorityVote => Some(Pooling::MajorityVote),
        PoolingName::Weighted => None,
    }
}

/// The test rows that a report judged at a level; none where the report does not tell how it pooled.
pub(crate) fn rows(report: &Report, answers: &Predictions, level: Level) -> Option<Predictions> {
    match (level, report.settings.unit) {
        (Level::Slice, _) | (Level::Patient, Unit::Slice) => Some(answers.on(Part::Test)),
        (Level::Patient, Unit::Patient) => answers.patients_of(Part::Test, &pooling(report)?).ok(),
    }
}
