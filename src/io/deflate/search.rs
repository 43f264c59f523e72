//! Where a block seems to begin in the middle of a stream.

use super::bits::Bits;
use super::blocks::{BEGINNING, Described, OWN_CODES};

/// The first place between two, in bits, where a block with codes of its own seems to begin that is not the last.
pub(super) fn find(packed: &[u8], from: usize, until: usize) -> Option<usize> {
    let mut from = from;
    while from < until {
        let mut begins = beginnings(eight(packed, from)?);
        while begins != 0 {
            let bit = from + begins.trailing_zeros() as usize;
            begins &= begins - 1;
            if bit < until && makes_codes(packed, bit) {
                return Some(bit);
            }
        }
        from += PLACES;
    }
    None
}

/// Places that are looked at together: what is told of one is told by thirteen bits.
const PLACES: usize = 57 - 12;

/// At which of so many places a block may begin, as bits: its kind, and numbers of symbols that there are.
fn beginnings(bits: u64) -> u64 {
    let kind = (0..BEGINNING).fold(u64::MAX, |all, i| {
        let wanted = OWN_CODES >> i & 1 == 1;
        all & if wanted { bits >> i } else { !(bits >> i) }
    });
    // Five bits each, of which 30 and 31 stand for none.
    let none = |at: u32| (at + 1..at + 5).fold(u64::MAX, |all, i| all & bits >> i);
    kind & !none(3) & !none(8) & ((1 << PLACES) - 1)
}

/// Whether lengths of words follow that make codes: first those of the words that lengths are written in, which rule
/// out all but one place in some hundreds.
fn makes_codes(packed: &[u8], bit: usize) -> bool {
    let (Some(first), Some(lengths)) = (eight(packed, bit), eight(packed, bit + 17)) else {
        return false;
    };
    // Three bits a length, at most 19: all of them are held.
    let lengths = lengths & ((1 << (3 * ((first >> 13 & 15) + 4))) - 1);
    let shares: u16 = (0..5)
        .map(|i| SHARES[(lengths >> (12 * i)) as usize % SHARES.len()])
        .sum();
    shares == 1 << 7
        && Bits::at(packed, bit + BEGINNING as usize)
            .and_then(|mut bits| Described::read(&mut bits))
            .is_ok_and(|described| described.makes_codes())
}

/// At least 57 bits from here on.
#[inline]
fn eight(packed: &[u8], bit: usize) -> Option<u64> {
    let eight = packed.get(bit / 8..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*eight) >> (bit % 8))
}

/// How much four words of these lengths, three bits each, take of a code, in parts of 128.
static SHARES: [u16; 1 << 12] = {
    let mut shares = [0; 1 << 12];
    let mut lengths = 0;
    while lengths < shares.len() {
        let mut i = 0;
        while i < 4 {
            let len = lengths >> (3 * i) & 7;
            if len > 0 {
                shares[lengths] += 128 >> len;
            }
            i += 1;
        }
        lengths += 1;
    }
    shares
};

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    /// Every place read as a block's beginning, one by one.
    fn one_by_one(packed: &[u8]) -> Vec<usize> {
        let begins = |bit: &usize| {
            let mut bits = Bits::at(packed, *bit).unwrap();
            bits.take(BEGINNING).ok() == Some(OWN_CODES)
                && Described::read(&mut bits).is_ok_and(|described| described.makes_codes())
        };
        (0..8 * packed.len() - 128).filter(begins).collect()
    }

    #[test]
    fn what_is_found_is_what_reads_as_a_beginning() {
        let mut state = 7_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 & 63
        });
        let content: Vec<u8> = noise.take(150_000).collect();
        let mut writer = DeflateEncoder::new(Vec::new(), Compression::new(6));
        writer.write_all(&content).unwrap();
        let packed = writer.finish().unwrap();
        let expected = one_by_one(&packed);
        assert!(expected.len() > 3, "{expected:?}");
        let end = 8 * packed.len() - 128;
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(bit) = find(&packed, from, end) {
            found.push(bit);
            from = bit + 1;
        }
        assert_eq!(found, expected);
        // Wherever it is begun, and however near the end.
        for bit in expected {
            for before in 0..100.min(bit) {
                assert_eq!(find(&packed, bit - before, bit + 1), Some(bit));
                assert_eq!(find(&packed, bit - before, bit), None);
            }
        }
    }
}
