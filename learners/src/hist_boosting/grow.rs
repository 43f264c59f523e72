//! Grows one tree, best leaf first, until there are enough leaves or none can gain.
//!
//! Only the smaller child of a split is counted anew; the larger one's histograms are the parent's minus
//! these. Leaves of fewer than [`KEEP`] rows keep none: counting them again costs no more than a
//! subtraction, and the memory stays below half of the table's.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::binning::{BinnedTable, MISSING};
use super::histogram::{EMPTY, Histogram, TOGETHER, build, subtract};
use super::search::{Search, Split};

/// Rows from which a leaf's histograms are kept: twice as many as there are bins.
const KEEP: usize = 512;

/// Additions that are worth a task of their own.
const TASK: usize = 1 << 15;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    /// Most leaves.
    pub(super) leaves: usize,
    /// Most splits from root to leaf.
    pub(super) depth: usize,
}

/// Rows of one tree, grouped by leaf as it grows, and memory that is used again for the next tree.
#[derive(Default)]
pub(super) struct Workspace {
    /// Rows in the bag, ascending within each leaf.
    pub(super) rows: Vec<u32>,
    /// Their packed gradients, in the same order.
    pub(super) packed: Vec<u64>,
    rows_aside: Vec<u32>,
    packed_aside: Vec<u64>,
    free: Vec<Vec<Histogram>>,
}

/// A node of the growing tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Its rows in the workspace.
    pub(super) rows: Range<usize>,
    /// Its split with the numbers of both children.
    pub(super) split: Option<(Split, usize, usize)>,
}

/// A leaf that can be split.
struct Open {
    gain: f64,
    node: usize,
    depth: usize,
    total: u64,
    split: Split,
    histograms: Option<Vec<Histogram>>,
}

/// Rows and sums of a node to be searched.
#[derive(Clone, Copy)]
struct Part<'a> {
    rows: &'a [u32],
    packed: &'a [u64],
    total: u64,
    /// Whether its best split is wanted.
    wanted: bool,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_gain = self.gain.total_cmp(&other.gain);
        by_gain.then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Open {}

impl Workspace {
    /// Grows a tree over the rows that lie in the workspace; the root is node 0.
    pub(super) fn grow(&mut self, search: &Search, columns: &[usize], stop: Stop) -> Vec<Node> {
        let all = 0..self.rows.len();
        let total = self
            .packed
            .iter()
            .fold(0_u64, |sum, v| sum.wrapping_add(*v));
        let mut nodes = vec![Node {
            rows: all.clone(),
            split: None,
        }];
        let mut open = BinaryHeap::new();
        if stop.leaves > 1 && stop.depth > 0 && search.can_split(total) {
            let mut kept = (all.len() >= KEEP).then(|| self.histograms(columns.len()));
            let root = Part {
                rows: &self.rows,
                packed: &self.packed,
                total,
                wanted: true,
            };
            let none = Part {
                rows: &[],
                packed: &[],
                total: 0,
                wanted: false,
            };
            let (found, _) = search.both(columns, &mut [], in_place(&mut kept), root, none);
            self.opened(search, &mut open, found, (0, 0, total), kept);
        }
        let mut leaves = 1;
        while let Some(best) = open.pop() {
            let middle = self.partition(search.table, &nodes[best.node].rows, &best.split);
            let span = nodes[best.node].rows.clone();
            let left = nodes.len();
            nodes[best.node].split = Some((best.split, left, left + 1));
            for rows in [span.start..middle, middle..span.end] {
                nodes.push(Node { rows, split: None });
            }
            leaves += 1;
            if leaves == stop.leaves {
                self.free.extend(best.histograms);
                break;
            }
            self.search_children(search, columns, stop, &nodes, best, &mut open);
        }
        self.free
            .extend(open.into_iter().filter_map(|leaf| leaf.histograms));
        nodes
    }

    /// Finds the best splits of the children of a leaf that was just split.
    fn search_children(
        &mut self,
        search: &Search,
        columns: &[usize],
        stop: Stop,
        nodes: &[Node],
        parent: Open,
        open: &mut BinaryHeap<Open>,
    ) {
        let Some((split, left, right)) = nodes[parent.node].split else {
            return;
        };
        let depth = parent.depth + 1;
        let part = |node: usize, total: u64| Part {
            rows: &self.rows[nodes[node].rows.clone()],
            packed: &self.packed[nodes[node].rows.clone()],
            total,
            wanted: depth < stop.depth && search.can_split(total),
        };
        let of_left = part(left, split.left);
        let of_right = part(right, parent.total.wrapping_sub(split.left));
        let mut of_parent = parent.histograms;
        if !(of_left.wanted || of_right.wanted) {
            self.free.extend(of_parent);
            return;
        }
        let left_is_small = of_left.rows.len() <= of_right.rows.len();
        let keeps = |part: &Part| part.wanted && part.rows.len() >= KEEP;
        let needed = if left_is_small {
            keeps(&of_left)
        } else {
            keeps(&of_right)
        };
        let mut of_small = if needed {
            Some(take(&mut self.free, columns.len()))
        } else {
            None
        };
        let (small, large) = if left_is_small {
            (of_left, of_right)
        } else {
            (of_right, of_left)
        };
        let found = search.both(
            columns,
            in_place(&mut of_parent),
            in_place(&mut of_small),
            small,
            large,
        );
        let large_keeps = keeps(&large);
        let (small_total, large_total) = (small.total, large.total);
        let (small_node, large_node) = if left_is_small {
            (left, right)
        } else {
            (right, left)
        };
        if !large_keeps {
            self.free.extend(of_parent.take());
        }
        self.opened(
            search,
            open,
            found.0,
            (small_node, depth, small_total),
            of_small,
        );
        self.opened(
            search,
            open,
            found.1,
            (large_node, depth, large_total),
            of_parent,
        );
    }

    /// Lists a leaf as open if its best split gains something.
    fn opened(
        &mut self,
        search: &Search,
        open: &mut BinaryHeap<Open>,
        found: Option<Split>,
        (node, depth, total): (usize, usize, u64),
        histograms: Option<Vec<Histogram>>,
    ) {
        let gain = found.map_or(0.0, |split| search.gain(split.score, total));
        match found {
            Some(split) if gain > 0.0 => open.push(Open {
                gain,
                node,
                depth,
                total,
                split,
                histograms,
            }),
            _ => self.free.extend(histograms),
        }
    }

    /// Moves a node's left rows before its right ones, both in their order; gives the boundary.
    fn partition(&mut self, table: &BinnedTable, span: &Range<usize>, split: &Split) -> usize {
        let bins = table.column(split.column);
        let rows = &mut self.rows[span.clone()];
        let packed = &mut self.packed[span.clone()];
        self.rows_aside
            .resize(rows.len().max(self.rows_aside.len()), 0);
        self.packed_aside
            .resize(rows.len().max(self.packed_aside.len()), 0);
        let (mut left, mut right) = (0, 0);
        for at in 0..rows.len() {
            let (row, value) = (rows[at], packed[at]);
            let bin = bins[row as usize];
            let goes_left = if bin == MISSING {
                split.missing_left
            } else {
                bin <= split.bin
            };
            // Both are written, one is kept: no branch to mispredict.
            (rows[left], packed[left]) = (row, value);
            (self.rows_aside[right], self.packed_aside[right]) = (row, value);
            left += usize::from(goes_left);
            right += usize::from(!goes_left);
        }
        rows[left..].copy_from_slice(&self.rows_aside[..right]);
        packed[left..].copy_from_slice(&self.packed_aside[..right]);
        span.start + left
    }

    fn histograms(&mut self, columns: usize) -> Vec<Histogram> {
        take(&mut self.free, columns)
    }
}

/// Memory for a node's histograms, one a column.
fn take(free: &mut Vec<Vec<Histogram>>, columns: usize) -> Vec<Histogram> {
    let mut histograms = free.pop().unwrap_or_default();
    histograms.resize(columns, EMPTY);
    histograms
}

fn in_place(histograms: &mut Option<Vec<Histogram>>) -> &mut [Histogram] {
    histograms.as_deref_mut().unwrap_or_default()
}

impl Search<'_> {
    /// The best splits of two children, the smaller one's first, over `columns`.
    ///
    /// `parent` holds the parent's histograms, or nothing; the larger child's are left there. `kept`
    /// takes the smaller child's, where it has room.
    fn both(
        &self,
        columns: &[usize],
        parent: &mut [Histogram],
        kept: &mut [Histogram],
        small: Part,
        large: Part,
    ) -> (Option<Split>, Option<Split>) {
        let work = columns.len() * (small.rows.len() + EMPTY.len());
        if columns.len() > TOGETHER && work > TASK {
            let middle = (columns.len() / 2).next_multiple_of(TOGETHER);
            let (first, second) = columns.split_at(middle);
            let (parent_first, parent_second) = halves(parent, middle);
            let (kept_first, kept_second) = halves(kept, middle);
            let (a, b) = rayon::join(
                || self.both(first, parent_first, kept_first, small, large),
                || self.both(second, parent_second, kept_second, small, large),
            );
            return (Split::better(a.0, b.0), Split::better(a.1, b.1));
        }
        let mut best = (None, None);
        let mut scratch = [EMPTY; TOGETHER];
        for (block, columns) in columns.chunks(TOGETHER).enumerate() {
            let mut of_rows: [&[u8]; TOGETHER] = [&[]; TOGETHER];
            for (bins, &column) in of_rows.iter_mut().zip(columns) {
                *bins = self.table.column(column);
            }
            let of_rows = &of_rows[..columns.len()];
            let span = block * TOGETHER..block * TOGETHER + columns.len();
            let parent = parent.get_mut(span.clone());
            let mut sums: &mut [Histogram] = match kept.get_mut(span) {
                Some(kept) => kept,
                None => &mut scratch[..columns.len()],
            };
            if small.wanted || parent.is_some() {
                build(sums, of_rows, small.rows, small.packed);
            }
            if small.wanted {
                self.columns(columns, sums, small.total, &mut best.0);
            }
            if !large.wanted {
                continue;
            }
            match parent {
                Some(parent) => {
                    for (parent, child) in parent.iter_mut().zip(sums.iter()) {
                        subtract(parent, child);
                    }
                    sums = parent;
                }
                None => build(sums, of_rows, large.rows, large.packed),
            }
            self.columns(columns, sums, large.total, &mut best.1);
        }
        best
    }

    fn columns(&self, columns: &[usize], sums: &[Histogram], total: u64, best: &mut Option<Split>) {
        for (&column, histogram) in columns.iter().zip(sums) {
            self.column(column, histogram, total, best);
        }
    }
}

fn halves(histograms: &mut [Histogram], middle: usize) -> (&mut [Histogram], &mut [Histogram]) {
    let middle = middle.min(histograms.len());
    histograms.split_at_mut(middle)
}
