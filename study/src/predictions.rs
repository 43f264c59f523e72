//! What a model answered: class probabilities per sample. Metrics see nothing else of a model.

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::ids::{PatientId, SampleId};
use crate::labels::{ClassNames, Label};
use crate::split::Part;

/// How far a row of probabilities may sum away from one.
const SUM_TOLERANCE: f64 = 1e-6;

/// Which side of the duet a model sings on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Arm {
    /// Features and a classical learner.
    Radiomics,
    /// A network on the pixels.
    Deep,
    /// A rule without a model, such as the majority class.
    Reference,
}

impl Arm {
    /// The name used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Radiomics => "radiomics",
            Self::Deep => "deep",
            Self::Reference => "reference",
        }
    }
}

/// What a model's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grading {
    /// Probabilities of the classes.
    #[default]
    Probabilities,
    /// Answers only: the probability of the class answered is 1, and says nothing of how sure the model was.
    Answers,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionRow {
    /// What was looked at.
    pub sample: SampleId,
    /// Whose image it was.
    pub patient: PatientId,
    /// The part the patient belongs to.
    pub part: Part,
    /// 0-based fold the answer was given in.
    pub fold: usize,
    /// The true class.
    pub truth: Label,
    /// Probability per class, in the order of the class names.
    pub probabilities: Vec<f64>,
}

impl PredictionRow {
    /// The most probable class; the first of equals.
    pub fn answer(&self) -> Label {
        let mut best = 0;
        for (k, &p) in self.probabilities.iter().enumerate() {
            if p > self.probabilities[best] {
                best = k;
            }
        }
        Label(best)
    }
}

/// All answers of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    model: String,
    arm: Arm,
    classes: ClassNames,
    grading: Grading,
    rows: Vec<PredictionRow>,
}

impl Predictions {
    /// Checks that every row is a distribution over `classes`.
    ///
    /// # Errors
    /// [`StudyError::Predictions`] naming the first row that has the wrong length, a value outside
    /// 0..=1 or not finite, a sum further than 1e-6 from one, or a truth outside the classes.
    pub fn new(
        model: impl Into<String>,
        arm: Arm,
        classes: ClassNames,
        rows: Vec<PredictionRow>,
    ) -> Result<Self> {
        let model = model.into();
        let fault = |row: usize, found: String, expected: String| StudyError::Predictions {
            model: model.clone(),
            row,
            found,
            expected,
        };
        for (i, row) in rows.iter().enumerate() {
            let p = &row.probabilities;
            if p.len() != classes.len() {
                return Err(fault(
                    i,
                    format!("{} probabilities", p.len()),
                    classes.len().to_string(),
                ));
            }
            if let Some(bad) = p.iter().find(|v| !(0.0..=1.0).contains(*v)) {
                return Err(fault(
                    i,
                    format!("probability {bad}"),
                    "a value in 0..=1".into(),
                ));
            }
            let sum: f64 = p.iter().sum();
            if (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(fault(
                    i,
                    format!("probabilities summing to {sum}"),
                    "1".into(),
                ));
            }
            if row.truth.0 >= classes.len() {
                return Err(fault(
                    i,
                    format!("true class {}", row.truth),
                    format!("a class below {}", classes.len()),
                ));
            }
        }
        Ok(Self {
            model,
            arm,
            classes,
            grading: Grading::Probabilities,
            rows,
        })
    }

    /// The same rows, said to be probabilities or answers only. Figures that need probabilities have no value for
    /// answers.
    #[must_use]
    pub fn graded(self, grading: Grading) -> Self {
        Self { grading, ..self }
    }

    /// Whether the rows are probabilities.
    pub fn grading(&self) -> Grading {
        self.grading
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Which arm it belongs to.
    pub fn arm(&self) -> Arm {
        self.arm
    }

    /// Order of the probability columns.
    pub fn classes(&self) -> &ClassNames {
        &self.classes
    }

    /// The answers in the order they were given.
    pub fn rows(&self) -> &[PredictionRow] {
        &self.rows
    }

    /// The same model's answers on one part only.
    #[must_use]
    pub fn on(&self, part: Part) -> Self {
        let rows = self
            .rows
            .iter()
            .filter(|row| row.part == part)
            .cloned()
            .collect();
        Self {
            rows,
            ..self.clone_empty()
        }
    }

    fn clone_empty(&self) -> Self {
        Self {
            model: self.model.clone(),
            arm: self.arm,
            classes: self.classes.clone(),
            grading: self.grading,
            rows: Vec::new(),
        }
    }
}
