//! Counting runs: voxels of one grey level in a row along a direction. A gap in the region ends a run.
//!
//! What is counted is the place of each voxel in its run, which needs no look ahead: as many voxels are
//! the `j`-th of a run as there are runs of length `j` or more, so that
//!
//! ```text
//! runs of length j = voxels in place j - voxels in place j + 1
//! ```
//!
//! Only voxels that follow one of their level are visited one by one; all others stand in place 1.

use std::ops::Range;

use rayon::prelude::*;

use crate::discretise::DiscretisedRoi;
use crate::families::size_matrix::Cell;
use crate::geometry::Offset3;
use crate::mesh::bits::{WORD, packed};
use crate::vectorised::vectorised;

/// Directions that are counted in one pass, see [`crate::families::glcm::matrix`].
const TOGETHER: usize = 4;

/// Elements of the table of places; those beyond it, which only long runs have, go into a list.
const TABLE: usize = 1 << 16;

/// Places that the table has at least, however many levels there are.
const SHORT: usize = 32;

/// Runs along one direction, or along several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunCounts {
    /// Ranks with rank 0, whose column stays empty.
    width: usize,
    /// Voxels in each place by rank, `[place - 1][rank]`; as many places as needed.
    places: Vec<u64>,
    /// Rank and place of voxels whose place the table does not have.
    beyond: Vec<(u16, u32)>,
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
        .flat_map_iter(|offsets| count_together(levels, slices, offsets))
        .collect()
}

/// Visits the rows in storage order, in which each voxel comes after its predecessor on the line.
fn count_together(
    levels: &DiscretisedRoi,
    slices: &Range<usize>,
    offsets: &[Offset3],
) -> Vec<RunCounts> {
    let [plane, _] = levels.strides();
    let voxels = levels.histogram_of(slices);
    let mut directions: Vec<_> = offsets
        .iter()
        .map(|offset| Counting::new(levels, *offset))
        .collect();
    for z in slices.clone() {
        for y in 0..levels.rows() {
            let first = levels.row(z, y);
            let row = &levels.ranks()[first..][..levels.columns()];
            // From the first voxel of the region to the last.
            let Some(skipped) = row.iter().position(|rank| *rank > 0) else {
                continue;
            };
            let end = row
                .iter()
                .rposition(|rank| *rank > 0)
                .map_or(0, |last| last + 1);
            let (first, row) = (first + skipped, &row[skipped..end]);
            let column = levels.pad() + skipped;
            let in_plane = first - (z + levels.pad()) * plane;
            for direction in &mut directions {
                let before = &levels.ranks()[first - direction.step..][..row.len()];
                // The first slice has no predecessor among those that are counted.
                let before = (z > slices.start || direction.offset.z == 0).then_some(before);
                // Within a slice only the row before is remembered.
                let at = match direction.offset.z {
                    0 => column,
                    _ => in_plane,
                };
                direction.count_row(at, row, before);
            }
        }
        directions.iter_mut().for_each(Counting::end_slice);
    }
    let counted = directions.into_iter();
    counted.map(|direction| direction.finish(&voxels)).collect()
}

/// One direction while it is counted.
struct Counting {
    offset: Offset3,
    /// How far the step leads in the ranks.
    step: usize,
    /// How far it leads within the places that are remembered; backwards where it is negative.
    step_in_places: isize,
    /// See [`RunCounts`].
    width: usize,
    places: Vec<u32>,
    beyond: Vec<(u16, u32)>,
    /// Places of voxels in their runs, less 1: of two rows, or of two slices where the step leads out of one.
    /// Outside the region they may be anything.
    remembered: Vec<u32>,
    /// Where those of this row or slice begin; the others are of the one before.
    latest: usize,
    /// 1 for each voxel of a row that continues a run, whole words of them.
    continues: Vec<u8>,
}

impl Counting {
    fn new(levels: &DiscretisedRoi, offset: Offset3) -> Self {
        let [plane, stride] = levels.strides();
        let width = levels.levels().len() + 1;
        let (step_in_places, remembered) = match offset.z {
            0 => (offset.x, stride),
            _ => (offset.y * stride.cast_signed() + offset.x, plane),
        };
        Self {
            offset,
            step: levels.step(offset).cast_unsigned(),
            step_in_places,
            width,
            places: vec![0; 8 * width],
            beyond: Vec::new(),
            remembered: vec![0; 2 * remembered],
            latest: 0,
            continues: vec![0; stride.next_multiple_of(WORD)],
        }
    }

    /// Counts a part of a row of ranks whose places are remembered from `at` on; `before` are the ranks one
    /// step back.
    fn count_row(&mut self, at: usize, row: &[u16], before: Option<&[u16]>) {
        if self.offset.z == 0 {
            self.go_on();
        }
        let latest = self.latest + at;
        self.remembered[latest..][..row.len()].fill(0);
        let Some(before) = before else { return };
        // Without branches first, then the few that matter, a word of flags at a time.
        let flags = self.continues.iter_mut().zip(row.iter().zip(before));
        vectorised(
            #[inline(always)]
            || {
                for (continues, (rank, before)) in flags {
                    *continues = u8::from(rank == before) & u8::from(*rank > 0);
                }
            },
        );
        let whole = row.len().next_multiple_of(WORD);
        self.continues[row.len()..whole].fill(0);
        // Along the row the predecessor was written a moment ago.
        let along_row = self.offset.z == 0 && self.offset.y == 0;
        let before = if along_row {
            latest
        } else {
            self.previous() + at
        };
        let before = before
            .checked_add_signed(-self.step_in_places)
            .expect("wide enough padding");
        let (remembered, width) = (&mut self.remembered[..], self.width);
        let mut counts = &mut self.places[..];
        for (number, flags) in self.continues[..whole].chunks_exact(WORD).enumerate() {
            let mut word = packed(flags);
            while word > 0 {
                let x = WORD * number + word.trailing_zeros() as usize;
                word &= word - 1;
                let place = 1 + remembered[before + x];
                remembered[latest + x] = place;
                let element = place as usize * width + usize::from(row[x]);
                if let Some(count) = counts.get_mut(element) {
                    *count += 1;
                } else {
                    add_far(&mut self.places, &mut self.beyond, width, row[x], place);
                    counts = &mut self.places;
                }
            }
        }
    }

    /// Where the places of the row or slice before begin.
    fn previous(&self) -> usize {
        self.remembered.len() / 2 - self.latest
    }

    /// What was this row or slice is now the one before.
    fn go_on(&mut self) {
        self.latest = self.previous();
    }

    fn end_slice(&mut self) {
        if self.offset.z > 0 {
            self.go_on();
        }
    }

    /// The counts, with the first voxels of runs: those of a rank that no other place holds.
    fn finish(mut self, voxels: &[u32]) -> RunCounts {
        let (first, further) = self.places.split_at_mut(self.width);
        first[1..].copy_from_slice(voxels);
        for places in further.chunks_exact(self.width) {
            for (first, count) in first.iter_mut().zip(places) {
                *first -= count;
            }
        }
        for (rank, _) in &self.beyond {
            first[usize::from(*rank)] -= 1;
        }
        let rows = self.places.chunks_exact(self.width);
        let used = rows
            .take_while(|row| row.iter().any(|count| *count > 0))
            .count();
        let places = &self.places[..used * self.width];
        RunCounts {
            width: self.width,
            places: places.iter().map(|count| u64::from(*count)).collect(),
            beyond: self.beyond,
        }
    }
}

/// Counts a voxel whose place the table does not have yet.
#[cold]
fn add_far(
    places: &mut Vec<u32>,
    beyond: &mut Vec<(u16, u32)>,
    width: usize,
    rank: u16,
    place: u32,
) {
    let most = (TABLE / width).max(SHORT);
    let needed = place as usize + 1;
    if needed > most {
        beyond.push((rank, place + 1));
    } else {
        places.resize((2 * needed).min(most) * width, 0);
        places[place as usize * width + usize::from(rank)] += 1;
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
        self.places.len() > self.width
    }

    /// The non-zero elements of the matrix, by level, then by length.
    pub(crate) fn cells(&self, levels: &[u32]) -> Vec<Cell<u64>> {
        let mut beyond = self.beyond.clone();
        beyond.sort_unstable();
        let mut beyond = beyond.chunk_by(|a, b| a == b).peekable();
        let mut cells = Vec::new();
        for (rank, level) in (1_u16..).zip(levels) {
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
            let mut table = self
                .places
                .iter()
                .skip(usize::from(rank))
                .step_by(self.width);
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
    if with_predecessor == 0 {
        return false;
    }
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
