//! A short fingerprint of content, to name a split in reports.
//!
//! FNV-1a with 64 bits (Fowler, Noll, Vo; RFC 9923). It tells accidental differences apart; it is no
//! protection against someone who wants a collision.

/// Offset basis of the 64-bit FNV.
const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
/// Prime of the 64-bit FNV.
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// Content read so far.
#[derive(Debug, Clone)]
pub(crate) struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(OFFSET_BASIS)
    }
}

impl Fingerprint {
    /// Adds bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }

    /// Adds a text with its length, so that `ab`+`c` differs from `a`+`bc`.
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(&(text.len() as u64).to_le_bytes());
        self.bytes(text.as_bytes());
    }

    /// The fingerprint as 16 hexadecimal digits.
    pub(crate) fn hex(&self) -> String {
        format!("{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_published_values() {
        // Test vectors of RFC 9923: the empty string, "a" and "foobar".
        let of = |text: &str| {
            let mut print = Fingerprint::default();
            print.bytes(text.as_bytes());
            print.0
        };
        assert_eq!(of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of("foobar"), 0x8594_4171_f739_67e8);
    }
}
