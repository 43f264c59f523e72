//! The data sets and scikit-learn's answers.

use std::path::PathBuf;

use raduet_learners::{FittedPipeline, Learner, Parameters, Pipeline, Preprocess, registry};
use raduet_study::{CaseId, ClassNames, FeatureTable, Label, SampleId};
use serde_json::{Value, json};

/// The data sets, smallest first.
pub(crate) const DATA_SETS: [&str; 3] = ["wine", "breast_cancer", "digits"];

/// Accuracy may differ by this much.
pub(crate) const ACCURACY_TOLERANCE: f64 = 0.01;

/// Logistic regression at its minimum, where the reference values lie.
pub(crate) fn at_the_minimum() -> Parameters {
    Parameters::from_iter([("tol".to_owned(), json!(1e-10))])
}

/// One data set with scikit-learn's answers on its test rows.
pub(crate) struct Reference {
    pub(crate) table: FeatureTable,
    pub(crate) labels: Vec<Label>,
    pub(crate) classes: ClassNames,
    pub(crate) train: Vec<usize>,
    pub(crate) test: Vec<usize>,
    answers: Value,
}

pub(crate) fn file(name: &str) -> String {
    let path: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "../tests/reference/sklearn",
        name,
    ]
    .iter()
    .collect();
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Values of one line: numbers, or one base-17 character a pixel.
fn values(text: &str) -> Vec<f64> {
    if text.contains(' ') {
        return text
            .split(' ')
            .map(|v| v.parse().expect("whole test data"))
            .collect();
    }
    let pixel = |c: char| f64::from(c.to_digit(17).expect("a pixel in 0..=16"));
    text.chars().map(pixel).collect()
}

impl Reference {
    pub(crate) fn load(name: &str) -> Self {
        let mut labels = Vec::new();
        let mut rows = Vec::new();
        for line in file(&format!("learners_{name}.txt")).lines() {
            let (label, text) = line.split_once(' ').expect("class and values");
            labels.push(Label(label.parse().expect("whole test data")));
            rows.push(values(text));
        }
        let count = labels.iter().map(|l| l.0).max().expect("whole test data") + 1;
        let columns = (0..rows[0].len()).map(|i| format!("x{i}")).collect();
        let ids = (0..rows.len()).map(|i| SampleId::whole(CaseId::new(i.to_string())));
        let table =
            FeatureTable::new(ids.collect(), columns, rows.concat()).expect("whole test data");
        let is_test = |row: &usize| [0, 3, 6].contains(&(row % 10));
        let (test, train) = (0..labels.len()).partition(is_test);
        let answers: Value = serde_json::from_str(&file(&format!("learners_{name}_answers.json")))
            .expect("answers in JSON");
        let reference = Self {
            table,
            labels,
            classes: ClassNames::new((0..count).map(|k| format!("class {k}")))
                .expect("whole test data"),
            train,
            test,
            answers,
        };
        assert_eq!(reference.answers["test_rows"], reference.test.len());
        reference
    }

    /// Our pipeline of a registered learner, fitted on the training rows.
    pub(crate) fn fit(&self, id: &str, seed: u64) -> FittedPipeline {
        self.fit_with(id, &Parameters::new(), seed)
    }

    /// The same with settings.
    pub(crate) fn fit_with(&self, id: &str, settings: &Parameters, seed: u64) -> FittedPipeline {
        let entry = registry::find(id).expect("whole test data");
        let labels: Vec<Label> = self.train.iter().map(|&row| self.labels[row]).collect();
        let fitted = Pipeline::new(entry, Preprocess::default())
            .with_parameters(settings)
            .expect("whole test data")
            .fit_table(&self.table, &self.train, &labels, &self.classes, seed)
            .expect("whole test data");
        let kept = self.table.columns().len() - fitted.warnings().len();
        assert_eq!(self.answers["columns_kept"], kept, "columns kept");
        fitted
    }

    /// The same data with the columns in another order: ties between columns then break otherwise.
    pub(crate) fn with_columns_turned(&self, by: usize) -> Self {
        let width = self.table.columns().len();
        assert!(
            !width.is_multiple_of(7),
            "the stride must visit every column"
        );
        let order: Vec<usize> = (0..width).map(|i| (i * 7 + by * 5) % width).collect();
        let columns = order.iter().map(|&c| self.table.columns()[c].clone());
        let rows = (0..self.labels.len()).map(|row| self.table.row(row));
        let values = rows.flat_map(|row| order.iter().map(|&c| row[c]));
        let samples = self.table.samples().to_vec();
        Self {
            table: FeatureTable::new(samples, columns.collect(), values.collect())
                .expect("whole test data"),
            labels: self.labels.clone(),
            classes: self.classes.clone(),
            train: self.train.clone(),
            test: self.test.clone(),
            answers: self.answers.clone(),
        }
    }

    /// Probabilities on the test rows of a learner with settings of its own.
    pub(crate) fn probabilities_of(&self, id: &str, learner: Box<dyn Learner>) -> Vec<Vec<f64>> {
        let labels: Vec<Label> = self.train.iter().map(|&row| self.labels[row]).collect();
        Pipeline::new(
            registry::find(id).expect("whole test data"),
            Preprocess::default(),
        )
        .with_learner(learner)
        .fit_table(&self.table, &self.train, &labels, &self.classes, 0)
        .and_then(|fitted| fitted.predict_proba(&self.table, &self.test))
        .expect("whole test data")
    }

    /// Whether the file has an answer.
    pub(crate) fn has(&self, learner: &str) -> bool {
        !self.answers[learner].is_null()
    }

    /// Our probabilities on the test rows.
    pub(crate) fn probabilities(&self, id: &str, seed: u64) -> Vec<Vec<f64>> {
        let fitted = self.fit(id, seed);
        fitted
            .predict_proba(&self.table, &self.test)
            .expect("whole test data")
    }

    /// Share of test rows whose most probable class is theirs.
    pub(crate) fn accuracy(&self, probabilities: &[Vec<f64>]) -> f64 {
        let hits = probabilities
            .iter()
            .zip(&self.test)
            .filter(|(p, row)| Label(most_probable(p)) == self.labels[**row]);
        hits.count() as f64 / self.test.len() as f64
    }

    /// An answer of scikit-learn as rows of numbers.
    pub(crate) fn rows(&self, learner: &str, field: &str) -> Vec<Vec<f64>> {
        serde_json::from_value(self.answers[learner][field].clone())
            .unwrap_or_else(|e| panic!("{learner}/{field}: {e}"))
    }

    /// scikit-learn's accuracies over its seeds.
    pub(crate) fn accuracies(&self, learner: &str) -> Vec<f64> {
        serde_json::from_value(self.answers[learner]["accuracies"].clone())
            .unwrap_or_else(|e| panic!("{learner}: {e}"))
    }

    /// Most probable classes as scikit-learn wrote them, one digit a row.
    pub(crate) fn classes_of(&self, learner: &str) -> Vec<usize> {
        let text = self.answers[learner]["labels"].as_str().expect("labels");
        let digit = |c: char| c.to_digit(10).expect("a class") as usize;
        text.chars().map(digit).collect()
    }
}

/// The first of the largest.
pub(crate) fn most_probable(p: &[f64]) -> usize {
    (0..p.len()).fold(0, |best, k| if p[k] > p[best] { k } else { best })
}

/// Mean of a list.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The largest of some differences; infinite where one is not a number, which must not pass for agreement.
pub(crate) fn worst(mut differences: impl Iterator<Item = f64>) -> f64 {
    let larger = |m: f64, d: f64| (!d.is_nan()).then(|| m.max(d));
    differences.try_fold(0.0, larger).unwrap_or(f64::INFINITY)
}

/// Largest absolute difference between two lists of one length.
pub(crate) fn largest(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    worst(a.iter().zip(b).map(|(x, y)| (x - y).abs()))
}

/// Largest absolute difference between two tables of one shape.
pub(crate) fn largest_difference(a: &[Vec<f64>], b: &[Vec<f64>]) -> f64 {
    assert_eq!(a.len(), b.len());
    worst(a.iter().zip(b).map(|(x, y)| largest(x, y)))
}

/// Fails where a difference, relative for numbers above 1, reaches the tolerance.
pub(crate) fn assert_close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let pairs = found.iter().zip(expected);
    let worst = worst(pairs.map(|(a, b)| (a - b).abs() / b.abs().max(1.0)));
    assert!(
        worst < tolerance,
        "{what}: {worst:e}\n{found:?}\n{expected:?}"
    );
}

/// A list of numbers in JSON.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("a list of numbers")
}

#[test]
fn what_is_not_a_number_does_not_agree() {
    assert!(largest(&[f64::NAN, 0.0], &[f64::NAN, 0.0]).is_infinite());
    assert!((largest(&[0.5, -1.0], &[0.25, 1.0]) - 2.0).abs() < 1e-15);
}

/// Rows whose most probable class differs although neither table has them within `tie` of a tie.
pub(crate) fn other_answers(ours: &[Vec<f64>], theirs: &[Vec<f64>], tie: f64) -> Vec<usize> {
    let clear = |p: &[f64]| {
        let best = most_probable(p);
        let others = (0..p.len()).filter(|&k| k != best);
        others.map(|k| p[best] - p[k]).fold(1.0, f64::min) > tie
    };
    (0..ours.len())
        .filter(|&i| clear(&ours[i]) && clear(&theirs[i]))
        .filter(|&i| most_probable(&ours[i]) != most_probable(&theirs[i]))
        .collect()
}
