//! DeLong's variance, intervals and test against pROC, and the fast form against all pairs.

use raduet_study::random::Stream;
use raduet_study::uncertainty::{delong, delong_test};
use serde_json::Value;

use crate::reference;

/// pROC writes 17 digits; both sides sum a hundred components.
const TOLERANCE: f64 = 1e-12;

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list");
    list.iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    let pairs = found.iter().zip(expected);
    found.len() == expected.len() && pairs.into_iter().all(|(a, b)| (a - b).abs() < TOLERANCE)
}

#[test]
fn delong_proc() {
    let file = reference::json("proc/delong.json");
    let mut compared = (0, 0);
    for case in ["aSAH", "drawn", "tied"] {
        let case = &file[case];
        let positive: Vec<bool> = numbers(&case["positive"])
            .iter()
            .map(|v| *v > 0.5)
            .collect();
        let scores: Vec<Vec<f64>> = case["scores"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        for (scores, expected) in scores.iter().zip(case["areas"].as_array().unwrap()) {
            let area = delong(scores, &positive, 0.95).unwrap();
            let variance = area.standard_error * area.standard_error;
            let interval = area.interval.unwrap();
            let found = [area.auc, variance, interval.lower, interval.upper];
            assert!(close(&found, &numbers(expected)), "{found:?} {expected}");
            compared.0 += 1;
        }
        for expected in case["tests"].as_array().unwrap() {
            let of = |position: usize| {
                let number = expected[position].as_u64().expect("which score");
                &scores[usize::try_from(number).expect("a small number")]
            };
            let test = delong_test(of(0), of(1), &positive, 0.95).unwrap();
            let expected = numbers(expected);
            let z = test.difference / test.standard_error;
            let interval = test.interval.unwrap();
            let found = [z, test.p, interval.lower, interval.upper];
            assert!(close(&found, &expected[2..]), "{found:?} {expected:?}");
            compared.1 += 1;
        }
    }
    assert_eq!(compared, (7, 5));
}

/// What pROC's documentation prints for s100b.
#[test]
fn delong_proc_published() {
    let file = reference::json("proc/delong.json");
    let case = &file["aSAH"];
    let positive: Vec<bool> = numbers(&case["positive"])
        .iter()
        .map(|v| *v > 0.5)
        .collect();
    let area = delong(&numbers(&case["scores"][0]), &positive, 0.95).unwrap();
    let interval = area.interval.unwrap();
    let printed = format!(
        "{:.4} [{:.4}, {:.4}]",
        area.auc, interval.lower, interval.upper
    );
    assert_eq!(printed, "0.7314 [0.6301, 0.8326]");
}

/// The definition by all pairs, without ranks.
#[test]
fn delong_twin_of_all_pairs() {
    let wins = |x: f64, y: f64| match x.total_cmp(&y) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let variance = |values: &[f64]| {
        let centre = mean(values);
        let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
        squares / (values.len() - 1) as f64
    };
    for seed in 0..40 {
        let mut stream = Stream::new(seed, "delong twin", 0);
        let samples = 8 + stream.below(60);
        let positive: Vec<bool> = (0..samples).map(|i| i % 3 == 0).collect();
        // Few levels: many ties.
        let scores: Vec<f64> = (0..samples).map(|_| stream.below(9) as f64 / 8.0).collect();
        let of = |wanted: bool| -> Vec<f64> {
            let chosen = scores.iter().zip(&positive).filter(|(_, p)| **p == wanted);
            chosen.map(|(s, _)| *s).collect()
        };
        let (xs, ys) = (of(true), of(false));
        let among = |x: f64| mean(&ys.iter().map(|&y| wins(x, y)).collect::<Vec<_>>());
        let above = |y: f64| mean(&xs.iter().map(|&x| wins(x, y)).collect::<Vec<_>>());
        let v10: Vec<f64> = xs.iter().map(|&x| among(x)).collect();
        let v01: Vec<f64> = ys.iter().map(|&y| above(y)).collect();
        let expected = variance(&v10) / xs.len() as f64 + variance(&v01) / ys.len() as f64;
        let area = delong(&scores, &positive, 0.95).unwrap();
        assert!((area.auc - mean(&v10)).abs() < TOLERANCE);
        assert!(
            (area.standard_error.powi(2) - expected).abs() < TOLERANCE,
            "{seed}"
        );
    }
}
