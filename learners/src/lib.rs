//! The classical arm: learners on feature tables, with the answers of scikit-learn.
//!
//! A *learner* is fitted on [`Samples`] and gives a *model* that answers class probabilities in the
//! order of the study's class names; a class absent from the training rows keeps a column of zeros.
//! Everything that is estimated, scaling included, sees training rows only: the tool fits nothing
//! but a [`Pipeline`]. Same rows, settings and seed give the same bits on any number of threads.
//!
//! | for | look at |
//! |---|---|
//! | which learners there are | [`registry`] |
//! | fitting, predicting, saving | [`pipeline`] |
//! | what happens before a learner | [`preprocess`] |
//! | which columns a learner sees | [`selection`] |
//! | classes weighed, probabilities calibrated | [`class_weight`], [`calibration`] |
//! | training rows | [`samples`] |
//! | what a fitted pipeline goes by, thresholds, learning curves | [`explain`] |
//! | what a table looks like | [`explore`] |
//! | folds within the training rows, the search for settings | [`tuning`] |
//! | the door of a learner and of a model | [`learner`] |
//! | trees and forests | [`decision_tree`], [`random_forest`], [`extra_trees`] |
//! | boosting | [`gradient_boosting`], [`hist_boosting`] |
//! | the others | [`knn`], [`svc`], [`gaussian_nb`], [`logistic_regression`], [`discriminant`] |
//!
//! Foreign libraries are named in `adapters/` only.

mod adapters;
pub mod calibration;
mod class_priors;
mod class_scores;
pub mod class_weight;
pub mod decision_tree;
mod dense;
pub mod discriminant;
pub mod error;
pub mod explain;
pub mod explore;
pub mod extra_trees;
mod forest;
pub mod gaussian_nb;
pub mod gradient_boosting;
pub mod hist_boosting;
pub mod knn;
pub mod learner;
pub mod logistic_regression;
pub mod pipeline;
mod pipeline_file;
pub mod preprocess;
pub mod random_forest;
pub mod registry;
pub mod samples;
pub mod saved;
pub mod selection;
pub mod svc;
mod training;
mod tree;
pub mod tuning;

pub use class_weight::ClassWeight;
pub use error::{LearnError, Result};
pub use learner::{Learner, Model, Parameters};
pub use pipeline::{FittedPipeline, Pipeline};
pub use preprocess::{Combat, Dropped, DroppedColumn, Preprocess, Scaling, Undefined};
pub use registry::{LEARNERS, LearnerEntry};
pub use samples::Samples;
pub use selection::Selection;
pub use training::Training;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
