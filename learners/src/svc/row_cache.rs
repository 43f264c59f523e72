//! Lines of kernels that a solver keeps, the least recently used ones given up first.
//!
//! A line holds kernels of one row with the rows that the solver works on, in its order. All lines stand in one
//! block of memory, one after another. When the solver puts rows aside, the kept ones keep their sequence, so
//! lines move together and there is room for more of them; when all rows come back, for fewer, whose ends are
//! computed when they are asked for next.

/// No place.
const NONE: usize = usize::MAX;

/// A line and its neighbours in the order of use.
struct Line {
    row: usize,
    /// Kernels that are there.
    known: usize,
    newer: usize,
    older: usize,
}

/// Kept lines by row number.
pub(crate) struct RowCache<'a> {
    /// Line i starts at i · `length`.
    values: &'a mut Vec<f32>,
    /// Kernels of a whole line.
    length: usize,
    lines: Vec<Line>,
    /// Place of each row's line.
    place_of: Vec<usize>,
    newest: usize,
    oldest: usize,
}

impl<'a> RowCache<'a> {
    /// For `rows` rows and lines of as many kernels, holding at most `bytes` in `values`, two lines at least: a
    /// solver works on two rows at a time.
    pub(crate) fn new(rows: usize, bytes: usize, values: &'a mut Vec<f32>) -> Self {
        let most = rows.saturating_mul(rows).max(2);
        let count = (bytes / size_of::<f32>()).clamp((2 * rows).min(most), most);
        values.truncate(count);
        values.reserve_exact(count - values.len());
        values.resize(count, 0.0);
        Self {
            values,
            length: rows,
            lines: Vec::new(),
            place_of: vec![NONE; rows],
            newest: NONE,
            oldest: NONE,
        }
    }

    /// How many lines there is room for.
    fn room(&self) -> usize {
        self.values.len() / self.length.max(1)
    }

    /// From now on, lines hold the kept ones of their old positions only, which ascend.
    pub(crate) fn compact(&mut self, kept: &[usize]) {
        let old = self.length;
        self.length = kept.len();
        for (place, line) in self.lines.iter_mut().enumerate() {
            let known = kept.partition_point(|&position| position < line.known);
            // Nothing moves to a later place, and what stands there has moved before.
            let (from, to) = (place * old, place * self.length);
            for (at, position) in kept[..known].iter().enumerate() {
                self.values[to + at] = self.values[from + position];
            }
            line.known = known;
        }
    }

    /// From now on, lines are `length` kernels long, no fewer than before.
    pub(crate) fn widen(&mut self, length: usize) {
        let old = std::mem::replace(&mut self.length, length);
        while self.lines.len() > self.room() {
            self.give_up_oldest(old);
        }
        for place in (0..self.lines.len()).rev() {
            let from = place * old;
            let known = self.lines[place].known;
            self.values.copy_within(from..from + known, place * length);
        }
    }

    /// Makes the kernels of a row available; `fill(from, out)` computes those from position `from` on.
    pub(crate) fn ensure(&mut self, row: usize, fill: impl FnOnce(usize, &mut [f32])) {
        let place = match self.place_of[row] {
            NONE if self.lines.len() < self.room() => {
                self.lines.push(Line {
                    row,
                    known: 0,
                    newer: NONE,
                    older: NONE,
                });
                self.lines.len() - 1
            }
            NONE => {
                let place = self.oldest;
                self.unlink(place);
                self.place_of[self.lines[place].row] = NONE;
                (self.lines[place].row, self.lines[place].known) = (row, 0);
                place
            }
            place => {
                self.unlink(place);
                place
            }
        };
        self.place_of[row] = place;
        self.link_newest(place);
        let (known, start) = (self.lines[place].known, place * self.length);
        if known < self.length {
            fill(known, &mut self.values[start + known..start + self.length]);
            self.lines[place].known = self.length;
        }
    }

    /// The kernels of a row made available before; none if it was given up.
    pub(crate) fn line(&self, row: usize) -> &[f32] {
        match self.place_of[row] {
            NONE => &[],
            place => {
                let start = place * self.length;
                &self.values[start..start + self.lines[place].known]
            }
        }
    }

    /// Gives up a line; the last one takes its place, of `length` kernels.
    fn give_up_oldest(&mut self, length: usize) {
        let (place, last) = (self.oldest, self.lines.len() - 1);
        self.unlink(place);
        self.place_of[self.lines[place].row] = NONE;
        let line = self.lines.swap_remove(place);
        debug_assert_eq!((line.newer, line.older), (NONE, NONE), "unlinked");
        if place < last {
            let Line {
                row,
                known,
                newer,
                older,
            } = self.lines[place];
            let from = last * length;
            self.values.copy_within(from..from + known, place * length);
            self.place_of[row] = place;
            self.set_older(newer, place);
            self.set_newer(older, place);
        }
    }

    fn link_newest(&mut self, place: usize) {
        let newest = std::mem::replace(&mut self.newest, place);
        (self.lines[place].newer, self.lines[place].older) = (NONE, newest);
        self.set_newer(newest, place);
    }

    fn unlink(&mut self, place: usize) {
        let line = &mut self.lines[place];
        let newer = std::mem::replace(&mut line.newer, NONE);
        let older = std::mem::replace(&mut line.older, NONE);
        self.set_older(newer, older);
        self.set_newer(older, newer);
    }

    /// What follows a line, or the newest one where there is none, towards older ones.
    fn set_older(&mut self, place: usize, older: usize) {
        match place {
            NONE => self.newest = older,
            _ => self.lines[place].older = older,
        }
    }

    /// What follows a line, or the oldest one where there is none, towards newer ones.
    fn set_newer(&mut self, place: usize, newer: usize) {
        match place {
            NONE => self.oldest = newer,
            _ => self.lines[place].newer = newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kernel of row r with the row at position p is 100 r + order[p].
    fn fill(row: usize, order: &[usize]) -> impl Fn(usize, &mut [f32]) {
        move |from, out| {
            for (value, at) in out.iter_mut().zip(from..) {
                *value = (100 * row + order[at]) as f32;
            }
        }
    }

    fn expected(row: usize, order: &[usize]) -> Vec<f32> {
        order.iter().map(|o| (100 * row + o) as f32).collect()
    }

    #[test]
    fn lines_are_kept_shortened_extended_and_given_up() {
        let mut order: Vec<usize> = (0..10).collect();
        let (mut values, mut two) = (Vec::new(), Vec::new());
        let mut cache = RowCache::new(10, 25 * size_of::<f32>(), &mut values);
        for row in [3, 5] {
            cache.ensure(row, fill(row, &order));
        }
        cache.ensure(3, |_, _| panic!("it is there"));
        // Row 3 is newer than row 5 now; a third line is one too many.
        cache.ensure(7, fill(7, &order));
        assert!(cache.line(5).is_empty());
        // Positions 1, 4 and 9 are put aside.
        let kept = [0, 2, 3, 5, 6, 7, 8];
        order = kept.iter().chain(&[1, 4, 9]).copied().collect();
        cache.compact(&kept);
        cache.ensure(3, |_, _| panic!("it is there"));
        assert_eq!(cache.line(3), expected(3, &order[..7]));
        assert_eq!(cache.line(7), expected(7, &order[..7]));
        // Again: 4 kernels a line, and room for 6 lines.
        let kept = [0, 1, 3, 6];
        let aside: Vec<usize> = [2, 4, 5, 7, 8, 9].map(|at| order[at]).to_vec();
        order = kept.iter().map(|&at| order[at]).chain(aside).collect();
        cache.compact(&kept);
        for row in [0, 1, 2, 4] {
            cache.ensure(row, fill(row, &order));
        }
        cache.ensure(7, |_, _| panic!("it is there"));
        for row in [0, 1, 2, 3, 4, 7] {
            assert_eq!(cache.line(row), expected(row, &order[..4]));
        }
        // The two newest stay; their ends are computed.
        cache.widen(10);
        for row in [0, 1, 2, 3] {
            assert!(cache.line(row).is_empty());
        }
        for row in [4, 7] {
            let end = fill(row, &order);
            cache.ensure(row, |from, out| {
                assert_eq!(from, 4);
                end(from, out);
            });
            assert_eq!(cache.line(row), expected(row, &order));
        }
        // Two lines stay even where they are too much.
        let mut tiny = RowCache::new(10, 0, &mut two);
        for row in 0..4 {
            tiny.ensure(row, fill(row, &order));
        }
        assert!(tiny.line(1).is_empty());
        for row in [2, 3] {
            assert_eq!(tiny.line(row), expected(row, &order));
        }
    }

    #[test]
    fn any_sequence_leaves_right_lines() {
        let rows = 17;
        let mut stream = raduet_study::random::Stream::new(1, "test", 0);
        let mut values = vec![7.0; 100];
        for bytes in [0, 200, 500, 5000] {
            let mut order: Vec<usize> = (0..rows).collect();
            let mut active = rows;
            let mut cache = RowCache::new(rows, bytes, &mut values);
            let mut used: Vec<usize> = Vec::new();
            for _ in 0..2000 {
                match stream.below(20) {
                    0 => {
                        active = rows;
                        cache.widen(rows);
                    }
                    1 => {
                        let (kept, aside): (Vec<usize>, Vec<usize>) =
                            (0..active).partition(|_| stream.below(4) > 0);
                        let at = kept.iter().chain(&aside).copied().chain(active..rows);
                        order = at.map(|at| order[at]).collect();
                        active = kept.len();
                        cache.compact(&kept);
                    }
                    _ => {
                        let row = stream.below(rows);
                        cache.ensure(row, fill(row, &order));
                        used.retain(|other| *other != row);
                        used.push(row);
                    }
                }
                for row in 0..rows {
                    let line = cache.line(row);
                    assert_eq!(line, expected(row, &order[..line.len()]));
                }
                // The two used last are there, as far as they were known.
                for row in used.iter().rev().take(2) {
                    assert_ne!(cache.place_of[*row], NONE);
                }
                if let Some(last) = used.last() {
                    cache.ensure(*last, fill(*last, &order));
                    assert_eq!(cache.line(*last).len(), active);
                }
            }
        }
    }
}
