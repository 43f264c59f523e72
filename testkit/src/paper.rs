//! The printed rows of the cirrhosis staging paper, and matrices of answers that have exactly these figures.
//!
//! The paper prints precision, sensitivity, specificity and F1 of each stage and model (Tables III and VIII). With n
//! slices of a stage among 618, a row gives TP = sensitivity · n and FP = (1 − specificity)(618 − n); any matrix with these
//! diagonals, row sums and column sums has the same figures, so one is built.

use std::collections::BTreeMap;

use crate::reference::Table;

/// Stages in their order.
pub const STAGES: [&str; 3] = ["mild", "moderate", "severe"];
/// Slices of the T2W test part: mild, moderate, severe.
pub const SLICES: [u64; 3] = [319, 133, 166];
/// All of them.
pub const TOTAL: u64 = 618;
/// Rows of Tables II/III and VII/VIII.
pub const MODELS: usize = 15;

/// A model of the paper.
#[derive(Debug, Clone)]
pub struct PrintedModel {
    /// The paper's number of its table by stage.
    pub table: String,
    /// Precision, sensitivity, specificity, F1 of each stage as printed.
    pub stages: [[String; 4]; 3],
}

/// Every model with its printed figures, by name.
///
/// # Panics
/// When the file of the paper's rows is not what it was.
pub fn models() -> BTreeMap<String, PrintedModel> {
    let table = Table::read("paper/stages_t2w.csv");
    let mut models: BTreeMap<String, PrintedModel> = BTreeMap::new();
    for row in table.rows() {
        let model = models
            .entry(row.text("model").to_owned())
            .or_insert_with(|| PrintedModel {
                table: row.text("table").to_owned(),
                stages: Default::default(),
            });
        let stage = STAGES.iter().position(|stage| *stage == row.text("stage"));
        let columns = ["precision", "sensitivity", "specificity", "f1"];
        model.stages[stage.expect("a stage")] = columns.map(|column| row.text(column).to_owned());
    }
    assert_eq!(models.len(), MODELS);
    models
}

impl PrintedModel {
    /// Slices by true stage and answered stage, with exactly the printed figures.
    ///
    /// # Panics
    /// When no such matrix exists.
    pub fn matrix(&self) -> [[u64; 3]; 3] {
        let figure = |stage: usize, column: usize| -> f64 {
            self.stages[stage][column].parse().expect("a figure")
        };
        let right = [0, 1, 2].map(|stage| count(figure(stage, 1), SLICES[stage]));
        let false_positives = [0, 1, 2].map(|stage| {
            let negatives = TOTAL - SLICES[stage];
            negatives - count(figure(stage, 2), negatives)
        });
        matrix(right, false_positives)
    }
}

/// A printed percentage of `n` as a whole number; two decimals decide it for n < 5000.
fn count(percent: f64, n: u64) -> u64 {
    let exact = percent / 100.0 * n as f64;
    let rounded = exact.round();
    assert!(
        (exact - rounded).abs() <= 0.005 / 100.0 * n as f64 + 1e-9,
        "{percent} % of {n} is no whole number of slices"
    );
    format!("{rounded}").parse().expect("a count")
}

/// A matrix with the given diagonal, row sums [`SLICES`] and false positives per class.
///
/// Six unknown cells off the diagonal, five independent sums: the cell [0, 1] is free, and the first
/// value of it that leaves no negative cell is taken.
fn matrix(right: [u64; 3], false_positives: [u64; 3]) -> [[u64; 3]; 3] {
    let missed: Vec<u64> = (0..3).map(|k| SLICES[k] - right[k]).collect();
    assert_eq!(
        missed.iter().sum::<u64>(),
        false_positives.iter().sum::<u64>(),
        "every missed slice is a false positive elsewhere"
    );
    for a01 in 0..=missed[0] {
        let cells = || {
            let a02 = missed[0].checked_sub(a01)?;
            let a21 = false_positives[1].checked_sub(a01)?;
            let a20 = missed[2].checked_sub(a21)?;
            let a10 = false_positives[0].checked_sub(a20)?;
            let a12 = missed[1].checked_sub(a10)?;
            (a02 + a12 == false_positives[2]).then_some([
                [right[0], a01, a02],
                [a10, right[1], a12],
                [a20, a21, right[2]],
            ])
        };
        if let Some(found) = cells() {
            return found;
        }
    }
    panic!("no matrix has the right answers {right:?} and false positives {false_positives:?}");
}
