//! What a fitted pipeline goes by, in terms of the table's columns, and how it should be used.
//!
//! | for | look at |
//! |---|---|
//! | what is lost without a column | [`permutation`] |
//! | what each column adds to an answer, trees or linear | [`mod@shap`] |
//! | what each column adds to a linear score | [`mod@linear_shap`] |
//! | what each column adds to a tree model's answer | [`mod@tree_shap`] |
//! | how answers change with a column | [`dependence`] |
//! | whether more patients would help | [`learning_curve()`] |
//! | where to cut a probability | [`thresholds()`] |

pub mod dependence;
pub mod learning_curve;
pub mod linear_shap;
mod paths;
pub mod permutation;
pub mod shap;
pub mod thresholds;
pub mod tree_shap;
#[cfg(test)]
mod tree_shap_tests;

pub use dependence::{Dependence, PartialDependence, partial_dependence};
pub use learning_curve::{CurvePoint, LearningCurve, learning_curve};
pub use linear_shap::{LinearShap, linear_shap};
pub use permutation::{ColumnImportance, Importances, permutation_importance};
pub use shap::{Shap, shap};
pub use thresholds::{Cut, Rule, Threshold, choose, thresholds};
pub use tree_shap::{TreeEnsemble, TreeShap, tree_shap};
