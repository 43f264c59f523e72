//! Scaling against scikit-learn, harmonisation against neuroCombat, on a table that
//! `preprocess_make.py` makes again.

use raduet_learners::{Combat, Preprocess, Samples, Scaling};
use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};
use raduet_testkit::tables::TableShape;
use serde_json::Value;

use crate::reference::{file, numbers};

/// The file has ten digits.
const TOLERANCE: f64 = 1e-9;

const ROWS: usize = 96;
const TRAIN: usize = 65;
const WIDTH: usize = 8;

/// The table of `preprocess_make.py`.
fn table() -> (FeatureTable, Vec<Label>) {
    let shape = TableShape {
        rows: ROWS,
        columns: WIDTH,
        informative: 4,
        redundant: 2,
        classes: 3,
        separation: 1.0,
    };
    let mut made = shape.make(3);
    for (row, values) in made.values.chunks_exact_mut(WIDTH).enumerate() {
        values[1] = (values[1] * 10.0 + 0.5).floor() / 10.0;
        values[2] = values[2].max(0.0);
        let (factor, offset) = [(1.0, 0.0), (1.5, 0.75), (0.5, -2.0)][row % 3];
        for value in values {
            *value = *value * factor + offset;
        }
    }
    let ids = (0..ROWS).map(|i| SampleId::whole(CaseId::new(format!("P{i}"))));
    let columns = (0..WIDTH).map(|j| format!("x{j}")).collect();
    let table = FeatureTable::new(ids.collect(), columns, made.values)
        .and_then(|table| table.with_sites((0..ROWS).map(|i| format!("s{}", i % 3)).collect()))
        .expect("whole test data");
    (table, made.classes.into_iter().map(Label).collect())
}

fn training(table: &FeatureTable, labels: &[Label]) -> Samples {
    let rows: Vec<usize> = (0..TRAIN).collect();
    let classes = ClassNames::new(["a", "b", "c"]).expect("three names");
    Samples::from_table(table, &rows, &labels[..TRAIN], &classes).expect("whole test data")
}

fn answers() -> Value {
    serde_json::from_str(&file("preprocess_answers.json")).expect("answers in JSON")
}

fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    crate::reference::assert_close(what, found, expected, TOLERANCE);
}

#[test]
fn scaling_equals_scikit_learn() {
    let (table, labels) = table();
    let answers = answers();
    let rows: Vec<usize> = (0..ROWS).collect();
    for (name, scaling) in [
        ("standard", Scaling::Standard),
        ("robust", Scaling::Robust),
        ("min_max", Scaling::MinMax),
        ("quantile_uniform", Scaling::QuantileUniform),
        ("quantile_normal", Scaling::QuantileNormal),
    ] {
        let settings = Preprocess {
            scaling,
            ..Preprocess::default()
        };
        let (fitted, seen) = settings.fit(&training(&table, &labels)).expect("a fit");
        let found = fitted.transform(&table, &rows).expect("a whole table");
        assert_close(name, &found, &numbers(&answers["scaling"][name]));
        assert_eq!(seen.values(), &found[..TRAIN * WIDTH], "{name}");
    }
}

#[test]
fn combat_equals_neurocombat() {
    let (table, labels) = table();
    let answers = answers();
    let new: Vec<usize> = (TRAIN..ROWS).collect();
    let of = |parametric, mean_only, reference: Option<&str>| Combat {
        parametric,
        mean_only,
        reference_site: reference.map(str::to_owned),
    };
    for (name, combat) in [
        ("parametric", of(true, false, None)),
        ("non_parametric", of(false, false, None)),
        ("mean_only", of(true, true, None)),
        ("mean_only_non_parametric", of(false, true, None)),
        ("reference", of(true, false, Some("s1"))),
    ] {
        let settings = Preprocess {
            combat: Some(combat),
            scaling: Scaling::Unscaled,
            ..Preprocess::default()
        };
        let (fitted, seen) = settings.fit(&training(&table, &labels)).expect("a fit");
        let expected = &answers["combat"][name];
        assert_close(name, seen.values(), &numbers(&expected["train"]));
        let found = fitted.transform(&table, &new).expect("known sites");
        assert_close(name, &found, &numbers(&expected["new"]));
    }
}
