//! The members of a node in ascending order of one column, in two ways.
//!
//! [`Presorted`] keeps every column's order and splits all of them with each node: right where every
//! column is looked at. [`SortedOnDemand`] sorts the few columns that a forest draws.

use std::ops::Range;

use crate::tree::columns::RankedColumns;

/// Gives a node's members in the order of a column.
pub(crate) trait NodeOrder {
    /// Members at `span`, ascending by the column, equal values by row number. `members` are the
    /// rows at `span` in ascending order.
    fn sorted(&mut self, column: usize, span: Range<usize>, members: &[u32]) -> &[u32];

    /// Moves the rows of `span` that go left before the others, in every column.
    fn partition(&mut self, span: Range<usize>, goes_left: &[bool]);
}

/// Every column's order, split along with the nodes.
pub(crate) struct Presorted {
    rows: usize,
    order: Vec<u32>,
    aside: Vec<u32>,
}

impl Presorted {
    /// The order of all rows.
    pub(crate) fn new(columns: &RankedColumns) -> Self {
        Self {
            rows: columns.rows(),
            order: columns.order().to_vec(),
            aside: vec![0; columns.rows()],
        }
    }

    /// Starts over for another tree on the same rows.
    pub(crate) fn reset(&mut self, columns: &RankedColumns) {
        self.order.copy_from_slice(columns.order());
    }
}

impl NodeOrder for Presorted {
    fn sorted(&mut self, column: usize, span: Range<usize>, _members: &[u32]) -> &[u32] {
        &self.order[column * self.rows..][span]
    }

    fn partition(&mut self, span: Range<usize>, goes_left: &[bool]) {
        for column in self.order.chunks_exact_mut(self.rows) {
            stable_partition(&mut column[span.clone()], goes_left, &mut self.aside);
        }
    }
}

/// Sorts a node's members when a column is asked for.
pub(crate) struct SortedOnDemand<'a> {
    columns: &'a RankedColumns,
    /// Rank above, row below, so that one integer comparison does both.
    keys: Vec<u64>,
    sorted: Vec<u32>,
}

impl<'a> SortedOnDemand<'a> {
    /// Over the given columns.
    pub(crate) fn new(columns: &'a RankedColumns) -> Self {
        Self {
            columns,
            keys: Vec::new(),
            sorted: Vec::new(),
        }
    }
}

impl NodeOrder for SortedOnDemand<'_> {
    fn sorted(&mut self, column: usize, _span: Range<usize>, members: &[u32]) -> &[u32] {
        let ranks = self.columns.ranks(column);
        self.keys.clear();
        self.keys.extend(
            members
                .iter()
                .map(|&row| u64::from(ranks[row as usize]) << 32 | u64::from(row)),
        );
        self.keys.sort_unstable();
        self.sorted.clear();
        #[expect(clippy::cast_possible_truncation, reason = "the low half is the row")]
        self.sorted.extend(self.keys.iter().map(|&key| key as u32));
        &self.sorted
    }

    fn partition(&mut self, _span: Range<usize>, _goes_left: &[bool]) {}
}

/// Moves the rows that go left to the front, both sides in their order; returns how many they are.
pub(crate) fn stable_partition(rows: &mut [u32], goes_left: &[bool], aside: &mut [u32]) -> usize {
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        let row = rows[at];
        // Both are written, one is kept: no branch to mispredict.
        rows[left] = row;
        aside[right] = row;
        let goes = usize::from(goes_left[row as usize]);
        left += goes;
        right += 1 - goes;
    }
    rows[left..].copy_from_slice(&aside[..right]);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_keep_their_order() {
        let mut rows = [4, 0, 3, 1, 2];
        let left = stable_partition(&mut rows, &[true, false, false, true, true], &mut [0; 5]);
        assert_eq!((left, rows), (3, [4, 0, 3, 1, 2]));
        let mut rows = [1, 4, 2, 0, 3];
        let left = stable_partition(&mut rows, &[true, false, false, true, true], &mut [0; 5]);
        assert_eq!((left, rows), (3, [4, 0, 3, 1, 2]));
    }
}
