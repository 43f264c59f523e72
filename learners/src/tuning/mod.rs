//! Choices made inside the training rows: folds by patient, answers on rows held out, and the search
//! for a learner's settings.
//!
//! | for | look at |
//! |---|---|
//! | who is held out | [`folds`] |
//! | answers on rows held out | [`out_of_fold()`] |
//! | how good they are | [`score`] |
//! | what is tried of each learner | [`spaces`] |
//! | the search | [`search`] |

pub mod folds;
pub(crate) mod groups;
pub mod out_of_fold;
pub mod score;
pub mod search;
pub mod spaces;

pub use folds::{Folds, HeldOut, ThinClass};
pub use out_of_fold::out_of_fold;
pub use score::Score;
pub use search::{Trial, Tuned, Tuning, tune, tune_with_validation};
pub use spaces::{Effort, number_of_points};
