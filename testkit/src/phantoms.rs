//! Made-up images and regions of odd form, the same on every machine.

/// A seeded texture of `rows × columns` whole numbers in `0..levels`, row after row.
///
/// Neighbours resemble each other a little, as in images: each number is the rounded mean of a random
/// one and its left and upper neighbours.
///
/// # Panics
/// When `levels` is 0.
pub fn texture(rows: usize, columns: usize, levels: u32, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed);
    let mut pixels: Vec<u32> = Vec::with_capacity(rows * columns);
    for at in 0..rows * columns {
        let fresh = random.below(levels);
        let left = if at % columns > 0 {
            pixels[at - 1]
        } else {
            fresh
        };
        let up = if at >= columns {
            pixels[at - columns]
        } else {
            fresh
        };
        pixels.push((2 * fresh + left + up) / 4);
    }
    pixels
}

/// A disc that fills `side × side` pixels, row after row.
pub fn disc(side: usize) -> Vec<bool> {
    let centre = (side as f64 - 1.0) / 2.0;
    let radius = side as f64 / 2.0;
    let inside = |at: usize| {
        let (y, x) = ((at / side) as f64 - centre, (at % side) as f64 - centre);
        y * y + x * x <= radius * radius
    };
    (0..side * side).map(inside).collect()
}

/// Random numbers by `SplitMix64` (Steele, Lea and Flood, doi:10.1145/2660193.2660195).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A stream of its own for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A position among `len` ones; 0 where there is none. The last digit of a long number: as even as tests need.
    pub fn position(&mut self, len: usize) -> usize {
        usize::try_from(self.bits() % len.max(1) as u64).unwrap_or(0)
    }

    /// A whole number in `0..bound`, `bound > 0`.
    pub fn below(&mut self, bound: u32) -> u32 {
        // The upper half of a product with a random fraction of 2^32.
        let fraction = self.bits() >> 32;
        let [.., a, b, c, d] = ((fraction * u64::from(bound)) >> 32).to_be_bytes();
        u32::from_be_bytes([a, b, c, d])
    }
}
