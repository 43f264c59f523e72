//! A mask as bits: 64 voxels of a row in one word, so that a surface is found where neighbouring words
//! differ and everything else is passed over.

use ndarray::Array3;

/// Bits of a word.
pub(crate) const WORD: usize = u64::BITS as usize;

/// A mask with one empty voxel around it on all six sides. Indices count in the padded box, x fastest.
#[derive(Debug, Clone)]
pub(crate) struct BitMask {
    words: Vec<u64>,
    shape: [usize; 3],
    words_per_row: usize,
}

impl BitMask {
    /// Packs a mask, `[z, y, x]`, in C-order.
    pub(crate) fn new(inside: &Array3<bool>) -> Self {
        let (slices, rows, columns) = inside.dim();
        let shape = [slices + 2, rows + 2, columns + 2];
        let words_per_row = shape[2].div_ceil(WORD);
        let mut words = vec![0; shape[0] * shape[1] * words_per_row];
        let mut padded = vec![0_u8; words_per_row * WORD];
        let inside = inside.as_slice().expect("a region's mask lies in order");
        for (line, row) in inside.chunks_exact(columns).enumerate() {
            for (to, from) in padded[1..].iter_mut().zip(row) {
                *to = u8::from(*from);
            }
            let (z, y) = (line / rows + 1, line % rows + 1);
            let to = &mut words[(z * shape[1] + y) * words_per_row..][..words_per_row];
            for (word, bytes) in to.iter_mut().zip(padded.chunks_exact(WORD)) {
                *word = packed(bytes);
            }
        }
        Self {
            words,
            shape,
            words_per_row,
        }
    }

    /// Size with the padding, `[z, y, x]`.
    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Words of row `(z, y)`; voxel `x` is bit `x % 64` of word `x / 64`. Bits beyond the row are 0.
    pub(crate) fn row(&self, z: usize, y: usize) -> &[u64] {
        &self.words[(z * self.shape[1] + y) * self.words_per_row..][..self.words_per_row]
    }

    /// The runs of voxels inside a row: first voxel and length.
    pub(crate) fn runs(&self, z: usize, y: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let row = self.row(z, y);
        let mut behind = 0;
        std::iter::from_fn(move || {
            let first = seek(row, behind, 0)?;
            // An empty voxel ends the last one.
            behind = seek(row, first, u64::MAX)?;
            Some((first, behind - first))
        })
    }
}

/// The first bit from a place on that is set, or where `flip` is all ones, that is not.
fn seek(row: &[u64], from: usize, flip: u64) -> Option<usize> {
    let mut number = from / WORD;
    let mut word = (row.get(number)? ^ flip) & (u64::MAX << (from % WORD));
    while word == 0 {
        number += 1;
        word = row.get(number)? ^ flip;
    }
    Some(number * WORD + word.trailing_zeros() as usize)
}

/// 64 bytes that are 0 or 1 as the bits of a word, the first one lowest.
pub(crate) fn packed(bytes: &[u8]) -> u64 {
    // Multiplying eight bytes of 0 or 1 by this number moves all of them into the top byte, in order.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let eights = bytes.chunks_exact(8).enumerate();
    eights.fold(0, |word, (at, eight)| {
        let eight = <[u8; 8]>::try_from(eight).expect("chunks of eight");
        word | (u64::from_le_bytes(eight).wrapping_mul(GATHER) >> 56) << (8 * at)
    })
}

/// The row one voxel further: bit `x` of the result is bit `x + 1` of the row.
pub(crate) fn next(row: &[u64], word: usize) -> u64 {
    let above = row.get(word + 1).copied().unwrap_or(0);
    (row[word] >> 1) | (above << (WORD - 1))
}

/// Bit `x` is set where voxels `x` and `x + 1` of a row differ.
pub(crate) fn steps(row: &[u64], into: &mut Vec<u64>) {
    into.clear();
    into.extend((0..row.len()).map(|word| row[word] ^ next(row, word)));
}

/// Bit `x` is set where two rows differ.
pub(crate) fn differences(a: &[u64], b: &[u64], into: &mut Vec<u64>) {
    into.clear();
    into.extend(a.iter().zip(b).map(|(a, b)| a ^ b));
}

/// Positions of the bits that are set, in ascending order.
pub(crate) fn positions(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    words.iter().enumerate().flat_map(|(at, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                at * WORD + bit
            })
        })
    })
}

/// First and last bit that is set.
pub(crate) fn extent(words: &[u64]) -> Option<(usize, usize)> {
    let first = words.iter().position(|word| *word != 0)?;
    let last = words.iter().rposition(|word| *word != 0)?;
    Some((
        first * WORD + words[first].trailing_zeros() as usize,
        last * WORD + WORD - 1 - words[last].leading_zeros() as usize,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_runs_are_those_of_the_mask() {
        let inside = Array3::from_shape_fn((2, 3, 131), |(z, y, x)| (x * x + 3 * y + z) % 5 < 2);
        let bits = BitMask::new(&inside);
        assert_eq!(bits.shape(), [4, 5, 133]);
        for z in 0..4_usize {
            for y in 0..5_usize {
                let expected = |x: usize| {
                    let at = [z.checked_sub(1), y.checked_sub(1), x.checked_sub(1)];
                    let [Some(z), Some(y), Some(x)] = at else {
                        return false;
                    };
                    inside.get([z, y, x]).copied().unwrap_or(false)
                };
                let all: Vec<usize> = (0..133).filter(|x| expected(*x)).collect();
                assert_eq!(positions(bits.row(z, y)).collect::<Vec<_>>(), all);
                let of_runs = bits
                    .runs(z, y)
                    .flat_map(|(first, length)| first..first + length);
                assert_eq!(of_runs.collect::<Vec<_>>(), all);
                let ends = all.first().copied().zip(all.last().copied());
                assert_eq!(extent(bits.row(z, y)), ends);
            }
        }
    }
}
