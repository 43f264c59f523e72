//! What `tol` means, and paths beside single fits.

use raduet_study::{ClassNames, Label};

use super::*;
use crate::dense::softmax;

/// Rows of three columns and as many classes as asked for, overlapping, with weights.
fn samples(classes: usize) -> Samples {
    let rows = 60;
    let values = (0..rows * 3).map(|at| {
        let class = (at / 3) % classes;
        ((at * at * 7 + at * 3) % 23) as f64 / 6.0 - 2.0 + if at % 3 == class { 1.0 } else { 0.0 }
    });
    Samples::new(
        values.collect(),
        ["a", "b", "c"].map(String::from).to_vec(),
        (0..rows).map(|row| Label(row % classes)).collect(),
        ClassNames::new((0..classes).map(|k| format!("class {k}"))).unwrap(),
    )
    .unwrap()
    .with_weights((0..rows).map(|row| 0.5 + (row % 4) as f64).collect())
    .unwrap()
}

/// Largest component of the smallest subgradient of the mean objective, by plain loops.
fn violation(model: &LogisticModel, samples: &Samples, learner: &LogisticRegression) -> f64 {
    let p = samples.width();
    let rows = model.intercepts.len();
    let mut gradient = vec![0.0; rows * (p + 1)];
    for row in 0..samples.rows() {
        let x = samples.row(row);
        let score = |k: usize| {
            let w = &model.weights[k * p..(k + 1) * p];
            w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + model.intercepts[k]
        };
        let mut q: Vec<f64> = (0..rows).map(score).collect();
        if let [z] = q[..] {
            q[0] = 1.0 / (1.0 + (-z).exp());
        } else {
            softmax(&mut q);
        }
        for (k, q) in q.iter().enumerate() {
            let is = samples.labels()[row].0 == if rows == 1 { 1 } else { k };
            let residual = samples.weight(row) * (q - f64::from(u8::from(is)));
            for (j, x) in x.iter().chain([&1.0]).enumerate() {
                gradient[k * (p + 1) + j] += residual * x;
            }
        }
    }
    let (l1, l2) = (
        learner.l1_ratio / learner.c,
        (1.0 - learner.l1_ratio) / learner.c,
    );
    let mut worst: f64 = 0.0;
    for (at, g) in gradient.iter().enumerate() {
        let (k, j) = (at / (p + 1), at % (p + 1));
        let left = if j == p {
            g.abs()
        } else {
            let w = model.weights[k * p + j];
            let g = g + l2 * w;
            if w == 0.0 {
                (g.abs() - l1).max(0.0)
            } else {
                (g + l1 * w.signum()).abs()
            }
        };
        worst = worst.max(left / samples.total_weight());
    }
    worst
}

#[test]
fn tol_bounds_the_gradient_of_the_mean_objective() {
    for classes in [2, 3] {
        let samples = samples(classes);
        for l1_ratio in [0.0, 0.5] {
            for tol in [1e-2, 1e-4, 1e-10] {
                let learner = LogisticRegression {
                    l1_ratio,
                    tol,
                    ..LogisticRegression::default()
                };
                let model = learner.path(&samples, &[learner.c]).unwrap().remove(0);
                let found = violation(&model, &samples, &learner);
                assert!(found <= tol, "{classes} {l1_ratio} {tol}: {found}");
            }
        }
    }
}

#[test]
fn a_path_ends_where_single_fits_do() {
    let samples = samples(3);
    for l1_ratio in [0.0, 0.5, 1.0] {
        let learner = LogisticRegression {
            l1_ratio,
            tol: 1e-11,
            ..LogisticRegression::default()
        };
        let penalties = [0.01, 0.1, 1.0, 0.05];
        let path = learner.path(&samples, &penalties).unwrap();
        let mut smallest = f64::INFINITY;
        for (model, c) in path.iter().zip(penalties) {
            let single = learner.path(&samples, &[c]).unwrap().remove(0);
            let pairs = model.weights.iter().zip(&single.weights);
            for (a, b) in pairs.chain(model.intercepts.iter().zip(&single.intercepts)) {
                assert!((a - b).abs() < 1e-8, "{l1_ratio}, C {c}: {a} {b}");
            }
            smallest = smallest.min(model.weights.iter().map(|w| w.abs()).sum());
        }
        // The strengths make different models, or agreement would say little.
        assert!(smallest < 0.5 * path[2].weights.iter().map(|w| w.abs()).sum::<f64>());
    }
}
