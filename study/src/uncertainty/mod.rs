//! How far figures may be off, and whether a difference is more than chance. The unit is the patient.
//!
//! | question | look at |
//! |---|---|
//! | how sure is a figure | [`Bootstrap::figures`]; [`clopper_pearson`] for a share of patients |
//! | how sure is a difference of two models | [`Bootstrap::differences`] |
//! | do two models differ on these patients | [`McNemar`]; [`delong_test`] for areas under the curve |
//! | how many patients would a seen difference need | [`PatientsNeeded`] |
//! | do two models differ over folds or repeated splits | [`corrected_test`] |
//! | does a model know more than the largest class | [`NoInformation`] |
//! | several models at once | [`holm`] |

mod binomial;
mod bootstrap;
mod corrected;
mod delong;
mod holm;
mod interval;
mod mcnemar;
mod normal;
mod sample_size;
mod student;

pub use binomial::{NoInformation, at_least, clopper_pearson};
pub use bootstrap::{Bootstrap, Estimate, Replicates};
pub use corrected::{CorrectedTest, corrected_test};
pub(crate) use delong::normal_interval;
pub use delong::{Area, DeLongTest, delong, delong_test};
pub use holm::holm;
pub use interval::Interval;
pub use mcnemar::McNemar;
pub use sample_size::{POWER, PatientsNeeded, asymptotic_patients, exact_power};
pub use student::two_sided as student_two_sided;
