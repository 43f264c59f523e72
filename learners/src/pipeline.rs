//! Preprocessing and a learner as one thing: the only way the tool fits anything.

use std::fmt;

use raduet_study::{ClassNames, FeatureTable, Label};
use serde_json::{Value, json};

use crate::class_weight::ClassWeight;
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, Parameters};
use crate::preprocess::{DroppedColumn, FittedPreprocess, Preprocess};
use crate::registry::LearnerEntry;
use crate::samples::Samples;
use crate::training::Training;

/// A learner with what happens before it, not yet fitted.
pub struct Pipeline {
    entry: LearnerEntry,
    learner: Box<dyn Learner>,
    preprocess: Preprocess,
    class_weight: Option<ClassWeight>,
}

/// Training rows after the preprocessing that was fitted on them, as the learner sees them.
pub(crate) struct Prepared {
    preprocess: FittedPreprocess,
    seen: Samples,
    classes: ClassNames,
    columns: Vec<String>,
    training: Training,
}

impl Pipeline {
    /// A registered learner behind the given preprocessing.
    pub fn new(entry: &LearnerEntry, preprocess: Preprocess) -> Self {
        Self {
            entry: *entry,
            learner: entry.make(),
            preprocess,
            class_weight: None,
        }
    }

    /// The same with a learner of other settings than the defaults.
    #[must_use]
    pub fn with_learner(mut self, learner: Box<dyn Learner>) -> Self {
        self.learner = learner;
        self
    }

    /// The same with some of the learner's settings changed from its defaults.
    ///
    /// # Errors
    /// [`LearnError::Settings`] for a name it does not have or a value that makes no sense.
    pub fn with_parameters(self, parameters: &Parameters) -> Result<Self> {
        let learner = self.entry.with(parameters)?;
        Ok(self.with_learner(learner))
    }

    /// The same with classes weighed against each other, for every learner that takes weights.
    ///
    /// # Errors
    /// [`LearnError::Settings`] for a weight that is not finite and above 0.
    pub fn with_class_weight(mut self, weight: Option<ClassWeight>) -> Result<Self> {
        if let Some(weight) = &weight {
            weight.check(self.learner.name())?;
        }
        self.class_weight = weight;
        Ok(self)
    }

    /// The learner's entry in the registry.
    pub fn entry(&self) -> &LearnerEntry {
        &self.entry
    }

    /// Every setting with its value.
    pub fn settings(&self) -> Value {
        json!({
            "learner": self.learner.name(),
            "backend": self.entry.backend,
            "settings": self.learner.settings(),
            "class_weight": self.class_weight,
            "preprocess": {
                "scaling": self.preprocess.scaling,
                "undefined": self.preprocess.undefined,
                "constant_columns": "drop",
            },
        })
    }

    /// Fits preprocessing and learner on the given training rows.
    ///
    /// Rows are first put into an order of their own, so that the answer depends on which rows
    /// there are, not on the order in which they came.
    ///
    /// # Errors
    /// Those of [`Preprocess::fit`] and [`Learner::fit`]; [`LearnError::Settings`] for a class weight of
    /// an unknown class.
    pub fn fit(&self, samples: &Samples, seed: u64) -> Result<FittedPipeline> {
        self.fit_prepared(self.prepare(samples)?, seed)
    }

    /// The learner's view of the training rows, with whatever was estimated on the way.
    pub(crate) fn prepare(&self, samples: &Samples) -> Result<Prepared> {
        let learner = self.learner.name();
        if samples.rows() == 0 {
            return Err(LearnError::TooFewRows {
                learner,
                found: 0,
                needed: 1,
            });
        }
        let (preprocess, seen) = self.preprocess.fit(samples)?;
        let seen = seen.in_canonical_order();
        let seen = match &self.class_weight {
            Some(weight) => weight.apply(seen, learner)?,
            None => seen,
        };
        Ok(Prepared {
            preprocess,
            seen,
            classes: samples.classes().clone(),
            columns: samples.columns().to_vec(),
            training: Training::counted(samples),
        })
    }

    fn fit_prepared(&self, prepared: Prepared, seed: u64) -> Result<FittedPipeline> {
        let model = self.learner.fit(&prepared.seen, seed)?;
        Ok(FittedPipeline {
            settings: self.settings(),
            training: prepared.training,
            classes: prepared.classes,
            columns: prepared.columns,
            seed,
            preprocess: prepared.preprocess,
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
    pub(crate) training: Training,
    pub(crate) seed: u64,
    pub(crate) preprocess: FittedPreprocess,
    pub(crate) model: Box<dyn Model>,
}

impl fmt::Debug for FittedPipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FittedPipeline")
            .field("settings", &self.settings)
            .field("seed", &self.seed)
            .field("training", &self.training)
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
        let answers = self.answer(table, rows, |row| table.samples()[row].to_string())?;
        let rows = answers.chunks_exact(self.classes.len());
        Ok(rows.map(<[f64]>::to_vec).collect())
    }

    /// Probabilities of samples, one list a row in the order of the class names. Their labels are not
    /// looked at.
    ///
    /// # Errors
    /// Those of [`FittedPipeline::predict_proba`].
    pub fn predict_samples(&self, samples: &Samples) -> Result<Vec<Vec<f64>>> {
        let answers = self.answers(samples)?;
        let rows = answers.chunks_exact(self.classes.len());
        Ok(rows.map(<[f64]>::to_vec).collect())
    }

    /// The same, row-major n × K.
    pub(crate) fn answers(&self, samples: &Samples) -> Result<Vec<f64>> {
        let table = samples.to_table()?;
        let rows: Vec<usize> = (0..samples.rows()).collect();
        self.answer(&table, &rows, |row| table.samples()[row].to_string())
    }

    fn answer(
        &self,
        table: &FeatureTable,
        rows: &[usize],
        name: impl Fn(usize) -> String,
    ) -> Result<Vec<f64>> {
        let values = self.preprocess.transform(table, rows)?;
        let probabilities = self.model.predict_proba(&values, rows.len());
        if let Some(at) = probabilities.iter().position(|v| !v.is_finite()) {
            let row = rows[at / self.classes.len()];
            return Err(LearnError::samples(
                format!("sample '{}' so far out that sums overflow", name(row)),
                "values of the size seen in training",
            ));
        }
        Ok(probabilities)
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

    /// What it was fitted on.
    pub fn training(&self) -> &Training {
        &self.training
    }

    /// The same with a record of its training rows that holds their hash, which fitting does not
    /// compute: several models of the same rows share one.
    ///
    /// # Errors
    /// [`LearnError::Samples`] for a record of other counts.
    pub fn with_training(mut self, training: Training) -> Result<Self> {
        if (training.rows, training.patients) != (self.training.rows, self.training.patients) {
            return Err(LearnError::samples(
                format!("a record of {} rows", training.rows),
                format!("that of the {} training rows", self.training.rows),
            ));
        }
        self.training = training;
        Ok(self)
    }

    /// Columns that the learner does not see; each displays as a sentence.
    pub fn warnings(&self) -> &[DroppedColumn] {
        self.preprocess.dropped()
    }
}
