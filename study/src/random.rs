//! Random numbers that depend on nothing but a seed, a purpose and an index.
//!
//! One seed enters at the top of a run. Whoever needs chance opens a [`Stream`] for its own purpose
//! ("phantom noise" of patient 7, tree 12 of a forest), so nobody's numbers depend on how many others
//! were drawn before, nor on threads.
//!
//! The generator is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
//! OOPSLA 2014, doi:10.1145/2660193.2660195) with a key in place of its state: number `n` of a stream
//! is `mix(key + n · γ)`.

/// The increment γ of SplitMix64, the odd integer nearest to 2⁶⁴ / golden ratio.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// SplitMix64's output function: every input bit reaches every output bit.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// An endless row of random numbers for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    key: u64,
    drawn: u64,
}

impl Stream {
    /// The stream of `purpose` number `index` under `seed`.
    pub fn new(seed: u64, purpose: &str, index: u64) -> Self {
        // FNV-1a of the purpose, then each part mixed in: neighbouring seeds and indices end far apart.
        let name = purpose.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, byte| {
            (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
        });
        let key =
            mix(mix(mix(seed.wrapping_add(GAMMA)) ^ name).wrapping_add(index.wrapping_mul(GAMMA)));
        Self { key, drawn: 0 }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        mix(self.key.wrapping_add(self.drawn.wrapping_mul(GAMMA)))
    }

    /// A number in `0.0..1.0`, a multiple of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A number in `low..high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `bound`, each equally likely (multiply and reject; Lemire, ACM TOMACS 29, 2019,
    /// doi:10.1145/3230636).
    ///
    /// # Panics
    /// When `bound` is 0.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of the product are meant; the upper one is below `bound`, a usize"
    )]
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "nothing lies below 0");
        let bound = bound as u64;
        let rejected = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.bits()) * u128::from(bound);
            if wide as u64 >= rejected {
                return (wide >> 64) as usize;
            }
        }
    }

    /// A standard normal number (Box and Muller, 1958; the second of each pair is left unused so that
    /// a stream has no hidden half).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts `items` in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With key 0 the stream is SplitMix64 from state 0, whose first numbers are published.
    #[test]
    fn bits_splitmix64() {
        let mut stream = Stream { key: 0, drawn: 0 };
        let first = [stream.bits(), stream.bits(), stream.bits()];
        assert_eq!(
            first,
            [
                0xE220_A839_7B1D_CDAF,
                0x6E78_9E6A_A1B9_65F4,
                0x06C4_5D18_8009_454F
            ]
        );
    }

    #[test]
    fn streams_of_other_seeds_purposes_and_indices_differ() {
        let first = Stream::new(1, "a", 0).bits();
        for other in [
            Stream::new(2, "a", 0),
            Stream::new(1, "b", 0),
            Stream::new(1, "a", 1),
        ] {
            assert_ne!(first, other.clone().bits());
        }
        assert_eq!(first, Stream::new(1, "a", 0).bits());
    }

    /// Mean and variance of 100 000 draws lie within five standard errors of their true values.
    #[test]
    fn draws_have_their_moments() {
        let mut stream = Stream::new(3, "moments", 0);
        let n = 100_000;
        let moments = |values: Vec<f64>| {
            let mean = values.iter().sum::<f64>() / f64::from(n);
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(n);
            (mean, variance)
        };
        let (mean, variance) = moments((0..n).map(|_| stream.normal()).collect());
        assert!(
            mean.abs() < 0.016 && (variance - 1.0).abs() < 0.023,
            "{mean} {variance}"
        );
        let (mean, variance) = moments((0..n).map(|_| stream.unit()).collect());
        assert!((mean - 0.5).abs() < 0.0046 && (variance - 1.0 / 12.0).abs() < 0.0012);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[stream.below(6)] += 1;
        }
        assert!(
            counts.iter().all(|count| (9_540..10_460).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..50).collect();
        Stream::new(9, "order", 0).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
