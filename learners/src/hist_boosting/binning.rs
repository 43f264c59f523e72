//! Values as bin numbers: at most 255 bins a column by its training rows, one more for undefined values.
//!
//! A column with no more distinct values than bins is cut half-way between neighbours; any other at
//! its quantiles i / `max_bins`, inverted distribution function, averaged where it jumps (Hyndman and
//! Fan 1996, definition 2, doi 10.2307/2684934), as scikit-learn does. Bin b holds the values in
//! (`edges[b − 1]`, `edges[b]`], so a split after bin b is `value <= edges[b]` on raw values.

use raduet_study::random::Stream;
use rayon::prelude::*;

use crate::samples::Samples;

/// Bin of undefined values in every column.
pub(super) const MISSING: u8 = u8::MAX;

/// Most bins of defined values.
pub(super) const MOST_BINS: usize = MISSING as usize;

/// Rows whose values place the edges of larger tables, scikit-learn's number.
const ROWS_FOR_EDGES: usize = 200_000;

/// Columns read together: one cache line of a row-major table.
const TOGETHER: usize = 8;

/// Where a column is cut.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edges {
    /// Ascending; one fewer than there are bins.
    pub(super) edges: Vec<f64>,
    /// Whether a training row is undefined here.
    pub(super) has_missing: bool,
}

/// The training table as bins, column-major.
pub(super) struct BinnedTable {
    rows: usize,
    bins: Vec<u8>,
    columns: Vec<Edges>,
}

impl BinnedTable {
    /// Places the edges and bins every value.
    pub(super) fn new(samples: &Samples, max_bins: usize, seed: u64) -> Self {
        let rows = samples.rows();
        let chosen = rows_for_edges(rows, seed);
        let mut bins = vec![0; rows * samples.width()];
        let columns = bins
            .par_chunks_mut(rows.max(1) * TOGETHER)
            .enumerate()
            .map(|(block, bins)| {
                let first = block * TOGETHER;
                let count = bins.len() / rows;
                let mut values = vec![0.0; bins.len()];
                for (at, row) in samples.values().chunks_exact(samples.width()).enumerate() {
                    for (column, &value) in row[first..first + count].iter().enumerate() {
                        values[column * rows + at] = value;
                    }
                }
                let columns = values.chunks_exact(rows).zip(bins.chunks_exact_mut(rows));
                columns
                    .map(|(values, bins)| {
                        let edges = place(values, samples.weights(), chosen.as_deref(), max_bins);
                        for (bin, &value) in bins.iter_mut().zip(values) {
                            *bin = bin_of(value, &edges.edges);
                        }
                        edges
                    })
                    .collect::<Vec<Edges>>()
            })
            .collect::<Vec<Vec<Edges>>>();
        Self {
            rows,
            bins,
            columns: columns.into_iter().flatten().collect(),
        }
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Bins of one column in row order.
    pub(super) fn column(&self, column: usize) -> &[u8] {
        &self.bins[column * self.rows..(column + 1) * self.rows]
    }

    /// Where a column is cut.
    pub(super) fn edges(&self, column: usize) -> &Edges {
        &self.columns[column]
    }

    /// The raw value that a split after `bin` compares with; after the last bin it parts all defined
    /// values from the undefined ones.
    pub(super) fn threshold(&self, column: usize, bin: u8) -> f64 {
        let edges = &self.columns[column].edges;
        edges.get(usize::from(bin)).copied().unwrap_or(f64::MAX)
    }
}

/// The bin of a value.
#[expect(clippy::cast_possible_truncation, reason = "at most 254 edges")]
fn bin_of(value: f64, edges: &[f64]) -> u8 {
    if value.is_nan() {
        return MISSING;
    }
    edges.partition_point(|edge| *edge < value) as u8
}

/// Rows drawn with replacement where there are more than the edges need.
fn rows_for_edges(rows: usize, seed: u64) -> Option<Vec<usize>> {
    (rows > ROWS_FOR_EDGES).then(|| {
        let mut stream = Stream::new(seed, "rows that place bins", 0);
        (0..ROWS_FOR_EDGES).map(|_| stream.below(rows)).collect()
    })
}

/// Edges of one column.
fn place(
    values: &[f64],
    weights: Option<&[f64]>,
    chosen: Option<&[usize]>,
    max_bins: usize,
) -> Edges {
    let has_missing = values.iter().any(|v| v.is_nan());
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    // -0 + 0 is 0: both zeros are one value.
    let of = |row: usize| values[row] + 0.0;
    let edges = if weights.is_none() {
        let mut sorted: Vec<f64> = match chosen {
            Some(rows) => rows.iter().map(|&row| of(row)).collect(),
            None => values.iter().map(|v| v + 0.0).collect(),
        };
        sorted.retain(|v| !v.is_nan());
        sorted.sort_unstable_by(f64::total_cmp);
        few(&sorted, max_bins).unwrap_or_else(|| quantiles(&sorted, max_bins))
    } else {
        let all = (0..values.len()).collect::<Vec<_>>();
        let rows = chosen.unwrap_or(&all);
        let mut pairs: Vec<(f64, f64)> = rows.iter().map(|&row| (of(row), weight(row))).collect();
        pairs.retain(|(v, _)| !v.is_nan());
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let sorted: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
        few(&sorted, max_bins).unwrap_or_else(|| weighted_quantiles(&pairs, max_bins))
    };
    Edges { edges, has_missing }
}

/// Half-way between neighbours, if there are no more distinct values than bins.
fn few(sorted: &[f64], max_bins: usize) -> Option<Vec<f64>> {
    let mut edges = Vec::new();
    for pair in sorted.windows(2) {
        if pair[0] < pair[1] {
            if edges.len() + 2 > max_bins {
                return None;
            }
            let middle = f64::midpoint(pair[0], pair[1]);
            // The middle of neighbouring numbers may round to the upper one.
            edges.push(if middle < pair[1] { middle } else { pair[0] });
        }
    }
    Some(edges)
}

/// The level of quantile i of `max_bins`, in the order of operations that numpy takes: whether it falls
/// on a jump must not depend on rounding.
fn level(i: usize, max_bins: usize) -> f64 {
    i as f64 * (100.0 / max_bins as f64) / 100.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in the list"
)]
fn quantiles(sorted: &[f64], max_bins: usize) -> Vec<f64> {
    let last = sorted.len() - 1;
    let edges = (1..max_bins).map(|i| {
        let position = sorted.len() as f64 * level(i, max_bins) - 1.0;
        let whole = position.floor().max(0.0);
        let (below, above) = (whole as usize, (whole as usize + 1).min(last));
        if position <= whole {
            f64::midpoint(sorted[below], sorted[above])
        } else {
            sorted[above]
        }
    });
    distinct(edges.collect())
}

/// The same where a row counts as often as its weight says.
fn weighted_quantiles(sorted: &[(f64, f64)], max_bins: usize) -> Vec<f64> {
    let mut sum = 0.0;
    let reached: Vec<f64> = sorted
        .iter()
        .map(|pair| {
            sum += pair.1;
            sum
        })
        .collect();
    let last = sorted.len() - 1;
    let edges = (1..max_bins).map(|i| {
        let wanted = level(i, max_bins) * sum;
        // Rounding of the sums must not hide a jump.
        let slack = wanted * f64::EPSILON * 4.0;
        let at = reached.partition_point(|r| *r < wanted - slack).min(last);
        if reached[at] <= wanted + slack {
            f64::midpoint(sorted[at].0, sorted[(at + 1).min(last)].0)
        } else {
            sorted[at].0
        }
    });
    distinct(edges.collect())
}

fn distinct(mut edges: Vec<f64>) -> Vec<f64> {
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_distinct_values_are_cut_half_way() {
        let placed = place(&[3.0, 1.0, f64::NAN, 1.0, -0.0, 0.0], None, None, 255);
        assert_eq!(placed.edges, [0.5, 2.0]);
        assert!(placed.has_missing);
        let bins: Vec<u8> = [-9.0, 0.0, 0.5, 0.6, 2.0, 9.0, f64::NAN]
            .iter()
            .map(|&v| bin_of(v, &placed.edges))
            .collect();
        assert_eq!(bins, [0, 0, 0, 1, 1, 2, MISSING]);
        assert!(place(&[f64::NAN; 3], None, None, 255).edges.is_empty());
        assert!(place(&[2.0; 3], None, None, 255).edges.is_empty());
    }

    #[test]
    fn many_distinct_values_are_cut_at_quantiles() {
        // numpy.percentile(range(10), [25, 50, 75], method="averaged_inverted_cdf")
        let values: Vec<f64> = (0..10).rev().map(f64::from).collect();
        assert_eq!(place(&values, None, None, 4).edges, [2.0, 4.5, 7.0]);
        // Repeated rows and weights are the same.
        let weights: Vec<f64> = (0..10).map(|i| f64::from(1 + i % 3)).collect();
        let mut repeated = Vec::new();
        for (&value, &weight) in values.iter().zip(&weights) {
            let mut left = weight;
            while left > 0.0 {
                repeated.push(value);
                left -= 1.0;
            }
        }
        for bins in 2..9 {
            let weighted = place(&values, Some(&weights), None, bins);
            assert_eq!(weighted.edges, place(&repeated, None, None, bins).edges);
        }
    }

    #[test]
    fn neighbouring_numbers_are_still_separated() {
        let (low, high) = (1.0, 1.0 + f64::EPSILON);
        let edges = place(&[low, high], None, None, 255).edges;
        assert_eq!((bin_of(low, &edges), bin_of(high, &edges)), (0, 1));
    }
}
