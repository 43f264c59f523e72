//! Scaling, dropping and matching by name, on tables written out.

use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};

use super::*;

fn samples(values: &[f64], columns: &[&str]) -> Samples {
    Samples::new(
        values.to_vec(),
        columns.iter().map(|&c| c.into()).collect(),
        vec![Label(0); values.len() / columns.len()],
        ClassNames::new(["a"]).unwrap(),
    )
    .unwrap()
}

fn table(values: &[f64], columns: &[&str]) -> FeatureTable {
    let rows = values.len() / columns.len();
    let ids = (0..rows).map(|i| SampleId::whole(CaseId::new(format!("P{i}"))));
    FeatureTable::new(
        ids.collect(),
        columns.iter().map(|&c| c.into()).collect(),
        values.to_vec(),
    )
    .unwrap()
}

#[test]
fn columns_are_scaled_dropped_and_found_by_name() {
    let nan = f64::NAN;
    let training = samples(
        &[1.0, 7.0, nan, 10.0, 3.0, 7.0, nan, 30.0],
        &["x", "same", "none", "y"],
    );
    let (fitted, seen) = Preprocess::default().fit(&training).unwrap();
    assert_eq!(seen.columns(), ["x", "y"]);
    assert_eq!(seen.values(), [-1.0, -1.0, 1.0, 1.0]);
    let reasons: Vec<_> = fitted.dropped().iter().map(|d| d.reason.clone()).collect();
    assert_eq!(reasons, [Dropped::Undefined, Dropped::Constant]);
    let other = table(&[40.0, 5.0, 0.0, nan], &["y", "x", "none", "same"]);
    assert_eq!(fitted.transform(&other, &[0]).unwrap(), [3.0, 2.0]);
}

#[test]
fn missing_and_unknown_columns_are_named() {
    let training = samples(&[1.0, 2.0, 3.0, 5.0], &["x", "y"]);
    let (fitted, _) = Preprocess::default().fit(&training).unwrap();
    let error = fitted.transform(&table(&[1.0, 1.0], &["x", "z"]), &[0]);
    let expected = LearnError::Columns {
        missing: vec!["y".into()],
        unknown: vec!["z".into()],
    };
    assert_eq!(error.unwrap_err(), expected);
}

#[test]
fn undefined_values_are_refused_or_replaced_by_the_training_median() {
    let training = samples(&[1.0, f64::NAN, 2.0, 6.0], &["x"]);
    let error = Preprocess::default().fit(&training).unwrap_err();
    assert!(
        matches!(&error, LearnError::NotFinite { column, sample, count: 1, .. }
            if column == "x" && sample == "1"),
        "{error}"
    );
    let imputing = Preprocess {
        scaling: Scaling::Unscaled,
        undefined: Undefined::Median,
        ..Preprocess::default()
    };
    let (fitted, seen) = imputing.fit(&training).unwrap();
    assert_eq!(seen.values(), [1.0, 2.0, 2.0, 6.0]);
    let test = table(&[f64::NAN, 9.0], &["x"]);
    assert_eq!(fitted.transform(&test, &[1, 0]).unwrap(), [9.0, 2.0]);
    let infinite = table(&[f64::INFINITY], &["x"]);
    assert!(fitted.transform(&infinite, &[0]).is_err());
}

#[test]
fn small_and_large_scales_are_kept() {
    for scale in [1e-9, 1e9] {
        let training = samples(&[scale, 2.0 * scale, 4.0 * scale], &["x"]);
        let (fitted, _) = Preprocess::default().fit(&training).unwrap();
        assert_eq!(fitted.width(), 1);
    }
    // One value up to rounding.
    let noise = samples(&[1e9, 1e9 + 1e-7, 1e9, 1e9], &["x"]);
    assert!(Preprocess::default().fit(&noise).is_err());
}
