//! Counting dependences: how many neighbours of a voxel have its grey level, give or take α.

use crate::families::neighbourhood::{Neighbourhood, Numbered, Row};
use crate::families::parts::Part;
use crate::families::size_matrix::Cell;
use crate::families::tally::Tally;

/// The matrix of a part of a region: voxels by level and dependence, which is 1 for a voxel on which no
/// neighbour depends. Neighbours at the given Chebyshev distances.
pub(crate) fn count_dependences(
    region: &Numbered<'_>,
    part: &Part,
    distances: &[usize],
    coarseness: f64,
) -> Vec<Cell> {
    let around = Neighbourhood::new(region, part, distances);
    let alpha = whole(coarseness);
    let empty = Tally::new(around.ranks(), around.steps().len() + 1);
    let tally = around.tally(&empty, |rows, tally| {
        let mut dependences = vec![0_u32; around.columns()];
        let mut some = vec![0_u16; around.columns()];
        for row in rows {
            dependences.fill(1);
            for steps in around.steps().chunks(Row::at_a_time(1)) {
                if alpha == 0 {
                    count_equal(&row, steps, &mut some);
                } else {
                    count_similar(&row, steps, alpha, &mut some);
                }
                for (sum, some) in dependences.iter_mut().zip(&some) {
                    *sum += u32::from(*some);
                }
            }
            for (rank, dependence) in row.ranks.iter().zip(&dependences) {
                if *rank > 0 {
                    tally.add(*rank, *dependence, 1);
                }
            }
        }
    });
    let mut cells = Vec::new();
    for (rank, level) in (1..).zip(region.levels.levels()) {
        cells.extend(tally.of_rank(rank).map(|(size, count)| Cell {
            level: *level,
            size,
            count: u32::try_from(count).expect("fewer than 2^32 voxels"),
        }));
    }
    cells
}

/// Neighbours of the same level. What is counted outside the region is not read.
fn count_equal(row: &Row<'_>, steps: &[isize], counts: &mut [u16]) {
    row.add_up(
        steps,
        [counts],
        #[inline(always)]
        |here, there| [u16::from(here == there)],
    );
}

/// Neighbours in the region whose level differs by no more than `alpha`.
fn count_similar(row: &Row<'_>, steps: &[isize], alpha: u16, counts: &mut [u16]) {
    row.add_up(
        steps,
        [counts],
        // No short cut, so that several voxels are compared at once.
        #[inline(always)]
        |here, there| [u16::from(here.abs_diff(there) <= alpha) & u16::from(there > 0)],
    );
}

/// Levels are whole numbers: they differ by no more than α when they do by no more than its whole part.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "α is not below zero, and beyond u16::MAX all levels are alike"
)]
fn whole(coarseness: f64) -> u16 {
    coarseness as u16
}
