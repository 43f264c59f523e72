//! What one class carries from round to round, and how it grows its tree.

use super::HistGradientBoosting;
use super::binning::{BinnedTable, MISSING};
use super::grow::{Node, Stop, Workspace};
use super::histogram::pack_rows;
use super::search::{Limits, Search};
use crate::tree::node::Tree;
use crate::tree::writer::TreeWriter;

/// Keeps a step finite where the curvature vanishes, as scikit-learn has it.
const SMALLEST_CURVATURE: f64 = 1e-15;

/// What a tree is grown from.
pub(super) struct TreeSettings<'a> {
    pub(super) boosting: &'a HistGradientBoosting,
    pub(super) table: &'a BinnedTable,
    /// Columns that it may split on, ascending.
    pub(super) columns: &'a [usize],
    /// Rows that it learns from, ascending, unless all.
    pub(super) bag: Option<&'a [usize]>,
}

/// Scores, gradients and memory of one class.
pub(super) struct ClassState {
    class: usize,
    scores: Vec<f64>,
    /// Gradient and curvature of each row, single precision as in scikit-learn.
    gradients: Vec<[f32; 2]>,
    workspace: Workspace,
}

impl ClassState {
    /// Before the first round.
    pub(super) fn new(class: usize, score: f64, rows: usize) -> Self {
        Self {
            class,
            scores: vec![score; rows],
            gradients: vec![[0.0; 2]; rows],
            workspace: Workspace::default(),
        }
    }

    /// Its number among the present classes.
    pub(super) fn class(&self) -> usize {
        self.class
    }

    /// Raw score of each row.
    pub(super) fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Grows this class's tree of a round and moves its scores along.
    ///
    /// `probabilities` are row-major with `count` a row; with one, they are those of class 1.
    pub(super) fn grow(
        &mut self,
        settings: &TreeSettings,
        weights: Option<&[f64]>,
        of_row: &[usize],
        probabilities: &[f64],
        count: usize,
    ) -> Tree {
        let own = if count == 1 { 1 } else { self.class };
        let of_class = probabilities.iter().skip(self.class).step_by(count);
        for (row, (gradient, &p)) in self.gradients.iter_mut().zip(of_class).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            let truth = f64::from(u8::from(of_row[row] == own));
            *gradient = single((p - truth) * weight, p * (1.0 - p) * weight);
        }
        self.fill_bag(settings.bag);
        let packing = pack_rows(
            &self.gradients,
            &self.workspace.rows,
            &mut self.workspace.packed,
        );
        let boosting = settings.boosting;
        let search = Search {
            table: settings.table,
            packing,
            limits: Limits {
                rows: boosting.min_samples_leaf,
                // At least one step, so that no side divides by zero.
                curvature: packing
                    .in_curvature_steps(boosting.min_sum_hessian)
                    .max(1.0),
                l2: packing.in_curvature_steps(boosting.l2_regularization),
            },
        };
        let stop = Stop {
            leaves: boosting.max_leaf_nodes.unwrap_or(usize::MAX),
            depth: boosting.max_depth.unwrap_or(usize::MAX),
        };
        let nodes = self.workspace.grow(&search, settings.columns, stop);
        let steps = self.leaf_steps(&nodes, boosting);
        self.move_scores(settings, &nodes, &steps);
        self.written(settings.table, &nodes, &steps, weights)
    }

    /// Puts the rows of the round into the workspace.
    #[expect(clippy::cast_possible_truncation, reason = "at most 2^20 rows")]
    fn fill_bag(&mut self, bag: Option<&[usize]>) {
        let rows = &mut self.workspace.rows;
        rows.clear();
        match bag {
            Some(bag) => rows.extend(bag.iter().map(|&row| row as u32)),
            None => rows.extend(0..self.scores.len() as u32),
        }
    }

    /// What each node would add to the scores, from the gradients themselves in the order of rows.
    fn leaf_steps(&self, nodes: &[Node], boosting: &HistGradientBoosting) -> Vec<f64> {
        let step = |node: &Node| {
            if node.split.is_some() {
                return 0.0;
            }
            let (mut g, mut h) = (0.0, 0.0);
            for &row in &self.workspace.rows[node.rows.clone()] {
                let [gradient, curvature] = self.gradients[row as usize];
                g += f64::from(gradient);
                h += f64::from(curvature);
            }
            -boosting.learning_rate * g / (h + boosting.l2_regularization + SMALLEST_CURVATURE)
        };
        nodes.iter().map(step).collect()
    }

    /// Adds the tree's steps to the scores of all rows.
    fn move_scores(&mut self, settings: &TreeSettings, nodes: &[Node], steps: &[f64]) {
        if settings.bag.is_some() {
            for (row, score) in self.scores.iter_mut().enumerate() {
                *score += steps[leaf_of(settings.table, nodes, row)];
            }
            return;
        }
        for (node, step) in nodes.iter().zip(steps) {
            if node.split.is_none() {
                for &row in &self.workspace.rows[node.rows.clone()] {
                    self.scores[row as usize] += step;
                }
            }
        }
    }

    /// The tree in preorder on raw values.
    fn written(
        &self,
        table: &BinnedTable,
        nodes: &[Node],
        steps: &[f64],
        weights: Option<&[f64]>,
    ) -> Tree {
        let cover = |node: &Node| match weights {
            None => node.rows.len() as f64,
            Some(weights) => {
                let rows = &self.workspace.rows[node.rows.clone()];
                rows.iter().map(|&row| weights[row as usize]).sum()
            }
        };
        let mut writer = TreeWriter::new(1);
        let mut waiting = vec![(0, None)];
        while let Some((at, right_of)) = waiting.pop() {
            if let Some(parent) = right_of {
                writer.next_is_right_of(parent);
            }
            let node = &nodes[at];
            let Some((split, left, right)) = node.split else {
                writer.push_leaf(cover(node), |values| values.push(steps[at]));
                continue;
            };
            let threshold = table.threshold(split.column, split.bin);
            let place = writer.push_split(split.column, threshold, split.missing_left);
            waiting.push((right, Some(place)));
            waiting.push((left, None));
        }
        writer.finish()
    }
}

/// The leaf of a training row.
fn leaf_of(table: &BinnedTable, nodes: &[Node], row: usize) -> usize {
    let mut at = 0;
    while let Some((split, left, right)) = nodes[at].split {
        let bin = table.column(split.column)[row];
        let goes_left = if bin == MISSING {
            split.missing_left
        } else {
            bin <= split.bin
        };
        at = if goes_left { left } else { right };
    }
    at
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "single precision is meant; weights beyond its range are refused before"
)]
fn single(gradient: f64, curvature: f64) -> [f32; 2] {
    [gradient as f32, curvature as f32]
}
