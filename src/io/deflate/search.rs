//! Where a block seems to begin in the middle of a stream.

use super::bits::Bits;
use super::blocks::{Described, OWN_CODES};

/// The first place between two, in bits, where a block with codes of its own seems to begin that is not the last.
pub(super) fn find(packed: &[u8], from: usize, until: usize) -> Option<usize> {
    (from..until).find(|&bit| {
        seems_to_begin(packed, bit)
            && Bits::at(packed, bit + 3)
                .and_then(|mut bits| Described::read(&mut bits))
                .is_ok_and(|described| described.makes_codes())
    })
}

/// Whether the first bits of such a block are here: its kind, its numbers of symbols, and lengths of words for
/// these lengths that make a code. One place in some hundreds passes.
fn seems_to_begin(packed: &[u8], bit: usize) -> bool {
    let Some(first) = eight(packed, bit) else {
        return false;
    };
    if first & 7 != u64::from(OWN_CODES) || first >> 3 & 31 > 29 || first >> 8 & 31 > 29 {
        return false;
    }
    let Some(lengths) = eight(packed, bit + 17) else {
        return false;
    };
    // Three bits a length, at most 19: all of them are held.
    let lengths = lengths & ((1 << (3 * ((first >> 13 & 15) + 4))) - 1);
    let shares: u16 = (0..5)
        .map(|i| SHARES[(lengths >> (12 * i)) as usize % SHARES.len()])
        .sum();
    shares == 1 << 7
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
