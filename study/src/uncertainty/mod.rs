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
mod chi_squared;
mod corrected;
mod delong;
mod holm;
mod interval;
mod mcnemar;
mod normal;
mod of_classes;
mod sample_size;
mod student;

pub use binomial::{NoInformation, at_least, clopper_pearson, clopper_pearson_of_patients};
pub(crate) use bootstrap::draw;
pub use bootstrap::{Bootstrap, Estimate, Replicates};
pub use chi_squared::chi_squared_upper;
pub use corrected::{CorrectedTest, corrected_test};
pub(crate) use delong::normal_interval;
pub use delong::{Area, DeLongTest, delong, delong_test};
pub use holm::holm;
pub use interval::Interval;
pub(crate) use interval::percentile;
pub use mcnemar::McNemar;
pub use of_classes::ClassIntervals;
pub use sample_size::{POWER, PatientsNeeded, asymptotic_patients, exact_power};
pub use student::two_sided as student_two_sided;
