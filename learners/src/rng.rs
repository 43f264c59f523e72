//! Random numbers: one seed enters at the top, every use derives its own stream by purpose and index.
//!
//! The generator is `SplitMix64` (Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195): a counter
//! and a mixing function, so a stream depends on nothing but its key.

/// Step of the counter, the odd integer nearest to 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream(u64);

/// What a stream is drawn for. Two purposes never share a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Rows and columns of one tree of a forest.
    ForestTree = 1,
    /// Folds of the calibration of one pair of classes.
    Calibration = 2,
    /// The seed handed to a foreign library.
    Foreign = 3,
}

impl Stream {
    /// The stream number `index` of a purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let keyed = mix(seed.wrapping_add(GOLDEN)) ^ mix((purpose as u64).wrapping_mul(GOLDEN));
        Self(mix(keyed) ^ mix(index.wrapping_add(1).wrapping_mul(GOLDEN)))
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `bound`, each equally likely (multiply and reject, Lemire 2019).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        let rejected = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.next()) * u128::from(bound);
            #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
            let low = wide as u64;
            if low >= rejected {
                #[expect(clippy::cast_possible_truncation, reason = "below `bound`, a usize")]
                return (wide >> 64) as usize;
            }
        }
    }

    /// Puts the items in random order (Fisher-Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// `SplitMix64`'s mixing function.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_purpose_and_index() {
        let first = |s, p, i| Stream::new(s, p, i).next();
        let base = first(1, Purpose::ForestTree, 0);
        assert_eq!(base, first(1, Purpose::ForestTree, 0));
        assert_ne!(base, first(2, Purpose::ForestTree, 0));
        assert_ne!(base, first(1, Purpose::Calibration, 0));
        assert_ne!(base, first(1, Purpose::ForestTree, 1));
    }

    #[test]
    fn numbers_below_a_bound_are_even() {
        let mut stream = Stream::new(3, Purpose::ForestTree, 0);
        let mut counts = [0_i32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7)] += 1;
        }
        // Standard deviation about 93.
        assert!(
            counts.iter().all(|c| (c - 10_000).abs() < 500),
            "{counts:?}"
        );
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<usize> = (0..50).collect();
        Stream::new(5, Purpose::Calibration, 0).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
