//! The sixteen numbers that run length and size zone matrices share.
//!
//! Symbols: `c(i, j)` counts of runs or zones of grey level `i` and size `j`, `n = Σ c(i, j)`,
//! `c_i = Σ_j c(i, j)`, `c_j = Σ_i c(i, j)`, `p = c / n`, `mu_i`, `mu_j` the means of `i` and `j`
//! under `p`, `ε` = 2.2e-16 in the `pyradiomics` profile and 0 in the `ibsi` profile.

use crate::families::entropy::{Count, Entropy};

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

/// One non-zero element of the matrix: a count, or a sum of counts with weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell<C = u32> {
    pub(crate) level: u32,
    pub(crate) size: u32,
    pub(crate) count: C,
}

impl SizeCounts {
    /// No counts, for ranks 1..=`ranks`.
    pub(crate) fn new(ranks: usize) -> Self {
        Self {
            short: vec![0; ranks * SHORT],
            long: Vec::new(),
        }
    }

    /// Counts some zones of one rank and size.
    pub(crate) fn add(&mut self, rank: u16, size: u32, zones: u32) {
        let at = size as usize - 1;
        if at < SHORT {
            self.short[(usize::from(rank) - 1) * SHORT + at] += zones;
        } else {
            self.long.extend((0..zones).map(|_| (rank, size)));
        }
    }

    /// The non-zero elements, by level, then by size.
    pub(crate) fn cells(mut self, levels: &[u32]) -> Vec<Cell> {
        self.long.sort_unstable();
        let mut long = self.long.chunk_by(|a, b| a == b).peekable();
        let used = self.short.iter().filter(|count| **count > 0).count();
        let mut cells = Vec::with_capacity(used + self.long.len());
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
    /// `n / Σ c j`: runs or zones by voxels. Where a matrix holds several directions each of them counts
    /// every voxel.
    pub(crate) percentage: f64,
    /// `Σ p (i - mu_i)²`
    pub(crate) level_variance: f64,
    /// `Σ p (j - mu_j)²`
    pub(crate) size_variance: f64,
    /// `-Σ p log2(p + ε)`
    pub(crate) entropy: f64,
}

impl SizeNumbers {
    /// Reads the numbers from the non-zero elements of a matrix that is not empty, ordered by level.
    ///
    /// `epsilon` stands inside the logarithm of the entropy ([`crate::Profile`]).
    pub(crate) fn new<C: Count>(cells: &[Cell<C>], epsilon: f64) -> Self {
        let (mut of_levels, mut of_sizes) = (Margin::default(), Margin::default());
        let (mut small_low, mut small_high, mut large_low, mut large_high) = (0.0, 0.0, 0.0, 0.0);
        let mut entropy = Entropy::default();
        let mut sizes = SizeTotals::default();
        for row in cells.chunk_by(|a, b| a.level == b.level) {
            let (mut count, mut small, mut large) = (0.0, 0.0, 0.0);
            for cell in row {
                let (j, c) = (f64::from(cell.size), cell.count.value());
                count += c;
                small += c / (j * j);
                large += c * (j * j);
                entropy.add(cell.count);
                sizes.add(cell.size, c);
            }
            let i = f64::from(row[0].level);
            of_levels.add(i, count);
            small_low += small / (i * i);
            small_high += small * (i * i);
            large_low += large / (i * i);
            large_high += large * (i * i);
        }
        sizes.for_each(|size, count| of_sizes.add(size, count));

        let n = of_levels.count;
        let (mean_level, mean_size) = (of_levels.mean(), of_sizes.mean());
        let (mut level_squares, mut size_squares) = (0.0, 0.0);
        for row in cells.chunk_by(|a, b| a.level == b.level) {
            let count: f64 = row.iter().map(|cell| cell.count.value()).sum();
            let off = f64::from(row[0].level) - mean_level;
            level_squares += count * off * off;
        }
        sizes.for_each(|size, count| {
            size_squares += count * (size - mean_size) * (size - mean_size);
        });
        Self {
            small: of_sizes.inverse_square / n,
            large: of_sizes.square / n,
            low_level: of_levels.inverse_square / n,
            high_level: of_levels.square / n,
            small_low: small_low / n,
            small_high: small_high / n,
            large_low: large_low / n,
            large_high: large_high / n,
            level_non_uniformity: of_levels.non_uniformity / n,
            level_non_uniformity_normalised: of_levels.non_uniformity / n / n,
            size_non_uniformity: of_sizes.non_uniformity / n,
            size_non_uniformity_normalised: of_sizes.non_uniformity / n / n,
            percentage: n / of_sizes.first,
            level_variance: level_squares / n,
            size_variance: size_squares / n,
            entropy: entropy.bits(epsilon),
        }
    }
}

/// `c_j`: sizes of the table by their number, longer ones in a list.
#[derive(Default)]
struct SizeTotals {
    short: [f64; SHORT],
    long: Vec<(u32, f64)>,
    sorted: bool,
}

impl SizeTotals {
    fn add(&mut self, size: u32, count: f64) {
        match self.short.get_mut(size as usize - 1) {
            Some(total) => *total += count,
            None => self.long.push((size, count)),
        }
    }

    /// Hands over the sizes that occur, ascending, each with its total.
    fn for_each(&mut self, mut visit: impl FnMut(f64, f64)) {
        if !std::mem::replace(&mut self.sorted, true) {
            // Stable: the counts of one size stay in the order of their levels.
            self.long.sort_by_key(|(size, _)| *size);
        }
        for (size, count) in (1_u32..).zip(self.short).filter(|(_, count)| *count > 0.0) {
            visit(f64::from(size), count);
        }
        for same in self.long.chunk_by(|a, b| a.0 == b.0) {
            visit(
                f64::from(same[0].0),
                same.iter().map(|(_, count)| count).sum(),
            );
        }
    }
}

/// Sums over one margin of the matrix: `k` is a level or a size, `c` its total.
#[derive(Default)]
struct Margin {
    /// `Σ c`
    count: f64,
    /// `Σ c k`
    first: f64,
    /// `Σ c k²`
    square: f64,
    /// `Σ c / k²`
    inverse_square: f64,
    /// `Σ c²`
    non_uniformity: f64,
}

impl Margin {
    fn add(&mut self, key: f64, count: f64) {
        self.count += count;
        self.first += count * key;
        self.square += count * (key * key);
        self.inverse_square += count / (key * key);
        self.non_uniformity += count * count;
    }

    fn mean(&self) -> f64 {
        self.first / self.count
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
            counts.add(rank, size, 1);
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
        let numbers = SizeNumbers::new(&[cell(1, 2, 1_u32), cell(2, 1, 3)], 0.0);
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
