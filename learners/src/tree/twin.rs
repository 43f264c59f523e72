//! A plain tree that tries every cut of every column at every node and counts anew each time, with
//! whole-number weights and exact comparisons: what the fast searches must equal.

use std::cmp::Ordering;

use raduet_study::random::Stream;
use raduet_study::{ClassNames, Label};

use crate::decision_tree::{Amount, DecisionTree};
use crate::forest::ForestModel;
use crate::learner::Learner;
use crate::random_forest::RandomForest;
use crate::samples::Samples;
use crate::saved::SavedModel;
use crate::tree::node::{Tree, View};

/// Column, threshold and rule for undefined values of each split in preorder; `None` for leaves.
type Shape = Vec<Option<(usize, f64, bool)>>;

struct Plain<'a> {
    samples: &'a Samples,
    counts: &'a [u64],
    min_leaf: usize,
}

/// `Σ L_k²/L + Σ R_k²/R` as a quotient of whole numbers.
#[derive(Clone, Copy)]
struct Score {
    above: u128,
    below: u128,
}

impl Score {
    fn cmp(self, other: Self) -> Ordering {
        (self.above * other.below).cmp(&(other.above * self.below))
    }
}

impl Plain<'_> {
    fn class_counts(&self, rows: &[usize]) -> Vec<u64> {
        let mut counts = vec![0; self.samples.classes().len()];
        for &row in rows {
            counts[self.samples.labels()[row].0] += self.counts[row];
        }
        counts
    }

    fn score(&self, left: &[usize], right: &[usize]) -> Score {
        let parts = |rows: &[usize]| {
            let counts = self.class_counts(rows);
            let squares: u64 = counts.iter().map(|c| c * c).sum();
            (u128::from(squares), u128::from(counts.iter().sum::<u64>()))
        };
        let ((l2, l), (r2, r)) = (parts(left), parts(right));
        Score {
            above: l2 * r + r2 * l,
            below: l * r,
        }
    }

    fn grow(&self, rows: &[usize], shape: &mut Shape) {
        let pure = self.class_counts(rows).iter().filter(|c| **c > 0).count() <= 1;
        let split = if pure { None } else { self.best(rows) };
        let Some((column, threshold, missing_left)) = split else {
            shape.push(None);
            return;
        };
        shape.push(split);
        let (left, right) = self.parted(rows, column, threshold, missing_left);
        self.grow(&left, shape);
        self.grow(&right, shape);
    }

    fn parted(
        &self,
        rows: &[usize],
        column: usize,
        threshold: f64,
        missing_left: bool,
    ) -> (Vec<usize>, Vec<usize>) {
        rows.iter().partition(|&&row| {
            let value = self.samples.row(row)[column];
            value <= threshold || (value.is_nan() && missing_left)
        })
    }

    fn best(&self, rows: &[usize]) -> Option<(usize, f64, bool)> {
        let mut best: Option<(Score, (usize, f64, bool))> = None;
        for column in 0..self.samples.width() {
            let value = |row: &usize| self.samples.row(*row)[column];
            let mut values: Vec<f64> = rows.iter().map(value).filter(|v| !v.is_nan()).collect();
            let undefined = rows.len() - values.len();
            values.sort_by(f64::total_cmp);
            values.dedup();
            let mut thresholds: Vec<f64> = values
                .windows(2)
                .map(|w| f64::midpoint(w[0], w[1]))
                .collect();
            if undefined > 0 && !values.is_empty() {
                thresholds.push(f64::MAX);
            }
            for missing_left in [false, true] {
                if missing_left && undefined == 0 {
                    continue;
                }
                for &threshold in &thresholds {
                    let (left, right) = self.parted(rows, column, threshold, missing_left);
                    if left.len().min(right.len()) < self.min_leaf {
                        continue;
                    }
                    let score = self.score(&left, &right);
                    if best.is_none_or(|(b, _)| score.cmp(b).is_gt()) {
                        let by_number = left.len() > right.len();
                        let rule = if undefined > 0 {
                            missing_left
                        } else {
                            by_number
                        };
                        best = Some((score, (column, threshold, rule)));
                    }
                }
            }
        }
        best.map(|(_, split)| split)
    }
}

fn shape(tree: &Tree) -> Shape {
    let nodes = tree.places().map(|at| match tree.view(at) {
        View::Leaf(_) => None,
        View::Split {
            column,
            threshold,
            missing_left,
            ..
        } => Some((column, threshold, missing_left)),
    });
    nodes.collect()
}

/// Few distinct values, so that many are tied; every `undefined`th or so is NaN.
fn table(rows: usize, width: usize, distinct: usize, undefined: usize, seed: u64) -> Samples {
    let mut stream = Stream::new(seed, "table", 0);
    let values = (0..rows * width)
        .map(|_| {
            if undefined > 0 && stream.below(undefined) == 0 {
                f64::NAN
            } else {
                stream.below(distinct) as f64 - 2.0
            }
        })
        .collect();
    let labels = (0..rows).map(|_| Label(stream.below(3))).collect();
    let columns = (0..width).map(|i| format!("x{i}")).collect();
    Samples::new(
        values,
        columns,
        labels,
        ClassNames::new(["a", "b", "c"]).unwrap(),
    )
    .unwrap()
}

fn plain(samples: &Samples, counts: &[u64], min_leaf: usize) -> Shape {
    let rows: Vec<usize> = (0..samples.rows()).filter(|&row| counts[row] > 0).collect();
    let mut shape = Vec::new();
    Plain {
        samples,
        counts,
        min_leaf,
    }
    .grow(&rows, &mut shape);
    shape
}

fn tables() -> impl Iterator<Item = (usize, Samples)> {
    (0..40).map(|seed| {
        let rows = [1, 7, 40, 260][seed % 4];
        let distinct = [2, 5, 1000][seed % 3];
        let undefined = [0, 4, 15][(seed / 4) % 3];
        let min_leaf = [1, 3][(seed / 3) % 2];
        (min_leaf, table(rows, 4, distinct, undefined, seed as u64))
    })
}

#[test]
fn a_tree_equals_its_plain_twin() {
    for (min_leaf, samples) in tables() {
        for weighted in [false, true] {
            let counts: Vec<u64> = (0..samples.rows() as u64)
                .map(|row| if weighted { 1 + row * 7 % 4 } else { 1 })
                .collect();
            let mut given = samples.clone();
            if weighted {
                let weights = counts.iter().map(|&c| c as f64).collect();
                given = given.with_weights(weights).unwrap();
            }
            let settings = DecisionTree {
                min_samples_leaf: Amount::Count(min_leaf),
                ..DecisionTree::default()
            };
            let SavedModel::DecisionTree(model) = settings.fit(&given, 0).unwrap().to_saved()
            else {
                panic!("another model");
            };
            assert_eq!(shape(&model.tree), plain(&samples, &counts, min_leaf));
        }
    }
}

#[test]
fn a_forest_of_all_columns_equals_the_plain_twin_on_its_rows() {
    for (min_leaf, samples) in tables() {
        // Every column in order and every row once: the search of forests without its chance.
        let settings = RandomForest {
            n_estimators: 1,
            bootstrap: false,
            max_features: None,
            min_samples_leaf: Amount::Count(min_leaf),
            ..RandomForest::default()
        };
        let SavedModel::RandomForest(ForestModel { trees, .. }) =
            settings.fit(&samples, 0).unwrap().to_saved()
        else {
            panic!("another model");
        };
        let counts = vec![1; samples.rows()];
        assert_eq!(shape(&trees[0]), plain(&samples, &counts, min_leaf));
    }
}
