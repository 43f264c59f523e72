//! The sixteen numbers that run length and size zone matrices share.
//!
//! Symbols: `c(i, j)` counts of runs or zones of grey level `i` and size `j`, `n = Σ c(i, j)`,
//! `c_i = Σ_j c(i, j)`, `c_j = Σ_i c(i, j)`, `p = c / n`, `mu_i`, `mu_j` the means of `i` and `j`
//! under `p`, `ε` = 2.2e-16.

use crate::families::entropy;

/// Sizes up to this are counted in a table, longer ones in a list: most runs and zones are short,
/// but a zone may be as large as the region.
const SHORT: usize = 32;

/// Counts of (rank, size).
#[derive(Debug, Clone)]
pub(crate) struct SizeCounts {
    /// `[rank - 1][size - 1]`.
    short: Vec<u32>,
    long: Vec<(u16, u32)>,
}

/// One non-zero element of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) level: u32,
    pub(crate) size: u32,
    pub(crate) count: u32,
}

impl SizeCounts {
    /// No counts, for ranks 1..=`ranks`.
    pub(crate) fn new(ranks: usize) -> Self {
        Self {
            short: vec![0; ranks * SHORT],
            long: Vec::new(),
        }
    }

    /// Counts one run or zone.
    pub(crate) fn add(&mut self, rank: u16, size: u32) {
        let at = size as usize - 1;
        if at < SHORT {
            self.short[(usize::from(rank) - 1) * SHORT + at] += 1;
        } else {
            self.long.push((rank, size));
        }
    }

    /// The non-zero elements, by level, then by size.
    pub(crate) fn cells(mut self, levels: &[u32]) -> Vec<Cell> {
        self.long.sort_unstable();
        let mut long = self.long.chunk_by(|a, b| a == b).peekable();
        let mut cells = Vec::new();
        let rows = self.short.chunks_exact(SHORT).zip(levels);
        for (rank, (row, level)) in (1_u16..).zip(rows) {
            for (size, count) in (1..).zip(row).filter(|(_, count)| **count > 0) {
                cells.push(Cell {
                    level: *level,
                    size,
                    count: *count,
                });
            }
            while let Some(same) = long.next_if(|same| same[0].0 == rank) {
                cells.push(Cell {
                    level: *level,
                    size: same[0].1,
                    count: u32::try_from(same.len()).expect("fewer than 2^32 zones"),
                });
            }
        }
        cells
    }
}

/// The numbers read from one matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SizeNumbers {
    /// `Σ c_j / j² / n`
    pub(crate) small: f64,
    /// `Σ c_j j² / n`
    pub(crate) large: f64,
    /// `Σ c_i / i² / n`
    pub(crate) low_level: f64,
    /// `Σ c_i i² / n`
    pub(crate) high_level: f64,
    /// `Σ c / (i² j²) / n`
    pub(crate) small_low: f64,
    /// `Σ c i² / j² / n`
    pub(crate) small_high: f64,
    /// `Σ c j² / i² / n`
    pub(crate) large_low: f64,
    /// `Σ c i² j² / n`
    pub(crate) large_high: f64,
    /// `Σ c_i² / n`
    pub(crate) level_non_uniformity: f64,
    /// `Σ c_i² / n²`
    pub(crate) level_non_uniformity_normalised: f64,
    /// `Σ c_j² / n`
    pub(crate) size_non_uniformity: f64,
    /// `Σ c_j² / n²`
    pub(crate) size_non_uniformity_normalised: f64,
    /// `n / Σ c j`
    pub(crate) percentage: f64,
    /// `Σ p (i - mu_i)²`
    pub(crate) level_variance: f64,
    /// `Σ p (j - mu_j)²`
    pub(crate) size_variance: f64,
    /// `-Σ p log2(p + ε)`
    pub(crate) entropy: f64,
}

impl SizeNumbers {
    /// Reads the numbers from the non-zero elements of a matrix that is not empty.
    pub(crate) fn new(cells: &[Cell]) -> Self {
        let by_level = totals(cells.iter().map(|cell| (cell.level, cell.count)).collect());
        let by_size = totals(cells.iter().map(|cell| (cell.size, cell.count)).collect());
        let n: f64 = by_level.iter().map(|(_, count)| count).sum();
        let of_levels = Margin::new(&by_level, n);
        let of_sizes = Margin::new(&by_size, n);

        let (mut small_low, mut small_high, mut large_low, mut large_high) = (0.0, 0.0, 0.0, 0.0);
        let mut bits = 0.0;
        for cell in cells {
            let (i, j, c) = (
                f64::from(cell.level),
                f64::from(cell.size),
                f64::from(cell.count),
            );
            let (ii, jj) = (i * i, j * j);
            small_low += c / (ii * jj);
            small_high += c * ii / jj;
            large_low += c * jj / ii;
            large_high += c * ii * jj;
            bits += entropy::term(c / n);
        }
        Self {
            small: of_sizes.inverse_square,
            large: of_sizes.square,
            low_level: of_levels.inverse_square,
            high_level: of_levels.square,
            small_low: small_low / n,
            small_high: small_high / n,
            large_low: large_low / n,
            large_high: large_high / n,
            level_non_uniformity: of_levels.non_uniformity,
            level_non_uniformity_normalised: of_levels.non_uniformity / n,
            size_non_uniformity: of_sizes.non_uniformity,
            size_non_uniformity_normalised: of_sizes.non_uniformity / n,
            percentage: 1.0 / of_sizes.mean,
            level_variance: of_levels.variance,
            size_variance: of_sizes.variance,
            entropy: bits,
        }
    }
}

/// Sums of counts by key, ascending.
fn totals(mut counts: Vec<(u32, u32)>) -> Vec<(f64, f64)> {
    counts.sort_unstable_by_key(|(key, _)| *key);
    let of_one_key = counts.chunk_by(|a, b| a.0 == b.0);
    of_one_key
        .map(|same| {
            let total: u64 = same.iter().map(|(_, count)| u64::from(*count)).sum();
            (f64::from(same[0].0), total as f64)
        })
        .collect()
}

/// Numbers that need one margin of the matrix only.
struct Margin {
    mean: f64,
    variance: f64,
    square: f64,
    inverse_square: f64,
    non_uniformity: f64,
}

impl Margin {
    fn new(totals: &[(f64, f64)], n: f64) -> Self {
        let over_n = |term: &dyn Fn(f64, f64) -> f64| {
            totals
                .iter()
                .map(|(key, count)| term(*key, *count))
                .sum::<f64>()
                / n
        };
        let mean = over_n(&|key, count| count * key);
        Self {
            mean,
            variance: over_n(&|key, count| count * (key - mean) * (key - mean)),
            square: over_n(&|key, count| count * key * key),
            inverse_square: over_n(&|key, count| count / (key * key)),
            non_uniformity: over_n(&|_, count| count * count),
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact in binary")]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_sizes_come_out_in_order() {
        let mut counts = SizeCounts::new(2);
        for (rank, size) in [(2, 40), (1, 3), (2, 1), (1, 100), (2, 40), (1, 3), (2, 33)] {
            counts.add(rank, size);
        }
        let cells: Vec<_> = counts
            .cells(&[5, 9])
            .into_iter()
            .map(|cell| (cell.level, cell.size, cell.count))
            .collect();
        assert_eq!(
            cells,
            [(5, 3, 2), (5, 100, 1), (9, 1, 1), (9, 33, 1), (9, 40, 2)]
        );
    }

    #[test]
    fn numbers_of_a_matrix_written_out() {
        // One run of level 1 and length 2, three of level 2 and length 1: n = 4, pixels = 5.
        let cell = |level, size, count| Cell { level, size, count };
        let numbers = SizeNumbers::new(&[cell(1, 2, 1), cell(2, 1, 3)]);
        assert_eq!(numbers.small, (0.25 + 3.0) / 4.0);
        assert_eq!(numbers.large, (4.0 + 3.0) / 4.0);
        assert_eq!(numbers.low_level, (1.0 + 0.75) / 4.0);
        assert_eq!(numbers.high_level, (1.0 + 12.0) / 4.0);
        assert_eq!(numbers.small_low, (0.25 + 0.75) / 4.0);
        assert_eq!(numbers.small_high, (0.25 + 12.0) / 4.0);
        assert_eq!(numbers.large_low, (4.0 + 0.75) / 4.0);
        assert_eq!(numbers.large_high, (4.0 + 12.0) / 4.0);
        assert_eq!(numbers.level_non_uniformity, 10.0 / 4.0);
        assert_eq!(numbers.size_non_uniformity_normalised, 10.0 / 16.0);
        assert_eq!(numbers.percentage, 4.0 / 5.0);
        assert_eq!(numbers.level_variance, 3.0 / 16.0);
        assert_eq!(numbers.size_variance, 3.0 / 16.0);
        let expected = 0.25 * 2.0 + 0.75 * (4.0_f64 / 3.0).log2();
        assert!((numbers.entropy - expected).abs() < 1e-14);
    }
}
