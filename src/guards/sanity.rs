//! The control with permuted labels: the same run, but training and validation patients carry each other's classes. Whatever
//! still beats the majority on the test patients did not learn it from their images.

use raduet_study::contamination::permuted_by_patient;
use raduet_study::report::{Control, Standing};
use raduet_study::{Label, Report};

use crate::arms::FoldRows;
use crate::io::feature_csv::FeatureRow;

/// What the control's report says first.
pub const WARNING: &str = "a control, not a result: the classes of training and validation patients were exchanged at random";

/// The classes to learn from in a fold: those of its training patients exchanged among them, those of its validation patients
/// as well; of test rows nothing changes.
pub fn labels(fold: &FoldRows, rows: &[FeatureRow], seed: u64) -> Vec<Label> {
    let mut labels: Vec<Label> = rows.iter().map(|row| row.label).collect();
    // Two streams a fold: one a part.
    for (part, of_part) in [&fold.train, &fold.valid].into_iter().enumerate() {
        let patients: Vec<_> = of_part.iter().map(|&row| &rows[row].patient).collect();
        let own: Vec<Label> = of_part.iter().map(|&row| rows[row].label).collect();
        let drawn = permuted_by_patient(&patients, &own, seed, (2 * fold.fold + part) as u64);
        for (&row, label) in of_part.iter().zip(drawn) {
            labels[row] = label;
        }
    }
    labels
}

/// What the control says.
pub fn verdict(report: &Report) -> Control {
    let Some(majority) = &report.majority else {
        return Control {
            passed: false,
            sentence: "sanity: there is no majority row to hold models against".to_owned(),
        };
    };
    let patients = report.test_patients;
    let ahead: Vec<&str> = majority
        .models
        .iter()
        .filter(|model| model.standing == Standing::Established)
        .map(|model| model.model.as_str())
        .collect();
    if ahead.is_empty() {
        let lowest = majority.models.iter().map(|model| model.p_holm);
        let lowest = lowest.fold(1.0, f64::min);
        let sentence = format!(
            "sanity: with permuted labels {} model(s) are no better than the majority on {patients} patients (smallest p {lowest:.3} \
             after Holm), as it must be",
            majority.models.len()
        );
        return Control {
            passed: true,
            sentence,
        };
    }
    let sentence = format!(
        "sanity: with permuted labels {} still beat(s) the majority on {patients} patients: something tells the class of test \
         patients without being learned from images",
        ahead.join(", ")
    );
    Control {
        passed: false,
        sentence,
    }
}
