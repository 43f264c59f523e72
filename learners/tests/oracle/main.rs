//! The learners against scikit-learn's answers on its own data sets; see
//! `tests/reference/sklearn/README.md`.

mod back_ends;
mod forests_sklearn;
mod gaussian_nb_sklearn;
mod k_neighbors_sklearn;
mod logistic_regression_sklearn;
mod reference;
mod svc_sklearn;
mod tree_sets;
mod tree_structures_sklearn;
mod trees_sklearn;
