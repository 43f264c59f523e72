//! Seeded tables with classes, of any size, that a few lines of any language make again to the bit:
//! nothing but sums and products of multiples of 2⁻⁵³. The Python twin is
//! `tests/reference/sklearn/seeded_table.py`.
//!
//! Every class has two clusters. A cluster's centre is a corner of the cube of the informative columns,
//! its spread a random linear map of its own; redundant columns are linear combinations of the
//! informative ones, the rest is noise (after Guyon's design of the MADELON data set, 2003).

/// Clusters of each class.
const CLUSTERS: usize = 2;

/// Share of rows whose class is drawn anew.
const FLIPPED: f64 = 0.03;

/// What a table should look like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableShape {
    /// Rows (n).
    pub rows: usize,
    /// Columns (p), informative and redundant ones first.
    pub columns: usize,
    /// Columns that tell the classes apart.
    pub informative: usize,
    /// Columns that are linear combinations of these.
    pub redundant: usize,
    /// Classes.
    pub classes: usize,
    /// Distance of a cluster's centre from the origin in every informative column; the spread of a
    /// cluster grows with the root of `informative`.
    pub separation: f64,
}

/// The large table of the learners' benches and oracles: 20 000 × 107, three classes.
pub const LARGE: TableShape = TableShape {
    rows: 20_000,
    columns: 107,
    informative: 30,
    redundant: 30,
    classes: 3,
    separation: 0.5,
};

/// The wide table of the learners' benches: 6000 × 1000, three classes.
pub const WIDE: TableShape = TableShape {
    rows: 6000,
    columns: 1000,
    ..LARGE
};

/// Values, row-major n × p, and the class of each row.
#[derive(Debug, Clone, PartialEq)]
pub struct SeededTable {
    /// Row-major n × p.
    pub values: Vec<f64>,
    /// One class a row, below the number of classes.
    pub classes: Vec<usize>,
}

/// Numbers of one purpose: `mix(key + (index + 1) · γ)` of `SplitMix64`.
struct Numbers(u64);

impl Numbers {
    fn new(seed: u64, purpose: u64) -> Self {
        Self(mix(mix(seed) ^ purpose))
    }

    /// A multiple of 2⁻⁵³ in `0.0..1.0`.
    fn unit(&self, index: u64) -> f64 {
        let bits = mix(self.0.wrapping_add((index + 1).wrapping_mul(GAMMA)));
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Mean 0, variance 1, nearly normal: the sum of four uniform numbers.
    fn spread(&self, index: u64) -> f64 {
        let at = |part| self.unit(4 * index + part);
        (at(0) + at(1) + at(2) + at(3) - 2.0) * 1.732_050_807_568_877_2
    }

    /// In −1..1.
    fn signed(&self, index: u64) -> f64 {
        2.0 * self.unit(index) - 1.0
    }
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl TableShape {
    /// The table of a seed.
    pub fn make(self, seed: u64) -> SeededTable {
        let (inner, p) = (self.informative, self.columns);
        let [classes, corners, maps, spreads, sums, noise] =
            [1, 2, 3, 4, 5, 6].map(|purpose| Numbers::new(seed, purpose));
        let mut table = SeededTable {
            values: vec![0.0; self.rows * p],
            classes: Vec::with_capacity(self.rows),
        };
        let (whole, per_map) = (inner as u64, (inner * inner) as u64);
        for (row, out) in table.values.chunks_exact_mut(p).enumerate() {
            let n = row as u64;
            let cluster = below(classes.unit(3 * n), self.classes * CLUSTERS);
            let class = if classes.unit(3 * n + 1) < FLIPPED {
                below(classes.unit(3 * n + 2), self.classes)
            } else {
                cluster % self.classes
            };
            table.classes.push(class);
            let (known, rest) = out.split_at_mut(inner);
            for i in 0..inner {
                let z = spreads.spread(n * whole + i as u64);
                for (j, value) in known.iter_mut().enumerate() {
                    let at = cluster as u64 * per_map + i as u64 * whole + j as u64;
                    *value += z * maps.signed(at);
                }
            }
            for (j, value) in known.iter_mut().enumerate() {
                let up = corners.unit(cluster as u64 * whole + j as u64) < 0.5;
                *value += if up {
                    self.separation
                } else {
                    -self.separation
                };
            }
            let (combined, unrelated) = rest.split_at_mut(self.redundant);
            for (i, value) in known.iter().enumerate() {
                for (j, sum) in combined.iter_mut().enumerate() {
                    *sum += value * sums.signed((i * self.redundant + j) as u64);
                }
            }
            let width = unrelated.len() as u64;
            for (j, value) in unrelated.iter_mut().enumerate() {
                *value = noise.spread(n * width + j as u64);
            }
        }
        table
    }
}

/// The whole number below `bound` that a number in 0..1 stands for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and `bound`"
)]
fn below(unit: f64, bound: usize) -> usize {
    (unit * bound as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_balanced_and_columns_vary() {
        let shape = TableShape {
            rows: 3000,
            columns: 12,
            informative: 4,
            redundant: 3,
            classes: 3,
            separation: 1.0,
        };
        let table = shape.make(7);
        for class in 0..3 {
            let count = table.classes.iter().filter(|c| **c == class).count();
            assert!((900..1100).contains(&count), "{class}: {count}");
        }
        for column in 0..12 {
            let of_column = table.values.iter().skip(column).step_by(12);
            let mean = of_column.clone().sum::<f64>() / 3000.0;
            let variance = of_column.map(|v| (v - mean).powi(2)).sum::<f64>() / 3000.0;
            assert!(variance > 0.5, "{column}: {variance}");
        }
        assert_eq!(table, shape.make(7));
        assert_ne!(table, shape.make(8));
    }

    #[test]
    fn the_python_twin_makes_the_same_bits() {
        let shape = TableShape {
            rows: 50,
            columns: 12,
            informative: 4,
            redundant: 3,
            classes: 3,
            separation: 1.0,
        };
        let table = shape.make(7);
        let bits = table.values.iter().map(|v| v.to_bits());
        let words = bits.chain(table.classes.iter().map(|&c| c as u64));
        // FNV-1a, a word at a time.
        let sum = words.fold(0xCBF2_9CE4_8422_2325_u64, |h, word| {
            (h ^ word).wrapping_mul(0x100_0000_01B3)
        });
        // As `seeded_table.py` prints it.
        assert_eq!(sum, 0x0AAA_DA10_CCD7_C478, "{sum:#018x}");
    }
}
