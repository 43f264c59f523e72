//! Tests, calibration, numbers of patients and decision curves against statsmodels, scipy and dcurves.

use raduet_study::decision::net_benefit;
use raduet_study::metrics::weak_calibration;
use raduet_study::uncertainty::{
    McNemar, POWER, PatientsNeeded, asymptotic_patients, corrected_test, exact_power, holm,
    student_two_sided,
};
use serde_json::Value;

use crate::reference;

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value)
        .iter()
        .map(|v| v.as_f64().expect("a number"))
        .collect()
}

fn count(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}

/// Each number within a relative tolerance, or an absolute one below one.
fn check(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= tolerance * b.abs().max(1.0),
            "{what}: {found:?} {expected:?}"
        );
    }
}

#[test]
fn mcnemar_statsmodels() {
    let file = reference::json("stats/inference.json");
    let tables = list(&file["mcnemar"]);
    assert_eq!(tables.len(), 5);
    for table in tables {
        let [both, first, second, neither] = [0, 1, 2, 3].map(|at| count(&table[at]));
        let test = McNemar::from_counts(both, first, second, neither);
        check(&[test.p], &[table[4].as_f64().unwrap()], 1e-12, "p");
    }
}

#[test]
fn holm_statsmodels() {
    let file = reference::json("stats/inference.json");
    for case in list(&file["holm"]) {
        check(
            &holm(&numbers(&case["p"])),
            &numbers(&case["adjusted"]),
            1e-14,
            "adjusted",
        );
    }
}

#[test]
fn student_scipy() {
    let file = reference::json("stats/inference.json");
    let tails = list(&file["student"]);
    assert_eq!(tails.len(), 9);
    for tail in tails {
        let tail = numbers(tail);
        let found = student_two_sided(tail[0], tail[1]);
        // Relatively: far tails keep their digits.
        assert!((found / tail[2] - 1.0).abs() < 1e-11, "{tail:?}: {found}");
    }
}

#[test]
fn corrected_test_scipy() {
    let file = reference::json("stats/inference.json");
    for case in list(&file["corrected"]) {
        let ratio = case["ratio"].as_f64().unwrap();
        let test = corrected_test(&numbers(&case["differences"]), ratio, 0.95).unwrap();
        let found = [
            test.standard_error,
            test.p,
            test.interval.lower,
            test.interval.upper,
        ];
        check(&found, &numbers(&case["expected"]), 1e-12, "corrected test");
    }
    assert!(corrected_test(&[0.1], 0.1, 0.95).is_err());
    assert!(corrected_test(&[0.1, f64::NAN], 0.1, 0.95).is_err());
    assert!((corrected_test(&[0.0, 0.0], 0.1, 0.95).unwrap().p - 1.0).abs() < 1e-15);
}

/// The formula by scipy's quantiles, the exact power by summing over every outcome with scipy's exact test.
#[test]
fn patients_needed_scipy() {
    let file = reference::json("stats/inference.json");
    let mut compared = 0;
    for case in list(&file["sample_sizes"]) {
        let shares = numbers(&case["shares"]);
        let found = asymptotic_patients(shares[0], shares[1], 0.05, POWER);
        assert_eq!(found, count(&case["asymptotic"]), "{shares:?}");
        for pair in list(&case["power"]) {
            let power = exact_power(count(&pair[0]), shares[0], shares[1], 0.05);
            check(&[power], &[pair[1].as_f64().unwrap()], 1e-10, "power");
            compared += 1;
        }
    }
    assert_eq!(compared, 8);
}

/// The number told is enough, one patient fewer is not, and no larger number falls below again.
#[test]
fn patients_needed_is_the_smallest_from_which_on_it_is_enough() {
    for (both, first, second, neither) in [
        (10, 9, 3, 2),
        (12, 4, 2, 6),
        (3, 8, 0, 1),
        (200, 60, 45, 95),
    ] {
        let seen = McNemar::from_counts(both, first, second, neither);
        let plan = PatientsNeeded::of(&seen, 0.05, POWER).unwrap();
        let power = |n: u64| exact_power(n, plan.only_first, plan.only_second, 0.05);
        let n = plan.exact.unwrap();
        assert!(power(n) >= POWER && power(n - 1) < POWER, "{plan:?}");
        assert!(
            (n..n + n / 3 + 20).step_by(7).all(|n| power(n) >= POWER),
            "{plan:?}"
        );
        // The exact test asks for more than the formula, but not for very much more.
        assert!(
            n + 2 >= plan.asymptotic && n <= plan.asymptotic + plan.asymptotic / 2 + 10,
            "{plan:?}"
        );
    }
    // So small a difference that only the formula is told.
    let plan = PatientsNeeded::of(&McNemar::from_counts(900, 30, 29, 41), 0.05, POWER).unwrap();
    assert!(
        plan.exact.is_none() && plan.patients() == plan.asymptotic && plan.asymptotic > 100_000
    );
}

#[test]
fn calibration_statsmodels() {
    let file = reference::json("stats/inference.json");
    let cases = list(&file["calibrations"]);
    assert_eq!(cases.len(), 3);
    for case in cases {
        let positive: Vec<bool> = numbers(&case["y"]).iter().map(|v| *v > 0.5).collect();
        let owners: Vec<u64> = list(&case["owner"]).iter().map(count).collect();
        let fit = weak_calibration(&numbers(&case["p"]), &positive, &owners).unwrap();
        // statsmodels iterates to 1e-13 of the deviance: half the digits in a coefficient.
        let slope = fit.slope.unwrap();
        check(&slope, &numbers(&case["slope"]), 1e-8, "slope");
        check(
            &fit.intercept,
            &numbers(&case["intercept"]),
            1e-8,
            "intercept",
        );
    }
}

/// Extreme and nearly separated probabilities, where unguarded steps run away.
#[test]
fn calibration_mpmath() {
    let file = reference::json("stats/calibration.json");
    let cases = list(&file["cases"]);
    assert_eq!(cases.len(), 5);
    for case in cases {
        let positive: Vec<bool> = numbers(&case["y"]).iter().map(|v| *v > 0.5).collect();
        let owners: Vec<u64> = list(&case["owner"]).iter().map(count).collect();
        let fit = weak_calibration(&numbers(&case["p"]), &positive, &owners).unwrap();
        // Logits 4e-7 apart, each with an error of 1e-16: nine digits of what hangs on their difference.
        let slope = fit.slope.unwrap();
        check(&slope, &numbers(&case["slope"]), 1e-8, "slope");
        let expected = numbers(&case["intercept"]);
        check(&fit.intercept, &expected, 1e-8, "intercept");
    }
}

#[test]
fn net_benefit_dcurves() {
    let file = reference::json("stats/inference.json");
    let mut compared = 0;
    for case in list(&file["decisions"]) {
        let (scores, positive) = (numbers(&case["p"]), numbers(&case["y"]));
        let positive: Vec<bool> = positive.iter().map(|v| *v > 0.5).collect();
        let thresholds = numbers(&case["thresholds"]);
        let (model, all) = (numbers(&case["model"]), numbers(&case["all"]));
        for ((threshold, model), all) in thresholds.into_iter().zip(model).zip(all) {
            let found = net_benefit(&scores, &positive, threshold);
            check(&found, &[model, all], 1e-12, "net benefit");
            compared += 1;
        }
    }
    assert_eq!(compared, 14);
}
