//! The printed figures of a published comparison, from labels through the confusion matrix.
//!
//! The paper prints precision, sensitivity, specificity and F1 of each stage and model (Tables III and VIII) and the macro
//! averages with the accuracy (Tables II and VII). [`raduet_testkit::paper`] builds a matrix with the figures of each
//! model; its labels are fed to the code. Every printed digit must come out.

use raduet_study::metrics::{Average, Confusion};
use raduet_study::{ClassNames, Label};
use raduet_testkit::paper::{MODELS, PrintedModel, models};

use crate::reference;

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

fn confusion(model: &PrintedModel) -> Confusion {
    let stages = ClassNames::new(raduet_testkit::paper::STAGES).expect("three names");
    let pairs = labels(model.matrix());
    assert_eq!(pairs.len(), 618);
    Confusion::from_labels(stages.len(), pairs)
}

#[test]
fn confusion_paper_stages() {
    let mut misses = Vec::new();
    let mut compared = 0;
    for (name, model) in models() {
        let classes = confusion(&model).per_class();
        for (stage, (printed, class)) in model.stages.iter().zip(classes).enumerate() {
            let ours = [
                class.precision,
                class.sensitivity,
                class.specificity,
                class.f1,
            ];
            for (column, value) in ours.into_iter().enumerate() {
                compared += 1;
                if percent(value) != printed[column] {
                    misses.push(format!(
                        "{name}, stage {stage}, column {column}: printed {}, found {}",
                        printed[column],
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
