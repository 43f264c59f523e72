//! Figures that agree with a paper, another program or a closed form.

mod metrics_paper;
mod reference;
