//! The types of numbers that weights are stored in, as f32.

/// A type of stored number, little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    F16,
    Bf16,
    F32,
    F64,
    I8,
    U8,
    Bool,
    I16,
    I32,
    I64,
}

impl Number {
    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }

    /// The numbers of whole bytes; what is left over is not looked at.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "weights are f32 here: f64 is rounded to the nearest"
    )]
    pub(super) fn read(self, bytes: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes
                .as_chunks::<N>()
                .0
                .iter()
                .map(|b| number(*b))
                .collect()
        }
        match self {
            Self::F32 => each(bytes, f32::from_le_bytes),
            Self::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            Self::F16 => each(bytes, |b| half(u16::from_le_bytes(b))),
            // bfloat16 is the upper half of an f32.
            Self::Bf16 => each(bytes, |[low, high]| f32::from_le_bytes([0, 0, low, high])),
            Self::I8 => each(bytes, |b| f32::from(i8::from_le_bytes(b))),
            Self::U8 => each(bytes, |[b]| f32::from(b)),
            Self::Bool => each(bytes, |[b]| f32::from(u8::from(b != 0))),
            Self::I16 => each(bytes, |b| f32::from(i16::from_le_bytes(b))),
            Self::I32 => each(bytes, |b| i32::from_le_bytes(b) as f32),
            Self::I64 => each(bytes, |b| i64::from_le_bytes(b) as f32),
        }
    }
}

/// IEEE 754 binary16: sign, five bits of exponent e, ten of fraction m. ± 2^(e-25) (1024 + m) for 0 < e < 31,
/// ± 2^-24 m for e = 0, infinite or not a number for e = 31. Every one of them is an f32.
fn half(bits: u16) -> f32 {
    let fraction = f32::from(bits & 0x3FF);
    let magnitude = match i32::from(bits >> 10 & 0x1F) {
        0 => fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1024.0 + fraction) * 2.0_f32.powi(exponent - 25),
    };
    if bits >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_ieee_754() {
        for (bits, expected) in [
            (0x0000, 0.0),
            (0x0001, 2.0_f32.powi(-24)),
            (0x03FF, 1023.0 * 2.0_f32.powi(-24)),
            (0x0400, 2.0_f32.powi(-14)),
            (0x3555, 1365.0 / 4096.0),
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65504.0),
            (0x7C00, f32::INFINITY),
            (0xFC00, f32::NEG_INFINITY),
        ] {
            assert_eq!(half(bits).to_bits(), expected.to_bits(), "{bits:04x}");
        }
        assert_eq!(half(0x8000).to_bits(), (-0.0_f32).to_bits());
        assert!(half(0x7C01).is_nan() && half(0xFFFF).is_nan());
        // Order is kept from the least to the largest: no exponent is off by one.
        let all: Vec<f32> = (0..0x7C01).map(half).collect();
        assert!(all.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn every_type_reads_its_own_bytes() {
        let one: [(Number, &[u8], f32); 10] = [
            (Number::F16, &[0x00, 0xC0], -2.0),
            (Number::Bf16, &[0x20, 0xC0], -2.5),
            (Number::F32, &(-2.5_f32).to_le_bytes(), -2.5),
            (Number::F64, &(-2.5_f64).to_le_bytes(), -2.5),
            (Number::I8, &[0xFE], -2.0),
            (Number::U8, &[0xFE], 254.0),
            (Number::Bool, &[7], 1.0),
            (Number::I16, &(-3_i16).to_le_bytes(), -3.0),
            (Number::I32, &(-4_i32).to_le_bytes(), -4.0),
            (Number::I64, &(-5_i64).to_le_bytes(), -5.0),
        ];
        for (number, bytes, expected) in one {
            assert_eq!(bytes.len(), number.size(), "{number:?}");
            let twice = [bytes, bytes, &[1]].concat();
            let found = number.read(&twice[..2 * bytes.len()]);
            assert_eq!(found, [expected; 2], "{number:?}");
        }
    }
}
