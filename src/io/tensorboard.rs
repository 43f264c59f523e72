//! TensorBoard's event files: records of protocol buffers.
//!
//! A record is its length (u64), a checksum of the length (u32), the bytes, and a checksum of the bytes (u32), all
//! little-endian; a checksum is CRC-32C (Castagnoli), turned by 15 bits and added to a constant ("masked"), as in
//! TensorFlow's `TFRecord`. The bytes are a message `Event` (`event.proto`):
//!
//! ```text
//! Event   { 1: double wall_time, 2: int64 step, 3: string file_version, 5: Summary summary }
//! Summary { 1: repeated Value }      Value { 1: string tag, 2: float simple_value }
//! ```
//!
//! The time of an event is its step in seconds since 1970, so that two runs of a study write the same bytes.

/// What TensorBoard looks for in the first event.
const VERSION: &str = "brain.Event:2";

/// The added constant of a masked checksum.
const MASK: u32 = 0xA282_EAD8;

/// CRC-32C's polynomial, bits reversed.
const CASTAGNOLI: u32 = 0x82F6_3B78;

/// Kinds of fields on the wire.
const VARINT: u8 = 0;
const DOUBLE: u8 = 1;
const BYTES: u8 = 2;
const FLOAT: u8 = 5;

/// An event file in the making.
#[derive(Debug)]
pub struct EventFile {
    bytes: Vec<u8>,
}

impl EventFile {
    /// A file with its version and no scalars.
    #[expect(
        clippy::new_without_default,
        reason = "an event file is begun, not a default"
    )]
    pub fn new() -> Self {
        let mut file = Self { bytes: Vec::new() };
        // Its time is 0, which the format leaves out.
        let mut event = Vec::new();
        bytes(&mut event, 3, VERSION.as_bytes());
        file.record(&event);
        file
    }

    /// Numbers under their tags at a step.
    pub fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) {
        let mut summary = Vec::new();
        for (tag, number) in scalars {
            let mut value = Vec::new();
            bytes(&mut value, 1, tag.as_bytes());
            key(&mut value, 2, FLOAT);
            #[expect(clippy::cast_possible_truncation, reason = "the format holds f32")]
            value.extend((*number as f32).to_le_bytes());
            bytes(&mut summary, 1, &value);
        }
        let mut event = Vec::new();
        double(&mut event, 1, step as f64);
        key(&mut event, 2, VARINT);
        varint(&mut event, step);
        bytes(&mut event, 5, &summary);
        self.record(&event);
    }

    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn record(&mut self, event: &[u8]) {
        let length = (event.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked(&length).to_le_bytes());
        self.bytes.extend(event);
        self.bytes.extend(masked(event).to_le_bytes());
    }
}

fn key(to: &mut Vec<u8>, field: u8, kind: u8) {
    to.push(field << 3 | kind);
}

fn double(to: &mut Vec<u8>, field: u8, number: f64) {
    key(to, field, DOUBLE);
    to.extend(number.to_le_bytes());
}

fn bytes(to: &mut Vec<u8>, field: u8, content: &[u8]) {
    key(to, field, BYTES);
    varint(to, content.len() as u64);
    to.extend(content);
}

/// Seven bits a byte, lowest first; the eighth says that more follow.
fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 128")]
    to.push(number as u8);
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

/// Bit by bit: event files are small.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { CASTAGNOLI } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check values of RFC 3720, appendix B.4.
    #[test]
    fn crc32c_rfc3720() {
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc32c(&[0xFF; 32]), 0x62A8_AB43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&rising), 0x46DD_794E);
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn numbers_take_seven_bits_a_byte() {
        let of = |number| {
            let mut to = Vec::new();
            varint(&mut to, number);
            to
        };
        assert_eq!(of(1), [1]);
        assert_eq!(of(300), [0xAC, 0x02]);
        assert_eq!(of(u64::MAX).len(), 10);
    }

    /// The bytes that TensorBoard's own writer makes of the same events, see
    /// `tests/reference/tensorboard/README.md`.
    #[test]
    fn event_file_tensorboard() {
        let mut file = EventFile::new();
        file.scalars(1, &[("loss/train", 1.5), ("accuracy/valid", 0.25)]);
        file.scalars(300, &[("learning_rate", 1e-4)]);
        let expected =
            include_bytes!("../../tests/reference/tensorboard/events.out.tfevents.golden");
        assert_eq!(file.into_bytes(), expected);
    }
}
