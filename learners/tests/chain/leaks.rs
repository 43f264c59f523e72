//! Whatever is estimated is estimated on training rows: tests that fail when it is not.

use raduet_learners::{Pipeline, registry};
use raduet_study::Label;
use serde_json::{Value, json};

use super::{chains, data, pipeline, preprocess, table};
use crate::area_under_curve;
use crate::common::{Data, noise};

const FOLDS: usize = 5;

/// Pooled area under the curve of held-out rows, the whole chain fitted in each fold.
fn held_out_area(data: &Data, settings: &Value) -> f64 {
    let n = data.labels.len();
    let mut positive = vec![0.0; n];
    for fold in 0..FOLDS {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..n).partition(|i| i % FOLDS == fold);
        let entry = registry::find("k_neighbors").expect("whole test data");
        let labels: Vec<Label> = train.iter().map(|&row| data.labels[row]).collect();
        let fitted = Pipeline::new(entry, preprocess(settings))
            .fit_table(&data.table(), &train, &labels, &data.classes, 0)
            .expect("whole test data");
        let answers = fitted
            .predict_proba(&data.table(), &test)
            .expect("whole test data");
        for (row, p) in test.into_iter().zip(answers) {
            positive[row] = p[1];
        }
    }
    area_under_curve(&positive, &data.labels)
}

/// Columns that tell nothing, chosen among many: on all rows they seem to tell the classes apart on rows that
/// the learner has not seen; inside the folds they do not.
#[test]
fn selection_on_all_rows_would_leak_and_in_the_pipeline_does_not() {
    const TABLES: u64 = 20;
    let mut misses = Vec::new();
    // Mutual information finds chance dependence of any shape, of which neighbours in twenty columns
    // see little: its mistake would show less than the others'.
    for (method, shown) in [
        (json!({"anova_f": {"k": 20}}), 0.7),
        (json!({"kruskal_wallis": {"k": 20}}), 0.7),
        (json!({"mutual_information": {"k": 20}}), 0.5),
        (json!({"mrmr": {"k": 20}}), 0.7),
        (json!({"lasso": {"k": 20}}), 0.7),
        (json!({"rfe": {"k": 20, "step": 0.2}}), 0.7),
        (
            json!({"stability": {"base": {"anova_f": {"k": 20}}, "n_resamples": 10, "threshold": 0.3}}),
            0.7,
        ),
    ] {
        let settings = json!({"selection": method});
        let (mut inside, mut outside) = (0.0, 0.0);
        for seed in 0..TABLES {
            let data = noise(100, 300, 2, 40 + seed);
            inside += held_out_area(&data, &settings) / TABLES as f64;
            // The mistake: columns chosen with the rows that are held out later.
            let (chosen, _) = preprocess(&settings)
                .fit(&data.samples())
                .expect("whole test data");
            let places: Vec<usize> = chosen
                .kept()
                .map(|name| {
                    data.columns
                        .iter()
                        .position(|c| c == name)
                        .expect("whole test data")
                })
                .collect();
            let fewer = data.with_columns(&places);
            outside += held_out_area(&fewer, &json!({})) / TABLES as f64;
        }
        println!("{method}: inside {inside:.3}, on all rows {outside:.3}");
        if (inside - 0.5).abs() >= 0.1 || outside <= shown {
            misses.push(format!("{method}: inside {inside}, on all rows {outside}"));
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}

/// Rows outside the training part may hold anything: nothing that is fitted changes.
#[test]
fn nothing_is_estimated_from_rows_outside_the_training_part() {
    let whole = data(9);
    let rows: Vec<usize> = (0..48).collect();
    let train: Vec<usize> = (0..36).collect();
    let mut other = whole.clone();
    for (at, value) in other.values.iter_mut().enumerate().skip(36 * 8) {
        *value = 50.0 * *value - (at % 5) as f64;
    }
    for label in &mut other.labels[36..] {
        *label = Label(1 - label.0);
    }
    for settings in chains() {
        let fit = |data: &Data, rows_fitted: &[usize]| {
            let labels: Vec<Label> = rows_fitted.iter().map(|&row| data.labels[row]).collect();
            pipeline(&settings)
                .fit_table(&table(data, &rows), rows_fitted, &labels, &data.classes, 0)
                .expect("whole test data")
        };
        let (first, second) = (fit(&whole, &train), fit(&other, &train));
        assert!(first.preprocess() == second.preprocess(), "{settings}");
        // And it would show: the same steps fitted on all rows are others.
        assert!(
            first.preprocess() != fit(&other, &rows).preprocess(),
            "{settings}"
        );
    }
}
