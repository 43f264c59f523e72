//! What makes a split good: Gini impurity and entropy of classes.
//!
//! Splits of a node are compared by a score that grows as the summed impurity of the children falls.
//! A split need not improve anything to be made: only so is an exclusive-or found.

use serde::{Deserialize, Serialize};

use crate::tree::rank::Rank;

/// How the classes of a node are judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassCriterion {
    /// 1 − `Σ_k` `p_k²`.
    #[default]
    Gini,
    /// −`Σ_k` `p_k` log2 `p_k`.
    Entropy,
    /// The same as [`ClassCriterion::Entropy`].
    LogLoss,
}

/// Judges splits of one node at a time: members move one by one from the right child to the left.
///
/// Members are given by their *kind*, a number that stands for what the criterion needs of a row.
pub(crate) trait Criterion: Clone + Send + Sync {
    /// The kind of a row.
    fn kind(&self, row: usize) -> usize;

    /// Sums over the members of a node.
    fn enter(&mut self, kinds: impl Iterator<Item = usize>);

    /// Sums over the members of a node, given as runs of one kind each with their ends.
    fn enter_runs(&mut self, runs: &[(usize, usize)]) {
        let mut start = 0;
        self.enter(runs.iter().flat_map(|&(kind, end)| {
            let count = end - start;
            start = end;
            std::iter::repeat_n(kind, count)
        }));
    }

    /// Weight of the entered node's members.
    fn weight(&self) -> f64;

    /// Impurity of the entered node.
    fn impurity(&self) -> f64;

    /// Whether the entered node needs no split.
    fn is_pure(&self) -> bool;

    /// Puts all members into the right child.
    fn restart(&mut self);

    /// Moves a member to the left child.
    fn add(&mut self, kind: usize);

    /// Moves `count` members of a kind to the left child.
    fn add_many(&mut self, kind: usize, count: usize) {
        (0..count).for_each(|_| self.add(kind));
    }

    /// Weight of both children.
    fn sides(&self) -> (f64, f64);

    /// Score of the children as they are; larger is better.
    fn score(&self) -> f64;

    /// Impurities of the children times their weights, summed, from their score.
    fn summed_impurity(&self, score: f64) -> f64;
}

/// Class and weight of the rows, by kinds.
pub(crate) struct ClassRows<R> {
    kinds: Vec<R>,
    of_kind: Vec<(u32, f64)>,
    classes: usize,
}

impl<R: Rank> ClassRows<R> {
    /// Rows with a class below `classes` and a weight each; each row is a kind of its own.
    pub(crate) fn weighted(of_row: &[u32], weights: &[f64], classes: usize) -> Self {
        Self {
            kinds: (0..of_row.len()).map(R::of).collect(),
            of_kind: of_row
                .iter()
                .copied()
                .zip(weights.iter().copied())
                .collect(),
            classes,
        }
    }

    /// Rows that count as often as `counts` says; a kind is a class and a count.
    pub(crate) fn counted(of_row: &[u32], counts: &[u32], classes: usize) -> Self {
        let most = counts.iter().max().map_or(1, |&most| most as usize + 1);
        if classes * most > R::UNDEFINED.at() {
            let weights: Vec<f64> = counts.iter().copied().map(f64::from).collect();
            return Self::weighted(of_row, &weights, classes);
        }
        let kinds = of_row.iter().zip(counts);
        Self {
            kinds: kinds
                .map(|(&class, &count)| R::of(class as usize * most + count as usize))
                .collect(),
            of_kind: (0..classes * most)
                .map(|kind| (u32_of(kind / most), (kind % most) as f64))
                .collect(),
            classes,
        }
    }

    /// The kind of a row.
    pub(crate) fn kind(&self, row: usize) -> usize {
        self.kinds[row].at()
    }

    /// Class and weight of a kind.
    pub(crate) fn of_kind(&self, kind: usize) -> (usize, f64) {
        let (class, weight) = self.of_kind[kind];
        (class as usize, weight)
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Number of classes.
    pub(crate) fn classes(&self) -> usize {
        self.classes
    }

    /// Appends the class shares of some rows.
    pub(crate) fn shares(&self, rows: impl Iterator<Item = usize>, values: &mut Vec<f64>) {
        let start = values.len();
        values.resize(start + self.classes, 0.0);
        for row in rows {
            let (class, weight) = self.of_kind(self.kind(row));
            values[start + class] += weight;
        }
        let total: f64 = values[start..].iter().sum();
        for value in &mut values[start..] {
            *value /= total;
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 classes")]
fn u32_of(class: usize) -> u32 {
    class as u32
}

/// Weight of one class in the left child and in the node.
#[derive(Debug, Clone, Copy, Default)]
struct ClassSum {
    left: f64,
    total: f64,
}

/// Class weights of a node and of its left child.
struct ClassSums<'a, R> {
    rows: &'a ClassRows<R>,
    sums: Vec<ClassSum>,
    left: f64,
    total: f64,
}

impl<R> Clone for ClassSums<'_, R> {
    fn clone(&self) -> Self {
        Self {
            sums: self.sums.clone(),
            ..*self
        }
    }
}

impl<'a, R: Rank> ClassSums<'a, R> {
    fn new(rows: &'a ClassRows<R>) -> Self {
        Self {
            rows,
            sums: vec![ClassSum::default(); rows.classes()],
            left: 0.0,
            total: 0.0,
        }
    }

    fn enter(&mut self, kinds: impl Iterator<Item = usize>) {
        self.sums.fill(ClassSum::default());
        for kind in kinds {
            let (class, weight) = self.rows.of_kind(kind);
            self.sums[class].total += weight;
        }
        self.total = self.sums.iter().map(|sum| sum.total).sum();
    }

    fn is_pure(&self) -> bool {
        self.sums.iter().filter(|sum| sum.total > 0.0).count() <= 1
    }

    fn restart(&mut self) {
        self.left = 0.0;
        for sum in &mut self.sums {
            sum.left = 0.0;
        }
    }
}

/// Gini impurity: score `Σ_k` `L_k²` / L + `Σ_k` `R_k²` / R with class weights `L_k`, `R_k` of the children.
///
/// For whole-number weights of up to 2·10⁵ together every sum is exact and the score is one rounded
/// quotient of whole numbers, so equally good splits have equal scores.
pub(crate) struct Gini<'a, R> {
    sums: ClassSums<'a, R>,
    /// `Σ_k` of the squared class weights of the left child.
    left_squares: f64,
    /// `Σ_k` `L_k` `T_k` with class weights `T_k` of the node.
    cross: f64,
    squares: f64,
}

impl<R> Clone for Gini<'_, R> {
    fn clone(&self) -> Self {
        Self {
            sums: self.sums.clone(),
            ..*self
        }
    }
}

impl<'a, R: Rank> Gini<'a, R> {
    /// Over the given rows.
    pub(crate) fn new(rows: &'a ClassRows<R>) -> Self {
        Self {
            sums: ClassSums::new(rows),
            left_squares: 0.0,
            cross: 0.0,
            squares: 0.0,
        }
    }
}

impl<R: Rank> Criterion for Gini<'_, R> {
    fn kind(&self, row: usize) -> usize {
        self.sums.rows.kind(row)
    }

    fn enter(&mut self, kinds: impl Iterator<Item = usize>) {
        self.sums.enter(kinds);
        self.squares = self.sums.sums.iter().map(|sum| sum.total * sum.total).sum();
    }

    fn weight(&self) -> f64 {
        self.sums.total
    }

    fn impurity(&self) -> f64 {
        1.0 - self.squares / (self.sums.total * self.sums.total)
    }

    fn is_pure(&self) -> bool {
        self.sums.is_pure()
    }

    fn restart(&mut self) {
        self.sums.restart();
        (self.left_squares, self.cross) = (0.0, 0.0);
    }

    #[inline]
    fn add(&mut self, kind: usize) {
        self.add_many(kind, 1);
    }

    #[inline]
    fn add_many(&mut self, kind: usize, count: usize) {
        let (class, w) = self.sums.rows.of_kind(kind);
        let w = w * count as f64;
        let sum = &mut self.sums.sums[class];
        self.left_squares += w * (2.0 * sum.left + w);
        self.cross += w * sum.total;
        sum.left += w;
        self.sums.left += w;
    }

    #[inline]
    fn sides(&self) -> (f64, f64) {
        (self.sums.left, self.sums.total - self.sums.left)
    }

    #[inline]
    fn score(&self) -> f64 {
        let (left, right) = self.sides();
        let right_squares = self.squares - 2.0 * self.cross + self.left_squares;
        (self.left_squares * right + right_squares * left) / (left * right)
    }

    fn summed_impurity(&self, score: f64) -> f64 {
        self.sums.total - score
    }
}

/// Entropy: score `Σ_k` `L_k` log2(`L_k` / L) + `Σ_k` `R_k` log2(`R_k` / R).
pub(crate) struct Entropy<'a, R> {
    sums: ClassSums<'a, R>,
}

impl<R> Clone for Entropy<'_, R> {
    fn clone(&self) -> Self {
        Self {
            sums: self.sums.clone(),
        }
    }
}

impl<'a, R: Rank> Entropy<'a, R> {
    /// Over the given rows.
    pub(crate) fn new(rows: &'a ClassRows<R>) -> Self {
        Self {
            sums: ClassSums::new(rows),
        }
    }
}

/// `part` · log2(`part` / `whole`), 0 for nothing.
fn information(part: f64, whole: f64) -> f64 {
    if part > 0.0 {
        part * (part / whole).log2()
    } else {
        0.0
    }
}

impl<R: Rank> Criterion for Entropy<'_, R> {
    fn kind(&self, row: usize) -> usize {
        self.sums.rows.kind(row)
    }

    fn enter(&mut self, kinds: impl Iterator<Item = usize>) {
        self.sums.enter(kinds);
    }

    fn weight(&self) -> f64 {
        self.sums.total
    }

    fn impurity(&self) -> f64 {
        let total = self.sums.total;
        let parts = self.sums.sums.iter();
        -parts.map(|sum| information(sum.total, total)).sum::<f64>() / total
    }

    fn is_pure(&self) -> bool {
        self.sums.is_pure()
    }

    fn restart(&mut self) {
        self.sums.restart();
    }

    #[inline]
    fn add(&mut self, kind: usize) {
        self.add_many(kind, 1);
    }

    #[inline]
    fn add_many(&mut self, kind: usize, count: usize) {
        let (class, w) = self.sums.rows.of_kind(kind);
        self.sums.sums[class].left += w * count as f64;
        self.sums.left += w * count as f64;
    }

    #[inline]
    fn sides(&self) -> (f64, f64) {
        (self.sums.left, self.sums.total - self.sums.left)
    }

    fn score(&self) -> f64 {
        let (left, right) = self.sides();
        // Each child summed by itself: mirrored children then score the same.
        let of_left: f64 = self
            .sums
            .sums
            .iter()
            .map(|sum| information(sum.left, left))
            .sum();
        let parts = self.sums.sums.iter();
        let of_right: f64 = parts
            .map(|sum| information(sum.total - sum.left, right))
            .sum();
        of_left + of_right
    }

    fn summed_impurity(&self, score: f64) -> f64 {
        -score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_impurities_by_hand() {
        // Classes a a b b a of weight 1 1 2 1 1; the first two go left.
        let rows = ClassRows::<u16>::counted(&[0, 0, 1, 1, 0], &[1, 1, 2, 1, 1], 2);
        let kinds = || (0..5).map(|row| rows.kind(row));
        let mut gini = Gini::new(&rows);
        gini.enter(kinds());
        assert!((gini.impurity() - 0.5).abs() < 1e-15 && !gini.is_pure());
        gini.restart();
        kinds().take(2).for_each(|kind| gini.add(kind));
        // 2²/2 + (1² + 3²)/4
        assert!((gini.score() - 4.5).abs() < 1e-12);
        // Impurity 6/16 + ... of the right child alone: 4 · (1 − 10/16).
        assert!((gini.summed_impurity(gini.score()) - 1.5).abs() < 1e-12);
        let mut entropy = Entropy::new(&rows);
        entropy.enter(kinds());
        assert!((entropy.impurity() - 1.0).abs() < 1e-15);
        entropy.restart();
        kinds().take(2).for_each(|kind| entropy.add(kind));
        // log2(1/4) + 3 log2(3/4)
        assert!((entropy.score() - (-2.0 + 3.0 * 0.75_f64.log2())).abs() < 1e-12);
    }
}
