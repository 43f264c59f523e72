//! The learners against scikit-learn's answers on its own data sets; see
//! `tests/reference/sklearn/README.md`.

mod back_ends;
mod calibration_sklearn;
mod explain_sklearn;
mod forests_sklearn;
mod gaussian_nb_sklearn;
mod hist_boosting_sklearn;
mod k_neighbors_sklearn;
mod linear_sklearn;
mod logistic_regression_sklearn;
mod preprocess_sklearn;
mod reference;
mod selection_sklearn;
mod svc_decisions_sklearn;
mod svc_sklearn;
mod tree_sets;
mod tree_shap;
mod tree_structures_sklearn;
mod trees_sklearn;
