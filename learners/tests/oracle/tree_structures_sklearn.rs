//! Trees split as scikit-learn's do, node by node, as far as no two cuts are equally good.

use raduet_learners::{Parameters, Samples, registry};
use serde_json::Value;

use crate::tree_sets::{Set, expected};

/// Thresholds are written with ten digits.
const TOLERANCE: f64 = 1e-9;

/// A tree of ours, by the lists it is saved in.
struct Ours {
    column: Vec<i64>,
    threshold: Vec<f64>,
    next: Vec<usize>,
    missing_left: Vec<usize>,
}

/// A list of a saved tree; empty where it is left out.
fn list<T: serde::de::DeserializeOwned + Default>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

impl Ours {
    fn new(saved: &Value) -> Self {
        let tree = &saved["decision_tree"]["tree"];
        Self {
            column: list(&tree["column"]),
            threshold: list(&tree["threshold"]),
            next: list(&tree["next"]),
            missing_left: list(&tree["missing_left"]),
        }
    }

    /// What a node should be written as, but for digits; checked against `text`.
    fn agrees(&self, at: usize, text: &str) -> bool {
        if self.column[at] < 0 {
            return text == ".";
        }
        let Some((column, rest)) = text.split_once(':') else {
            return false;
        };
        let (threshold, left) = match rest.strip_suffix('<') {
            Some(threshold) => (threshold, true),
            None => (rest, false),
        };
        let expected: f64 = threshold.parse().expect("a threshold");
        let found = self.threshold[at];
        let near = if expected.is_infinite() {
            found >= f64::MAX
        } else {
            (found - expected).abs() <= TOLERANCE * expected.abs().max(f64::MIN_POSITIVE)
        };
        column == self.column[at].to_string() && near && left == self.missing_left.contains(&at)
    }

    /// Compares with a tree in preorder; the nodes compared, or the first that differs.
    fn compare(&self, text: &str) -> Result<usize, String> {
        let mut waiting = vec![0];
        let mut compared = 0;
        for node in text.split(' ') {
            let at = waiting.pop().ok_or("more nodes than ours")?;
            if node == "?" {
                continue;
            }
            if !self.agrees(at, node) {
                return Err(format!(
                    "node {compared}: {node}, ours {}:{} {}",
                    self.column[at],
                    self.threshold[at],
                    self.missing_left.contains(&at)
                ));
            }
            compared += 1;
            if node != "." {
                waiting.push(self.next[at]);
                waiting.push(at + 1);
            }
        }
        if waiting.is_empty() {
            Ok(compared)
        } else {
            Err("fewer nodes than ours".into())
        }
    }
}

fn with_weights_and_holes(set: &Set, rows: &[usize], key: &str) -> Samples {
    let samples = if key.contains("undefined") {
        set.with_holes().samples(rows)
    } else {
        set.samples(rows)
    };
    if key != "weights" {
        return samples;
    }
    let weights = rows.iter().map(|&row| 0.25 * (1 + row % 5) as f64);
    samples
        .with_weights(weights.collect())
        .expect("weights above 0")
}

#[test]
fn trees_are_those_of_scikit_learn_node_by_node() {
    let test = "trees_are_those_of_scikit_learn_node_by_node";
    let (mut misses, mut compared) = (Vec::new(), 0);
    for expected in expected("trees_structures.json") {
        let Some(set) = Set::load(test, &expected.name) else {
            continue;
        };
        let rows = set.all();
        for (key, value) in &expected.settings {
            let samples = with_weights_and_holes(&set, &rows, key);
            let settings: Parameters = value["settings"]
                .as_object()
                .expect("settings by name")
                .clone();
            let learner = registry::find("decision_tree")
                .unwrap()
                .with(&settings)
                .unwrap();
            let model = learner.fit(&samples, 0).unwrap();
            let ours = Ours::new(&serde_json::to_value(model.to_saved()).unwrap());
            match ours.compare(value["tree"].as_str().expect("a tree")) {
                Ok(nodes) => compared += nodes,
                Err(fault) => misses.push(format!("{} {key}: {fault}", expected.name)),
            }
        }
    }
    println!("{compared} nodes compared");
    assert!(misses.is_empty(), "{misses:#?}");
    assert!(compared > 1000, "{compared} nodes compared");
}
