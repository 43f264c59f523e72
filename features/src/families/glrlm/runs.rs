//! Counting runs: pixels of one grey level in a row along a direction. A gap in the region ends a run.

use crate::discretise::DiscretisedRoi;
use crate::families::size_matrix::SizeCounts;
use crate::geometry::{DIRECTIONS_2D, Direction2};

/// Run counts of a slice, one matrix for each of the four directions in which some line holds at
/// least two pixels of the region. (PyRadiomics leaves the others out; IBSI counts their runs of one.)
pub(crate) fn count_runs(levels: &DiscretisedRoi) -> Vec<SizeCounts> {
    let mut lengths = vec![0_u32; levels.plane(0).len()];
    DIRECTIONS_2D
        .into_iter()
        .filter(|direction| has_line_of_two(levels, *direction))
        .map(|direction| count_along(levels, direction, &mut lengths))
        .collect()
}

/// Visits the pixels in storage order, in which each pixel comes after its predecessor on the line:
/// `lengths` holds how long the run is that ends at a pixel.
fn count_along(levels: &DiscretisedRoi, direction: Direction2, lengths: &mut [u32]) -> SizeCounts {
    let (plane, stride) = (levels.plane(0), levels.stride());
    let step = direction.offset(stride);
    let mut counts = SizeCounts::new(levels.levels().len());
    for y in 1..=levels.rows() {
        for at in y * stride + 1..=y * stride + levels.columns() {
            let rank = plane[at];
            if rank == 0 {
                continue;
            }
            let length = if plane[at - step] == rank {
                lengths[at - step] + 1
            } else {
                1
            };
            lengths[at] = length;
            if plane[at + step] != rank {
                counts.add(rank, length);
            }
        }
    }
    counts
}

/// Whether some line along the direction holds two pixels of the region, adjacent or not.
fn has_line_of_two(levels: &DiscretisedRoi, direction: Direction2) -> bool {
    let (rows, columns) = (levels.rows(), levels.columns());
    // Pixels of one line share this number.
    let line = |y: usize, x: usize| match (direction.rows, direction.columns) {
        (0, _) => y,
        (_, 0) => x,
        (_, -1) => y + x,
        (_, _) => y + columns - 1 - x,
    };
    let lines = rows + columns;
    if levels.pixels() > lines {
        return true;
    }
    let mut seen = vec![false; lines];
    let (plane, stride) = (levels.plane(0), levels.stride());
    (0..rows).any(|y| {
        (0..columns).any(|x| {
            plane[(y + 1) * stride + x + 1] > 0 && std::mem::replace(&mut seen[line(y, x)], true)
        })
    })
}
