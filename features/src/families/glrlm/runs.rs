//! Counting runs: voxels of one grey level in a row along a direction. A gap in the region ends a run.
//!
//! What is counted is the place of each voxel in its run, which needs no look ahead: as many voxels are
//! the `j`-th of a run as there are runs of length `j` or more, so that
//!
//! ```text
//! runs of length j = voxels in place j - voxels in place j + 1
//! ```

use std::ops::Range;

use rayon::prelude::*;

use crate::discretise::DiscretisedRoi;
use crate::families::size_matrix::Cell;
use crate::geometry::Offset3;

/// Directions that are counted in one pass, see [`crate::families::glcm::matrix`].
const TOGETHER: usize = 4;

/// Elements of the table of places; those beyond it, which only long runs have, go into a list.
const TABLE: usize = 1 << 16;

/// Places that the table has at least, however many levels there are.
const SHORT: usize = 32;

/// Runs along one direction, or along several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunCounts {
    ranks: usize,
    /// Voxels in each place by rank, `[place - 1][rank - 1]`; as many places as needed.
    places: Vec<u64>,
    /// Rank and place of voxels whose place the table does not have.
    beyond: Vec<(u16, u32)>,
}

/// The places of voxels along one direction while they are counted.
struct Counting {
    ranks: usize,
    places: Vec<u32>,
    beyond: Vec<(u16, u32)>,
    /// Place of each voxel of this and the previous slice in its run, less 1.
    latest: Vec<u32>,
}

/// Run counts of some slices along each of the steps, which have distance 1 and lead forwards in storage
/// order. Runs go on from slice to slice where the step does.
pub(crate) fn count_runs(
    levels: &DiscretisedRoi,
    slices: &Range<usize>,
    offsets: &[Offset3],
) -> Vec<RunCounts> {
    let groups = offsets.par_chunks(TOGETHER);
    groups
        .flat_map_iter(|offsets| match *offsets {
            [a, b, c, d] => count_together(levels, slices, [a, b, c, d]),
            _ => offsets
                .iter()
                .flat_map(|offset| count_together(levels, slices, [*offset]))
                .collect(),
        })
        .collect()
}

/// Visits the voxels in storage order, in which each comes after its predecessor on the line.
fn count_together<const N: usize>(
    levels: &DiscretisedRoi,
    slices: &Range<usize>,
    offsets: [Offset3; N],
) -> Vec<RunCounts> {
    let [plane, stride] = levels.strides();
    let mut directions = offsets.map(|_| Counting::new(levels.levels().len(), plane));
    let ranks = levels.ranks();
    for z in slices.clone() {
        // The first slice has no predecessor among the slices that are counted.
        let first = z == slices.start;
        for y in 0..levels.rows() {
            let row = levels.row(z, y);
            let here = row - (z + levels.pad()) * plane;
            let now = here + z % 2 * plane;
            let before = offsets.map(|offset| {
                let in_plane = here.checked_add_signed(-offset.y * stride.cast_signed() - offset.x);
                let in_plane = in_plane.expect("the padding is wide enough");
                let step = levels.step(offset).cast_unsigned();
                if offset.z == 0 {
                    (
                        Some(&ranks[row - step..][..levels.columns()]),
                        in_plane + z % 2 * plane,
                    )
                } else {
                    let slice = (!first).then(|| &ranks[row - step..][..levels.columns()]);
                    (slice, in_plane + (z + 1) % 2 * plane)
                }
            });
            let row = &ranks[row..][..levels.columns()];
            for (x, rank) in row.iter().enumerate() {
                if *rank == 0 {
                    continue;
                }
                for (counting, (ranks, latest)) in directions.iter_mut().zip(before) {
                    let goes_on = ranks.is_some_and(|ranks| ranks[x] == *rank);
                    let place = if goes_on {
                        counting.latest[latest + x] + 1
                    } else {
                        0
                    };
                    counting.latest[now + x] = place;
                    counting.add(*rank, place);
                }
            }
        }
    }
    directions.into_iter().map(Counting::finish).collect()
}

impl Counting {
    fn new(ranks: usize, plane: usize) -> Self {
        Self {
            ranks,
            places: vec![0; 8 * ranks],
            beyond: Vec::new(),
            latest: vec![0; 2 * plane],
        }
    }

    /// Counts a voxel; `place` counts from 0.
    #[inline]
    fn add(&mut self, rank: u16, place: u32) {
        let at = place as usize * self.ranks + usize::from(rank) - 1;
        match self.places.get_mut(at) {
            Some(count) => *count += 1,
            None => self.add_far(rank, place),
        }
    }

    #[cold]
    fn add_far(&mut self, rank: u16, place: u32) {
        let most = (TABLE / self.ranks).max(SHORT);
        let needed = place as usize + 1;
        if needed > most {
            self.beyond.push((rank, place + 1));
        } else {
            let places = (2 * needed).min(most);
            self.places.resize(places * self.ranks, 0);
            self.add(rank, place);
        }
    }

    fn finish(self) -> RunCounts {
        let rows = self.places.chunks_exact(self.ranks);
        let used = rows
            .take_while(|row| row.iter().any(|count| *count > 0))
            .count();
        let places = &self.places[..used * self.ranks];
        RunCounts {
            ranks: self.ranks,
            places: places.iter().map(|count| u64::from(*count)).collect(),
            beyond: self.beyond,
        }
    }
}

impl RunCounts {
    /// Adds the runs of other slices or directions of the region.
    pub(crate) fn absorb(&mut self, other: &Self) {
        if self.places.len() < other.places.len() {
            self.places.resize(other.places.len(), 0);
        }
        for (mine, count) in self.places.iter_mut().zip(&other.places) {
            *mine += count;
        }
        self.beyond.extend_from_slice(&other.beyond);
    }

    /// Whether a run is longer than one voxel.
    fn has_long_run(&self) -> bool {
        self.places.len() > self.ranks
    }

    /// The non-zero elements of the matrix, by level, then by length.
    pub(crate) fn cells(&self, levels: &[u32]) -> Vec<Cell<u64>> {
        let mut beyond = self.beyond.clone();
        beyond.sort_unstable();
        let mut beyond = beyond.chunk_by(|a, b| a == b).peekable();
        let mut cells = Vec::new();
        for (at, (rank, level)) in (1_u16..).zip(levels).enumerate() {
            let mut size = 0;
            let mut longer = 0;
            let mut place = |count: u64| {
                // Voxels in the place before less those in this one.
                if longer > count {
                    cells.push(Cell {
                        level: *level,
                        size,
                        count: longer - count,
                    });
                }
                size += 1;
                longer = count;
                count > 0
            };
            let mut table = self.places.iter().skip(at).step_by(self.ranks);
            if table.all(|count| place(*count)) {
                while let Some(same) = beyond.next_if(|same| same[0].0 == rank) {
                    place(same.len() as u64);
                }
                place(0);
            }
        }
        cells
    }
}

/// Whether some line along the step holds two voxels of the region, adjacent or not. PyRadiomics leaves
/// other directions out, the standard counts their runs of one.
pub(crate) fn has_line_of_two(levels: &DiscretisedRoi, runs: &RunCounts, offset: Offset3) -> bool {
    if runs.has_long_run() {
        return true;
    }
    let step = [offset.z, offset.y, offset.x];
    let shape = levels.shape();
    // Every line of the box begins at a voxel without predecessor.
    let with_predecessor: usize = (0..3)
        .map(|axis| shape[axis] - step[axis].unsigned_abs().min(shape[axis]))
        .product();
    if levels.pixels() > shape.iter().product::<usize>() - with_predecessor {
        return true;
    }
    let axis = step
        .iter()
        .position(|step| *step != 0)
        .expect("a step leads somewhere");
    let mut lines = Vec::with_capacity(levels.pixels());
    for (z, y) in (0..shape[0]).flat_map(|z| (0..shape[1]).map(move |y| (z, y))) {
        let row = &levels.ranks()[levels.row(z, y)..][..shape[2]];
        for (x, _) in row.iter().enumerate().filter(|(_, rank)| **rank > 0) {
            // Where the line meets coordinate 0 of the axis: its first component is 1.
            let at = [z, y, x].map(usize::cast_signed);
            lines.push([0, 1, 2].map(|other| at[other] - at[axis] * step[other] * step[axis]));
        }
    }
    lines.sort_unstable();
    lines.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::discretise::Discretisation;
    use crate::geometry::Spacing;
    use crate::roi::Roi;

    const ALONG: Offset3 = Offset3 { z: 0, y: 0, x: 1 };

    /// Grey levels 3 v + 1 of one row; -1 is a gap.
    fn row(values: &[i32]) -> DiscretisedRoi {
        let shape = (1, 1, values.len());
        let values = Array3::from_shape_vec(shape, values.to_vec()).unwrap();
        let inside = values.mapv(|value| value >= 0);
        let values = values.mapv(|value| 3.0 * f64::from(value));
        let roi = Roi::from_arrays(&values, &inside, Spacing::new([1.0; 3]).unwrap());
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1.0 };
        DiscretisedRoi::new(&roi.unwrap().unwrap(), rule, 60_000, 1).unwrap()
    }

    fn cells(counts: &RunCounts, levels: &DiscretisedRoi) -> Vec<(u32, u32, u64)> {
        let cells = counts.cells(levels.levels()).into_iter();
        cells
            .map(|cell| (cell.level, cell.size, cell.count))
            .collect()
    }

    #[test]
    fn runs_of_a_row_written_out() {
        let levels = row(&[0, 0, 1, 1, 1, -1, 1, 0, 0, 0, 0, 1]);
        let counts = count_runs(&levels, &(0..1), &[ALONG]).remove(0);
        assert_eq!(
            cells(&counts, &levels),
            [(1, 2, 1), (1, 4, 1), (4, 1, 2), (4, 3, 1)]
        );
        let mut twice = counts.clone();
        twice.absorb(&counts);
        assert_eq!(
            cells(&twice, &levels),
            [(1, 2, 2), (1, 4, 2), (4, 1, 4), (4, 3, 2)]
        );
    }

    /// So many levels that the table ends at place 32.
    #[test]
    fn runs_longer_than_the_table() {
        let many: Vec<i32> = (0..4000).collect();
        let long = [7; 50];
        let longer = [9; 33];
        let values = [&many[..], &long, &longer, &long].concat();
        let levels = row(&values);
        let counts = count_runs(&levels, &(0..1), &[ALONG]).remove(0);
        assert!(!counts.beyond.is_empty());
        let found = cells(&counts, &levels);
        assert_eq!(found.len(), 4002);
        assert!(found.contains(&(22, 50, 2)) && found.contains(&(28, 33, 1)));
    }

    #[test]
    fn a_line_may_have_gaps() {
        let apart = row(&[0, -1, -1, 0]);
        let counts = count_runs(&apart, &(0..1), &[ALONG]).remove(0);
        assert!(has_line_of_two(&apart, &counts, ALONG));
        let across = Offset3 { z: 0, y: 1, x: -1 };
        let counts = count_runs(&apart, &(0..1), &[across]).remove(0);
        assert!(!has_line_of_two(&apart, &counts, across));
    }
}
