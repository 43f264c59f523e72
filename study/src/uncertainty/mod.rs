//! How far figures may be off, and whether a difference is more than chance. The unit is the patient.
//!
//! | question | look at |
//! |---|---|
//! | how sure is a figure | [`Bootstrap::figures`]; [`clopper_pearson`] for a share of patients |
//! | how sure is a difference of two models | [`Bootstrap::differences`] |
//! | do two models differ on these patients | [`McNemar`] |
//! | does a model know more than the largest class | [`NoInformation`] |
//! | several models at once | [`holm`] |

mod binomial;
mod bootstrap;
mod holm;
mod interval;
mod mcnemar;
mod normal;

pub use binomial::{NoInformation, at_least, clopper_pearson};
pub use bootstrap::{Bootstrap, Estimate};
pub(crate) use bootstrap::draw;
pub use holm::holm;
pub use interval::Interval;
pub(crate) use interval::percentile;
pub use mcnemar::McNemar;
