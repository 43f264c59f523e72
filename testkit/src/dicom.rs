//! DICOM files written element by element, for tests that need wrong ones: explicit VR little endian, sequences of
//! stated length. Nothing is checked; what a test asks for is written.

use std::collections::BTreeMap;

/// Group and element number.
pub type Tag = (u16, u16);

/// Pixel data.
pub const PIXELS: Tag = (0x7fe0, 0x0010);
/// Explicit VR Little Endian.
pub const PLAIN: &str = "1.2.840.10008.1.2.1";

/// Elements by tag, as they are sorted in a file.
#[derive(Debug, Clone, Default)]
pub struct DataSet(BTreeMap<Tag, Vec<u8>>);

impl DataSet {
    /// An element of any type, its value filled up to an even length.
    #[must_use]
    pub fn with(mut self, tag: Tag, vr: &str, value: impl Into<Vec<u8>>) -> Self {
        let mut value = value.into();
        if value.len() % 2 == 1 {
            value.push(if matches!(vr, "UI" | "OB") { 0 } else { b' ' });
        }
        let mut element = head(tag, vr);
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        if is_long(vr) {
            element.extend(length.to_le_bytes());
        } else {
            element.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
        }
        element.extend(value);
        self.0.insert(tag, element);
        self
    }

    /// A stored number of two bytes.
    #[must_use]
    pub fn short(self, tag: Tag, value: u16) -> Self {
        self.with(tag, "US", value.to_le_bytes())
    }

    /// Written numbers.
    #[must_use]
    pub fn decimals(self, tag: Tag, values: &[f64]) -> Self {
        let words: Vec<String> = values.iter().map(f64::to_string).collect();
        self.with(tag, "DS", words.join("\\"))
    }

    /// A sequence.
    #[must_use]
    pub fn items(self, tag: Tag, items: impl IntoIterator<Item = Self>) -> Self {
        let mut value = Vec::new();
        for item in items {
            let bytes = item.bytes();
            value.extend(b"\xfe\xff\x00\xe0");
            value.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
            value.extend(bytes);
        }
        self.with(tag, "SQ", value)
    }

    /// Packed pixel data: a table of offsets, and one piece a frame.
    #[must_use]
    pub fn packed(mut self, table: &[u8], pieces: &[Vec<u8>]) -> Self {
        let mut element = head(PIXELS, "OB");
        element.extend(u32::MAX.to_le_bytes());
        for piece in std::iter::once(table).chain(pieces.iter().map(Vec::as_slice)) {
            let filled = piece.len() + piece.len() % 2;
            element.extend(b"\xfe\xff\x00\xe0");
            element.extend(u32::try_from(filled).unwrap_or(u32::MAX).to_le_bytes());
            element.extend(piece);
            element.resize(element.len() + filled - piece.len(), 0);
        }
        element.extend(b"\xfe\xff\xdd\xe0\0\0\0\0");
        self.0.insert(PIXELS, element);
        self
    }

    /// Without an element.
    #[must_use]
    pub fn without(mut self, tag: Tag) -> Self {
        self.0.remove(&tag);
        self
    }

    /// An element as its bytes stand, head and all.
    #[must_use]
    pub fn raw(mut self, tag: Tag, bytes: &[u8]) -> Self {
        self.0.insert(tag, bytes.to_vec());
        self
    }

    /// The elements one behind the other.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.values().flatten().copied().collect()
    }

    /// A file of a transfer syntax, named by its UID.
    #[must_use]
    pub fn file(&self, syntax: &str) -> Vec<u8> {
        let meta = Self::default().with((2, 0x10), "UI", syntax);
        let mut bytes = vec![0; 128];
        bytes.extend(b"DICM");
        bytes.extend(meta.bytes());
        bytes.extend(self.bytes());
        bytes
    }
}

/// Tag, type, and for types with a length of four bytes the two that are kept free.
fn head((group, element): Tag, vr: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(group.to_le_bytes());
    bytes.extend(element.to_le_bytes());
    bytes.extend(vr.as_bytes());
    if is_long(vr) {
        bytes.extend([0, 0]);
    }
    bytes
}

fn is_long(vr: &str) -> bool {
    matches!(vr, "OB" | "OW" | "SQ" | "UN" | "UT")
}
