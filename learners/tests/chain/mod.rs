//! What holds for the whole chain of steps before a learner, whatever its settings.

mod leaks;

use raduet_learners::{FittedPipeline, LearnError, Pipeline, Preprocess, Samples, registry};
use raduet_study::{FeatureTable, Label};
use serde_json::{Value, json};

use crate::common::{Data, saved, seeded};
use crate::{assert_distributions, bits};

/// Chains that use every step and method, by their settings in a file.
pub(crate) fn chains() -> Vec<Value> {
    let mut chains = vec![
        json!({}),
        json!({"undefined": "median", "add_indicator": true}),
        json!({"undefined": "mean", "scaling": "robust", "duplicates": "drop"}),
        json!({"scaling": "quantile_normal"}),
        json!({"scaling": "quantile_uniform", "pca": {"n_components": 0.9}}),
        json!({"scaling": "min_max", "combat": {}}),
        json!({"scaling": "unscaled", "combat": {"parametric": false}}),
        json!({"combat": {"mean_only": true, "reference_site": "north"}}),
        json!({"redundancy": {"correlation": {"threshold": 0.5}}, "pca": {}}),
        json!({
            "undefined": "median", "combat": {}, "duplicates": "drop", "scaling": "robust",
            "redundancy": {"spearman_clusters": {"representative": "anova_f", "threshold": 0.6}},
            "selection": {"anova_f": {"k": 4}}, "pca": {"n_components": 2},
        }),
    ];
    for method in [
        json!({"anova_f": {"percentile": 50.0}}),
        json!({"kruskal_wallis": {"k": 3}}),
        json!({"mutual_information": {"k": 3}}),
        json!({"mrmr": {"k": 3}}),
        json!({"mrmr": {"k": 3, "scheme": "difference"}}),
        json!({"lasso": {"C": 0.3}}),
        json!({"lasso": {"k": 3}}),
        json!({"rfe": {"k": 3}}),
        json!({"rfe": {"k": 3, "estimator": "random_forest", "step": 3.0}}),
        json!({"boruta": {"n_estimators": 20, "max_iter": 20, "keep_tentative": true}}),
        json!({"stability": {"base": {"kruskal_wallis": {"k": 3}}, "n_resamples": 10, "threshold": 0.3}}),
    ] {
        chains.push(json!({"selection": method}));
    }
    chains
}

pub(crate) fn preprocess(settings: &Value) -> Preprocess {
    serde_json::from_value(settings.clone()).unwrap_or_else(|e| panic!("{settings}: {e}"))
}

/// Two classes, two sites with effects, two nearly equal columns.
pub(crate) fn data(seed: u64) -> Data {
    let mut data = seeded(48, 8, 2, seed, 0.6);
    for (row, x) in data.values.chunks_exact_mut(8).enumerate() {
        x[6] = x[0] + 0.01 * x[1];
        if site(row) == "south" {
            for v in x {
                *v = 2.0 * *v + 1.0;
            }
        }
    }
    data
}

pub(crate) fn site(row: usize) -> &'static str {
    if row.is_multiple_of(3) {
        "south"
    } else {
        "north"
    }
}

fn table(data: &Data, rows: &[usize]) -> FeatureTable {
    let sites = rows.iter().map(|&row| site(row).to_owned()).collect();
    data.table().with_sites(sites).expect("whole test data")
}

pub(crate) fn samples(data: &Data, rows: &[usize]) -> Samples {
    let all: Vec<usize> = (0..rows.len()).collect();
    Samples::from_table(&table(data, rows), &all, &data.labels, &data.classes)
        .expect("whole test data")
}

fn pipeline(settings: &Value) -> Pipeline {
    let entry = registry::find("logistic_regression").expect("whole test data");
    Pipeline::new(entry, preprocess(settings))
}

#[test]
fn the_order_of_rows_and_columns_leaves_no_trace_and_a_second_fit_is_the_first() {
    let data = data(1);
    let rows: Vec<usize> = (0..48).collect();
    let mut turned: Vec<usize> = rows.clone();
    turned.reverse();
    turned.swap(5, 30);
    let columns = [3, 7, 0, 6, 1, 2, 5, 4];
    for settings in chains() {
        let chain = preprocess(&settings);
        let (first, seen) = chain.fit(&samples(&data, &rows)).expect("whole test data");
        let again = chain.fit(&samples(&data, &rows)).expect("whole test data");
        assert!(
            again == (first.clone(), seen.clone()),
            "{settings}: a second fit differs"
        );
        let other = data.with_rows(&turned);
        let (by_rows, seen_turned) = chain
            .fit(&samples(&other, &turned))
            .expect("whole test data");
        assert!(
            by_rows == first,
            "{settings}: the order of rows left a trace"
        );
        for (at, &row) in turned.iter().enumerate() {
            assert_eq!(seen_turned.row(at), seen.row(row), "{settings}");
        }
        let other = data.with_columns(&columns);
        let (by_columns, seen_turned) =
            chain.fit(&samples(&other, &rows)).expect("whole test data");
        let mut names = (first.names(), by_columns.names());
        names.0.sort();
        names.1.sort();
        assert_eq!(names.0, names.1, "{settings}");
        for row in 0..48 {
            for (at, name) in by_columns.names().iter().enumerate() {
                let place = first
                    .names()
                    .iter()
                    .position(|n| n == name)
                    .expect("whole test data");
                let (a, b) = (seen_turned.row(row)[at], seen.row(row)[place]);
                assert_eq!(a.to_bits(), b.to_bits(), "{settings}: '{name}'");
            }
        }
        // The learner's view of the training rows is that of any other rows.
        let new = first
            .transform(&table(&data, &rows), &rows)
            .expect("whole test data");
        assert_eq!(new, seen.values(), "{settings}");
    }
}

#[test]
fn files_keep_every_bit_and_hostile_ones_are_refused() {
    let data = data(2);
    let rows: Vec<usize> = (0..48).collect();
    let known = table(&data, &rows);
    for settings in chains() {
        let fitted = pipeline(&settings)
            .fit(&samples(&data, &rows), 0)
            .expect("whole test data");
        let json = fitted.to_json().expect("whole test data");
        let read = FittedPipeline::from_json(&json).expect("whole test data");
        assert!(read.preprocess() == fitted.preprocess(), "{settings}");
        let expected = fitted
            .predict_proba(&known, &rows)
            .expect("whole test data");
        let found = read.predict_proba(&known, &rows).expect("whole test data");
        assert_eq!(bits(&found), bits(&expected), "{settings}");
        saved::mutations(&json, |what, text| match FittedPipeline::from_json(text) {
            Ok(read) => {
                if let Ok(answer) = read.predict_proba(&known, &rows) {
                    assert_distributions(&format!("{settings}: {what}"), &answer, 2);
                }
            }
            Err(error) => {
                let known = matches!(error, LearnError::Saved { .. });
                assert!(known, "{settings}: {what}: {error}");
            }
        });
    }
}

#[test]
fn sites_that_are_unknown_or_unsaid_are_errors() {
    let data = data(3);
    let rows: Vec<usize> = (0..48).collect();
    let fitted = pipeline(&json!({"combat": {}}))
        .fit(&samples(&data, &rows), 0)
        .expect("whole test data");
    let mut sites: Vec<String> = rows.iter().map(|&row| site(row).to_owned()).collect();
    sites[7] = "west".into();
    let other = data.table().with_sites(sites).expect("whole test data");
    assert!(fitted.predict_proba(&other, &[0, 6, 8]).is_ok());
    let error = fitted.predict_proba(&other, &[0, 7]).unwrap_err();
    let expected = LearnError::UnknownSite {
        site: "west".into(),
        sample: "P7".into(),
        known: vec!["north".into(), "south".into()],
    };
    assert_eq!(error, expected);
    let unsaid = fitted.predict_proba(&data.table(), &[0]).unwrap_err();
    assert_eq!(unsaid, LearnError::NoSites);
    let unsaid = pipeline(&json!({"combat": {}})).fit(&data.samples(), 0);
    assert_eq!(unsaid.err(), Some(LearnError::NoSites));
    let nowhere = json!({"combat": {"reference_site": "east"}});
    let error = pipeline(&nowhere).fit(&samples(&data, &rows), 0).err();
    assert!(
        matches!(error, Some(LearnError::Settings { .. })),
        "{error:?}"
    );
}

#[test]
fn combat_does_not_see_the_classes() {
    let mut data = data(4);
    let rows: Vec<usize> = (0..48).collect();
    let chain = preprocess(&json!({"combat": {}}));
    let (first, _) = chain.fit(&samples(&data, &rows)).expect("whole test data");
    for (row, label) in data.labels.iter_mut().enumerate() {
        *label = Label(row / 7 % 2);
    }
    let (other, _) = chain.fit(&samples(&data, &rows)).expect("whole test data");
    assert!(first == other);
}

#[test]
fn undefined_values_reach_only_learners_that_read_them() {
    let mut data = data(5);
    data.values[3] = f64::NAN;
    let keep = json!({"undefined": "keep"});
    let error = pipeline(&keep).fit(&data.samples(), 0).err();
    assert!(
        matches!(&error, Some(LearnError::Settings { learner, .. }) if *learner == "logistic_regression"),
        "{error:?}"
    );
    let reads = raduet_learners::LEARNERS
        .iter()
        .find(|entry| entry.make().reads_undefined());
    let reads = reads.expect("a learner that reads undefined values");
    let fitted = Pipeline::new(reads, preprocess(&keep))
        .fit(&data.samples(), 0)
        .expect("whole test data");
    assert_distributions("keep", &data.predict(&fitted), 2);
    for step in [
        json!({"undefined": "keep", "combat": {}}),
        json!({"undefined": "keep", "selection": {"anova_f": {}}}),
        json!({"undefined": "keep", "pca": {}}),
    ] {
        let error = preprocess(&step).check().unwrap_err();
        assert!(matches!(error, LearnError::Settings { .. }), "{error}");
    }
}

#[test]
fn indicators_say_where_values_were_undefined() {
    let mut data = data(6);
    data.values[8 * 4 + 2] = f64::NAN;
    let chain = json!({"undefined": "median", "add_indicator": true, "scaling": "unscaled"});
    let (fitted, seen) = preprocess(&chain)
        .fit(&data.samples())
        .expect("whole test data");
    assert_eq!(fitted.names()[3], "f2 is undefined");
    let marks: Vec<usize> = (0..48).filter(|&row| seen.row(row)[3] > 0.5).collect();
    assert_eq!(marks, [4]);
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    for settings in [
        json!({"selection": {"anova_f": {"k": 3, "percentile": 10.0}}}),
        json!({"selection": {"lasso": {"C": 0.0}}}),
        json!({"selection": {"boruta": {"alpha": 1.0}}}),
        json!({"selection": {"stability": {"base": {"stability": {}}}}}),
        json!({"redundancy": {"correlation": {"threshold": 1.5}}}),
        json!({"pca": {"n_components": 0}}),
    ] {
        let error = pipeline(&settings).fit(&data(7).samples(), 0).err();
        assert!(
            matches!(error, Some(LearnError::Settings { .. })),
            "{settings}: {error:?}"
        );
    }
    for unknown in [
        json!({"colour": 1}),
        json!({"selection": {"anova_f": {"colour": 1}}}),
        json!({"combat": {"target": "class"}}),
    ] {
        assert!(serde_json::from_value::<Preprocess>(unknown).is_err());
    }
}

#[test]
fn duplicates_are_found_whatever_their_offset_scale_and_sign() {
    let mut data = data(8);
    for x in data.values.chunks_exact_mut(8) {
        x[5] = 3.0 - 1e3 * x[2];
        x[7] = x[2] * 1e-9;
        x[4] = x[2] + 1e-5 * x[1];
    }
    let chain = preprocess(&json!({"duplicates": "drop"}));
    let (fitted, _) = chain.fit(&data.samples()).expect("whole test data");
    let dropped: Vec<String> = fitted.dropped().iter().map(ToString::to_string).collect();
    assert_eq!(
        dropped,
        [
            "column 'f5' left out: it says the same as 'f2'",
            "column 'f7' left out: it says the same as 'f2'",
        ]
    );
}
