//! Curves over every threshold of a class's probability: receiver operating characteristic, and precision against
//! recall, with bands over patients.
//!
//! ```text
//! rows ─ Ranking (groups of equal probability) ─┬─ corners ─ the curves themselves
//!                                               └─ draws of patients ─ heights on a grid ─ Band
//! ```
//!
//! | curve | across | up |
//! |---|---|---|
//! | ROC | false positive rate FP / N | true positive rate TP / P |
//! | PR | recall TP / P | precision TP / (TP + FP) |
//!
//! Between two corners TP and FP grow in proportion: a straight line of ROC, and for PR the line of Davis and
//! Goadrich (2006, doi 10.1145/1143844.1143874), which is no straight one.

mod band;
mod corners;

pub use band::{Band, Curves};
pub use corners::{Corner, ThresholdCurve};
