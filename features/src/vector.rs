//! The features of one region.

use crate::set::FeatureSet;

/// One value for each column of the [`FeatureSet`] it was extracted with; NaN where undefined.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureVector {
    values: Vec<f64>,
    levels: Option<usize>,
}

impl FeatureVector {
    /// Takes values that were computed for a set, in its order.
    pub(crate) fn new(set: &FeatureSet, values: Vec<f64>, levels: Option<usize>) -> Self {
        assert_eq!(
            values.len(),
            set.width(),
            "each family appends one value for each spec"
        );
        Self { values, levels }
    }

    /// The values, in the order of the set's columns.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values alone.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// Grey levels that occur in the region; none when no family of the set reads them.
    pub fn levels(&self) -> Option<usize> {
        self.levels
    }

    /// Number of undefined values.
    pub fn undefined(&self) -> usize {
        self.values.iter().filter(|value| value.is_nan()).count()
    }
}
