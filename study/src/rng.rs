//! Seeded random streams: every draw of this room is named by a seed, a purpose and indices.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood, *Fast splittable pseudorandom number generators*,
//! OOPSLA 2014, doi 10.1145/2660193.2660195): a Weyl counter behind a bijective mixer. Streams are made
//! where they are used, so neither thread count nor the order of calls can change a draw.

use crate::fingerprint::Fingerprint;

/// 2^64 divided by the golden ratio, made odd: the step of the Weyl counter.
const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// An endless sequence of numbers that belongs to one purpose.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    counter: u64,
}

impl Stream {
    /// The stream of `purpose` under `seed`; `indices` tell apart folds, classes or resamples.
    pub(crate) fn new(seed: u64, purpose: &str, indices: &[u64]) -> Self {
        let mut key = Fingerprint::default();
        key.text(purpose);
        let start = mix(seed ^ mix(key.value()));
        // Mixing between two indices keeps (1, 2) and (2, 1) apart.
        let counter = indices.iter().fold(start, |state, &index| {
            mix(state.wrapping_add(GOLDEN_GAMMA) ^ mix(index.wrapping_add(GOLDEN_GAMMA)))
        });
        Self { counter }
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(GOLDEN_GAMMA);
        mix(self.counter)
    }

    /// A uniform index below `bound`, without modulo bias.
    ///
    /// Lemire, *Fast random integer generation in an interval*, 2019, doi 10.1145/3230636.
    ///
    /// # Panics
    /// When `bound` is zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "an index below zero does not exist");
        let n = bound as u64;
        // Values whose low product falls under this threshold would be drawn once too often.
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.bits()) * u128::from(n);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the two halves are wanted; the high one is below `bound`"
            )]
            let (low, high) = (product as u64, (product >> 64) as usize);
            if low >= threshold {
                return high;
            }
        }
    }

    /// Puts `items` into a uniformly random order (Fisher–Yates, from the end).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The output function of SplitMix64 (Stafford's variant 13).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_first_outputs_published() {
        // The reference outputs of splitmix64 for the state 1234567 (Vigna's public C program).
        let mut stream = Stream { counter: 1_234_567 };
        let drawn: Vec<u64> = (0..5).map(|_| stream.bits()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn every_index_is_drawn_equally_often() {
        let mut stream = Stream::new(7, "test", &[]);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[stream.below(6)] += 1;
        }
        // Five standard deviations of a binomial(60000, 1/6): 5 * 91.3.
        assert!(
            counts.iter().all(|&c| c.abs_diff(10_000) < 457),
            "{counts:?}"
        );
    }

    #[test]
    fn seed_purpose_and_indices_make_different_streams() {
        let first = |seed, purpose, indices: &[u64]| Stream::new(seed, purpose, indices).bits();
        let drawn = [
            first(0, "a", &[]),
            first(1, "a", &[]),
            first(0, "b", &[]),
            first(0, "a", &[0]),
            first(0, "a", &[1, 2]),
            first(0, "a", &[2, 1]),
        ];
        for (i, a) in drawn.iter().enumerate() {
            assert!(!drawn[..i].contains(a), "{drawn:?}");
        }
        assert_eq!(drawn[4], first(0, "a", &[1, 2]));
    }
}
