//! Why linfa-trees is not registered. When this test fails, the reason is gone: register it as
//! `decision_tree:linfa` and let the common checks decide.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_trees::DecisionTree;
use ndarray_016::{Array1, Array2};
use raduet_learners::{Learner as _, Samples, decision_tree};
use raduet_study::{ClassNames, Label};

/// Two classes that one threshold tells apart, at a scale.
fn separable(scale: f64) -> (Vec<f64>, Vec<usize>) {
    let values = (0..20).map(|i| f64::from(i) * scale).collect();
    (values, (0..20).map(|i| usize::from(i >= 10)).collect())
}

#[test]
fn linfa_trees_loses_a_column_of_small_values_and_ours_does_not() {
    for (scale, expected) in [(1.0, 20), (1e-7, 10)] {
        let (values, classes) = separable(scale);
        let records = Array2::from_shape_vec((20, 1), values.clone()).unwrap();
        let data = DatasetBase::new(records.clone(), Array1::from_vec(classes.clone()));
        let fitted = DecisionTree::<f64, usize>::params().fit(&data).unwrap();
        let answers = fitted.predict(&records);
        let hits = answers.iter().zip(&classes).filter(|(a, b)| a == b).count();
        assert_eq!(hits, expected, "linfa-trees at scale {scale}");

        let samples = Samples::new(
            values.clone(),
            vec!["x".into()],
            classes.iter().map(|&k| Label(k)).collect(),
            ClassNames::new(["a", "b"]).unwrap(),
        );
        let ours = decision_tree::DecisionTree::default()
            .fit(&samples.unwrap(), 0)
            .unwrap()
            .predict_proba(&values, 20);
        let hits = ours
            .chunks_exact(2)
            .zip(&classes)
            .filter(|(p, k)| p[**k] > 0.5);
        assert_eq!(hits.count(), 20, "ours at scale {scale}");
    }
}
