//! Figures that agree with a paper, another program or a closed form.

mod bootstrap_twin;
mod coverage;
mod delong_proc;
mod inference;
mod metrics_paper;
mod metrics_sklearn;
mod reference;
mod uncertainty_scipy;
