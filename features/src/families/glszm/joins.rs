//! With which of the neighbours before them the voxels of a row must be joined.
//!
//! ```text
//!  slice before       slice         A voxel * has 13 neighbours before it. Those of its level are looked at in
//!  NW  N  NE        A  B  C         the order of their numbers: one that touches an earlier one of them is of
//!   W  Z  E         D  *            that one's zone already, and needs no join.
//!  SW  S  SE
//! ```

use crate::mesh::bits::{WORD, packed};
use crate::vectorised::vectorised;

/// The neighbours as steps (z, y, x) by their numbers, first the ones that touch most others.
const NEIGHBOURS: [[i8; 3]; 13] = [
    [-1, 0, 0],   // Z
    [0, -1, 0],   // B
    [0, 0, -1],   // D
    [0, -1, -1],  // A
    [0, -1, 1],   // C
    [-1, -1, 0],  // N
    [-1, 0, -1],  // W
    [-1, 0, 1],   // E
    [-1, 1, 0],   // S
    [-1, -1, -1], // NW
    [-1, -1, 1],  // NE
    [-1, 1, -1],  // SW
    [-1, 1, 1],   // SE
];

/// The rows of ranks that joins of a row are found in, each with a voxel of padding before and behind it.
#[derive(Clone, Copy)]
pub(super) struct Neighbourhood<'a> {
    pub(super) row: &'a [u16],
    /// The row before in the slice.
    pub(super) before: &'a [u16],
    /// The rows in the slice before: the one before, the same, the one behind.
    pub(super) slice_before: Option<[&'a [u16]; 3]>,
}

/// Sets of neighbours with which the voxels of a row must be joined.
pub(super) struct Joins {
    /// For each voxel a bit for each neighbour.
    needs: Vec<u16>,
    /// 1 for each voxel that has any, whole words of them.
    some: Vec<u8>,
    /// The same of those that have several.
    several: Vec<u8>,
    back: [usize; NEIGHBOURS.len()],
}

impl Joins {
    /// The neighbours in the slice before.
    pub(super) const SLICE_BEFORE: u16 = {
        let (mut set, mut k) = (0, 0);
        while k < NEIGHBOURS.len() {
            if NEIGHBOURS[k][0] < 0 {
                set |= 1 << k;
            }
            k += 1;
        }
        set
    };

    /// Room for the joins of a row of slices of so many rows and columns.
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        Self {
            needs: vec![0; columns],
            some: vec![0; columns.next_multiple_of(WORD)],
            several: vec![0; columns.next_multiple_of(WORD)],
            back: NEIGHBOURS.map(|step| {
                let [z, y, x] = step.map(isize::from);
                let step = (z * rows.cast_signed() + y) * columns.cast_signed() + x;
                step.unsigned_abs()
            }),
        }
    }

    /// How far before a voxel its neighbours stand, by their number.
    pub(super) fn back(&self) -> [usize; NEIGHBOURS.len()] {
        self.back
    }

    /// Visits the voxels of the row that have joins, each with a bit for each neighbour.
    #[inline]
    pub(super) fn each(&self, visit: impl FnMut(usize, u16)) {
        self.each_flagged(&self.some, visit);
    }

    /// The same, of those that have several.
    #[inline]
    pub(super) fn each_of_several(&self, visit: impl FnMut(usize, u16)) {
        self.each_flagged(&self.several, visit);
    }

    #[inline]
    fn each_flagged(&self, flags: &[u8], mut visit: impl FnMut(usize, u16)) {
        for (number, flags) in flags.chunks_exact(WORD).enumerate() {
            let mut word = packed(flags);
            while word > 0 {
                let column = WORD * number + word.trailing_zeros() as usize;
                word &= word - 1;
                visit(column, self.needs[column]);
            }
        }
    }

    /// Lists the joins of a row.
    pub(super) fn list(&mut self, near: Neighbourhood<'_>) {
        vectorised(
            #[inline(always)]
            || {
                match near.slice_before {
                    Some(rows) => self.look_around(near.row, near.before, rows),
                    None => self.look_in_slice(near.row, near.before),
                }
                for (flag, needs) in self.some.iter_mut().zip(&self.needs) {
                    *flag = u8::from(*needs > 0);
                }
                for (flag, needs) in self.several.iter_mut().zip(&self.needs) {
                    *flag = u8::from(needs & needs.wrapping_sub(1) > 0);
                }
            },
        );
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn look_in_slice(&mut self, row: &[u16], before: &[u16]) {
        let n = self.needs.len();
        let ([d, here, _], [a, b, c]) = (three(row, n), three(before, n));
        for (at, needs) in self.needs.iter_mut().enumerate() {
            let same = |row: &[u16]| all_ones(row[at] == here[at]);
            let in_slice = [same(b), same(d), same(a), same(c)];
            *needs = needed(in_slice, [0; 9]) & all_ones(here[at] > 0);
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
    fn look_around(&mut self, row: &[u16], before: &[u16], slice_before: [&[u16]; 3]) {
        let n = self.needs.len();
        let ([d, here, _], [a, b, c]) = (three(row, n), three(before, n));
        let [above, level, below] = slice_before;
        let ([nw, no, ne], [w, z, e]) = (three(above, n), three(level, n));
        let [sw, s, se] = three(below, n);
        for (at, needs) in self.needs.iter_mut().enumerate() {
            let same = |row: &[u16]| all_ones(row[at] == here[at]);
            let in_slice = [same(b), same(d), same(a), same(c)];
            let in_other = [
                same(z),
                same(no),
                same(w),
                same(e),
                same(s),
                same(nw),
                same(ne),
                same(sw),
                same(se),
            ];
            *needs = needed(in_slice, in_other) & all_ones(here[at] > 0);
        }
    }
}

/// The voxels before those of a padded row, they themselves, and those behind them.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn three(row: &[u16], n: usize) -> [&[u16]; 3] {
    [&row[..n], &row[1..=n], &row[2..n + 2]]
}

/// The neighbours of a voxel's level, all ones each, that touch no earlier one of that level.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
#[expect(
    clippy::many_single_char_names,
    reason = "the names of the figure above"
)]
fn needed([b, d, a, c]: [u16; 4], [z, n, w, e, s, nw, ne, sw, se]: [u16; 9]) -> u16 {
    let zb = z | b;
    z & 1
        | b & !z & 1 << 1
        | d & !zb & 1 << 2
        | a & !(zb | d) & 1 << 3
        | c & !zb & 1 << 4
        | n & !(zb | d | a | c) & 1 << 5
        | w & !(zb | d | a | n) & 1 << 6
        | e & !(zb | c | n) & 1 << 7
        | s & !(z | d | w | e) & 1 << 8
        | nw & !(zb | d | a | n | w) & 1 << 9
        | ne & !(zb | c | n | e) & 1 << 10
        | sw & !(z | d | w | s) & 1 << 11
        | se & !(z | e | s) & 1 << 12
}

/// A truth as a mask.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn all_ones(truth: bool) -> u16 {
    u16::from(truth).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether two voxels are neighbours of each other.
    fn touch(a: [i8; 3], b: [i8; 3]) -> bool {
        a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 2)
    }

    #[test]
    fn neighbours_that_touch_an_earlier_one_need_no_join() {
        for set in 0..1_u16 << NEIGHBOURS.len() {
            let has = |number: usize| set & 1 << number != 0;
            let [z, b, d, a, c, others @ ..]: [u16; NEIGHBOURS.len()] =
                std::array::from_fn(|number| all_ones(has(number)));
            let [n, w, e, s, nw, ne, sw, se] = others;
            let found = needed([b, d, a, c], [z, n, w, e, s, nw, ne, sw, se]);
            let expected = (0..NEIGHBOURS.len()).filter(|&number| {
                let touched =
                    |earlier| has(earlier) && touch(NEIGHBOURS[number], NEIGHBOURS[earlier]);
                has(number) && !(0..number).any(touched)
            });
            let expected = expected.fold(0, |all, number| all | 1 << number);
            assert_eq!(found, expected, "{set:013b}");
        }
    }

    #[test]
    fn the_voxels_before_are_those_of_the_steps() {
        let (rows, columns) = (5, 7);
        let back = Joins::new(rows, columns).back();
        let place = |[z, y, x]: [isize; 3]| (z * 5 + y) * 7 + x;
        for (back, step) in back.iter().zip(NEIGHBOURS) {
            let other = std::array::from_fn(|axis| 3 + isize::from(step[axis]));
            assert_eq!(place([3; 3]) - place(other), back.cast_signed());
        }
        let in_slice = NEIGHBOURS
            .iter()
            .enumerate()
            .filter(|(_, step)| step[0] == 0);
        let in_slice = in_slice.fold(0, |all, (number, _)| all | 1 << number);
        assert_eq!(in_slice | Joins::SLICE_BEFORE, (1 << NEIGHBOURS.len()) - 1);
        assert_eq!(in_slice & Joins::SLICE_BEFORE, 0);
    }
}
