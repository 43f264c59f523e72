//! The printed figures of a published comparison, from labels through the confusion matrix.
//!
//! The paper prints precision, sensitivity, specificity and F1 of each stage and model (Tables III and
//! VIII) and the macro averages with the accuracy (Tables II and VII). With n slices of a stage among
//! 618, a row gives TP = sensitivity · n and FP = (1 − specificity)(618 − n); any matrix with these
//! diagonals, row sums and column sums has the same figures, so one is built and its labels are fed to
//! the code. Every printed digit must come out.

use std::collections::BTreeMap;

use raduet_study::metrics::{Average, Confusion};
use raduet_study::{ClassNames, Label};

use crate::reference;

/// Slices of the T2W test part: mild, moderate, severe.
const SLICES: [u64; 3] = [319, 133, 166];
const TOTAL: u64 = 618;
/// Rows of Tables II/III and VII/VIII.
const MODELS: usize = 15;

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

/// One true and one answered label per slice, as a model would hand them over.
fn labels(matrix: [[u64; 3]; 3]) -> Vec<(Label, Label)> {
    let mut pairs = Vec::new();
    for (i, row) in matrix.iter().enumerate() {
        for (j, &n) in row.iter().enumerate() {
            pairs.extend((0..n).map(|_| (Label(i), Label(j))));
        }
    }
    pairs
}

fn percent(value: f64) -> String {
    format!("{:.2}", 100.0 * value)
}

/// Every model's matrix out of its three rows, in the order of the file, with the printed rows.
fn models() -> BTreeMap<String, Vec<Vec<String>>> {
    let mut models: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in reference::rows("paper/stages_t2w.csv") {
        models.entry(row[1].clone()).or_default().push(row);
    }
    assert_eq!(models.len(), MODELS);
    models
}

fn confusion(rows: &[Vec<String>]) -> Confusion {
    let stages = ClassNames::new(["mild", "moderate", "severe"]).expect("three names");
    let (mut right, mut false_positives) = ([0; 3], [0; 3]);
    assert_eq!(rows.len(), 3);
    for row in rows {
        let k = stages.label(&row[2]).expect("a stage").0;
        let figure = |column: usize| row[column].parse::<f64>().expect("a figure");
        right[k] = count(figure(4), SLICES[k]);
        let negatives = TOTAL - SLICES[k];
        false_positives[k] = negatives - count(figure(5), negatives);
    }
    let pairs = labels(matrix(right, false_positives));
    assert_eq!(pairs.len(), 618);
    Confusion::from_labels(stages.len(), pairs)
}

#[test]
fn confusion_paper_stages() {
    let mut misses = Vec::new();
    let mut compared = 0;
    for (model, rows) in models() {
        let classes = confusion(&rows).per_class();
        for (row, class) in rows.iter().zip(classes) {
            let ours = [
                class.precision,
                class.sensitivity,
                class.specificity,
                class.f1,
            ];
            for (column, value) in ours.into_iter().enumerate() {
                compared += 1;
                if percent(value) != row[3 + column] {
                    let printed = &row[3 + column];
                    misses.push(format!(
                        "{model}, {}, column {column}: printed {printed}, found {}",
                        row[2],
                        percent(value)
                    ));
                }
            }
        }
    }
    assert_eq!(compared, MODELS * 3 * 4);
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn confusion_paper_overall() {
    let models = models();
    let mut misses = Vec::new();
    let overall = reference::rows("paper/overall_t2w.csv");
    assert_eq!(overall.len(), MODELS);
    for row in &overall {
        let confusion = confusion(&models[&row[1]]);
        let ours = [
            format!("{:.3}", confusion.accuracy().unwrap()),
            percent(confusion.precision(Average::Macro).unwrap()),
            percent(confusion.sensitivity(Average::Macro).unwrap()),
            percent(confusion.specificity(Average::Macro).unwrap()),
            percent(confusion.f1(Average::Macro).unwrap()),
        ];
        for (column, (ours, printed)) in ours.iter().zip(&row[2..]).enumerate() {
            if ours != printed {
                misses.push(format!(
                    "{}, column {column}: printed {printed}, found {ours}",
                    row[1]
                ));
            }
        }
    }
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn confusion_paper_majority() {
    // Always "mild": the figures follow by hand from 319 of 618.
    let always_mild = labels([[319, 0, 0], [133, 0, 0], [166, 0, 0]]);
    let confusion = Confusion::from_labels(3, always_mild);
    assert_eq!(percent(confusion.accuracy().unwrap()), "51.62");
    let average = Average::Macro;
    assert_eq!(percent(confusion.precision(average).unwrap()), "17.21");
    assert_eq!(percent(confusion.sensitivity(average).unwrap()), "33.33");
    assert_eq!(percent(confusion.specificity(average).unwrap()), "66.67");
    assert_eq!(percent(confusion.f1(average).unwrap()), "22.70");
}
