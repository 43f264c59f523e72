//! Contributions of columns to tree models' answers against shap's `TreeExplainer`, where the trees are
//! equal; `tree_shap_make.py` wrote them.

use raduet_learners::explain::tree_shap;
use raduet_learners::{Parameters, Pipeline, Preprocess, Samples, registry};
use serde_json::Value;

use crate::reference::{Reference, largest, numbers};

/// Every so manyth row is explained.
const STEP: usize = 24;

/// shap keeps trees' shares and leaves in single precision where scikit-learn does.
const TOLERANCE: f64 = 1e-6;

#[test]
fn contributions_equal_shap() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/reference/sklearn/tree_shap.json"
    );
    let text = std::fs::read_to_string(path).expect("answers of shap");
    let answers: Value = serde_json::from_str(&text).expect("answers in JSON");
    let cases = answers["cases"].as_array().expect("cases");
    assert!(cases.len() >= 3);
    for case in cases {
        let learner = case["learner"].as_str().expect("a learner");
        let name = format!("{learner} {} {}", case["data"], case["settings"]);
        let reference = Reference::load(case["data"].as_str().expect("a data set"));
        let rows = reference.labels.len();
        let values = (0..rows).flat_map(|row| reference.table.row(row)).copied();
        let samples = Samples::new(
            values.collect(),
            reference.table.columns().to_vec(),
            reference.labels.clone(),
            reference.classes.clone(),
        )
        .expect("whole test data");
        let settings: Parameters =
            serde_json::from_value(case["settings"].clone()).expect("settings");
        let entry = registry::find(learner).expect("registered");
        let model = entry.with(&settings).and_then(|l| l.fit(&samples, 0));
        let model = model.expect("a fit");
        let chosen = samples.subset(&(0..rows).step_by(STEP).collect::<Vec<_>>());
        let ensemble = model.explain_trees().expect("trees");
        let shap = ensemble.contributions(chosen.values(), chosen.rows());
        // Behind a scale the trees are the same.
        let fitted = Pipeline::new(entry, Preprocess::default())
            .with_parameters(&settings)
            .and_then(|pipeline| pipeline.fit(&samples, 0))
            .expect("a fit");
        assert_eq!(fitted.columns().len(), samples.width(), "{name}");
        let through = tree_shap(&fitted, &chosen).expect("contributions");
        let place = |column: &String| fitted.columns().iter().position(|c| c == column);
        let places: Vec<usize> = samples.columns().iter().filter_map(place).collect();
        let of_answer = |row: &[f64]| places.iter().map(|&at| row[at]).collect::<Vec<f64>>();
        let through: Vec<f64> = through
            .values
            .chunks_exact(samples.width())
            .flat_map(of_answer)
            .collect();
        let (expected, theirs) = (numbers(&case["expected"]), numbers(&case["values"]));
        // For two classes scikit-learn's shares of both are given, ours too.
        assert_eq!(shap.expected.len(), expected.len(), "{name}");
        assert_eq!(shap.values.len(), theirs.len(), "{name}");
        let difference = largest(&shap.values, &theirs).max(largest(&through, &theirs));
        let of_expected = largest(&shap.expected, &expected);
        println!("{name}: {difference:e}, expected {of_expected:e}");
        assert!(
            difference < TOLERANCE && of_expected < TOLERANCE,
            "{name}: {difference:e}"
        );
    }
}
