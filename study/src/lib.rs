//! The contract of the comparison between radiomics and deep learning: plain data and statistics,
//! no image and no model.
//!
//! Two models are *compared fairly* here when they were fitted on the same training patients of one
//! [`Split`], chosen on the same validation patients, and judged by the same code from nothing but
//! their [`Predictions`] on the same test patients. Both arms depend on this room and neither can
//! reach around it.
//!
//! | for | look at |
//! |---|---|
//! | who is who | [`ids`]: patients, cases, samples |
//! | what is to be predicted | [`labels`] |
//! | who takes part | [`cohort`] |
//! | feature values by name | [`table`] |
//! | who trains and who is held out | [`split`] |
//! | what a model answered | [`predictions`] |
//! | from slices to patients | [`pooling`] |
//! | how good the answers are | [`metrics`] |
//! | a class from every threshold on | [`curves`] |
//! | what acting on a probability is worth | [`decision`] |
//! | how sure that is | [`uncertainty`] |
//! | rows without a model | [`reference`](mod@reference) |
//! | columns that give the target away | [`leakage`] |
//! | one image or patient under two names, permuted labels | [`contamination`] |
//! | words of names that mean a sequence | [`sequences`] |
//! | everything together | [`report`] |
//! | chance, from one seed | [`random`] |

pub mod cohort;
pub mod contamination;
pub mod curves;
pub mod decision;
pub mod error;
mod fingerprint;
pub mod ids;
pub mod labels;
pub mod leakage;
pub mod metrics;
pub mod pooling;
pub mod predictions;
pub mod random;
pub mod reference;
pub mod report;
pub mod sequences;
pub mod split;
pub mod table;
pub mod uncertainty;

pub use cohort::{CaseRecord, Cohort};
pub use error::{Result, StudyError};
pub use ids::{CaseId, PatientId, SampleId};
pub use labels::{ClassNames, Label};
pub use pooling::Pooling;
pub use predictions::{Arm, Grading, PredictionRow, Predictions};
pub use report::{Report, ReportSettings};
pub use split::{Fold, Part, SharedPatients, Split};
pub use table::FeatureTable;
