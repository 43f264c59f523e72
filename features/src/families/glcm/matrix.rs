//! Counting pairs of voxels, direction by direction, in integers.

use std::ops::{AddAssign, Range};

use rayon::prelude::*;

use crate::discretise::DiscretisedRoi;
use crate::geometry::Offset3;
use crate::settings::Pairs;

/// One non-zero element of a matrix of pair counts; `i`, `j` are positions in the list of levels that
/// occur.
///
/// Where pairs count both ways only the upper triangle `i <= j` is kept and `count` is the number of
/// pairs, so that the symmetric matrix `P + P^T` has `count` at (i, j) and (j, i), and `2 count` at
/// (i, i).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cell<C = u64> {
    pub(crate) i: u16,
    pub(crate) j: u16,
    pub(crate) count: C,
}

/// A full table costs the square of the number of levels, sorting all pairs a multiple of the number
/// of voxels: the table is used up to this many of its elements per voxel.
const TABLE_ELEMENTS_PER_VOXEL: usize = 16;

/// Directions that are counted in one pass: their tables lie in the cache together, and increments of
/// one element, which have to wait for each other, are spread over several tables.
const TOGETHER: usize = 4;

/// Rows and columns of a table whose places are known without a comparison.
const SMALL_SIDE: usize = 64;

/// Pair counts of some slices for each step, which must lead forwards in storage order and not further
/// than the padding; cells ordered by (i, j). Empty where no two voxels of the region are that step
/// apart.
pub(crate) fn count_pairs(
    levels: &DiscretisedRoi,
    slices: Range<usize>,
    offsets: &[Offset3],
    pairs: Pairs,
) -> Vec<Vec<Cell>> {
    let side = levels.levels().len() + 1;
    let within: Vec<bool> = offsets
        .iter()
        .map(|offset| offset.z.cast_unsigned() < slices.len())
        .collect();
    let steps: Vec<usize> = offsets
        .iter()
        .zip(&within)
        .filter(|(_, within)| **within)
        .map(|(offset, _)| levels.step(*offset).cast_unsigned())
        .collect();
    // Voxels of the box stand for those of the region in these slices.
    let [_, rows, columns] = levels.shape();
    let voxels = levels.pixels().min(slices.len() * rows * columns);
    let groups = steps.par_chunks(TOGETHER);
    let in_tables = side * side <= TABLE_ELEMENTS_PER_VOXEL * voxels.max(64);
    // Tables of a fixed size, whose counts have sixteen bits.
    let in_small_tables = side <= SMALL_SIDE
        && SMALL_SIDE * SMALL_SIDE <= TABLE_ELEMENTS_PER_VOXEL * voxels
        && voxels <= u16::MAX.into();
    let counted: Vec<Vec<Cell>> = groups
        .flat_map_iter(|steps| match *steps {
            [a, b, c, d] if in_small_tables => {
                count_in_small_tables(levels, &slices, [a, b, c, d], pairs)
            }
            [a, b, c, d] if in_tables => count_in_tables(levels, &slices, [a, b, c, d], pairs),
            _ if in_tables => {
                let one_by_one = steps.iter();
                one_by_one
                    .flat_map(|step| count_in_tables(levels, &slices, [*step], pairs))
                    .collect()
            }
            _ => {
                let one_by_one = steps.iter();
                let mut sorter = Sorter::default();
                one_by_one
                    .map(|step| sorter.count(levels, &slices, *step, pairs).to_vec())
                    .collect()
            }
        })
        .collect();
    // Steps to slices that are not there have no pairs.
    let mut counted = counted.into_iter();
    within
        .into_iter()
        .map(|within| within.then(|| counted.next()).flatten().unwrap_or_default())
        .collect()
}

/// Rows of the box as ranges of the padded ranks.
fn rows<'a>(
    levels: &'a DiscretisedRoi,
    slices: &Range<usize>,
) -> impl Iterator<Item = Range<usize>> + 'a {
    slices.clone().flat_map(move |z| {
        (0..levels.rows()).map(move |y| {
            let first = levels.row(z, y);
            first..first + levels.columns()
        })
    })
}

/// Counts into a table for each step, all in one pass over the voxels. Rank 0 has a row and a column of
/// its own, which take the pairs that leave the region and are never read.
fn count_in_tables<const N: usize>(
    levels: &DiscretisedRoi,
    slices: &Range<usize>,
    steps: [usize; N],
    pairs: Pairs,
) -> Vec<Vec<Cell>> {
    let side = levels.levels().len() + 1;
    let ranks = levels.ranks();
    let mut tables: [Vec<u32>; N] = std::array::from_fn(|_| vec![0; side * side]);
    for row in rows(levels, slices) {
        let neighbours = steps.map(|step| &ranks[row.start + step..][..row.len()]);
        for (x, from) in ranks[row].iter().enumerate() {
            if *from == 0 {
                continue;
            }
            let first = usize::from(*from) * side;
            for (table, neighbours) in tables.iter_mut().zip(neighbours) {
                table[first + usize::from(neighbours[x])] += 1;
            }
        }
    }
    let tables = tables.each_ref().map(|table| Table {
        counts: table,
        stride: side,
        side,
    });
    cells(&tables, pairs)
}

/// The same for few levels and voxels, in tables of a fixed size: a place needs no comparison, and more of them lie
/// near the processor.
fn count_in_small_tables(
    levels: &DiscretisedRoi,
    slices: &Range<usize>,
    steps: [usize; TOGETHER],
    pairs: Pairs,
) -> Vec<Vec<Cell>> {
    const PLACES: usize = SMALL_SIDE * SMALL_SIDE;
    let ranks = levels.ranks();
    let mut tables = vec![[0_u16; PLACES]; TOGETHER];
    if let [first, second, third, fourth] = &mut tables[..] {
        for row in rows(levels, slices) {
            let [a, b, c, d] = steps.map(|step| &ranks[row.start + step..][..row.len()]);
            let neighbours = a.iter().zip(b).zip(c.iter().zip(d));
            for (from, ((a, b), (c, d))) in ranks[row].iter().zip(neighbours) {
                if *from == 0 {
                    continue;
                }
                let place =
                    |to: &u16| (usize::from(*from) * SMALL_SIDE + usize::from(*to)) % PLACES;
                first[place(a)] += 1;
                second[place(b)] += 1;
                third[place(c)] += 1;
                fourth[place(d)] += 1;
            }
        }
    }
    let tables: Vec<Table<'_, u16>> = tables
        .iter()
        .map(|table| Table {
            counts: table,
            stride: SMALL_SIDE,
            side: levels.levels().len() + 1,
        })
        .collect();
    cells(&tables, pairs)
}

/// Counts of pairs by their ranks, row after row.
struct Table<'a, C> {
    counts: &'a [C],
    /// From row to row.
    stride: usize,
    /// Rows and columns in use, the first of each for rank 0.
    side: usize,
}

fn cells<C: Copy + Into<u64>>(tables: &[Table<'_, C>], pairs: Pairs) -> Vec<Vec<Cell>> {
    let mut room = Vec::new();
    let cells = tables.iter().map(|table| match pairs {
        Pairs::Symmetric => upper_triangle(table, &mut room),
        Pairs::OneWay => whole_table(table),
    });
    cells.collect()
}

impl<C: Copy + Into<u64>> Table<'_, C> {
    /// The row of each rank but 0, with the position of its level.
    fn rows(&self) -> impl Iterator<Item = (u16, &[C])> {
        let rows = self
            .counts
            .chunks_exact(self.stride)
            .map(|row| &row[..self.side]);
        (0..).zip(rows.take(self.side).skip(1))
    }
}

/// The non-zero elements of the table and its transpose together.
///
/// Whether an element is zero cannot be foreseen, so that a branch would cost more than to write every
/// element into `room` and keep the place when it was zero.
fn upper_triangle<C: Copy + Into<u64>>(table: &Table<'_, C>, room: &mut Vec<Cell>) -> Vec<Cell> {
    room.resize(table.side * (table.side - 1) / 2, Cell::default());
    let mut found = 0;
    let mut add = |i, j, count| {
        room[found] = Cell { i, j, count };
        found += usize::from(count > 0);
    };
    for (i, row) in table.rows() {
        let diagonal = usize::from(i) + 1;
        add(i, i, row[diagonal].into());
        for (j, right) in (i + 1..).zip(&row[diagonal + 1..]) {
            let below = table.counts[(usize::from(j) + 1) * table.stride + diagonal];
            add(i, j, (*right).into() + below.into());
        }
    }
    room[..found].to_vec()
}

fn whole_table<C: Copy + Into<u64>>(table: &Table<'_, C>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (i, row) in table.rows() {
        let counts = row[1..].iter().map(|count| (*count).into());
        let counts = (0_u16..).zip(counts).filter(|(_, count)| *count > 0);
        cells.extend(counts.map(|(j, count)| Cell { i, j, count }));
    }
    cells
}

/// Lists all pairs along one direction, sorts them and counts equal ones; one direction after another in the
/// same memory.
#[derive(Debug, Default)]
pub(crate) struct Sorter {
    found: Vec<(u16, u16)>,
    cells: Vec<Cell>,
}

impl Sorter {
    /// The cells of one direction, as of [`count_pairs`]; `step` is that of [`DiscretisedRoi::step`].
    pub(crate) fn count(
        &mut self,
        levels: &DiscretisedRoi,
        slices: &Range<usize>,
        step: usize,
        pairs: Pairs,
    ) -> &[Cell] {
        let ranks = levels.ranks();
        self.found.clear();
        for row in rows(levels, slices) {
            let neighbours = &ranks[row.start + step..][..row.len()];
            for (a, b) in ranks[row].iter().zip(neighbours) {
                if *a != 0 && *b != 0 {
                    self.found.push(match pairs {
                        Pairs::Symmetric => (*a.min(b), *a.max(b)),
                        Pairs::OneWay => (*a, *b),
                    });
                }
            }
        }
        self.found.sort_unstable();
        let equal = self.found.chunk_by(|a, b| a == b);
        self.cells.clear();
        self.cells.extend(equal.map(|same| Cell {
            // Ranks count from 1.
            i: same[0].0 - 1,
            j: same[0].1 - 1,
            count: same.len() as u64,
        }));
        &self.cells
    }
}

/// Adds up the cells of several matrices of `n` levels, which follow one another, into one matrix.
pub(crate) fn merge<C>(n: usize, mut cells: Vec<Cell<C>>) -> Vec<Cell<C>>
where
    C: Copy + Default + PartialEq + AddAssign,
{
    if n * n > TABLE_ELEMENTS_PER_VOXEL * cells.len() {
        // Stable, so that elements are added up in the order of their matrices, as below.
        cells.sort_by_key(|cell| (cell.i, cell.j));
        cells.dedup_by(|next, kept| {
            let same = (next.i, next.j) == (kept.i, kept.j);
            if same {
                kept.count += next.count;
            }
            same
        });
        return cells;
    }
    let mut table = vec![C::default(); n * n];
    for cell in &cells {
        table[usize::from(cell.i) * n + usize::from(cell.j)] += cell.count;
    }
    cells.clear();
    for (i, row) in (0_u16..).zip(table.chunks_exact(n)) {
        let counts = (0_u16..)
            .zip(row)
            .filter(|(_, count)| **count != C::default());
        cells.extend(counts.map(|(j, count)| Cell {
            i,
            j,
            count: *count,
        }));
    }
    cells
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::discretise::Discretisation;
    use crate::geometry::{Reach, Spacing, half_offsets};
    use crate::roi::Roi;

    /// All ways of counting, on volumes with few and many levels and with holes.
    #[test]
    fn tables_and_sorting_agree() {
        let shape = (3, 23, 31);
        for many in [29, 63, 64, 97] {
            let values = Array3::from_shape_fn(shape, |(z, y, x)| {
                ((y * y * 7 + x * x * 13 + x * y + z) % many) as f64
            });
            let inside = Array3::from_shape_fn(shape, |(z, y, x)| (y * x + z) % 7 != 3);
            let spacing = Spacing::new([1.0; 3]).unwrap();
            let roi = Roi::from_arrays(&values, &inside, spacing)
                .unwrap()
                .unwrap();
            let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1.0 };
            let levels = DiscretisedRoi::new(&roi, rule, 4096, 2).unwrap();
            assert_eq!(levels.levels().len(), many);
            let mut sorter = Sorter::default();
            for pairs in [Pairs::Symmetric, Pairs::OneWay] {
                let offsets = half_offsets(&[1, 2], Reach::Volume);
                let counted = count_pairs(&levels, 0..3, &offsets, pairs);
                assert_eq!(counted.len(), 13 + 49);
                for (offset, cells) in offsets.into_iter().zip(counted) {
                    let step = levels.step(offset).cast_unsigned();
                    assert_eq!(cells, sorter.count(&levels, &(0..3), step, pairs));
                    assert!(cells.len() > 20);
                }
            }
        }
    }

    #[test]
    fn merging_in_a_table_and_by_sorting_agree() {
        let cells = |of: &[(u16, u16, u64)]| -> Vec<Cell> {
            let all = of.iter();
            all.map(|(i, j, count)| Cell {
                i: *i,
                j: *j,
                count: *count,
            })
            .collect()
        };
        let both = cells(&[(0, 1, 3), (1, 2, 1), (0, 0, 2), (0, 1, 4), (2, 2, 9)]);
        let expected = cells(&[(0, 0, 2), (0, 1, 7), (1, 2, 1), (2, 2, 9)]);
        assert_eq!(merge(3, both.clone()), expected);
        assert_eq!(merge(3000, both), expected);
    }
}
