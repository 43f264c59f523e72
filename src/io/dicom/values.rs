//! Values of elements as numbers and text. The caller knows the type of what it asks for.

use super::elements::{Dataset, Span, Tag, Value};
use crate::error::{Code, Result, ToolError};
use crate::io::voxel_bytes::ByteOrder;

/// A data set with the bytes its elements lie in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'a> {
    bytes: &'a [u8],
    elements: &'a Dataset,
    order: ByteOrder,
}

impl<'a> Set<'a> {
    pub(super) fn new(bytes: &'a [u8], set: &'a Dataset, order: ByteOrder) -> Self {
        Self {
            bytes,
            elements: set,
            order,
        }
    }

    /// A value as it stands in the file.
    pub(super) fn value(self, tag: Tag) -> Option<&'a Value> {
        self.elements.get(tag)
    }

    /// The bytes of a part of the file.
    pub(super) fn span(self, span: Span) -> &'a [u8] {
        self.bytes.get(span.start..span.end).unwrap_or_default()
    }

    /// The bytes of a value.
    pub(super) fn bytes(self, tag: Tag) -> Option<&'a [u8]> {
        match self.value(tag)? {
            Value::Bytes(span) => Some(self.span(*span)),
            _ => None,
        }
    }

    /// The items of a sequence; none where it is missing.
    pub(super) fn items(self, tag: Tag) -> impl Iterator<Item = Self> {
        let items = match self.value(tag) {
            Some(Value::Items(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().map(move |elements| Self { elements, ..self })
    }

    /// The first item of a sequence.
    pub(super) fn item(self, tag: Tag) -> Option<Self> {
        self.items(tag).next()
    }

    /// Text without its filling.
    pub(super) fn text(self, tag: Tag) -> Option<String> {
        let bytes = self.bytes(tag)?;
        let text = String::from_utf8_lossy(bytes);
        Some(
            text.trim_matches(|c: char| c == '\0' || c.is_whitespace())
                .to_owned(),
        )
    }

    /// Written numbers, apart by backslashes, at most `most`.
    pub(super) fn decimals(self, tag: Tag, most: usize) -> Option<Vec<f64>> {
        let text = std::str::from_utf8(self.bytes(tag)?).ok()?;
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        if text.is_empty() {
            return None;
        }
        let words = text.split('\\').take(most.saturating_add(1));
        let numbers: Option<Vec<f64>> = words
            .map(|word| word.trim().parse().ok().filter(|v: &f64| v.is_finite()))
            .collect();
        numbers.filter(|numbers| numbers.len() <= most)
    }

    /// Exactly `N` written numbers; none where the element is missing or empty.
    ///
    /// # Errors
    /// `E_HEADER` for anything else than so many finite numbers; `name` is the element's.
    pub(super) fn exactly<const N: usize>(self, tag: Tag, name: &str) -> Result<Option<[f64; N]>> {
        let Some(text) = self.text(tag).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let numbers = self.decimals(tag, N).and_then(|all| all.try_into().ok());
        numbers.map(Some).ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            ToolError::new(Code::Header, format!("{name} {shown}"))
                .expected(format!(
                    "{N} finite number{}",
                    if N == 1 { "" } else { "s" }
                ))
                .remedy("the file is damaged: copy or export it again")
        })
    }

    /// A written number, as [`Self::exactly`].
    pub(super) fn decimal(self, tag: Tag, name: &str) -> Result<Option<f64>> {
        Ok(self.exactly::<1>(tag, name)?.map(|[number]| number))
    }

    /// A written whole number.
    pub(super) fn written(self, tag: Tag) -> Option<i64> {
        self.text(tag)?.parse().ok()
    }

    /// A stored whole number of two or four bytes.
    pub(super) fn stored(self, tag: Tag) -> Option<u32> {
        let bytes = self.bytes(tag)?;
        match (bytes, self.order) {
            ([a, b], ByteOrder::Little) => Some(u16::from_le_bytes([*a, *b]).into()),
            ([a, b], ByteOrder::Big) => Some(u16::from_be_bytes([*a, *b]).into()),
            ([a, b, c, d], ByteOrder::Little) => Some(u32::from_le_bytes([*a, *b, *c, *d])),
            ([a, b, c, d], ByteOrder::Big) => Some(u32::from_be_bytes([*a, *b, *c, *d])),
            _ => None,
        }
    }
}
