//! Logistic regression, neighbours, naive Bayes and discriminants against scikit-learn with many
//! settings; see `linear_make.py` in `tests/reference/sklearn/`.

use std::collections::{BTreeMap, BTreeSet};

use raduet_learners::{LearnError, Model, Parameters, Samples, registry};
use raduet_study::{ClassNames, Label};
use raduet_testkit::{data, tables};
use serde_json::Value;

use crate::reference::{self, largest_difference};

/// Rows of the large table that train.
const LARGE_TRAINING: usize = 16_000;

/// Logistic regression: both solvers' distance from the minimum, seen through the flattest direction.
const LOGISTIC: f64 = 1e-5;

/// Closed forms, computed in another order.
const NAIVE_BAYES: f64 = 1e-10;
const NEIGHBORS: f64 = 1e-10;

/// Whitening by singular values down to 1e-4 of the largest.
const DISCRIMINANTS: f64 = 1e-8;

fn tolerance(learner: &str) -> f64 {
    match learner {
        "logistic_regression" => LOGISTIC,
        "gaussian_nb" => NAIVE_BAYES,
        "k_neighbors" => NEIGHBORS,
        _ => DISCRIMINANTS,
    }
}

/// Standardised training rows and the standardised test rows.
struct Table {
    training: Samples,
    test: Vec<f64>,
}

/// Values, row-major, with the number of columns, and classes of a table.
fn raw(name: &str) -> Option<(Vec<f64>, usize, Vec<usize>)> {
    if name == "large" {
        let table = tables::LARGE.make(1);
        return Some((table.values, tables::LARGE.columns, table.classes));
    }
    if reference::DATA_SETS.contains(&name) {
        let set = reference::Reference::load(name);
        let rows = 0..set.labels.len();
        let values = rows.flat_map(|row| set.table.row(row).to_vec()).collect();
        let labels = set.labels.iter().map(|label| label.0).collect();
        return Some((values, set.table.columns().len(), labels));
    }
    let path = data::path("linear_sklearn", &format!("data/tables/{name}.csv"))?;
    let text = std::fs::read_to_string(path).expect("a readable table");
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let rows: Vec<Vec<&str>> = lines.collect();
    let label = header.iter().position(|c| *c == "label").expect("labels");
    let named = ["patient_id", "label", "split"];
    let kept: Vec<usize> = (0..header.len())
        .filter(|&c| !named.contains(&header[c]))
        .collect();
    let names: BTreeSet<&str> = rows.iter().map(|row| row[label]).collect();
    let number: BTreeMap<&str, usize> = names.into_iter().zip(0..).collect();
    let labels = rows.iter().map(|row| number[row[label]]).collect();
    let values = rows.iter().flat_map(|row| {
        kept.iter()
            .map(|&c| row[c].parse::<f64>().expect("a number"))
    });
    Some((values.collect(), kept.len(), labels))
}

fn standardised(name: &str) -> Option<Table> {
    let (values, p, labels) = raw(name)?;
    let is_test = |row: usize| match name {
        "large" => row >= LARGE_TRAINING,
        _ => [0, 3, 6].contains(&(row % 10)),
    };
    let (test, training): (Vec<usize>, Vec<usize>) = (0..labels.len()).partition(|&r| is_test(r));
    let n = training.len() as f64;
    // Mean and standard deviation of the columns that vary.
    let columns: Vec<(usize, f64, f64)> = (0..p)
        .filter_map(|column| {
            let of = |row: &usize| values[row * p + column];
            let first = of(&training[0]).to_bits();
            training.iter().find(|row| of(row).to_bits() != first)?;
            let mean = training.iter().map(of).sum::<f64>() / n;
            let variance = training.iter().map(|r| (of(r) - mean).powi(2)).sum::<f64>() / n;
            Some((column, mean, variance.sqrt()))
        })
        .collect();
    let scaled = |rows: &[usize]| -> Vec<f64> {
        rows.iter()
            .flat_map(|row| columns.iter().map(move |(c, m, s)| (row * p + c, m, s)))
            .map(|(at, mean, deviation)| (values[at] - mean) / deviation)
            .collect()
    };
    let classes = labels.iter().max().expect("rows") + 1;
    let names = (0..classes).map(|k| format!("class {k}"));
    let samples = Samples::new(
        scaled(&training),
        columns.iter().map(|(c, _, _)| format!("x{c}")).collect(),
        training.iter().map(|&row| Label(labels[row])).collect(),
        ClassNames::new(names).expect("class names"),
    );
    Some(Table {
        training: samples.expect("samples"),
        test: scaled(&test),
    })
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).expect("rows of numbers")
}

/// Largest difference of coefficients and intercepts.
fn coefficient_difference(model: &dyn Model, answer: &Value) -> f64 {
    let saved = serde_json::to_value(model.to_saved()).expect("a model as JSON");
    let found = &saved["logistic_regression"];
    let list =
        |value: &Value| -> Vec<f64> { serde_json::from_value(value.clone()).expect("numbers") };
    let weights = largest_difference(
        &[list(&found["weights"])],
        &[rows(&answer["coefficients"]).concat()],
    );
    let intercepts = largest_difference(
        &[list(&found["intercepts"])],
        &[list(&answer["intercepts"])],
    );
    weights.max(intercepts)
}

/// Whether the coefficients are unique: an L1 penalty alone lets the scores of all classes shift together,
/// and columns that are the same up to sign share a coefficient in any proportion.
fn unique(answer: &Value, samples: &Samples) -> bool {
    let pure = answer["settings"]["l1_ratio"] == 1.0;
    !(pure && (samples.classes().len() > 2 || has_twin_columns(samples)))
}

/// Whether two standardised columns correlate by ±1 up to rounding.
fn has_twin_columns(samples: &Samples) -> bool {
    let (n, p) = (samples.rows(), samples.width());
    let column = |j: usize| (0..n).map(move |row| samples.row(row)[j]);
    (0..p).any(|a| {
        (0..a).any(|b| {
            let product: f64 = column(a).zip(column(b)).map(|(x, y)| x * y).sum();
            (product / n as f64).abs() > 1.0 - 1e-9
        })
    })
}

#[expect(clippy::print_stdout, reason = "figures of a test")]
fn check(table: &Table, answer: &Value, misses: &mut Vec<String>) {
    let learner = answer["learner"].as_str().expect("a learner");
    let what = format!("{} {learner} {}", answer["table"], answer["settings"]);
    let mut settings: Parameters =
        serde_json::from_value(answer["settings"].clone()).expect("settings");
    if learner == "logistic_regression" {
        settings.extend(reference::at_the_minimum());
    }
    let entry = registry::find(learner).expect("a registered learner");
    let mut samples = table.training.clone();
    if answer["weights"] == true {
        let weights = (0..samples.rows()).map(|i| 1.0 + (i % 3) as f64);
        samples = samples.with_weights(weights.collect()).expect("weights");
    }
    let fitted = entry.with(&settings).expect(&what).fit(&samples, 0);
    if answer["refused"] == true {
        if !matches!(fitted, Err(LearnError::RankDeficient { .. })) {
            misses.push(format!("{what}: not refused"));
        }
        return;
    }
    let model = match fitted {
        Ok(model) => model,
        Err(error) => {
            misses.push(format!("{what}: {error}"));
            return;
        }
    };
    let expected = rows(&answer["probabilities"]);
    let shown = &table.test[..expected.len() * samples.width()];
    let found: Vec<Vec<f64>> = model
        .predict_proba(shown, expected.len())
        .chunks_exact(samples.classes().len())
        .map(<[f64]>::to_vec)
        .collect();
    let mut difference = largest_difference(&found, &expected);
    println!("{what}: probabilities {difference:.1e}");
    if !answer["coefficients"].is_null() && unique(answer, &samples) {
        let coefficients = coefficient_difference(&*model, answer);
        println!("{what}: coefficients {coefficients:.1e}");
        difference = difference.max(coefficients);
    }
    if difference.is_nan() || difference > tolerance(learner) {
        misses.push(format!("{what}: {difference:.1e}"));
    }
}

/// All answers on tables that `wanted` chooses.
fn compare(wanted: impl Fn(&str) -> bool) {
    let all: Value = serde_json::from_str(&reference::file("linear_answers.json")).expect("JSON");
    let mut tables: BTreeMap<&str, Option<Table>> = BTreeMap::new();
    let mut misses = Vec::new();
    let mut compared = 0;
    for answer in all["answers"].as_array().expect("answers") {
        let name = answer["table"].as_str().expect("a table");
        if !wanted(name) {
            continue;
        }
        let table = tables.entry(name).or_insert_with(|| standardised(name));
        if let Some(table) = table {
            check(table, answer, &mut misses);
        }
        compared += 1;
    }
    assert!(compared > 0, "no answers chosen");
    assert!(misses.is_empty(), "{}", misses.join("\n"));
}

#[test]
fn linear_models_neighbours_and_densities_equal_scikit_learn() {
    compare(|table| reference::DATA_SETS.contains(&table));
}

#[test]
fn linear_models_neighbours_and_densities_equal_scikit_learn_on_the_large_table() {
    compare(|table| table == "large");
}

#[test]
fn linear_models_neighbours_and_densities_equal_scikit_learn_on_real_tables() {
    compare(|table| table != "large" && !reference::DATA_SETS.contains(&table));
}
