//! Trees grown apart from each other and averaged, behind random forests and extra trees.
//!
//! Each tree draws from its own streams of the seed and results are added in the order of trees, so
//! the number of threads leaves no trace.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::decision_tree::{ClassCriterion, ClassTargets, check_shares};
use crate::dense::add_scaled;
use crate::error::{LearnError, Result};
use crate::explain::TreeEnsemble;
use crate::learner::{Model, assert_shape};
use crate::samples::Samples;
use crate::saved::{SavedModel, expect_values};
use crate::tree::columns::RankedColumns;
use crate::tree::criterion::{ClassRows, Criterion, Entropy, Gini};
use crate::tree::drawn::SortedOnDemand;
use crate::tree::draws::Draws;
use crate::tree::grow::{Search, grow};
use crate::tree::limits::{Amount, Growth, Limits, check_share};
use crate::tree::node::Tree;
use crate::tree::random::{RandomCuts, RoundedColumns};
use crate::tree::rank::{NARROW_ROWS, Rank};
use raduet_study::random::Stream;

/// Rows predicted together by one thread.
const BLOCK: usize = 64;

/// How a tree's thresholds are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thresholds {
    /// The best one.
    Best,
    /// One drawn at random a column.
    Random,
}

/// Settings shared by all forests.
pub(crate) struct ForestSettings {
    pub(crate) learner: &'static str,
    pub(crate) thresholds: Thresholds,
    pub(crate) n_estimators: usize,
    pub(crate) criterion: ClassCriterion,
    pub(crate) growth: Growth,
    pub(crate) bootstrap: bool,
    pub(crate) max_samples: Option<Amount>,
    pub(crate) oob_score: bool,
}

/// Where the values of all columns are looked up.
enum Columns<'a, R> {
    Ranked(RankedColumns<'a, R>),
    Rounded(RoundedColumns<'a>),
}

impl ForestSettings {
    /// Refuses what makes no sense.
    pub(crate) fn check(&self) -> Result<()> {
        let fault = |reason: &str| Err(LearnError::settings(self.learner, reason));
        if self.n_estimators == 0 {
            return fault("n_estimators: 0; give 1 or more");
        }
        if let Some(amount) = self.max_samples {
            check_share(self.learner, "max_samples", amount)?;
            if !self.bootstrap {
                return fault("max_samples needs bootstrap: true");
            }
        }
        if self.oob_score && !self.bootstrap {
            return fault("oob_score needs bootstrap: true");
        }
        self.growth.check(self.learner)
    }

    /// Fits all trees.
    pub(crate) fn fit(&self, samples: &Samples, seed: u64) -> Result<Box<dyn Model>> {
        samples.ready_but_undefined(self.learner, 1)?;
        let trees = if samples.rows() <= NARROW_ROWS {
            self.trees::<u16>(samples, seed)
        } else {
            self.trees::<u32>(samples, seed)
        };
        let mut model = ForestModel {
            width: samples.width(),
            classes: samples.classes().len(),
            trees,
            oob_score: None,
        };
        if self.oob_score {
            model.oob_score = self.out_of_bag(&model, samples, seed);
        }
        Ok(Box::new(model))
    }

    fn trees<R: Rank>(&self, samples: &Samples, seed: u64) -> Vec<Tree> {
        let columns = match self.thresholds {
            Thresholds::Best => Columns::Ranked(RankedColumns::<R>::new(samples)),
            Thresholds::Random => Columns::Rounded(RoundedColumns::new(samples)),
        };
        let targets = ClassTargets::new(samples);
        let own_rows = (!self.bootstrap).then(|| targets.rows::<R>());
        (0..self.n_estimators as u64)
            .into_par_iter()
            .map(|tree| {
                let drawn = self.bootstrap.then(|| {
                    let counts = self.draw(samples, seed, tree);
                    let rows = ClassRows::<R>::counted(&targets.classes, &counts, targets.count);
                    (counts, rows)
                });
                let (members, rows) = match (&drawn, &own_rows) {
                    (Some((counts, rows)), _) => {
                        let drawn = (0..counts.len()).filter(|&row| counts[row] > 0);
                        (drawn.map(R::of).collect(), rows)
                    }
                    (None, Some(rows)) => ((0..samples.rows()).map(R::of).collect(), rows),
                    (None, None) => unreachable!("rows are drawn or the samples' own"),
                };
                match self.criterion {
                    ClassCriterion::Gini => {
                        self.grow_one(&columns, members, rows, Gini::new(rows), seed, tree)
                    }
                    ClassCriterion::Entropy | ClassCriterion::LogLoss => {
                        self.grow_one(&columns, members, rows, Entropy::new(rows), seed, tree)
                    }
                }
            })
            .collect()
    }

    fn grow_one<R: Rank, C: Criterion>(
        &self,
        columns: &Columns<'_, R>,
        members: Vec<R>,
        rows: &ClassRows<R>,
        criterion: C,
        seed: u64,
        tree: u64,
    ) -> Tree {
        let width = match columns {
            Columns::Ranked(columns) => columns.width(),
            Columns::Rounded(columns) => columns.width(),
        };
        let draws = match self.growth.max_features {
            None => Draws::all(width),
            Some(features) => Draws::some(
                width,
                features.of(width),
                Stream::new(seed, "columns of a forest's tree", tree),
            ),
        };
        let weight = members
            .iter()
            .map(|row| rows.of_kind(rows.kind(row.at())).1);
        let limits = self.growth.limits(rows.len(), weight.sum());
        match columns {
            Columns::Ranked(columns) => {
                let search = SortedOnDemand::new(columns, members, criterion, draws, limits.leaf);
                self.finish(search, &limits, rows)
            }
            Columns::Rounded(columns) => {
                let thresholds = Stream::new(seed, "thresholds of a forest's tree", tree);
                let search =
                    RandomCuts::new(columns, members, criterion, draws, thresholds, limits.leaf);
                self.finish(search, &limits, rows)
            }
        }
    }

    fn finish<R: Rank, S: Search<Row = R> + Send>(
        &self,
        mut search: S,
        limits: &Limits,
        rows: &ClassRows<R>,
    ) -> Tree {
        let mut draft = grow(&mut search, limits);
        draft.prune(self.growth.ccp_alpha);
        let members = search.into_members();
        draft.write(rows.classes(), |span, values| {
            rows.shares(members[span].iter().map(|row| row.at()), values);
        })
    }

    /// How often each row is drawn for a tree: with replacement, by its weight if it has one.
    fn draw(&self, samples: &Samples, seed: u64, tree: u64) -> Vec<u32> {
        let rows = samples.rows();
        let mut stream = Stream::new(seed, "tree of a forest", tree);
        let draws = self
            .max_samples
            .map_or(rows, |amount| amount.rounded_down(samples.total_weight()));
        let mut counts = vec![0; rows];
        match samples.weights() {
            None => (0..draws).for_each(|_| counts[stream.below(rows)] += 1),
            Some(weights) => {
                let mut sum = 0.0;
                let ends: Vec<f64> = weights
                    .iter()
                    .map(|weight| {
                        sum += weight;
                        sum
                    })
                    .collect();
                for _ in 0..draws {
                    let at = stream.unit() * sum;
                    let row = ends.partition_point(|&end| end <= at);
                    // Rounding may reach the end of the last row.
                    counts[row.min(rows - 1)] += 1;
                }
            }
        }
        counts
    }

    /// Accuracy on the training rows, each predicted by the trees that did not draw it.
    fn out_of_bag(&self, model: &ForestModel, samples: &Samples, seed: u64) -> Option<f64> {
        let classes = model.classes;
        let trees = 0..model.trees.len() as u64;
        let counts: Vec<Vec<u32>> = trees
            .into_par_iter()
            .map(|tree| self.draw(samples, seed, tree))
            .collect();
        let hits: Vec<Option<bool>> = (0..samples.rows())
            .into_par_iter()
            .map(|row| {
                let mut sums = vec![0.0; classes];
                let mut any = false;
                for (tree, counts) in model.trees.iter().zip(&counts) {
                    if counts[row] == 0 {
                        add_scaled(&mut sums, 1.0, tree.leaf(samples.row(row)));
                        any = true;
                    }
                }
                let best = (0..classes)
                    .rev()
                    .max_by(|&a, &b| sums[a].total_cmp(&sums[b]));
                any.then(|| best == Some(samples.labels()[row].0))
            })
            .collect();
        let judged = hits.iter().flatten().count();
        let right = hits.iter().flatten().filter(|hit| **hit).count();
        (judged > 0).then(|| right as f64 / judged as f64)
    }
}

/// Fitted trees whose leaves hold class shares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForestModel {
    pub(crate) width: usize,
    pub(crate) classes: usize,
    pub(crate) trees: Vec<Tree>,
    /// Accuracy on training rows by the trees that did not draw them, if asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) oob_score: Option<f64>,
}

impl ForestModel {
    pub(crate) fn check(&self) -> Result<()> {
        if self.trees.is_empty() {
            return Err(LearnError::saved("trees", "none", "at least one"));
        }
        for tree in &self.trees {
            tree.check(self.width, self.classes)?;
            check_shares(tree)?;
        }
        if let Some(score) = self.oob_score {
            expect_values("oob_score", &[score], "a share in 0..=1", |v| {
                (0.0..=1.0).contains(&v)
            })?;
        }
        Ok(())
    }

    /// Accuracy on the training rows, each predicted by the trees that did not draw it; `None` unless
    /// `oob_score` was set.
    pub fn oob_score(&self) -> Option<f64> {
        self.oob_score
    }
}

impl Model for ForestModel {
    fn width(&self) -> usize {
        self.width
    }

    fn class_count(&self) -> usize {
        self.classes
    }

    fn predict_proba(&self, values: &[f64], rows: usize) -> Vec<f64> {
        assert_shape(values, rows, self.width);
        let (p, k) = (self.width, self.classes);
        let mut probabilities = vec![0.0; rows * k];
        let count = self.trees.len() as f64;
        probabilities
            .par_chunks_mut(BLOCK * k)
            .zip(values.par_chunks(BLOCK * p))
            .for_each(|(out, values)| {
                // Tree by tree, so that each stays in the cache for the whole block.
                for tree in &self.trees {
                    for (sum, x) in out.chunks_exact_mut(k).zip(values.chunks_exact(p)) {
                        add_scaled(sum, 1.0, tree.leaf(x));
                    }
                }
                for v in out.iter_mut() {
                    *v /= count;
                }
            });
        probabilities
    }

    fn to_saved(&self) -> SavedModel {
        SavedModel::RandomForest(self.clone())
    }

    fn explain_trees(&self) -> Option<TreeEnsemble<'_>> {
        TreeEnsemble::new(
            self.width,
            (0..self.classes).collect(),
            vec![0.0; self.classes],
            1.0 / self.trees.len() as f64,
            self.trees.iter().map(|tree| (tree, 0)).collect(),
        )
    }
}
