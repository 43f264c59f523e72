//! Contributions beside the Shapley formula over all subsets, and their sums.

use raduet_study::random::Stream;
use raduet_study::{ClassNames, Label};

use super::tree_shap::TreeEnsemble;
use crate::registry;
use crate::samples::Samples;
use crate::tree::node::{Tree, View};
use crate::tree::writer::TreeWriter;

const COLUMNS: usize = 5;

/// A random tree of the given depth at most, two numbers a leaf; columns come again on a path.
fn random_tree(tree: &mut TreeWriter, cover: f64, depth: usize, stream: &mut Stream) {
    if depth == 0 || stream.unit() < 0.15 {
        tree.push_leaf(cover, |leaf| {
            leaf.extend([stream.normal(), stream.normal()]);
        });
        return;
    }
    let (column, threshold) = (stream.below(COLUMNS), stream.normal());
    let at = tree.push_split(column, threshold, stream.unit() < 0.5);
    let share = stream.uniform(0.1, 0.9);
    random_tree(tree, cover * share, depth - 1, stream);
    tree.next_is_right_of(at);
    random_tree(tree, cover * (1.0 - share), depth - 1, stream);
}

/// What a tree answers where only the columns in `known` are.
fn value(tree: &Tree, covers: &[f64], at: usize, x: &[f64], known: usize) -> [f64; 2] {
    match tree.view(at) {
        View::Leaf(leaf) => [leaf[0], leaf[1]],
        View::Split {
            column,
            threshold,
            missing_left,
            left,
            right,
        } => {
            if known & (1 << column) != 0 {
                let x_j = x[column];
                let goes_left = x_j <= threshold || (x_j.is_nan() && missing_left);
                return value(tree, covers, if goes_left { left } else { right }, x, known);
            }
            let (a, b) = (
                value(tree, covers, left, x, known),
                value(tree, covers, right, x, known),
            );
            let share = |child| covers[child] / covers[at];
            [0, 1].map(|o| share(left) * a[o] + share(right) * b[o])
        }
    }
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

#[test]
fn contributions_are_the_shapley_values_over_all_subsets() {
    for seed in 0..30 {
        let mut stream = Stream::new(seed, "trees to explain", 0);
        let trees: Vec<Tree> = (0..3)
            .map(|_| {
                let mut writer = TreeWriter::new(2);
                random_tree(&mut writer, 100.0, 7, &mut stream);
                writer.finish()
            })
            .collect();
        let rows = 4;
        let x: Vec<f64> = (0..rows * COLUMNS)
            .map(|_| {
                if stream.unit() < 0.1 {
                    f64::NAN
                } else {
                    stream.normal()
                }
            })
            .collect();
        let parts = trees.iter().map(|tree| (tree, 0)).collect();
        let ensemble =
            TreeEnsemble::new(COLUMNS, vec![0, 1], vec![0.5, -0.5], 0.25, parts).unwrap();
        let shap = ensemble.contributions(&x, rows);
        for (row, x) in x.chunks_exact(COLUMNS).enumerate() {
            let worth = |known: usize, o: usize| -> f64 {
                trees
                    .iter()
                    .map(|tree| 0.25 * value(tree, &tree.covers(), 0, x, known)[o])
                    .sum()
            };
            for o in 0..2 {
                let base = [0.5, -0.5][o];
                assert!((shap.expected[o] - base - worth(0, o)).abs() < 1e-12);
                for i in 0..COLUMNS {
                    let others = (0..1 << COLUMNS).filter(|s: &usize| s & (1 << i) == 0);
                    let expected: f64 = others
                        .map(|s| {
                            let size = s.count_ones() as usize;
                            let weight = factorial(size) * factorial(COLUMNS - 1 - size)
                                / factorial(COLUMNS);
                            weight * (worth(s | 1 << i, o) - worth(s, o))
                        })
                        .sum();
                    let found = shap.values[(row * 2 + o) * COLUMNS + i];
                    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
                }
            }
        }
    }
}

#[test]
fn they_sum_to_the_answer_of_every_tree_model() {
    let mut stream = Stream::new(4, "table to explain", 0);
    let (rows, p) = (150, 6);
    let values: Vec<f64> = (0..rows * p).map(|_| stream.normal()).collect();
    let class = |x: &[f64], classes: usize| {
        let score = x[0] + x[1] * x[2];
        (usize::from(score > 0.0) + usize::from(score > 0.9)).min(classes - 1)
    };
    let mut explained = Vec::new();
    for entry in registry::LEARNERS {
        for classes in [2, 3] {
            let labels = values.chunks_exact(p).map(|x| Label(class(x, classes)));
            let samples = Samples::new(
                values.clone(),
                (0..p).map(|i| format!("x{i}")).collect(),
                labels.collect(),
                ClassNames::new((0..classes).map(|k| format!("class {k}"))).unwrap(),
            )
            .unwrap();
            // A back end may refuse this table; the list at the end says who must not.
            let Ok(model) = entry.make().fit(&samples, 1) else {
                continue;
            };
            let Some(ensemble) = model.explain_trees() else {
                continue;
            };
            explained.push(entry.id());
            let shap = ensemble.contributions(&values, rows);
            let answers = ensemble.answers(&values, rows);
            let count = shap.outputs.len();
            let probabilities = model.predict_proba(&values, rows);
            for row in 0..rows {
                for k in 0..count {
                    let at = (row * count + k) * p;
                    let sum: f64 = shap.values[at..at + p].iter().sum();
                    let answer = answers[row * count + k];
                    assert!(
                        (shap.expected[k] + sum - answer).abs() < 1e-10,
                        "{}",
                        entry.id()
                    );
                }
                // Shares are the probabilities; scores become them.
                let mut own = answers[row * count..(row + 1) * count].to_vec();
                if entry.name.ends_with("boosting") {
                    if count == 1 {
                        own = vec![
                            crate::dense::sigmoid(-own[0]),
                            crate::dense::sigmoid(own[0]),
                        ];
                    } else {
                        crate::dense::softmax(&mut own);
                    }
                }
                for (a, b) in own.iter().zip(&probabilities[row * classes..]) {
                    assert!((a - b).abs() < 1e-9, "{}: {a} {b}", entry.id());
                }
            }
        }
    }
    explained.dedup();
    let expected = [
        "decision_tree",
        "random_forest",
        "extra_trees",
        "gradient_boosting",
        "hist_gradient_boosting",
    ];
    explained.sort();
    let mut expected: Vec<String> = expected.map(String::from).to_vec();
    expected.sort();
    assert_eq!(explained, expected);
}
