//! Exact sums by rank and number of neighbours.

use std::collections::BTreeMap;

/// Numbers below this stand in a table, larger ones in a map: within distance 2 there are 124 neighbours.
const DENSE: usize = 128;

/// Whole numbers added up for each (rank, number). Order of adding does not matter, so tallies may be
/// made in parallel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// `[rank - 1][number]`.
    dense: Vec<u64>,
    width: usize,
    sparse: BTreeMap<(u16, u32), u64>,
}

impl Tally {
    /// Nothing yet, for ranks 1..=`ranks` and numbers 0..=`largest`.
    pub(crate) fn new(ranks: usize, largest: usize) -> Self {
        let width = DENSE.min(largest + 1);
        Self {
            dense: vec![0; ranks * width],
            width,
            sparse: BTreeMap::new(),
        }
    }

    /// Adds an amount.
    #[inline]
    pub(crate) fn add(&mut self, rank: u16, number: u32, amount: u64) {
        let column = number as usize;
        if column < self.width {
            self.dense[(usize::from(rank) - 1) * self.width + column] += amount;
        } else {
            *self.sparse.entry((rank, number)).or_default() += amount;
        }
    }

    /// Adds the sums of another tally of the same size.
    #[must_use]
    pub(crate) fn merged(mut self, other: &Self) -> Self {
        for (sum, amount) in self.dense.iter_mut().zip(&other.dense) {
            *sum += amount;
        }
        for (key, amount) in &other.sparse {
            *self.sparse.entry(*key).or_default() += amount;
        }
        self
    }

    /// The sums of a rank that are not zero, by number, ascending.
    pub(crate) fn of_rank(&self, rank: u16) -> impl Iterator<Item = (u32, u64)> {
        let row = &self.dense[(usize::from(rank) - 1) * self.width..][..self.width];
        let dense = (0..).zip(row.iter().copied());
        let sparse = self.sparse.range((rank, 0)..=(rank, u32::MAX));
        dense
            .filter(|(_, sum)| *sum > 0)
            .chain(sparse.map(|((_, number), sum)| (*number, *sum)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_numbers_come_out_in_order() {
        let mut tally = Tally::new(2, 1000);
        for (rank, number, amount) in [(2, 900, 5), (1, 3, 1), (2, 0, 2), (2, 127, 1), (2, 128, 1)]
        {
            tally.add(rank, number, amount);
        }
        let both = tally.clone().merged(&tally);
        assert_eq!(both.of_rank(1).collect::<Vec<_>>(), [(3, 2)]);
        assert_eq!(
            both.of_rank(2).collect::<Vec<_>>(),
            [(0, 4), (127, 2), (128, 2), (900, 10)]
        );
    }
}
