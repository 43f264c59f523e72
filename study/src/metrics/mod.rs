//! Figures of merit, all read from truths and probabilities by the same code for both arms.
//!
//! [`METRICS`] lists every figure with its definition; a new one is a row there. Figures are
//! fractions, not percentages. What has no value says so with [`crate::StudyError::Undefined`].

pub mod confusion;

mod agreement;
mod calibration;
mod judged;
mod ordinal;
mod roc;
mod weak_calibration;

pub use calibration::{CONFIDENCE_BINS, ReliabilityBin, class_reliability};
pub use confusion::{Average, ClassFigures, Confusion};
pub(crate) use judged::mean_log_loss;
pub use judged::{Judged, Tally};
pub(crate) use roc::{Ranking, sorted_by};
pub use roc::{area_and_precision, auc};
pub use weak_calibration::{WeakCalibration, weak_calibration};

use crate::error::Result;
use crate::predictions::Grading;

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Larger values are better.
    Higher,
    /// Smaller values are better.
    Lower,
}

/// A figure of merit.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Stable name used in files.
    pub id: &'static str,
    /// Name for readers.
    pub title: &'static str,
    /// The formula in one line.
    pub definition: &'static str,
    /// Which way it improves.
    pub better: Better,
    /// Whether answers are enough, or it reads probabilities.
    pub needs: Grading,
    pub(crate) formula: fn(&Tally<'_>) -> Result<f64>,
}

/// A row of [`METRICS`] that improves upwards.
const fn higher(
    id: &'static str,
    title: &'static str,
    definition: &'static str,
    formula: fn(&Tally<'_>) -> Result<f64>,
) -> Metric {
    Metric {
        id,
        title,
        definition,
        better: Better::Higher,
        needs: Grading::Answers,
        formula,
    }
}

/// A row of [`METRICS`] that improves downwards.
const fn lower(
    id: &'static str,
    title: &'static str,
    definition: &'static str,
    formula: fn(&Tally<'_>) -> Result<f64>,
) -> Metric {
    Metric {
        better: Better::Lower,
        ..higher(id, title, definition, formula)
    }
}

/// A row of [`METRICS`] that reads probabilities.
const fn graded(metric: Metric) -> Metric {
    Metric {
        needs: Grading::Probabilities,
        ..metric
    }
}

/// Every metric, in the order of the report.
pub const METRICS: &[Metric] = &[
    higher("accuracy", "Accuracy", "right answers / samples", |t| {
        t.confusion().accuracy()
    }),
    higher(
        "balanced_accuracy",
        "Balanced accuracy",
        "mean sensitivity of the classes that truly occur",
        |t| t.confusion().balanced_accuracy(),
    ),
    higher(
        "precision_macro",
        "Precision",
        "mean over classes of TP / (TP + FP), 0 without answers",
        |t| t.confusion().precision(Average::Macro),
    ),
    higher(
        "sensitivity_macro",
        "Sensitivity",
        "mean over classes of TP / (TP + FN)",
        |t| t.confusion().sensitivity(Average::Macro),
    ),
    higher(
        "specificity_macro",
        "Specificity",
        "mean over classes of TN / (TN + FP)",
        |t| t.confusion().specificity(Average::Macro),
    ),
    higher(
        "f1_macro",
        "F1",
        "mean over classes of 2 TP / (2 TP + FP + FN)",
        |t| t.confusion().f1(Average::Macro),
    ),
    higher(
        "precision_weighted",
        "Precision, weighted",
        "mean of TP / (TP + FP) by true counts",
        |t| t.confusion().precision(Average::Weighted),
    ),
    higher(
        "sensitivity_weighted",
        "Sensitivity, weighted",
        "mean of TP / (TP + FN) by true counts; equals the accuracy",
        |t| t.confusion().sensitivity(Average::Weighted),
    ),
    higher(
        "specificity_weighted",
        "Specificity, weighted",
        "mean of TN / (TN + FP) by true counts",
        |t| t.confusion().specificity(Average::Weighted),
    ),
    higher(
        "f1_weighted",
        "F1, weighted",
        "mean of 2 TP / (2 TP + FP + FN) by true counts",
        |t| t.confusion().f1(Average::Weighted),
    ),
    higher(
        "mcc",
        "Matthews' correlation",
        "(s c - sum t_k p_k) / sqrt((s^2 - sum t_k^2)(s^2 - sum p_k^2)), 0 for constant answers",
        |t| t.confusion().matthews(),
    ),
    higher(
        "kappa",
        "Cohen's kappa",
        "1 - observed / expected disagreement",
        |t| t.confusion().kappa(),
    ),
    higher(
        "qwk",
        "Quadratic weighted kappa",
        "1 - observed / expected disagreement, weighted by squared distance of the classes",
        |t| t.confusion().quadratic_kappa(),
    ),
    lower(
        "stage_error",
        "Stage error",
        "mean distance of answer and truth, in classes",
        |t| t.confusion().stage_error(),
    ),
    lower(
        "stage_error_macro",
        "Stage error, macro",
        "mean over the classes that truly occur of the mean distance of answer and truth",
        |t| t.confusion().macro_stage_error(),
    ),
    higher(
        "within_one",
        "Accuracy within one class",
        "answers at most one class from the truth / samples",
        |t| t.confusion().within_one(),
    ),
    graded(higher(
        "auc_ovr",
        "AUC, one versus rest",
        "mean over classes of the area of p_k for class k against the rest, ties half",
        |t| t.concordance().macro_one_versus_rest(),
    )),
    graded(higher(
        "auc_ovr_weighted",
        "AUC, one versus rest, weighted",
        "mean of the area of p_k for class k against the rest by true counts",
        |t| t.concordance().weighted_one_versus_rest(),
    )),
    graded(higher(
        "auc_hand_till",
        "AUC, Hand and Till",
        "mean over pairs of classes of the mean of both areas, ties half",
        |t| t.concordance().hand_till(),
    )),
    graded(higher(
        "average_precision",
        "Average precision",
        "mean over classes of the sum over thresholds of p_k of recall added times precision",
        |t| t.concordance().macro_average_precision(),
    )),
    graded(lower(
        "log_loss",
        "Log loss",
        "mean of -ln p(true class), p kept 2.2e-16 away from 0 and 1",
        judged::mean_log_loss,
    )),
    graded(lower(
        "brier",
        "Brier score",
        "mean of the sum over classes of (p_k - [k is true])^2, 0..2",
        judged::mean_brier,
    )),
    graded(lower(
        "ece",
        "Calibration error",
        "mean of |accuracy - confidence| over 15 equal bins of the largest probability",
        judged::calibration_error,
    )),
    graded(lower(
        "ece_classwise",
        "Calibration error, classwise",
        "mean over classes of |share of class k - mean p_k| over 15 equal bins of p_k",
        judged::classwise_calibration_error,
    )),
];

/// The metric of an id.
pub fn by_id(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_row_is_described() {
        for (i, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..i].iter().all(|other| other.id != metric.id));
            assert!(!metric.title.is_empty() && !metric.definition.is_empty());
            assert_eq!(
                by_id(metric.id).map(|found| found.title),
                Some(metric.title)
            );
        }
        assert!(by_id("luck").is_none());
    }
}
