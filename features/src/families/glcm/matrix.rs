//! Counting pairs of neighbouring pixels, direction by direction, in integers.

use crate::discretise::DiscretisedRoi;
use crate::geometry::{DIRECTIONS_2D, Direction2};

/// One non-zero element of the upper triangle of a symmetric matrix of pair counts.
///
/// `i <= j` are positions in the list of levels that occur. `count` is the number of pixel pairs, so
/// that the symmetric matrix `P + P^T` has `count` at (i, j) and (j, i), and `2 count` at (i, i).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) i: u16,
    pub(crate) j: u16,
    pub(crate) count: u32,
}

/// A full table costs the square of the number of levels, sorting all pairs a multiple of the number
/// of pixels: the table is used up to this many of its elements per pixel.
const TABLE_ELEMENTS_PER_PIXEL: usize = 16;

/// Pair counts of a slice for each of its four directions, cells ordered by (i, j). Empty where no
/// two pixels of the region are neighbours.
pub(crate) fn count_pairs(levels: &DiscretisedRoi) -> [Vec<Cell>; 4] {
    let side = levels.levels().len() + 1;
    if side * side <= TABLE_ELEMENTS_PER_PIXEL * levels.pixels().max(64) {
        count_in_tables(levels)
    } else {
        DIRECTIONS_2D.map(|direction| count_by_sorting(levels, direction))
    }
}

/// Counts into a table for each direction, all in one pass over the pixels. Rank 0 has a row and a
/// column of its own, which take the pairs that leave the region and are never read.
fn count_in_tables(levels: &DiscretisedRoi) -> [Vec<Cell>; 4] {
    let side = levels.levels().len() + 1;
    let (plane, stride) = (levels.plane(0), levels.stride());
    let mut tables: [Vec<u32>; 4] = std::array::from_fn(|_| vec![0; side * side]);
    let steps = DIRECTIONS_2D.map(|direction| direction.offset(stride));
    for y in 1..=levels.rows() {
        for at in y * stride + 1..=y * stride + levels.columns() {
            let from = usize::from(plane[at]);
            if from == 0 {
                continue;
            }
            for (table, step) in tables.iter_mut().zip(steps) {
                table[from * side + usize::from(plane[at + step])] += 1;
            }
        }
    }
    tables.map(|table| upper_triangle(&table, side))
}

fn upper_triangle(table: &[u32], side: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for i in 1..side {
        for j in i..side {
            let below = if i == j { 0 } else { table[j * side + i] };
            let count = table[i * side + j] + below;
            if count > 0 {
                cells.push(cell(i, j, count));
            }
        }
    }
    cells
}

/// Lists all pairs along one direction, sorts them and counts equal ones.
fn count_by_sorting(levels: &DiscretisedRoi, direction: Direction2) -> Vec<Cell> {
    let (plane, stride) = (levels.plane(0), levels.stride());
    let step = direction.offset(stride);
    let mut pairs: Vec<(u16, u16)> = Vec::with_capacity(levels.pixels());
    for y in 1..=levels.rows() {
        for at in y * stride + 1..=y * stride + levels.columns() {
            let (a, b) = (plane[at], plane[at + step]);
            if a != 0 && b != 0 {
                pairs.push((a.min(b), a.max(b)));
            }
        }
    }
    pairs.sort_unstable();
    let equal = pairs.chunk_by(|a, b| a == b);
    equal
        .map(|same| {
            let (i, j) = same[0];
            let count = u32::try_from(same.len()).expect("fewer than 2^32 pairs");
            cell(usize::from(i), usize::from(j), count)
        })
        .collect()
}

/// A cell from ranks, which count from 1.
fn cell(i: usize, j: usize, count: u32) -> Cell {
    let position = |rank: usize| u16::try_from(rank - 1).expect("ranks are u16");
    Cell {
        i: position(i),
        j: position(j),
        count,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::discretise::Discretisation;
    use crate::geometry::Spacing;
    use crate::roi::Roi;

    /// Both ways of counting, on a slice with many levels and holes.
    #[test]
    fn tables_and_sorting_agree() {
        let values = Array3::from_shape_fn((1, 23, 31), |(_, y, x)| {
            ((y * y * 7 + x * x * 13 + x * y) % 29) as f64
        });
        let inside = Array3::from_shape_fn((1, 23, 31), |(_, y, x)| (y * x) % 7 != 3);
        let spacing = Spacing::new([1.0; 3]).unwrap();
        let roi = Roi::from_arrays(&values, &inside, spacing)
            .unwrap()
            .unwrap();
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1.0 };
        let levels = DiscretisedRoi::new(&roi, rule, 4096, 1).unwrap();
        let sorted = DIRECTIONS_2D.map(|direction| count_by_sorting(&levels, direction));
        assert_eq!(count_in_tables(&levels), sorted);
        assert!(sorted.iter().all(|cells| cells.len() > 100));
    }
}
