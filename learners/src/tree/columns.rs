//! Training values column by column, as ranks among the column's distinct values.

use rayon::prelude::*;

use crate::samples::Samples;
use crate::tree::rank::Rank;

/// Columns gathered together from the row-major table: the doubles of one cache line.
pub(super) const GATHERED: usize = 8;

/// One column.
pub(crate) struct Ranked<R> {
    /// Rank of each row's value among the distinct values; undefined values rank above all.
    pub(crate) ranks: Vec<R>,
    /// Number of distinct values.
    pub(crate) distinct: usize,
    /// Whether no two rows have the same defined value.
    pub(crate) all_differ: bool,
    /// Whether a value is undefined.
    pub(crate) has_undefined: bool,
}

/// n rows × p columns, column-major.
pub(crate) struct RankedColumns<'a, R> {
    samples: &'a Samples,
    columns: Vec<Ranked<R>>,
}

impl<'a, R: Rank> RankedColumns<'a, R> {
    /// Ranks every column.
    pub(crate) fn new(samples: &'a Samples) -> Self {
        let columns = in_columns(samples, |column| ranked(&mut keys(column)));
        Self { samples, columns }
    }

    /// Ranks every column and gives the rows of each in ascending order, equal values by row number,
    /// undefined ones last.
    pub(crate) fn with_orders(samples: &'a Samples) -> (Self, Vec<Vec<R>>) {
        let both = in_columns(samples, |column| {
            let mut keys = keys(column);
            let column = ranked(&mut keys);
            let order = keys.iter().map(|&(_, row)| R::of(row as usize)).collect();
            (column, order)
        });
        let (columns, orders) = both.into_iter().unzip();
        (Self { samples, columns }, orders)
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.samples.rows()
    }

    /// Number of columns.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// One column.
    pub(crate) fn column(&self, column: usize) -> &Ranked<R> {
        &self.columns[column]
    }

    /// Half-way between the values of two rows; the lower value where the middle rounds to the upper
    /// one, so that `<=` always separates them.
    pub(crate) fn threshold(&self, column: usize, below: usize, above: usize) -> f64 {
        let low = self.samples.row(below)[column];
        let high = self.samples.row(above)[column];
        let middle = f64::midpoint(low, high);
        if middle < high { middle } else { low }
    }
}

/// What `make` gives for the values of each column, in the order of columns.
pub(crate) fn in_columns<T: Send>(samples: &Samples, make: impl Fn(&[f64]) -> T + Sync) -> Vec<T> {
    let (rows, width) = (samples.rows(), samples.width());
    let starts: Vec<usize> = (0..width).step_by(GATHERED).collect();
    starts
        .into_par_iter()
        .flat_map_iter(|start| {
            let count = GATHERED.min(width - start);
            let mut values = vec![0.0; rows * count];
            for row in 0..rows {
                for (i, value) in samples.row(row)[start..start + count].iter().enumerate() {
                    values[i * rows + row] = *value;
                }
            }
            let made: Vec<T> = (0..count)
                .map(|i| make(&values[i * rows..(i + 1) * rows]))
                .collect();
            made
        })
        .collect()
}

/// Value and number of each row, the value as an integer of the same order.
#[expect(
    clippy::cast_possible_truncation,
    reason = "row numbers fit the narrower of the two widths, which are 32 bits at most"
)]
fn keys(values: &[f64]) -> Vec<(u64, u32)> {
    let key = |value: f64| {
        if value.is_nan() {
            return u64::MAX;
        }
        // -0 + 0 is 0: both zeros are one value. Negative numbers descend by their bits.
        let bits = (value + 0.0).to_bits();
        bits ^ ((bits.cast_signed() >> 63).cast_unsigned() | 1 << 63)
    };
    let rows = values.iter().enumerate();
    rows.map(|(row, &value)| (key(value), row as u32)).collect()
}

/// Sorts the keys and numbers the distinct values.
fn ranked<R: Rank>(keys: &mut [(u64, u32)]) -> Ranked<R> {
    keys.sort_unstable();
    let mut ranks = vec![R::UNDEFINED; keys.len()];
    let (mut distinct, mut defined) = (0, 0);
    let mut last = None;
    for &(value, row) in keys.iter().take_while(|(value, _)| *value != u64::MAX) {
        if last != Some(value) {
            distinct += 1;
            last = Some(value);
        }
        ranks[row as usize] = R::of(distinct - 1);
        defined += 1;
    }
    Ranked {
        has_undefined: defined < keys.len(),
        all_differ: distinct == defined,
        ranks,
        distinct,
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    fn column(values: &[f64]) -> Samples {
        let samples = Samples::new(
            values.to_vec(),
            vec!["x".into()],
            vec![Label(0); values.len()],
            ClassNames::new(["a"]).unwrap(),
        );
        samples.unwrap()
    }

    #[test]
    fn equal_values_share_a_rank_and_zeros_are_one() {
        let samples = column(&[2.0, -0.0, 2.0, 0.0, f64::NAN, -1.0, -3.0]);
        let (columns, orders) = RankedColumns::<u16>::with_orders(&samples);
        let first = columns.column(0);
        assert_eq!(first.ranks, [3, 2, 3, 2, u16::UNDEFINED, 1, 0]);
        assert_eq!(orders[0], [6, 5, 1, 3, 0, 2, 4]);
        assert!((columns.threshold(0, 3, 0) - 1.0).abs() < 1e-15);
        assert!(!first.all_differ && first.has_undefined && first.distinct == 4);
    }

    #[test]
    fn neighbouring_numbers_are_still_separated() {
        let (low, high) = (1.0, 1.0 + f64::EPSILON);
        let samples = column(&[low, high]);
        let threshold = RankedColumns::<u32>::new(&samples).threshold(0, 0, 1);
        assert!(low <= threshold && threshold < high);
    }
}
