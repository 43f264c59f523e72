//! Forests, extra trees and boosting are as accurate as scikit-learn's: mean and standard deviation of
//! the accuracy over ten seeds side by side; on the large table over [`FEW`] of ours unless
//! `RADUET_FULL_TESTS=1`.

use raduet_learners::{Parameters, registry};

use crate::reference::mean;
use crate::tree_sets::{Set, expected};

/// Means may differ by this many standard errors of their difference.
const ERRORS: f64 = 4.0;

/// Seeds on both sides.
const SEEDS: u64 = 10;

/// Our seeds on the large table where time counts.
const FEW: u64 = 3;

/// Sample standard deviation.
fn deviation(values: &[f64]) -> f64 {
    let centre = mean(values);
    let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

fn accuracy(answers: &[f64], truth: &[usize], classes: usize) -> f64 {
    let rows = answers.chunks_exact(classes).zip(truth);
    let hits = rows.filter(|(row, class)| {
        let first = (0..classes)
            .rev()
            .max_by(|&a, &b| row[a].total_cmp(&row[b]));
        first == Some(**class)
    });
    hits.count() as f64 / truth.len() as f64
}

#[test]
fn forests_and_boosting_are_as_accurate_as_scikit_learn() {
    let test = "forests_and_boosting_are_as_accurate_as_scikit_learn";
    let full = std::env::var("RADUET_FULL_TESTS").is_ok_and(|v| v == "1");
    let mut misses = Vec::new();
    println!("{:28} {:18} {:16} scikit-learn", "set", "learner", "ours");
    for expected in expected("trees_accuracies.json") {
        let Some(set) = Set::load(test, &expected.name) else {
            continue;
        };
        let (test_rows, train_rows) = set.parts();
        let train = set.samples(&train_rows);
        let values = set.values_of(&test_rows);
        let truth: Vec<usize> = test_rows.iter().map(|&row| set.labels[row]).collect();
        for (learner, value) in &expected.settings {
            let settings: Parameters = value["settings"]
                .as_object()
                .expect("settings by name")
                .clone();
            let entry = registry::find(learner).unwrap().with(&settings).unwrap();
            let seeds = if expected.name == "large" && !full {
                FEW
            } else {
                SEEDS
            };
            let accuracies: Vec<f64> = (0..seeds)
                .map(|seed| {
                    let model = entry.fit(&train, seed).unwrap();
                    let answers = model.predict_proba(&values, truth.len());
                    accuracy(&answers, &truth, train.classes().len())
                })
                .collect();
            let number = |name: &str| value[name].as_f64().expect("a number");
            let (ours, theirs) = (mean(&accuracies), number("mean"));
            let (our_sd, their_sd) = (deviation(&accuracies), number("sd"));
            println!(
                "{:28} {learner:18} {ours:.4} ± {our_sd:.4}  {theirs:.4} ± {their_sd:.4}",
                expected.name
            );
            // A single test row flipping in every other run is noise as well.
            let floor = 0.5 / truth.len() as f64;
            let of_mean = |sd: f64, seeds: u64| sd.max(floor).powi(2) / seeds as f64;
            // Few seeds say little of their deviation.
            let known_sd = if seeds < SEEDS { their_sd } else { our_sd };
            let error = (of_mean(known_sd, seeds) + of_mean(their_sd, SEEDS)).sqrt();
            if (ours - theirs).abs() > ERRORS * error {
                misses.push(format!(
                    "{} {learner}: {ours} against {theirs}",
                    expected.name
                ));
            }
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}
