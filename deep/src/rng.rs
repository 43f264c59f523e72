//! Counter-based random numbers: the value at a position depends on the seed, the purpose and the
//! position only, never on which thread asked first.
//!
//! The generator is Philox-4x32-10: J. K. Salmon et al., *Parallel random numbers: as easy as
//! 1, 2, 3*, SC 2011, doi 10.1145/2063384.2063405. The key is the seed; the counter holds the
//! purpose (1 word), the stream's two indices (1 word each) and the block within the stream (1 word).

/// Rounds of the published generator.
const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// What a stream of random numbers is for: streams of different purposes never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Initial weights; indices: position of the tensor in the state dict, 0.
    Initialise = 1,
    /// Order of the training samples; indices: epoch, 0.
    Shuffle = 2,
    /// Augmentation; indices: epoch, position of the sample.
    Augment = 3,
    /// Dropout masks; indices: optimiser step, layer.
    Dropout = 4,
    /// Weight and partners of mixed samples; indices: epoch, batch.
    Mixup = 5,
}

/// One stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

impl Stream {
    /// The stream of a purpose and two indices under a seed.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the seed is cut into its two halves on purpose"
    )]
    pub(crate) fn new(seed: u64, purpose: Purpose, first: u32, second: u32) -> Self {
        Self {
            key: [seed as u32, (seed >> 32) as u32],
            counter: [0, first, second, purpose as u32],
            block: [0; 4],
            used: 4,
        }
    }

    /// The same stream from word 4 · `block` on.
    pub(crate) fn entered_at(&self, block: u32) -> Self {
        let mut stream = self.clone();
        stream.counter[0] = block;
        stream.used = 4;
        stream
    }

    /// A stream of its own beside this one, for the same purpose and indices, wherever this one stands.
    pub(crate) fn branch(&self, number: u8) -> Self {
        let [_, first, second, purpose] = self.counter;
        Self {
            key: self.key,
            counter: [0, first, second, (purpose & 0xFF) | u32::from(number) << 8],
            block: [0; 4],
            used: 4,
        }
    }

    /// The next 32 random bits.
    pub(crate) fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.block = philox(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        let word = self.block[self.used];
        self.used += 1;
        word
    }

    /// Uniform in [0, 1) with 53 random bits.
    pub(crate) fn uniform(&mut self) -> f64 {
        let high = u64::from(self.next_u32() >> 5);
        let low = u64::from(self.next_u32() >> 6);
        ((high << 26) | low) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal by Box and Muller's cosine branch.
    pub(crate) fn normal(&mut self) -> f64 {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Uniform in 0..bound without bias.
    ///
    /// The bound is a count of samples, below 2^32.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        // Lemire's multiply-and-reject: the low word tells whether the draw falls in the biased rest.
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u64::from(self.next_u32()) * u64::from(bound);
            let [low, high] = split(wide);
            if low >= threshold {
                return high;
            }
        }
    }
}

/// Low and high half.
#[expect(
    clippy::cast_possible_truncation,
    reason = "cut into halves on purpose"
)]
fn split(wide: u64) -> [u32; 2] {
    [wide as u32, (wide >> 32) as u32]
}

/// The Philox-4x32-10 bijection.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let [low0, high0] = split(u64::from(MULTIPLIERS[0]) * u64::from(counter[0]));
        let [low1, high1] = split(u64::from(MULTIPLIERS[1]) * u64::from(counter[2]));
        counter = [
            high1 ^ counter[1] ^ key[0],
            low1,
            high0 ^ counter[3] ^ key[1],
            low0,
        ];
        key[0] = key[0].wrapping_add(KEY_STEPS[0]);
        key[1] = key[1].wrapping_add(KEY_STEPS[1]);
    }
    counter
}

/// 0..n in random order (Fisher and Yates).
pub(crate) fn shuffled(n: u32, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n as usize).collect();
    for i in (1..n).rev() {
        order.swap(i as usize, stream.below(i + 1) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the generator's authors (Random123, `kat_vectors`).
    #[test]
    fn philox_random123() {
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn streams_of_other_purpose_index_or_seed_differ() {
        let first = |mut s: Stream| s.next_u32();
        let base = first(Stream::new(42, Purpose::Shuffle, 0, 0));
        assert_eq!(base, first(Stream::new(42, Purpose::Shuffle, 0, 0)));
        assert_ne!(base, first(Stream::new(43, Purpose::Shuffle, 0, 0)));
        assert_ne!(base, first(Stream::new(42, Purpose::Augment, 0, 0)));
        assert_ne!(base, first(Stream::new(42, Purpose::Shuffle, 1, 0)));
        assert_ne!(base, first(Stream::new(42, Purpose::Shuffle, 0, 1)));
        let mut stream = Stream::new(42, Purpose::Shuffle, 0, 0);
        let branch = first(stream.branch(1));
        assert!(branch != base && branch != first(stream.branch(2)));
        stream.next_u32();
        assert_eq!(branch, first(stream.branch(1)));
        assert_ne!(
            branch,
            first(Stream::new(42, Purpose::Shuffle, 1, 0).branch(1))
        );
    }

    #[test]
    fn a_stream_can_be_entered_anywhere() {
        let stream = Stream::new(42, Purpose::Initialise, 1, 2);
        let mut whole = stream.clone();
        let words: Vec<u32> = (0..40).map(|_| whole.next_u32()).collect();
        let mut part = stream.entered_at(7);
        assert!(words[28..].iter().all(|word| *word == part.next_u32()));
    }

    /// Mean and variance within five standard errors of 100 000 draws.
    #[test]
    fn normal_and_uniform_have_their_moments() {
        let n = 100_000;
        let mut stream = Stream::new(7, Purpose::Initialise, 3, 0);
        let draws: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 5.0 * 0.0032, "{mean}");
        assert!((variance - 1.0).abs() < 5.0 * 0.0045, "{variance}");
        let mean = (0..n).map(|_| stream.uniform()).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 5.0 * 0.00092, "{mean}");
    }

    #[test]
    fn shuffle_is_a_permutation_and_fair() {
        let mut first = [0_u32; 5];
        for seed in 0..5000 {
            let order = shuffled(5, &mut Stream::new(seed, Purpose::Shuffle, 0, 0));
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4]);
            first[order[0]] += 1;
        }
        // 1000 expected each; five standard deviations of a binomial are 141.
        assert!(first.iter().all(|n| n.abs_diff(1000) < 141), "{first:?}");
        assert_eq!(
            shuffled(1, &mut Stream::new(0, Purpose::Shuffle, 0, 0)),
            [0]
        );
        assert!(shuffled(0, &mut Stream::new(0, Purpose::Shuffle, 0, 0)).is_empty());
    }
}
