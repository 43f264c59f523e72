//! Machines of every kernel against scikit-learn's: decisions, support vectors, dual objectives.
//!
//! The learner is fitted without a pipeline, on rows in scikit-learn's order: both solvers then make the same
//! steps, and agree beyond what the tolerance alone would give.

use raduet_learners::svc::{Svc, SvcMachines};
use raduet_learners::{Learner, Parameters, Samples};
use raduet_study::{ClassNames, Label};
use raduet_testkit::data;
use raduet_testkit::tables::LARGE;
use serde_json::Value;

use crate::reference::{Reference, largest};

/// Rows with a class each, cut into training and test rows.
struct Cut {
    width: usize,
    train: Vec<f64>,
    train_classes: Vec<usize>,
    test: Vec<f64>,
}

impl Cut {
    /// Standardised on the training rows, columns without variation left out.
    fn new(rows: &[Vec<f64>], classes: &[usize], is_test: impl Fn(usize) -> bool) -> Self {
        let train: Vec<usize> = (0..rows.len()).filter(|&row| !is_test(row)).collect();
        let n = train.len() as f64;
        let mut columns = Vec::new();
        for (column, _) in rows[0].iter().enumerate() {
            let of = || train.iter().map(|&row| rows[row][column]);
            let mean = of().sum::<f64>() / n;
            let scale = (of().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            if of().fold(f64::NEG_INFINITY, f64::max) > of().fold(f64::INFINITY, f64::min) {
                columns.push((column, mean, scale));
            }
        }
        let scaled = |row: usize| -> Vec<f64> {
            let values = columns
                .iter()
                .map(|&(c, mean, scale)| (rows[row][c] - mean) / scale);
            values.collect()
        };
        Self {
            width: columns.len(),
            train: train.iter().flat_map(|&row| scaled(row)).collect(),
            train_classes: train.iter().map(|&row| classes[row]).collect(),
            test: (0..rows.len())
                .filter(|&row| is_test(row))
                .flat_map(scaled)
                .collect(),
        }
    }

    fn samples(&self, balanced: bool) -> Samples {
        let count = self.train_classes.iter().max().expect("rows") + 1;
        let samples = Samples::new(
            self.train.clone(),
            (0..self.width).map(|i| format!("x{i}")).collect(),
            self.train_classes
                .iter()
                .map(|&class| Label(class))
                .collect(),
            ClassNames::new((0..count).map(|k| format!("class {k}"))).expect("names"),
        )
        .expect("whole test data");
        if !balanced {
            return samples;
        }
        let n = self.train_classes.len() as f64;
        let of_class = |k: usize| self.train_classes.iter().filter(|c| **c == k).count() as f64;
        let weights = self
            .train_classes
            .iter()
            .map(|&k| n / (count as f64 * of_class(k)));
        samples
            .with_weights(weights.collect())
            .expect("weights above 0")
    }

    fn fit(&self, settings: &Value) -> SvcMachines {
        let mut settings: Parameters = settings.as_object().expect("settings").clone();
        let balanced = settings.remove("class_weight").is_some();
        let svc: Svc = serde_json::from_value(Value::Object(settings)).expect("known settings");
        svc.check().expect("good settings");
        svc.fit_machines(&self.samples(balanced)).expect("a fit")
    }
}

fn answers() -> Value {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/reference/sklearn/svc_answers.json"
    );
    let text = std::fs::read_to_string(file).expect("answers");
    serde_json::from_str(&text).expect("answers in JSON")
}

/// Compares every case of a data set; returns how many there are.
#[expect(clippy::print_stdout, reason = "figures of a test")]
fn compare(cut: &Cut, cases: &Value, faults: &mut Vec<String>, name: &str) -> usize {
    let cases = cases.as_object().expect("cases");
    for (case, expected) in cases {
        let machines = cut.fit(&expected["settings"]);
        let theirs: Vec<Vec<f64>> =
            serde_json::from_value(expected["decisions"].clone()).expect("decisions");
        let shown = &cut.test[..theirs.len() * cut.width];
        let ours = machines.decision_function(shown, theirs.len());
        let difference = largest(&ours, &theirs.concat());
        let supports: Vec<usize> =
            serde_json::from_value(expected["supports"].clone()).expect("supports");
        let (found, wanted) = (machines.vector_count(), supports.iter().sum::<usize>());
        println!("{name} {case}: {difference:.1e}, {found} of {wanted} support vectors");
        if difference >= 1e-3 {
            faults.push(format!("{name} {case}: decisions differ by {difference:e}"));
        }
        if found.abs_diff(wanted) > 1 + wanted / 100 {
            faults.push(format!(
                "{name} {case}: {found} support vectors, not {wanted}"
            ));
        }
        if let Some(theirs) = expected["objective"].as_f64() {
            let ours = objective(&machines);
            // Both stop within the tolerance of the optimality conditions.
            if ours > theirs + 1e-5 * theirs.abs() {
                faults.push(format!("{name} {case}: objective {ours}, not {theirs}"));
            }
        }
    }
    cases.len()
}

/// ½ βᵀKβ − Σ |β| of the only machine: Σ over rows of ½ β (f + ρ) − |β|.
fn objective(machines: &SvcMachines) -> f64 {
    let saved = serde_json::to_value(machines).expect("a model");
    let list =
        |value: &Value| -> Vec<f64> { serde_json::from_value(value.clone()).expect("numbers") };
    let pair = &saved["pairs"][0];
    let rho = pair["rho"].as_f64().expect("a number");
    let decisions = machines.decision_function(&list(&saved["vectors"]), machines.vector_count());
    let support: Vec<usize> = serde_json::from_value(pair["support"].clone()).expect("numbers");
    let terms = support.iter().zip(list(&pair["coefficients"]));
    terms
        .map(|(&at, c)| 0.5 * c * (decisions[at] + rho) - c.abs())
        .sum()
}

fn is_test(row: usize) -> bool {
    [0, 3, 6].contains(&(row % 10))
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn machines_of_every_kernel_equal_scikit_learn() {
    let answers = answers();
    let mut faults = Vec::new();
    let mut count = 0;
    for name in ["wine", "breast_cancer", "digits"] {
        let reference = Reference::load(name);
        let rows: Vec<Vec<f64>> = (0..reference.labels.len())
            .map(|row| reference.table.row(row).to_vec())
            .collect();
        let classes: Vec<usize> = reference.labels.iter().map(|l| l.0).collect();
        count += compare(
            &Cut::new(&rows, &classes, is_test),
            &answers[name],
            &mut faults,
            name,
        );
    }
    report(&faults);
    assert_eq!(count, 27);
}

#[test]
fn machines_of_real_tables_equal_scikit_learn() {
    let answers = answers();
    let mut faults = Vec::new();
    for name in [
        "cirrmri_t1_pyradiomics",
        "hcc_tace_ct",
        "song2020_prostate_mri",
        "acdc_5class_mri",
    ] {
        let test = "machines_of_real_tables_equal_scikit_learn";
        let Some(path) = data::path(test, &format!("data/tables/{name}.csv")) else {
            return;
        };
        let text = std::fs::read_to_string(path).expect("a table");
        let mut lines = text
            .lines()
            .map(|line| line.split(',').collect::<Vec<&str>>());
        let header = lines.next().expect("a header");
        let label = header.iter().position(|c| *c == "label").expect("a label");
        let lines: Vec<Vec<&str>> = lines.collect();
        let mut names: Vec<&str> = lines.iter().map(|line| line[label]).collect();
        names.sort_unstable();
        names.dedup();
        let class = |line: &Vec<&str>| names.binary_search(&line[label]).expect("a class");
        let classes: Vec<usize> = lines.iter().map(class).collect();
        let number = |v: &&str| v.parse().expect("a number");
        let features = lines.iter().map(|line| &line[label + 1..]);
        let rows: Vec<Vec<f64>> = features
            .map(|values| values.iter().map(number).collect())
            .collect();
        let cut = Cut::new(&rows, &classes, is_test);
        assert_eq!(compare(&cut, &answers[name], &mut faults, name), 6);
    }
    report(&faults);
}

#[test]
fn machines_of_the_large_table_equal_scikit_learn() {
    let table = LARGE.make(1);
    let rows: Vec<Vec<f64>> = table
        .values
        .chunks_exact(LARGE.columns)
        .map(<[f64]>::to_vec)
        .collect();
    let cut = Cut::new(&rows, &table.classes, |row| row >= 16_000);
    let mut faults = Vec::new();
    compare(&cut, &answers()["large"], &mut faults, "large");
    report(&faults);
}
