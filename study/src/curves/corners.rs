//! One class against all others at every threshold.

use crate::labels::Label;
use crate::predictions::PredictionRow;

/// What follows from calling samples positive from a probability on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corner {
    /// Samples of at least this probability are called positive; none where nobody is.
    pub threshold: Option<f64>,
    /// Negatives called positive.
    pub false_positives: u64,
    /// Positives called positive.
    pub true_positives: u64,
}

/// The thresholds at which the curves of a class change direction, the highest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdCurve {
    /// Samples of the class, at least one.
    pub positives: u64,
    /// Samples of other classes, at least one.
    pub negatives: u64,
    /// From (0, 0) to (N, P); those on a straight line between others are left out.
    pub corners: Vec<Corner>,
}

impl ThresholdCurve {
    /// The curve of a class; `None` without samples of it or without others. Samples of one and the same
    /// probability pass a threshold together.
    ///
    /// # Examples
    /// ```
    /// use raduet_study::curves::ThresholdCurve;
    /// use raduet_study::{CaseId, Label, Part, PatientId, PredictionRow, SampleId};
    ///
    /// let row = |p: f64, truth: usize| PredictionRow {
    ///     sample: SampleId::whole(CaseId::new("case")),
    ///     patient: PatientId::new("patient"),
    ///     part: Part::Test,
    ///     fold: 0,
    ///     truth: Label(truth),
    ///     probabilities: vec![1.0 - p, p],
    /// };
    /// let rows = [row(0.9, 1), row(0.6, 0), row(0.5, 1), row(0.2, 0)];
    /// let curve = ThresholdCurve::new(&rows, Label(1)).unwrap();
    /// assert_eq!(curve.roc(), [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
    /// ```
    pub fn new(rows: &[PredictionRow], class: Label) -> Option<Self> {
        let mut scored: Vec<(f64, bool)> = rows
            .iter()
            .map(|row| (row.probabilities[class.0], row.truth == class))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let positives = scored.iter().filter(|(_, positive)| *positive).count() as u64;
        let negatives = scored.len() as u64 - positives;
        if positives == 0 || negatives == 0 {
            return None;
        }
        let mut corners = vec![Corner {
            threshold: None,
            false_positives: 0,
            true_positives: 0,
        }];
        for group in scored.chunk_by(|a, b| a.0.to_bits() == b.0.to_bits()) {
            let right = group.iter().filter(|(_, positive)| *positive).count() as u64;
            let last = corners[corners.len() - 1];
            let corner = Corner {
                threshold: Some(group[0].0),
                false_positives: last.false_positives + group.len() as u64 - right,
                true_positives: last.true_positives + right,
            };
            if let [.., before, _] = corners[..]
                && straight(before, last, corner)
            {
                corners.pop();
            }
            corners.push(corner);
        }
        Some(Self {
            positives,
            negatives,
            corners,
        })
    }

    /// False positive rate and true positive rate of every corner.
    pub fn roc(&self) -> Vec<(f64, f64)> {
        let (n, p) = (self.negatives as f64, self.positives as f64);
        let rates = |c: &Corner| (c.false_positives as f64 / n, c.true_positives as f64 / p);
        self.corners.iter().map(rates).collect()
    }

    /// Recall and precision of every corner at which somebody is called positive.
    pub fn precision_recall(&self) -> Vec<(f64, f64)> {
        let p = self.positives as f64;
        let called = self.corners.iter().filter(|c| c.threshold.is_some());
        let point = |c: &Corner| {
            let called = c.true_positives + c.false_positives;
            (
                c.true_positives as f64 / p,
                c.true_positives as f64 / called as f64,
            )
        };
        called.map(point).collect()
    }
}

/// Whether the middle corner lies on the line between its neighbours.
fn straight(a: Corner, b: Corner, c: Corner) -> bool {
    let step = |from: Corner, to: Corner| {
        (
            u128::from(to.false_positives - from.false_positives),
            u128::from(to.true_positives - from.true_positives),
        )
    };
    let ((x1, y1), (x2, y2)) = (step(a, b), step(b, c));
    x1 * y2 == x2 * y1
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ids::{CaseId, PatientId, SampleId};
    use crate::split::Part;

    pub(in super::super) fn row(patient: usize, p: f64, truth: usize) -> PredictionRow {
        PredictionRow {
            sample: SampleId::whole(CaseId::new(patient.to_string())),
            patient: PatientId::new(patient.to_string()),
            part: Part::Test,
            fold: 0,
            truth: Label(truth),
            probabilities: vec![1.0 - p, p],
        }
    }

    /// Sorted: 0.9 + | 0.8 + | 0.6 − | 0.5 + and − tied | 0.2 −, three of each. The corner at 0.9 lies on a
    /// straight line.
    #[test]
    fn corners_by_hand() {
        let rows = [
            row(0, 0.5, 1),
            row(1, 0.2, 0),
            row(2, 0.9, 1),
            row(3, 0.6, 0),
            row(4, 0.8, 1),
            row(5, 0.5, 0),
        ];
        let curve = ThresholdCurve::new(&rows, Label(1)).unwrap();
        let third = |n: u32| f64::from(n) / 3.0;
        assert_eq!(
            curve.roc(),
            [
                (0.0, 0.0),
                (0.0, third(2)),
                (third(1), third(2)),
                (third(2), 1.0),
                (1.0, 1.0)
            ]
        );
        assert_eq!(
            curve.precision_recall(),
            [
                (third(2), 1.0),
                (third(2), third(2)),
                (1.0, 0.6),
                (1.0, 0.5)
            ]
        );
        assert_eq!(curve.corners[1].threshold, Some(0.8));
    }

    #[test]
    fn one_kind_alone_has_no_curve_and_a_constant_answer_is_the_diagonal() {
        assert_eq!(
            ThresholdCurve::new(&[row(0, 0.5, 1), row(1, 0.2, 1)], Label(1)),
            None
        );
        let constant = [row(0, 0.5, 1), row(1, 0.5, 0), row(2, 0.5, 0)];
        let curve = ThresholdCurve::new(&constant, Label(1)).unwrap();
        assert_eq!(curve.roc(), [(0.0, 0.0), (1.0, 1.0)]);
    }
}
