//! Counting grey tone differences exactly.
//!
//! A voxel of level `i` with `n` neighbours of levels that add up to `Σ` differs from their mean by
//! `|i n - Σ| / n`. The numerators are whole numbers: they are added up for each level and `n`, and
//! divided once at the end, so that `s_i` does not depend on the order of the voxels.

use crate::families::neighbourhood::{Neighbourhood, Numbered, Row};
use crate::families::parts::Part;
use crate::families::tally::Tally;
use crate::profile::Profile;

/// A row of the matrix, for a grey level that occurs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tone {
    /// `i`, the grey level.
    pub(crate) level: f64,
    /// `n_i`, voxels of the level.
    pub(crate) voxels: f64,
    /// `s_i`, sum of their differences from the mean of their neighbours.
    pub(crate) difference: f64,
}

/// The matrix of a part of a region. Voxels without a neighbour in the region differ from nothing:
/// PyRadiomics counts them with difference 0, the standard leaves them out.
pub(crate) fn count_differences(
    profile: Profile,
    region: &Numbered<'_>,
    part: &Part,
    distances: &[usize],
) -> Vec<Tone> {
    let around = Neighbourhood::new(region, part, distances);
    let most = around.steps().len();
    // Differences stand at an even number, voxels at the odd one behind it.
    let empty = Tally::new(around.ranks(), 2 * most + 1);
    let tally = around.tally(&empty, |rows, tally| {
        let mut sums = Sums::new(around.columns());
        for row in rows {
            sums.add_up(&row, around.steps(), Row::at_a_time(around.highest()));
            let voxels = row.ranks.iter().zip(row.numbers);
            for ((rank, level), (n, sum)) in voxels.zip(sums.of_voxels()) {
                if *rank > 0 {
                    let here = u64::from(*level) * u64::from(n);
                    tally.add(*rank, 2 * n, here.abs_diff(sum));
                    tally.add(*rank, 2 * n + 1, 1);
                }
            }
        }
    });
    let first = match profile {
        Profile::PyRadiomics => 0,
        Profile::Ibsi => 1,
    };
    let tones = (1..).zip(region.levels.levels()).map(|(rank, level)| {
        let (mut voxels, mut difference) = (0, 0.0);
        for (number, sum) in tally.of_rank(rank) {
            let n = number / 2;
            if number % 2 == 0 {
                difference += sum as f64 / f64::from(n);
            } else if n >= first {
                voxels += sum;
            }
        }
        Tone {
            level: f64::from(*level),
            voxels: voxels as f64,
            difference,
        }
    });
    tones.filter(|tone| tone.voxels > 0.0).collect()
}

/// Number of neighbours of each voxel of a row and the sum of their levels.
struct Sums {
    neighbours: Vec<u32>,
    levels: Vec<u64>,
    some_neighbours: Vec<u16>,
    some_levels: Vec<u16>,
}

impl Sums {
    fn new(columns: usize) -> Self {
        Self {
            neighbours: vec![0; columns],
            levels: vec![0; columns],
            some_neighbours: vec![0; columns],
            some_levels: vec![0; columns],
        }
    }

    /// Adds up neighbours, so many at a time.
    fn add_up(&mut self, row: &Row<'_>, steps: &[isize], at_a_time: usize) {
        self.neighbours.fill(0);
        self.levels.fill(0);
        for steps in steps.chunks(at_a_time) {
            let some = [&mut *self.some_neighbours, &mut *self.some_levels];
            row.add_up(
                steps,
                some,
                #[inline(always)]
                |_, there| [u16::from(there > 0), there],
            );
            for (sum, some) in self.neighbours.iter_mut().zip(&self.some_neighbours) {
                *sum += u32::from(*some);
            }
            for (sum, some) in self.levels.iter_mut().zip(&self.some_levels) {
                *sum += u64::from(*some);
            }
        }
    }

    fn of_voxels(&self) -> impl Iterator<Item = (u32, u64)> {
        self.neighbours
            .iter()
            .copied()
            .zip(self.levels.iter().copied())
    }
}
