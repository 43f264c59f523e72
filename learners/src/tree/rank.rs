//! Numbers of rows and of values in two widths: 16 bits where a table has few enough rows, so that a
//! whole column stays in the nearest cache, 32 bits elsewhere.

/// Rows that 16-bit numbers can count; the greatest number is kept for undefined values.
pub(crate) const NARROW_ROWS: usize = u16::MAX as usize;

/// Members below which comparing beats counting (measured with the forest of `benches/learners_peer.rs`).
const COUNTING_MIN: usize = 192;

/// Bits sorted by one pass of counting.
const DIGIT: u32 = 8;

/// A row's number, the rank of a value, or a kind of row.
pub(crate) trait Rank: Copy + Ord + Default + Send + Sync + 'static {
    /// A rank above and a kind below in one integer, ordered by rank.
    type Key: Copy + Ord + Default + Send + Sync;

    /// Rank of an undefined value, above all others.
    const UNDEFINED: Self;

    /// The number itself; the caller chose a width that holds it.
    fn of(number: usize) -> Self;

    /// The number as an index.
    fn at(self) -> usize;

    /// Rank and kind as one integer.
    fn key(self, kind: Self) -> Self::Key;

    /// The rank of a key.
    fn rank(key: Self::Key) -> Self;

    /// The kind of a key.
    fn kind(key: Self::Key) -> Self;
}

impl Rank for u16 {
    type Key = u32;

    const UNDEFINED: Self = Self::MAX;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the caller chose the width"
    )]
    fn of(number: usize) -> Self {
        debug_assert!(number <= usize::from(Self::MAX));
        number as Self
    }

    fn at(self) -> usize {
        usize::from(self)
    }

    fn key(self, kind: Self) -> u32 {
        u32::from(self) << 16 | u32::from(kind)
    }

    fn rank(key: u32) -> Self {
        (key >> 16) as Self
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    fn kind(key: u32) -> Self {
        key as Self
    }
}

impl Rank for u32 {
    type Key = u64;

    const UNDEFINED: Self = Self::MAX;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the caller chose the width"
    )]
    fn of(number: usize) -> Self {
        debug_assert!(number <= Self::MAX as usize);
        number as Self
    }

    fn at(self) -> usize {
        self as usize
    }

    fn key(self, kind: Self) -> u64 {
        u64::from(self) << 32 | u64::from(kind)
    }

    fn rank(key: u64) -> Self {
        (key >> 32) as Self
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    fn kind(key: u64) -> Self {
        key as Self
    }
}

/// Sorts keys by rank; ranks are below `distinct` or undefined. Equal ranks may come in any order, but
/// always in the same.
pub(crate) fn sort_keys<R: Rank>(keys: &mut Vec<R::Key>, aside: &mut Vec<R::Key>, distinct: usize) {
    if keys.len() < COUNTING_MIN {
        keys.sort_unstable();
        return;
    }
    aside.resize(keys.len(), R::Key::default());
    // Undefined values have all bits set: they land last in the bits that distinct ranks need, one more
    // than the greatest of them.
    let bits = usize::BITS - distinct.leading_zeros();
    let mut shift = 0;
    while shift < bits {
        let digit = |key: R::Key| R::rank(key).at() >> shift & ((1 << DIGIT) - 1);
        let mut starts = [0_u32; 1 << DIGIT];
        for &key in keys.iter() {
            starts[digit(key)] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            (*start, sum) = (sum, sum + *start);
        }
        for &key in keys.iter() {
            let start = &mut starts[digit(key)];
            aside[*start as usize] = key;
            *start += 1;
        }
        std::mem::swap(keys, aside);
        shift += DIGIT;
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::random::Stream;

    use super::*;

    fn counted_equals_compared<R: Rank>(distinct: usize) {
        let mut stream = Stream::new(1, "keys", 0);
        for length in [0, 1, COUNTING_MIN - 1, COUNTING_MIN, 5000] {
            let mut keys: Vec<R::Key> = (0..length)
                .map(|i| match stream.below(10) {
                    0 => R::UNDEFINED.key(R::of(i)),
                    _ => R::of(stream.below(distinct)).key(R::of(i)),
                })
                .collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            sort_keys::<R>(&mut keys, &mut Vec::new(), distinct);
            assert!(keys == expected, "{distinct} {length}");
        }
    }

    #[test]
    fn counting_sorts_as_comparing_does() {
        for distinct in [1, 2, 3, 255, 256, 257, 65_534, 65_535] {
            counted_equals_compared::<u16>(distinct);
            counted_equals_compared::<u32>(distinct);
        }
        counted_equals_compared::<u32>(3_000_000);
    }
}
