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

#[cfg(test)]
mod tests {
    use raduet_study::report::ReportSettings;
    use raduet_study::uncertainty::Bootstrap;
    use raduet_study::{
        Arm, CaseId, ClassNames, Fold, Part, PatientId, PredictionRow, Predictions, SampleId,
    };

    use super::*;
    use crate::io::feature_csv::RegionKey;

    /// 60 patients of two classes: 20 train, 10 choose, 30 are tested; a model that knows a share of them.
    fn report(knows: usize) -> Report {
        let classes = ClassNames::new(["a", "b"]).unwrap();
        let rows = (0..60).map(|index| {
            let part = match index {
                0..20 => Part::Train,
                20..30 => Part::Valid,
                _ => Part::Test,
            };
            let truth = index % 2;
            let answer = if index % 10 < knows { truth } else { 0 };
            PredictionRow {
                sample: SampleId::whole(CaseId::new(format!("c{index}"))),
                patient: PatientId::new(format!("p{index:02}")),
                part,
                fold: 0,
                truth: Label(truth),
                probabilities: vec![1.0 - answer as f64, answer as f64],
            }
        });
        let model = Predictions::new("m", Arm::Radiomics, classes, rows.collect()).unwrap();
        let settings = ReportSettings {
            bootstrap: Bootstrap {
                resamples: 200,
                ..Bootstrap::default()
            },
            ..ReportSettings::default()
        };
        Report::from_predictions("cohort", &[model], &settings).unwrap()
    }

    #[test]
    fn a_model_that_knows_the_test_part_fails_the_control() {
        let passed = verdict(&report(1));
        assert!(passed.passed && passed.sentence.contains("no better than the majority"));
        let failed = verdict(&report(10));
        assert!(
            !failed.passed && failed.sentence.contains("m still beat(s)"),
            "{}",
            failed.sentence
        );
    }

    #[test]
    fn only_what_is_learned_from_is_exchanged() {
        let rows: Vec<FeatureRow> = (0..60)
            .map(|index| FeatureRow {
                sample: SampleId::slice(CaseId::new(format!("c{}", index / 2)), index % 2),
                region: RegionKey::default(),
                patient: PatientId::new(format!("p{:02}", index / 2)),
                label: Label(index as usize / 2 % 3),
                sequence: None,
                part: None,
                position_mm: None,
                pixels: None,
                size: None,
            })
            .collect();
        let part = |patient: usize| match patient {
            0..15 => Part::Train,
            15..24 => Part::Valid,
            _ => Part::Test,
        };
        let parts =
            (0..30).map(|patient| (PatientId::new(format!("p{patient:02}")), part(patient)));
        let fold = FoldRows::new(0, &Fold::new(parts).unwrap(), &rows);
        let drawn = labels(&fold, &rows, 42);
        let of = |range: std::ops::Range<usize>, labels: &dyn Fn(usize) -> Label| {
            let mut found: Vec<Label> = range.map(labels).collect();
            found.sort();
            found
        };
        let truth = |row: usize| rows[row].label;
        let new = |row: usize| drawn[row];
        assert!((48..60).all(|row| drawn[row] == rows[row].label));
        assert!((0..30).any(|row| drawn[row] != rows[row].label));
        assert!(
            (0..30).all(|row| drawn[row] == drawn[row / 2 * 2]),
            "a patient has one class"
        );
        assert_eq!(of(0..30, &new), of(0..30, &truth));
        assert_eq!(of(30..48, &new), of(30..48, &truth));
    }
}
