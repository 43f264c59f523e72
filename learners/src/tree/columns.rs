//! Training values column by column, as ranks among the column's distinct values.

use rayon::prelude::*;

use crate::samples::Samples;

/// n rows × p columns, column-major.
pub(crate) struct RankedColumns {
    rows: usize,
    /// Rank of each row's value among the distinct values, p × n.
    ranks: Vec<u32>,
    /// Rows in ascending order of value, equal values by row number, p × n.
    order: Vec<u32>,
    /// Distinct values in ascending order, one list a column.
    distinct: Vec<Vec<f64>>,
}

struct Ranked {
    ranks: Vec<u32>,
    order: Vec<u32>,
    distinct: Vec<f64>,
}

impl RankedColumns {
    /// Sorts every column once.
    ///
    /// # Panics
    /// With 2^32 rows or more.
    pub(crate) fn new(samples: &Samples) -> Self {
        let rows = samples.rows();
        let count = u32::try_from(rows).expect("fewer than 2^32 rows");
        let columns: Vec<Ranked> = (0..samples.width())
            .into_par_iter()
            .map(|column| {
                let values: Vec<f64> = samples.column(column).collect();
                let mut order: Vec<u32> = (0..count).collect();
                // Stable, so equal values keep the order of rows. -0 + 0 is 0: both zeros are one value.
                order.sort_by(|&a, &b| {
                    let (a, b) = (values[a as usize] + 0.0, values[b as usize] + 0.0);
                    a.total_cmp(&b)
                });
                let mut distinct: Vec<f64> = Vec::new();
                let mut ranks = vec![0; rows];
                let mut rank = 0;
                for &row in &order {
                    let value = values[row as usize] + 0.0;
                    match distinct.last() {
                        Some(last) if last.total_cmp(&value).is_eq() => {}
                        Some(_) => {
                            rank += 1;
                            distinct.push(value);
                        }
                        None => distinct.push(value),
                    }
                    ranks[row as usize] = rank;
                }
                Ranked {
                    ranks,
                    order,
                    distinct,
                }
            })
            .collect();
        let mut all = Self {
            rows,
            ranks: Vec::with_capacity(rows * columns.len()),
            order: Vec::with_capacity(rows * columns.len()),
            distinct: Vec::with_capacity(columns.len()),
        };
        for column in columns {
            all.ranks.extend(column.ranks);
            all.order.extend(column.order);
            all.distinct.push(column.distinct);
        }
        all
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub(crate) fn width(&self) -> usize {
        self.distinct.len()
    }

    /// Rank of each row's value in one column.
    pub(crate) fn ranks(&self, column: usize) -> &[u32] {
        &self.ranks[column * self.rows..(column + 1) * self.rows]
    }

    /// All rows in the order of every column, p × n.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    /// Half-way between two ranks' values; the lower value where the middle rounds to the upper one,
    /// so that `<=` always separates them.
    pub(crate) fn threshold(&self, column: usize, below: u32, above: u32) -> f64 {
        let low = self.distinct[column][below as usize];
        let high = self.distinct[column][above as usize];
        let middle = f64::midpoint(low, high);
        if middle < high { middle } else { low }
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    fn columns(values: &[f64]) -> RankedColumns {
        let samples = Samples::new(
            values.to_vec(),
            vec!["x".into()],
            vec![Label(0); values.len()],
            ClassNames::new(["a"]).unwrap(),
        );
        RankedColumns::new(&samples.unwrap())
    }

    #[test]
    fn equal_values_share_a_rank_and_zeros_are_one() {
        let columns = columns(&[2.0, -0.0, 2.0, 0.0, -1.0]);
        assert_eq!(columns.ranks(0), [2, 1, 2, 1, 0]);
        assert_eq!(columns.order(), [4, 1, 3, 0, 2]);
        assert!((columns.threshold(0, 0, 2) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn neighbouring_numbers_are_still_separated() {
        let (low, high) = (1.0, 1.0 + f64::EPSILON);
        let threshold = columns(&[low, high]).threshold(0, 0, 1);
        assert!(low <= threshold && threshold < high);
    }
}
