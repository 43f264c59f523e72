//! Preprocessing and a learner as one thing: the only way the tool fits anything.

use std::fmt;

use raduet_study::{ClassNames, FeatureTable, Label};
use serde_json::{Value, json};

use crate::calibration::{self, FittedCalibration, Method};
use crate::class_weight::ClassWeight;
use crate::error::{LearnError, Result};
use crate::learner::{Learner, Model, Parameters};
use crate::preprocess::undefined::refuse_keep;
use crate::preprocess::{DroppedColumn, FittedPreprocess, Preprocess};
use crate::registry::LearnerEntry;
use crate::samples::Samples;
use crate::training::Training;
use crate::tuning::Folds;
use crate::tuning::out_of_fold::gather;

/// A learner with what happens before it, not yet fitted.
pub struct Pipeline {
    entry: LearnerEntry,
    learner: Box<dyn Learner>,
    /// Settings of the learner that differ from its defaults.
    parameters: Parameters,
    preprocess: Preprocess,
    class_weight: Option<ClassWeight>,
    calibration: Option<Method>,
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
            parameters: Parameters::new(),
            preprocess,
            class_weight: None,
            calibration: None,
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
    pub fn with_parameters(mut self, parameters: &Parameters) -> Result<Self> {
        self.learner = self.entry.with(parameters)?;
        self.parameters.clone_from(parameters);
        Ok(self)
    }

    /// The same pipeline with other settings of its learner.
    ///
    /// # Errors
    /// Those of [`Pipeline::with_parameters`].
    pub fn again(&self, parameters: &Parameters) -> Result<Self> {
        Ok(Self {
            entry: self.entry,
            learner: self.entry.with(parameters)?,
            parameters: parameters.clone(),
            preprocess: self.preprocess.clone(),
            class_weight: self.class_weight.clone(),
            calibration: self.calibration,
        })
    }

    /// Settings of the learner that differ from its defaults, as given by name.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
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

    /// The same with calibrated probabilities: the map is fitted on answers out of fold within the
    /// training rows, which costs a fit for each fold besides that on all rows.
    #[must_use]
    pub fn with_calibration(mut self, calibration: Option<Method>) -> Self {
        self.calibration = calibration;
        self
    }

    /// The learner's entry in the registry.
    pub fn entry(&self) -> &LearnerEntry {
        &self.entry
    }

    /// Every setting with its value.
    pub fn settings(&self) -> Value {
        let mut preprocess = json!(self.preprocess);
        preprocess["constant_columns"] = json!("drop");
        json!({
            "learner": self.learner.name(),
            "backend": self.entry.backend,
            "settings": self.learner.settings(),
            "class_weight": self.class_weight,
            "calibration": self.calibration,
            "preprocess": preprocess,
        })
    }

    /// Fits preprocessing and learner on the given training rows.
    ///
    /// Rows are first put into an order of their own, so that the answer depends on which rows
    /// there are, not on the order in which they came.
    ///
    /// # Errors
    /// Those of [`Preprocess::fit`] and [`Learner::fit`]; [`LearnError::Settings`] for a class weight of
    /// an unknown class, and where undefined values would reach a learner that does not read them; with
    /// a calibration also those of [`Folds::at_most`].
    pub fn fit(&self, samples: &Samples, seed: u64) -> Result<FittedPipeline> {
        let mut fitted = self.fit_uncalibrated(samples, seed)?;
        if let Some(method) = self.calibration {
            fitted.calibration = Some(self.calibrate(method, samples, seed)?);
        }
        Ok(fitted)
    }

    /// Fits the calibration on answers of the learner to rows it did not see.
    fn calibrate(&self, method: Method, samples: &Samples, seed: u64) -> Result<FittedCalibration> {
        let samples = samples.in_canonical_order();
        let folds = Folds::at_most(&samples, calibration::FOLDS, seed)?;
        let answers = gather(&samples, &folds, |learn| self.fit_uncalibrated(learn, seed))?;
        let weights: Vec<f64> = (0..samples.rows()).map(|row| samples.weight(row)).collect();
        let classes = samples.classes().len();
        FittedCalibration::fit(method, &answers, samples.labels(), &weights, classes)
    }

    fn fit_uncalibrated(&self, samples: &Samples, seed: u64) -> Result<FittedPipeline> {
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
        if self.preprocess.leaves_undefined() && !self.learner.reads_undefined() {
            return Err(refuse_keep(learner));
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
        let model = prepared.fit(&*self.learner, seed)?;
        Ok(FittedPipeline {
            settings: self.settings(),
            training: prepared.training,
            classes: prepared.classes,
            columns: prepared.columns,
            seed,
            preprocess: prepared.preprocess,
            model,
            calibration: None,
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

impl Prepared {
    /// Fits a learner to what it sees.
    pub(crate) fn fit(&self, learner: &dyn Learner, seed: u64) -> Result<Box<dyn Model>> {
        learner.fit(&self.seen, seed)
    }

    /// The learner's view of other rows, row-major.
    pub(crate) fn values_of(&self, samples: &Samples) -> Result<Vec<f64>> {
        let rows: Vec<usize> = (0..samples.rows()).collect();
        self.preprocess.transform(&samples.to_table()?, &rows)
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
    pub(crate) calibration: Option<FittedCalibration>,
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

    /// The learner's view of samples, row-major.
    pub(crate) fn seen(&self, samples: &Samples) -> Result<Vec<f64>> {
        let rows: Vec<usize> = (0..samples.rows()).collect();
        self.preprocess.transform(&samples.to_table()?, &rows)
    }

    fn answer(
        &self,
        table: &FeatureTable,
        rows: &[usize],
        name: impl Fn(usize) -> String,
    ) -> Result<Vec<f64>> {
        let values = self.preprocess.transform(table, rows)?;
        let mut probabilities = self.model.predict_proba(&values, rows.len());
        if let Some(at) = probabilities.iter().position(|v| !v.is_finite()) {
            let row = rows[at / self.classes.len()];
            return Err(LearnError::samples(
                format!("sample '{}' so far out that sums overflow", name(row)),
                "values of the size seen in training",
            ));
        }
        if let Some(calibration) = &self.calibration {
            calibration.apply(&mut probabilities);
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

    /// What was estimated before the learner, with columns left out and scores.
    pub fn preprocess(&self) -> &FittedPreprocess {
        &self.preprocess
    }

    /// Columns that the learner does not see; each displays as a sentence.
    pub fn warnings(&self) -> &[DroppedColumn] {
        self.preprocess.dropped()
    }
}
