//! Preprocessing and a learner as one thing: the only way the tool fits anything.

use std::fmt;

use raduet_study::{ClassNames, FeatureTable, Label};
use serde_json::{Value, json};

use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model};
use crate::preprocess::undefined::refuse_keep;
use crate::preprocess::{DroppedColumn, FittedPreprocess, Preprocess};
use crate::registry::LearnerEntry;
use crate::samples::Samples;

/// A learner with what happens before it, not yet fitted.
pub struct Pipeline {
    learner: Box<dyn Learner>,
    backend: &'static str,
    preprocess: Preprocess,
}

impl Pipeline {
    /// A registered learner behind the given preprocessing.
    pub fn new(entry: &LearnerEntry, preprocess: Preprocess) -> Self {
        Self {
            learner: entry.make(),
            backend: entry.backend,
            preprocess,
        }
    }

    /// The same with a learner of other settings than the defaults.
    #[must_use]
    pub fn with_learner(mut self, learner: Box<dyn Learner>) -> Self {
        self.learner = learner;
        self
    }

    /// Every setting with its value.
    pub fn settings(&self) -> Value {
        let mut preprocess = json!(self.preprocess);
        preprocess["constant_columns"] = json!("drop");
        json!({
            "learner": self.learner.name(),
            "backend": self.backend,
            "settings": self.learner.settings(),
            "preprocess": preprocess,
        })
    }

    /// Fits preprocessing and learner on the given training rows.
    ///
    /// Rows are first put into an order of their own, so that the answer depends on which rows
    /// there are, not on the order in which they came.
    ///
    /// # Errors
    /// Those of [`Preprocess::fit`] and [`Learner::fit`]; [`LearnError::Settings`] where undefined
    /// values would reach a learner that does not read them.
    pub fn fit(&self, samples: &Samples, seed: u64) -> Result<FittedPipeline> {
        let learner = self.learner.name();
        if samples.rows() == 0 {
            return Err(LearnError::TooFewRows {
                learner,
                found: 0,
                needed: 1,
            });
        }
        if self.preprocess.leaves_undefined() && !self.learner.reads_undefined() {
            return Err(refuse_keep(learner));
        }
        let (preprocess, seen) = self.preprocess.fit(samples)?;
        let model = self.learner.fit(&seen.in_canonical_order(), seed)?;
        Ok(FittedPipeline {
            settings: self.settings(),
            classes: samples.classes().clone(),
            columns: samples.columns().to_vec(),
            training_rows: samples.rows(),
            seed,
            preprocess,
            model,
        })
    }

    /// Fits the chosen rows of a table; `labels[i]` is the class of row `rows[i]`.
    ///
    /// # Errors
    /// Those of [`Samples::from_table`] and [`Pipeline::fit`].
    pub fn fit_table(
        &self,
        table: &FeatureTable,
        rows: &[usize],
        labels: &[Label],
        classes: &ClassNames,
        seed: u64,
    ) -> Result<FittedPipeline> {
        self.fit(&Samples::from_table(table, rows, labels, classes)?, seed)
    }
}

/// A fitted learner with everything that was estimated before it.
pub struct FittedPipeline {
    pub(crate) settings: Value,
    pub(crate) classes: ClassNames,
    /// Training columns in their order.
    pub(crate) columns: Vec<String>,
    pub(crate) training_rows: usize,
    pub(crate) seed: u64,
    pub(crate) preprocess: FittedPreprocess,
    pub(crate) model: Box<dyn Model>,
}

impl fmt::Debug for FittedPipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FittedPipeline")
            .field("settings", &self.settings)
            .field("seed", &self.seed)
            .field("training_rows", &self.training_rows)
            .finish_non_exhaustive()
    }
}

impl FittedPipeline {
    /// Probabilities of the chosen rows, one list a row in the order of the class names.
    ///
    /// # Errors
    /// [`LearnError::Columns`] unless the table has exactly the training columns (in any order),
    /// [`LearnError::Row`], and [`LearnError::NotFinite`] in a column that the learner sees.
    pub fn predict_proba(&self, table: &FeatureTable, rows: &[usize]) -> Result<Vec<Vec<f64>>> {
        let values = self.preprocess.transform(table, rows)?;
        let probabilities = self.model.predict_proba(&values, rows.len());
        if let Some(at) = probabilities.iter().position(|v| !v.is_finite()) {
            let row = rows[at / self.classes.len()];
            return Err(LearnError::Samples {
                found: format!(
                    "sample '{}' so far out that sums overflow",
                    table.samples()[row]
                ),
                expected: "values of the size seen in training".into(),
            });
        }
        Ok(probabilities
            .chunks_exact(self.classes.len())
            .map(<[f64]>::to_vec)
            .collect())
    }

    /// The classes; their order is that of every probability row.
    pub fn classes(&self) -> &ClassNames {
        &self.classes
    }

    /// Training columns in their order, dropped ones included.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Every setting with its value, as at the time of fitting.
    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// Seed it was fitted with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Rows it was fitted on.
    pub fn training_rows(&self) -> usize {
        self.training_rows
    }

    /// What was estimated before the learner, with columns left out and scores.
    pub fn preprocess(&self) -> &FittedPreprocess {
        &self.preprocess
    }

    /// Columns that the learner does not see; each displays as a sentence.
    pub fn warnings(&self) -> &[DroppedColumn] {
        self.preprocess.dropped()
    }
}
