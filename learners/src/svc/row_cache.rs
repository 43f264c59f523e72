//! Lines of kernels that a solver keeps, the least recently used ones given up first.
//!
//! A line holds kernels of one row with a prefix of the solver's order of rows. When the solver puts aside
//! rows, the kept ones keep their sequence, so that a prefix stays a prefix: lines are shortened when
//! they are asked for next.

/// No line.
const NONE: usize = usize::MAX;

#[derive(Default)]
struct Line {
    values: Vec<f32>,
    /// How many compactions it has seen.
    age: usize,
}

/// Kept lines by row number.
pub(crate) struct RowCache {
    lines: Vec<Option<Line>>,
    /// Neighbours in the order of use; the last entry is the head of the ring.
    newer: Vec<usize>,
    older: Vec<usize>,
    count: usize,
    /// Values there is room for in the lines, and the most to hold.
    held: usize,
    limit: usize,
    /// For each compaction the old positions that were kept, ascending.
    compactions: Vec<Vec<usize>>,
    spare: Vec<f32>,
}

impl RowCache {
    /// For `rows` rows, holding at most `bytes`, two lines at least.
    pub(crate) fn new(rows: usize, bytes: usize) -> Self {
        Self {
            lines: (0..rows).map(|_| None).collect(),
            newer: vec![NONE; rows + 1],
            older: vec![NONE; rows + 1],
            count: 0,
            held: 0,
            limit: bytes / size_of::<f32>(),
            compactions: Vec::new(),
            spare: Vec::new(),
        }
        .ring()
    }

    fn ring(mut self) -> Self {
        let head = self.lines.len();
        (self.newer[head], self.older[head]) = (head, head);
        self
    }

    /// From now on, lines hold the kept ones of their old positions only.
    pub(crate) fn compact(&mut self, kept: Vec<usize>) {
        self.compactions.push(kept);
    }

    /// Makes the first `length` kernels of a row available; `fill(from, out)` computes those from
    /// position `from` on.
    pub(crate) fn ensure(
        &mut self,
        row: usize,
        length: usize,
        fill: impl FnOnce(usize, &mut [f32]),
    ) {
        let age = self.compactions.len();
        let mut line = if let Some(line) = self.lines[row].take() {
            self.unlink(row);
            self.held -= line.values.capacity();
            line
        } else {
            self.count += 1;
            let mut values = std::mem::take(&mut self.spare);
            values.clear();
            Line { values, age }
        };
        for kept in &self.compactions[line.age..] {
            let mut length = 0;
            for &position in kept {
                let Some(&value) = line.values.get(position) else {
                    break;
                };
                line.values[length] = value;
                length += 1;
            }
            line.values.truncate(length);
        }
        if line.age < age && line.values.len() < line.values.capacity() / 2 {
            line.values.shrink_to_fit();
        }
        line.age = age;
        let known = line.values.len();
        if known < length {
            line.values.reserve_exact(length - known);
            line.values.resize(length, 0.0);
            fill(known, &mut line.values[known..]);
        }
        self.held += line.values.capacity();
        self.lines[row] = Some(line);
        self.link_newest(row);
        // The two newest stay: a solver works on two rows at a time.
        while self.held > self.limit && self.count > 2 {
            self.give_up_oldest();
        }
    }

    /// The kernels of a row made available before.
    pub(crate) fn line(&self, row: usize) -> &[f32] {
        self.lines[row]
            .as_ref()
            .map_or(&[], |line| line.values.as_slice())
    }

    fn give_up_oldest(&mut self) {
        let oldest = self.newer[self.lines.len()];
        self.unlink(oldest);
        if let Some(line) = self.lines[oldest].take() {
            self.held -= line.values.capacity();
            self.count -= 1;
            self.spare = line.values;
        }
    }

    fn link_newest(&mut self, row: usize) {
        let head = self.lines.len();
        let newest = self.older[head];
        (self.older[row], self.newer[row]) = (newest, head);
        self.newer[newest] = row;
        self.older[head] = row;
    }

    fn unlink(&mut self, row: usize) {
        let (newer, older) = (self.newer[row], self.older[row]);
        self.older[newer] = older;
        self.newer[older] = newer;
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

    #[test]
    fn lines_are_kept_shortened_extended_and_given_up() {
        let mut order: Vec<usize> = (0..10).collect();
        let mut cache = RowCache::new(10, 25 * size_of::<f32>());
        let expect = |cache: &RowCache, row: usize, order: &[usize], length: usize| {
            let expected: Vec<f32> = order[..length]
                .iter()
                .map(|o| (100 * row + o) as f32)
                .collect();
            assert_eq!(&cache.line(row)[..length], expected);
        };
        for row in [3, 5] {
            cache.ensure(row, 10, fill(row, &order));
        }
        cache.ensure(3, 10, |_, _| panic!("it is there"));
        // Row 3 is newer than row 5 now; a third line is one too many.
        cache.ensure(7, 10, fill(7, &order));
        assert!(cache.line(5).is_empty());
        // Positions 1, 4 and 9 are put aside.
        let kept = vec![0, 2, 3, 5, 6, 7, 8];
        order = kept.iter().chain(&[1, 4, 9]).copied().collect();
        cache.compact(kept);
        cache.ensure(3, 7, |_, _| panic!("it is there"));
        expect(&cache, 3, &order, 7);
        // A line from before two compactions, then everything again.
        let kept = vec![0, 1, 3, 6];
        let aside: Vec<usize> = [2, 4, 5, 7, 8, 9].map(|at| order[at]).to_vec();
        order = kept.iter().map(|&at| order[at]).chain(aside).collect();
        cache.compact(kept);
        cache.ensure(7, 4, |_, _| panic!("it is there"));
        expect(&cache, 7, &order, 4);
        cache.ensure(7, 10, fill(7, &order));
        cache.ensure(3, 10, fill(3, &order));
        expect(&cache, 7, &order, 10);
        expect(&cache, 3, &order, 10);
        // Two lines stay even where they are too much.
        let mut tiny = RowCache::new(10, 0);
        for row in 0..4 {
            tiny.ensure(row, 10, fill(row, &order));
        }
        assert!(tiny.line(1).is_empty());
        expect(&tiny, 2, &order, 10);
        expect(&tiny, 3, &order, 10);
    }
}
