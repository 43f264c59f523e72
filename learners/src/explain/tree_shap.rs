//! Path-dependent `TreeSHAP`: what each column adds to the answer of a tree model for one row.
//!
//! The value of a set S of known columns is what the tree answers on average where splits on other
//! columns send a row both ways, by the shares of training rows that went there; contributions are the
//! Shapley values of this game: Lundberg et al. 2020, doi 10.1038/s42256-019-0138-9 (algorithm 2 and its
//! supplement). They sum to the answer minus its expectation.
//!
//! The game is a sum over leaves. With m columns on the way to a leaf of value v, `z_j` the share of rows that
//! take column j's branches and `o_j` = 1 where the row does, else 0, a leaf is worth
//!
//! ```text
//! v · Π_{j in S} o_j · Π_{j not in S} z_j, so
//! φ_i = v · (o_i − z_i) · Σ_k w(k) · [t^k] Π_{j ≠ i} (z_j + o_j t),   w(k) = k! (m − 1 − k)! / m!
//! ```
//!
//! The polynomial of all columns with `o_j` = 1 is made once a leaf; one factor is divided out for each of
//! them. Columns with `o_i` = 0 share one φ.

use rayon::prelude::*;

use super::paths::{Condition, Paths};
use crate::learner::assert_shape;
use crate::tree::node::Tree;

/// Rows explained together by one thread: a tree's paths are listed once for all of them.
const BLOCK: usize = 32;

/// The trees of a fitted model and how its answer is made of them.
///
/// Answers are class shares for single trees and forests, raw scores for boosting (log odds of the
/// second of two classes, or one score a class before softmax).
pub struct TreeEnsemble<'a> {
    width: usize,
    outputs: Vec<usize>,
    base: Vec<f64>,
    scale: f64,
    /// Each with the first answer that its leaf values add to.
    trees: Vec<(&'a Tree, usize)>,
}

/// Contributions of all columns to the answers for some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeShap {
    /// Class number of each answer (S).
    pub outputs: Vec<usize>,
    /// Expected answer over the training rows, S.
    pub expected: Vec<f64>,
    /// Row-major rows × S × p.
    pub values: Vec<f64>,
}

impl<'a> TreeEnsemble<'a> {
    /// The answer is `base` plus `scale` times the trees' leaves; `None` for trees that do not know how many
    /// rows went where.
    pub(crate) fn new(
        width: usize,
        outputs: Vec<usize>,
        base: Vec<f64>,
        scale: f64,
        trees: Vec<(&'a Tree, usize)>,
    ) -> Option<Self> {
        debug_assert_eq!(outputs.len(), base.len());
        let covered = |tree: &Tree| (0..tree.len()).all(|at| tree.cover(at) > 0.0);
        trees.iter().all(|(tree, _)| covered(tree)).then_some(Self {
            width,
            outputs,
            base,
            scale,
            trees,
        })
    }

    /// Class number of each answer (S).
    pub fn outputs(&self) -> &[usize] {
        &self.outputs
    }

    /// The answers, row-major n × S, of row-major values n × p.
    ///
    /// # Panics
    /// When `values` does not hold `rows` × p numbers.
    pub fn answers(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let mut answers = self.base.repeat(rows);
        let rows = values.chunks_exact(self.width);
        for (x, answer) in rows.zip(answers.chunks_exact_mut(self.outputs.len())) {
            for (tree, first) in &self.trees {
                for (sum, value) in answer[*first..].iter_mut().zip(tree.leaf(x)) {
                    *sum += self.scale * value;
                }
            }
        }
        answers
    }

    /// What each column adds to each answer, of row-major values n × p.
    ///
    /// # Panics
    /// When `values` does not hold `rows` × p numbers.
    pub fn contributions(&self, values: &[f64], rows: usize) -> TreeShap {
        assert_shape(values, rows, self.width);
        let (p, count) = (self.width, self.outputs.len());
        let mut contributions = vec![0.0; rows * count * p];
        contributions
            .par_chunks_mut(BLOCK * count * p)
            .zip(values.par_chunks(BLOCK * p))
            .for_each(|(out, values)| {
                let mut shapley = Shapley::default();
                for (tree, first) in &self.trees {
                    let paths = Paths::new(tree);
                    shapley.make_room(paths.longest());
                    let rows = values.chunks_exact(p).zip(out.chunks_exact_mut(count * p));
                    for (x, out) in rows {
                        for (conditions, leaf) in paths.leaves() {
                            shapley.of_leaf(conditions, x, |column, factor| {
                                for (answer, value) in leaf.iter().enumerate() {
                                    out[(first + answer) * p + column] +=
                                        self.scale * factor * value;
                                }
                            });
                        }
                    }
                }
            });
        TreeShap {
            outputs: self.outputs.clone(),
            expected: self.expected(),
            values: contributions,
        }
    }

    /// The answers where nothing is known of a row.
    fn expected(&self) -> Vec<f64> {
        let mut expected = self.base.clone();
        for (tree, first) in &self.trees {
            for (conditions, leaf) in Paths::new(tree).leaves() {
                let share: f64 = conditions.iter().map(|condition| condition.share).product();
                for (sum, value) in expected[*first..].iter_mut().zip(leaf) {
                    *sum += self.scale * share * value;
                }
            }
        }
        expected
    }
}

/// Shapley values of a leaf worth 1, with memory for any leaf.
#[derive(Default)]
struct Shapley {
    /// w(k) for every number m of columns up to the longest path's.
    weights: Vec<Vec<f64>>,
    /// Coefficients of Π (`z_j` + t) over the columns whose branches the row takes.
    polynomial: Vec<f64>,
}

impl Shapley {
    fn make_room(&mut self, longest: usize) {
        for m in self.weights.len()..=longest {
            let mut weights = Vec::with_capacity(m);
            let mut weight = 1.0 / m as f64;
            for k in 0..m {
                weights.push(weight);
                weight *= (k + 1) as f64 / (m - 1 - k) as f64;
            }
            self.weights.push(weights);
        }
    }

    /// Calls `add` with each column on the way to a leaf and its Shapley value.
    fn of_leaf(&mut self, conditions: &[Condition], x: &[f64], mut add: impl FnMut(usize, f64)) {
        self.polynomial.clear();
        self.polynomial.push(1.0);
        let mut others = 1.0;
        for condition in conditions {
            if condition.holds(x[condition.column]) {
                self.polynomial.push(0.0);
                for k in (0..self.polynomial.len()).rev() {
                    let below = if k == 0 { 0.0 } else { self.polynomial[k - 1] };
                    self.polynomial[k] = condition.share * self.polynomial[k] + below;
                }
            } else {
                others *= condition.share;
            }
        }
        let weights = &self.weights[conditions.len()];
        // Never asked for where the row takes all branches.
        let outside = -others * sum_of_products(weights, &self.polynomial);
        for condition in conditions {
            let value = if condition.holds(x[condition.column]) {
                (1.0 - condition.share)
                    * others
                    * without(condition.share, &self.polynomial, weights)
            } else {
                outside
            };
            add(condition.column, value);
        }
    }
}

fn sum_of_products(weights: &[f64], polynomial: &[f64]) -> f64 {
    weights.iter().zip(polynomial).map(|(w, c)| w * c).sum()
}

/// `Σ w(k) q_k` for q = polynomial / (z + t), divided from the highest power down: z is at most 1, so errors
/// do not grow.
fn without(z: f64, polynomial: &[f64], weights: &[f64]) -> f64 {
    let mut coefficient = 0.0;
    let mut sum = 0.0;
    for k in (1..polynomial.len()).rev() {
        coefficient = polynomial[k] - z * coefficient;
        sum += weights[k - 1] * coefficient;
    }
    sum
}

#[cfg(test)]
mod tests {
    use raduet_study::random::Stream;
    use raduet_study::{ClassNames, Label};

    use super::*;
    use crate::registry;
    use crate::samples::Samples;
    use crate::tree::node::View;

    const COLUMNS: usize = 5;

    /// A random tree of the given depth at most, two numbers a leaf; columns come again on a path.
    fn random_tree(tree: &mut Tree, cover: f64, depth: usize, stream: &mut Stream) {
        if depth == 0 || stream.unit() < 0.15 {
            tree.push_leaf(cover, |leaf| {
                leaf.extend([stream.normal(), stream.normal()])
            });
            return;
        }
        let (column, threshold) = (stream.below(COLUMNS), stream.normal());
        tree.push_split(cover, column, threshold, stream.unit() < 0.5);
        let at = tree.len() - 1;
        let share = stream.uniform(0.1, 0.9);
        random_tree(tree, cover * share, depth - 1, stream);
        tree.next_is_right_of(at);
        random_tree(tree, cover * (1.0 - share), depth - 1, stream);
    }

    /// What a tree answers where only the columns in `known` are.
    fn value(tree: &Tree, at: usize, x: &[f64], known: usize) -> [f64; 2] {
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
                    return value(tree, if goes_left { left } else { right }, x, known);
                }
                let (a, b) = (value(tree, left, x, known), value(tree, right, x, known));
                let share = |child| tree.cover(child) / tree.cover(at);
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
                    let mut tree = Tree::empty(2);
                    random_tree(&mut tree, 100.0, 7, &mut stream);
                    tree
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
                        .map(|tree| 0.25 * value(tree, 0, x, known)[o])
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
                let model = entry.make().fit(&samples, 1).unwrap();
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
}
