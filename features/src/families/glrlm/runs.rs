//! Counting runs: voxels of one grey level in a row along a direction. A gap in the region ends a run.
//!
//! What is counted is the place of each voxel in its run, which needs no look ahead: as many voxels are
//! the `j`-th of a run as there are runs of length `j` or more, so that
//!
//! ```text
//! runs of length j = voxels in place j - voxels in place j + 1
//! ```
//!
//! Only voxels that follow one of their level are visited one by one; all others stand in place 1. Which voxels stand in the
//! second place, in the third, and behind it, is a word of bits for 64 voxels; places are noted from the fourth on.

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

/// Different lengths of the runs of a level, as a rule at most: room is asked for once.
const CELLS_OF_A_LEVEL: usize = 8;

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
    let voxels = levels.histogram_of(slices);
    let mut directions: Vec<_> = offsets
        .iter()
        .map(|offset| Counting::new(levels, *offset))
        .collect();
    let mut row = PaddedRow::new(levels.columns());
    vectorised(
        #[inline(always)]
        || {
            for z in slices.clone() {
                for y in 0..levels.rows() {
                    let first = levels.row(z, y);
                    let ranks = &levels.ranks()[first..][..levels.columns()];
                    row.set(ranks);
                    for direction in &mut directions {
                        // The first slice has no predecessor among those that are counted.
                        let before = (z > slices.start || direction.offset.z == 0)
                            .then(|| &levels.ranks()[first - direction.step..][..ranks.len()]);
                        direction.count_row(y, ranks, &row, before);
                    }
                }
                directions.iter_mut().for_each(Counting::end_slice);
            }
        },
    );
    let counted = directions.into_iter();
    counted.map(|direction| direction.finish(&voxels)).collect()
}

/// Voxels that are counted at a time, each in a table of its own: an increment has to wait for the one before of the same
/// element, and neighbours are of one level.
const LANES: usize = 4;

/// The ranks of a row, 64 by 64, with some zeros behind each.
struct PaddedRow(Vec<[u16; WORD + LANES]>);

impl PaddedRow {
    fn new(columns: usize) -> Self {
        Self(vec![[0; WORD + LANES]; columns.div_ceil(WORD)])
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn set(&mut self, ranks: &[u16]) {
        for (padded, ranks) in self.0.iter_mut().zip(ranks.chunks(WORD)) {
            padded[..ranks.len()].copy_from_slice(ranks);
        }
    }
}

/// One direction while it is counted.
struct Counting {
    offset: Offset3,
    /// How far the step leads in the ranks.
    step: usize,
    /// See [`RunCounts`].
    width: usize,
    places: Vec<u32>,
    beyond: Vec<(u16, u32)>,
    /// Voxels in places 2 and 3 by rank that are not in `places`, in several tables: `[place - 2][rank][table]`.
    near: Vec<[u32; LANES]>,
    columns: usize,
    /// Words that the bits of a row take.
    words: usize,
    /// 1 for each voxel of a row that continues a run, whole words of them.
    flags: Vec<u8>,
    /// What is known of this row, or of the rows of this slice where the step leads out of one.
    here: Known,
    /// The same of the row or slice before.
    before: Known,
}

/// What is known of the voxels of some rows, mostly a bit each.
struct Known {
    /// Those in the second place of a run, or in one behind it.
    second: Vec<u64>,
    /// In the third, or behind it.
    third: Vec<u64>,
    /// In the fourth, or behind it.
    fourth: Vec<u64>,
    /// The places of the latter, less 1; of others anything.
    places: Vec<u32>,
}

impl Known {
    fn new(rows: usize, words: usize, columns: usize) -> Self {
        let bits = || vec![0; rows * words];
        Self {
            second: bits(),
            third: bits(),
            fourth: bits(),
            places: vec![0; rows * columns],
        }
    }
}

impl Counting {
    fn new(levels: &DiscretisedRoi, offset: Offset3) -> Self {
        let width = levels.levels().len() + 1;
        let rows = if offset.z == 0 { 1 } else { levels.rows() };
        let (columns, words) = (levels.columns(), levels.columns().div_ceil(WORD));
        Self {
            offset,
            step: levels.step(offset).cast_unsigned(),
            width,
            places: vec![0; 8 * width],
            beyond: Vec::new(),
            near: vec![[0; LANES]; 2 * width],
            columns,
            words,
            flags: vec![0; words * WORD],
            here: Known::new(rows, words, columns),
            before: Known::new(rows, words, columns),
        }
    }

    /// Counts a row of ranks; `before` are the ranks one step back.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn count_row(&mut self, y: usize, row: &[u16], padded: &PaddedRow, before: Option<&[u16]>) {
        let Offset3 {
            z: dz,
            y: dy,
            x: dx,
        } = self.offset;
        if dz == 0 {
            self.go_on();
        }
        let in_rows = if dz == 0 { 0 } else { y };
        // Without branches first, then the few that matter, a word of flags at a time.
        if let Some(before) = before {
            let flags = self.flags.iter_mut().zip(row.iter().zip(before));
            for (continues, (rank, before)) in flags {
                *continues = u8::from(rank == before) & u8::from(*rank > 0);
            }
        } else {
            self.flags.fill(0);
        }
        let words = self.words;
        // Along the row the predecessor is in the row itself. None of a row outside has the same rank.
        let along_row = dz == 0 && dy == 0;
        let from = match dz {
            0 => Some(0),
            _ => in_rows.checked_add_signed(-dy),
        };
        let from = from.filter(|row| (row + 1) * words <= self.before.second.len());
        let (first_here, first_before) = (in_rows * words, from.unwrap_or(0) * words);
        for number in 0..words {
            let continues = packed(&self.flags[number * WORD..][..WORD]);
            self.here.second[first_here + number] = continues;
            // Along the row it is in the row itself.
            let first = if along_row { first_here } else { first_before };
            let of_before = |here: &[u64], before: &[u64]| {
                let bits = if along_row { here } else { before };
                stepped(&bits[first..][..words], number, dx)
            };
            let third = continues & of_before(&self.here.second, &self.before.second);
            self.here.third[first_here + number] = third;
            let fourth = third & of_before(&self.here.third, &self.before.third);
            self.here.fourth[first_here + number] = fourth;
            let ranks = &padded.0[number];
            let (seconds, thirds) = self.near.split_at_mut(self.width);
            count_near(seconds, ranks, continues & !third);
            count_near(thirds, ranks, third & !fourth);
            if fourth == 0 {
                continue;
            }
            let fifth = fourth & of_before(&self.here.fourth, &self.before.fourth);
            let at = in_rows * self.columns + number * WORD;
            let back = from.unwrap_or(0) * self.columns + number * WORD;
            each(fourth, |x| {
                let known = if along_row { &self.here } else { &self.before };
                let place = if fifth >> x & 1 > 0 {
                    1 + known.places[(back + x).wrapping_add_signed(-dx)]
                } else {
                    3
                };
                self.here.places[at + x] = place;
                self.count(ranks[x], place);
            });
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn count(&mut self, rank: u16, place: u32) {
        let element = place as usize * self.width + usize::from(rank);
        if let Some(count) = self.places.get_mut(element) {
            *count += 1;
        } else {
            add_far(&mut self.places, &mut self.beyond, self.width, rank, place);
        }
    }

    /// What was this row or slice is now the one before.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn go_on(&mut self) {
        std::mem::swap(&mut self.here, &mut self.before);
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn end_slice(&mut self) {
        if self.offset.z > 0 {
            self.go_on();
        }
    }

    /// The counts, with the first voxels of runs: those of a rank that no other place holds.
    fn finish(mut self, voxels: &[u32]) -> RunCounts {
        for (place, tables) in (1..).zip(self.near.chunks_exact(self.width)) {
            let counts = &mut self.places[place * self.width..];
            for (count, tables) in counts.iter_mut().zip(tables).skip(1) {
                *count += tables.iter().sum::<u32>();
            }
        }
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

/// Counts the voxels whose bits are set.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn count_near(tables: &mut [[u32; LANES]], ranks: &[u16; WORD + LANES], mut word: u64) {
    while word > 0 {
        let places: [usize; LANES] = std::array::from_fn(|_| {
            // None behind the last one: a voxel of rank 0.
            let x = word.trailing_zeros() as usize;
            word &= word.wrapping_sub(1);
            x
        });
        for (lane, x) in places.into_iter().enumerate() {
            tables[usize::from(ranks[x])][lane] += 1;
        }
    }
}

/// Visits the bits that are set.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn each(mut word: u64, mut visit: impl FnMut(usize)) {
    while word > 0 {
        visit(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

/// A word of a row of bits moved by `dx` columns, at most one.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn stepped(row: &[u64], number: usize, dx: isize) -> u64 {
    let neighbour = |number: usize| row.get(number).copied().unwrap_or(0);
    match dx {
        1 => row[number] << 1 | neighbour(number.wrapping_sub(1)) >> (WORD - 1),
        -1 => row[number] >> 1 | neighbour(number + 1) << (WORD - 1),
        _ => row[number],
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
        let mut cells = Vec::with_capacity(CELLS_OF_A_LEVEL * levels.len());
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
