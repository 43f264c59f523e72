//! Two models over the folds of a split.

use std::collections::BTreeMap;

use crate::predictions::Predictions;
use crate::report::SplitSummary;
use crate::split::Part;
use crate::uncertainty::{CorrectedTest, corrected_test};

/// How many patients a fold tests for each one that it trains on; none for a single split, or where the training
/// patients are not known.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoldSizes {
    test_to_train: Option<f64>,
}

impl FoldSizes {
    pub(super) fn of(split: &SplitSummary) -> Self {
        let patients = |part: Part| {
            let parts = split
                .parts
                .iter()
                .filter(move |summary| summary.part == part);
            parts.map(|summary| summary.patients).sum::<usize>()
        };
        let (test, train) = (patients(Part::Test), patients(Part::Train));
        Self {
            test_to_train: (split.folds > 1 && train > 0).then(|| test as f64 / train as f64),
        }
    }

    /// The corrected test of the accuracies of both models' rows, fold by fold.
    pub(super) fn test(
        self,
        first: &Predictions,
        second: &Predictions,
        confidence: f64,
    ) -> Option<CorrectedTest> {
        let ratio = self.test_to_train?;
        let (first, second) = (accuracies(first), accuracies(second));
        let differences: Vec<f64> = first
            .iter()
            .filter_map(|(fold, accuracy)| Some(accuracy - second.get(fold)?))
            .collect();
        corrected_test(&differences, ratio, confidence).ok()
    }
}

/// Accuracy of every fold with rows.
fn accuracies(predictions: &Predictions) -> BTreeMap<usize, f64> {
    let mut counts: BTreeMap<usize, [u64; 2]> = BTreeMap::new();
    for row in predictions.rows() {
        let [right, all] = counts.entry(row.fold).or_default();
        *right += u64::from(row.answer() == row.truth);
        *all += 1;
    }
    let share = |[right, all]: [u64; 2]| right as f64 / all as f64;
    counts
        .into_iter()
        .map(|(fold, n)| (fold, share(n)))
        .collect()
}
