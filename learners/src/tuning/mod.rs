//! Choices made inside the training rows: folds by patient, answers on rows held out, and the search
//! for a learner's settings.
//!
//! | for | look at |
//! |---|---|
//! | who is held out | [`folds`] |
//! | answers on rows held out | [`out_of_fold`] |

pub mod folds;
pub(crate) mod groups;
pub mod out_of_fold;

pub use folds::{Folds, HeldOut, ThinClass};
pub use out_of_fold::out_of_fold;
