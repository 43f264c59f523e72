//! Histogram boosting against scikit-learn's and `LightGBM`; `hist_boosting_make.py` wrote their answers.

use raduet_learners::{Parameters, Samples, registry};
use raduet_study::{ClassNames, Label};
use raduet_testkit::tables::LARGE;
use serde_json::Value;

use crate::reference::{Reference, mean};

const ID: &str = "hist_gradient_boosting";

/// Our log loss may exceed `LightGBM`'s by this much on the large table.
const LOG_LOSS_TOLERANCE: f64 = 0.01;

fn answers() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/reference/sklearn/hist_boosting.json"
    );
    let text = std::fs::read_to_string(path).expect("answers of scikit-learn");
    serde_json::from_str(&text).expect("answers in JSON")
}

/// Rows with a class each, and the patient of each.
struct Table {
    values: Vec<f64>,
    labels: Vec<usize>,
    patients: Vec<usize>,
}

impl Table {
    fn shipped(name: &str) -> Self {
        let reference = Reference::load(name);
        let count = reference.labels.len();
        let rows = (0..count).flat_map(|row| reference.table.row(row));
        Self {
            values: rows.copied().collect(),
            labels: reference.labels.iter().map(|label| label.0).collect(),
            patients: (0..count).collect(),
        }
    }

    fn large(rows: std::ops::Range<usize>) -> Self {
        let table = LARGE.make(1);
        let values = rows.start * LARGE.columns..rows.end * LARGE.columns;
        Self {
            values: table.values[values].to_vec(),
            labels: table.classes[rows.clone()].to_vec(),
            patients: rows.collect(),
        }
    }

    /// A real table; `None` where it is absent.
    fn real(name: &str) -> Option<Self> {
        let inside = format!("data/tables/{name}.csv");
        let path = raduet_testkit::data::path("hist_boosting_sklearn", &inside)?;
        let text = std::fs::read_to_string(path).expect("a table");
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().expect("a header");
        let at = |name: &str| header.iter().position(|column| *column == name);
        let (label, patient) = (at("label").expect("labels"), at("patient_id").expect("ids"));
        let text_columns = [Some(label), Some(patient), at("split")];
        let rows: Vec<Vec<&str>> = lines.collect();
        let number = |names: &[&str], name: &str| names.iter().position(|n| *n == name);
        let mut classes: Vec<&str> = rows.iter().map(|row| row[label]).collect();
        classes.sort_unstable();
        classes.dedup();
        // Patients in the order in which they appear.
        let mut patients: Vec<&str> = Vec::new();
        for row in &rows {
            if !patients.contains(&row[patient]) {
                patients.push(row[patient]);
            }
        }
        let values = rows.iter().flat_map(|row| row.iter().enumerate());
        Some(Self {
            values: values
                .filter(|(column, _)| !text_columns.contains(&Some(*column)))
                .map(|(_, text)| text.parse().expect("a number"))
                .collect(),
            labels: rows
                .iter()
                .filter_map(|row| number(&classes, row[label]))
                .collect(),
            patients: rows
                .iter()
                .filter_map(|row| number(&patients, row[patient]))
                .collect(),
        })
    }

    fn width(&self) -> usize {
        self.values.len() / self.labels.len()
    }

    fn classes(&self) -> usize {
        self.labels.iter().max().expect("rows") + 1
    }

    fn part(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.labels.len()).filter(|&row| keep(row)).collect();
        let p = self.width();
        let values = rows
            .iter()
            .flat_map(|row| &self.values[row * p..(row + 1) * p]);
        Self {
            values: values.copied().collect(),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            patients: rows.iter().map(|&row| self.patients[row]).collect(),
        }
    }

    fn samples(&self, classes: usize) -> Samples {
        let columns = (0..self.width()).map(|i| format!("x{i}"));
        Samples::new(
            self.values.clone(),
            columns.collect(),
            self.labels.iter().map(|&l| Label(l)).collect(),
            ClassNames::new((0..classes).map(|k| format!("class {k}"))).expect("names"),
        )
        .expect("a whole table")
    }

    /// Accuracy and log loss on `test` after learning this table.
    fn quality(&self, test: &Self, classes: usize) -> (f64, f64) {
        let learner = registry::find(ID).expect("registered").make();
        let model = learner.fit(&self.samples(classes), 0).expect("a fit");
        let answers = model.predict_proba(&test.values, test.labels.len());
        let rows = || answers.chunks_exact(classes).zip(&test.labels);
        let hits = rows().filter(|(p, label)| crate::reference::most_probable(p) == **label);
        let loss = rows().map(|(p, label)| -p[*label].max(f64::EPSILON).ln());
        let n = test.labels.len() as f64;
        (hits.count() as f64 / n, loss.sum::<f64>() / n)
    }
}

/// Our nodes in the reference's form: rows, then column, threshold, side of undefined values; or rows, step.
fn preorder(tree: &Value) -> Vec<Value> {
    let list = |name: &str| tree[name].as_array().cloned().unwrap_or_default();
    let (columns, thresholds, covers) = (list("column"), list("threshold"), list("cover"));
    let (missing_left, leaves, next) = (list("missing_left"), list("leaves"), list("next"));
    let node = |at: usize| {
        if columns[at] == -1 {
            let number = usize::try_from(next[at].as_u64().expect("a leaf")).expect("small");
            serde_json::json!([covers[at], leaves[number]])
        } else {
            let left = missing_left.contains(&Value::from(at));
            serde_json::json!([covers[at], columns[at], thresholds[at], left])
        }
    };
    (0..columns.len()).map(node).collect()
}

fn near(a: &Value, b: &Value, tolerance: f64) -> bool {
    let (Some(a), Some(b)) = (a.as_f64(), b.as_f64()) else {
        return false;
    };
    (a - b).abs() <= tolerance * a.abs().max(b.abs())
}

#[test]
fn trees_equal_scikit_learn() {
    let answers = answers();
    let mut faults = Vec::new();
    for (name, expected) in answers["trees"].as_object().expect("trees") {
        let mut table = match name.as_str() {
            "wine" => Table::shipped("wine"),
            "large" => Table::large(0..16_000),
            _ => Table::shipped("breast_cancer"),
        };
        if name == "missing" {
            let p = table.width();
            for (at, value) in table.values.iter_mut().enumerate() {
                if (7 * (at / p) + 3 * (at % p)).is_multiple_of(11) {
                    *value = f64::NAN;
                }
            }
        }
        let settings: Parameters =
            serde_json::from_value(expected["settings"].clone()).expect("settings");
        let learner = registry::find(ID).and_then(|entry| entry.with(&settings));
        let classes = table.classes();
        let model = learner.and_then(|learner| learner.fit(&table.samples(classes), 0));
        let saved = serde_json::to_value(model.expect("a fit").to_saved()).expect("JSON");
        let ours = &saved[ID];
        let starts = ours["start"].as_array().expect("start scores");
        for (a, b) in starts
            .iter()
            .zip(expected["start"].as_array().expect("start"))
        {
            assert!(
                (a.as_f64().expect("a") - b.as_f64().expect("b")).abs() < 1e-12,
                "{name}"
            );
        }
        let trees = ours["trees"].as_array().expect("trees");
        let theirs = expected["trees"].as_array().expect("trees");
        assert_eq!(trees.len(), theirs.len(), "{name}");
        for (number, (tree, theirs)) in trees.iter().zip(theirs).enumerate() {
            let (ours, theirs) = (preorder(tree), theirs.as_array().expect("nodes"));
            assert_eq!(ours.len(), theirs.len(), "{name}, tree {number}");
            for (at, (a, b)) in ours.iter().zip(theirs).enumerate() {
                let leaf = b[2].is_null() && b.as_array().is_some_and(|b| b.len() == 2);
                let same = if leaf {
                    // Sums of single-precision gradients in another order.
                    near(&a[0], &b[0], 0.0) && near(&a[1], &b[1], 1e-6)
                } else {
                    // scikit-learn sends undefined values right where a node met none although its column
                    // has some; ours follow the heavier side.
                    let heavier =
                        || ours[at + 1][0].as_f64() > Some(a[0].as_f64().unwrap_or(0.0) / 2.0);
                    let side = a[3] == b[3] || (name == "missing" && b[3] == false && heavier());
                    near(&a[0], &b[0], 0.0) && a[1] == b[1] && near(&a[2], &b[2], 1e-12) && side
                };
                if !same {
                    faults.push(format!(
                        "{name}, tree {number}, node {at}: {a}, scikit-learn {b}"
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn log_loss_on_the_large_table_is_lightgbms_or_lower() {
    let answers = answers();
    let (accuracy, loss) = Table::large(0..16_000).quality(&Table::large(16_000..20_000), 3);
    println!(
        "large: accuracy {accuracy:.4}, log loss {loss:.4}; {}",
        answers["large"]
    );
    let theirs = answers["large"]["LightGBM"]["log_loss"]
        .as_f64()
        .expect("a number");
    assert!(
        loss <= theirs + LOG_LOSS_TOLERANCE,
        "{loss} against {theirs}"
    );
}

/// A 32-bit mixer, the same in `hist_boosting_make.py`.
fn mixed(split: u32, number: u32) -> u32 {
    let z = number
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add(split.wrapping_mul(0x85EB_CA77))
        .wrapping_add(0x1656_67B1);
    let z = (z ^ (z >> 15)).wrapping_mul(0x2C1B_3C6D);
    let z = (z ^ (z >> 12)).wrapping_mul(0x297A_2D39);
    z ^ (z >> 15)
}

/// Whether each row of a split is a test row.
fn tested(table: &Table, split: u32) -> Vec<bool> {
    let count = table.patients.iter().max().expect("rows") + 1;
    let mut order: Vec<usize> = (0..count).collect();
    let number = |n: usize| u32::try_from(n).expect("few patients");
    order.sort_by_key(|&n| (mixed(split, number(n)), n));
    // To the even of halves, as Python rounds.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count"
    )]
    order.truncate((0.3 * count as f64).round_ties_even() as usize);
    table.patients.iter().map(|p| order.contains(p)).collect()
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|v| (v - middle).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

#[test]
fn quality_over_ten_splits_is_scikit_learns() {
    let answers = answers();
    let mut misses = Vec::new();
    for (name, theirs) in answers["splits"].as_object().expect("splits") {
        let table = match name.as_str() {
            "wine" | "breast_cancer" | "digits" => Table::shipped(name),
            _ => match Table::real(name) {
                Some(table) => table,
                None => continue,
            },
        };
        let classes = table.classes();
        let (mut ours, mut others) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for (split, answer) in (0..).zip(theirs.as_array().expect("ten splits")) {
            let test = tested(&table, split);
            let quality = table
                .part(|row| !test[row])
                .quality(&table.part(|row| test[row]), classes);
            ours[0].push(quality.0);
            ours[1].push(quality.1);
            others[0].push(answer["accuracy"].as_f64().expect("a number"));
            others[1].push(answer["log_loss"].as_f64().expect("a number"));
        }
        for (what, ours, others) in [
            ("accuracy", &ours[0], &others[0]),
            ("log loss", &ours[1], &others[1]),
        ] {
            let pairs = ours.iter().zip(others);
            let differences: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
            let (difference, spread) = (mean(&differences), deviation(&differences));
            println!(
                "{name} {what}: {:.4} ± {:.4}, scikit-learn {:.4} ± {:.4}, difference {difference:+.5} ± {spread:.5}",
                mean(ours),
                deviation(ours),
                mean(others),
                deviation(others)
            );
            // A third of the spread from split to split: what ten splits can tell apart.
            if difference.abs() > deviation(others) / 3.0 {
                misses.push(format!("{name} {what}: {difference:+.4}"));
            }
        }
    }
    assert!(misses.is_empty(), "{misses:#?}");
}
