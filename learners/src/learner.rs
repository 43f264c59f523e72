//! The door of every learner and of every fitted model.

use serde_json::{Map, Value};

use crate::error::Result;
use crate::explain::TreeEnsemble;
use crate::samples::Samples;
use crate::saved::SavedModel;

/// Settings of a learner by scikit-learn's names (`{"n_estimators": 500}`); what is left out keeps its
/// default.
pub type Parameters = Map<String, Value>;

/// A classifier with its settings, not yet fitted.
///
/// Same samples, settings and seed give the same model, bit for bit, on any number of threads.
pub trait Learner: Send + Sync {
    /// Name in results and settings (`random_forest`).
    fn name(&self) -> &'static str;

    /// Fits the samples.
    ///
    /// # Errors
    /// NaN and infinite values, too few rows, one class where two are needed, weights where they
    /// are not understood, or a back end's refusal.
    fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>>;

    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`crate::LearnError::Settings`].
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Whether it learns from undefined values (NaN) as they are.
    fn reads_undefined(&self) -> bool {
        false
    }

    /// Every setting with its value.
    fn settings(&self) -> Value;
}

/// A fitted classifier.
pub trait Model: Send + Sync {
    /// Number of columns (p) it reads.
    fn width(&self) -> usize;

    /// Number of classes (K), those absent from the training included.
    fn class_count(&self) -> usize;

    /// Probabilities, row-major n × K, of row-major values n × p. Each row sums to one.
    ///
    /// # Panics
    /// When `values` does not hold `rows` × [`Model::width`] numbers.
    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64>;

    /// The model as it is written to files.
    fn to_saved(&self) -> SavedModel;

    /// Its trees, to see what each column adds to an answer; `None` for other models and for trees that do
    /// not know how many rows went where (smartcore's).
    fn explain_trees(&self) -> Option<TreeEnsemble<'_>> {
        None
    }
}

/// Asserts the shape that [`Model::predict_proba`] documents.
pub(crate) fn assert_shape(values: &[f64], rows: usize, width: usize) {
    assert_eq!(
        values.len(),
        rows * width,
        "{rows} rows of {width} columns expected"
    );
}
