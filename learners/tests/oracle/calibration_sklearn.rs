//! Calibrations of given probabilities against scikit-learn's.

use raduet_learners::calibration::{FittedCalibration, Isotonic, Method, Sigmoid, Temperature};
use raduet_study::Label;
use serde_json::Value;

use crate::reference::{file, largest, numbers};

/// scikit-learn's sigmoid stops at a gradient of 1e-6, its temperature at the rounding of a sum of
/// losses: both are that far from the optimum which ours reach.
const OPTIMISED: f64 = 1e-6;

/// Closed forms; the reference has ten digits.
const EXACT: f64 = 1e-9;

struct Case {
    classes: usize,
    labels: Vec<Label>,
    probabilities: Vec<f64>,
    weights: Vec<f64>,
    new: Vec<f64>,
    answers: Value,
}

fn cases() -> Vec<Case> {
    let whole: Value = serde_json::from_str(&file("calibration.json")).expect("JSON");
    let list = whole["cases"].as_array().expect("cases").iter();
    let case = |case: &Value| Case {
        classes: serde_json::from_value(case["classes"].clone()).expect("a count"),
        labels: serde_json::from_value::<Vec<usize>>(case["labels"].clone())
            .map(|labels| labels.into_iter().map(Label).collect())
            .expect("labels"),
        probabilities: numbers(&case["probabilities"]),
        weights: numbers(&case["weights"]),
        new: numbers(&case["new"]),
        answers: case["answers"].clone(),
    };
    list.map(case).collect()
}

impl Case {
    fn calibrated(&self, method: Method) -> Vec<f64> {
        let fitted = FittedCalibration::fit(
            method,
            &self.probabilities,
            &self.labels,
            &self.weights,
            self.classes,
        )
        .expect("whole test data");
        let mut p = self.new.clone();
        fitted.apply(&mut p);
        p
    }

    /// Classes with a map of their own.
    fn own(&self) -> std::ops::Range<usize> {
        if self.classes == 2 {
            1..2
        } else {
            0..self.classes
        }
    }

    fn of_class(&self, class: usize) -> (Vec<f64>, Vec<bool>) {
        let scores = self.probabilities.iter().skip(class).step_by(self.classes);
        let side = self.labels.iter().map(|label| label.0 == class);
        (scores.copied().collect(), side.collect())
    }
}

#[test]
fn calibrated_probabilities_sklearn() {
    for (number, case) in cases().iter().enumerate() {
        for (method, name, tolerance) in [
            (Method::Sigmoid, "sigmoid", OPTIMISED),
            (Method::Isotonic, "isotonic", EXACT),
            (Method::Temperature, "temperature", OPTIMISED),
        ] {
            let difference = largest(&case.calibrated(method), &numbers(&case.answers[name]));
            println!("case {number}, {name}: {difference:e}");
            assert!(
                difference < tolerance,
                "case {number}, {name}: {difference:e}"
            );
        }
    }
}

#[test]
fn parameters_sklearn() {
    for (number, case) in cases().iter().enumerate() {
        let floor = 1.0 / (case.labels.len() as f64 + 2.0);
        let theirs = numbers(&case.answers["sigmoid_parameters"]);
        let corners = case.answers["isotonic_corners"]
            .as_array()
            .expect("corners");
        for (at, class) in case.own().enumerate() {
            let (scores, side) = case.of_class(class);
            let odds = |p: &f64| {
                let p = p.clamp(floor, 1.0 - floor);
                (p / (1.0 - p)).ln()
            };
            let log_odds: Vec<f64> = scores.iter().map(odds).collect();
            let sigmoid = Sigmoid::fit(&log_odds, &side, &case.weights);
            let difference = largest(&[sigmoid.a, sigmoid.b], &theirs[2 * at..2 * at + 2]);
            println!("case {number}, sigmoid of class {class}: {difference:e}");
            assert!(
                difference < OPTIMISED,
                "case {number}, class {class}: {difference:e}"
            );
            let isotonic = Isotonic::fit(&scores, &side, &case.weights);
            let (x, y) = isotonic.corners();
            assert!(
                largest(x, &numbers(&corners[at]["x"])) < EXACT,
                "case {number}: scores"
            );
            assert!(
                largest(y, &numbers(&corners[at]["y"])) < EXACT,
                "case {number}: values"
            );
        }
        let truths: Vec<usize> = case.labels.iter().map(|label| label.0).collect();
        let ours = Temperature::fit(&case.probabilities, &truths, &case.weights, case.classes);
        let theirs = case.answers["log_inverse_temperature"]
            .as_f64()
            .expect("a number");
        let difference = (ours.log_inverse - theirs).abs();
        println!("case {number}, temperature: {difference:e}");
        assert!(difference < OPTIMISED, "case {number}: {difference:e}");
    }
}
