//! A data set as a tree of elements: PS3.5, sections 7.1 to 7.5. Values stay where they are in the file; an
//! element holds where its own begins and ends.

use super::corrupt;
use crate::error::{Code, Result, ToolError};
use crate::io::voxel_bytes::ByteOrder;

/// Sequences within sequences at most.
const DEEPEST: usize = 64;
/// Elements of a file at most, nested ones included: enhanced images have a few dozen a frame, and a
/// tree of so many takes 100 MB.
const MOST: usize = 1 << 21;

/// Group and element number.
pub(super) type Tag = (u16, u16);

pub(super) const PIXEL_DATA: Tag = (0x7fe0, 0x0010);
const ITEM: Tag = (0xfffe, 0xe000);
const ITEM_END: Tag = (0xfffe, 0xe00d);
const SEQUENCE_END: Tag = (0xfffe, 0xe0dd);
/// The length of what ends by a mark.
const UNDEFINED: u32 = u32::MAX;
/// Sequences that are read here; an implicit file does not say which elements are sequences.
const SEQUENCES: &[Tag] = &[
    (0x0020, 0x9113),
    (0x0020, 0x9116),
    (0x0028, 0x9110),
    (0x0028, 0x9145),
    (0x0062, 0x0002),
    (0x0062, 0x000a),
    (0x3006, 0x0020),
    (0x3006, 0x0039),
    (0x3006, 0x0040),
    (0x5200, 0x9229),
    (0x5200, 0x9230),
];

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Bytes(Span),
    Items(Vec<Dataset>),
    /// Packed pixel data: a table of offsets and the pieces behind it.
    Fragments(Vec<Span>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element {
    pub(super) tag: Tag,
    pub(super) value: Value,
}

/// Elements in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dataset {
    pub(super) elements: Vec<Element>,
}

impl Dataset {
    pub(super) fn get(&self, tag: Tag) -> Option<&Value> {
        // The first of twins counts.
        let found = self.elements.iter().find(|element| element.tag == tag);
        found.map(|element| &element.value)
    }

    /// Elements, nested ones included.
    pub(super) fn count(&self) -> usize {
        let each = self.elements.iter().map(|element| match &element.value {
            Value::Items(items) => items.iter().map(Self::count).fold(1, usize::saturating_add),
            _ => 1,
        });
        each.fold(0, usize::saturating_add)
    }
}

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoding {
    /// The type of each value is written.
    pub(super) explicit: bool,
    pub(super) order: ByteOrder,
}

/// Reads elements one by one.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
    encoding: Encoding,
    left: usize,
}

/// Where a data set ends.
#[derive(Clone, Copy)]
enum End {
    /// At a place of the file.
    At(usize),
    /// At a mark, at this place at the latest.
    Mark(usize),
}

impl End {
    fn limit(self) -> usize {
        match self {
            Self::At(limit) | Self::Mark(limit) => limit,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, encoding: Encoding) -> Self {
        Self {
            bytes,
            at,
            encoding,
            left: MOST,
        }
    }

    /// The data set up to the end of the file, or to its pixel data, behind which nothing of interest stands.
    pub(super) fn all(mut self) -> Result<Dataset> {
        self.dataset(End::At(self.bytes.len()), 0, |tag| tag == PIXEL_DATA)
    }

    /// The elements of one group, then the place behind them.
    pub(super) fn group(mut self, group: u16) -> Result<(Dataset, usize)> {
        let mut set = Dataset::default();
        let end = self.bytes.len();
        while self.peek().is_some_and(|(found, _)| found == group) {
            let element = self.element(end, 0)?;
            set.elements.extend(element);
        }
        Ok((set, self.at))
    }

    fn dataset(&mut self, end: End, depth: usize, last: fn(Tag) -> bool) -> Result<Dataset> {
        let mut set = Dataset::default();
        loop {
            if self.at >= end.limit() {
                return match end {
                    End::At(_) => Ok(set),
                    End::Mark(_) => Err(cut("an item without its end")),
                };
            }
            // A few bytes of filling behind the last element are no element.
            let rest = end.limit().saturating_sub(self.at);
            if depth == 0 && rest < 8 {
                return Ok(set);
            }
            match self.element(end.limit(), depth)? {
                Some(element) => {
                    let tag = element.tag;
                    set.elements.push(element);
                    if last(tag) {
                        return Ok(set);
                    }
                }
                // An item's end; elsewhere it is passed over.
                None if matches!(end, End::Mark(_)) => return Ok(set),
                None => {}
            }
        }
    }

    /// The next element; none for the mark of an item's end.
    fn element(&mut self, limit: usize, depth: usize) -> Result<Option<Element>> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            ToolError::new(Code::TooLarge, "more than two million elements")
                .remedy("the file is damaged: copy or export it again")
        })?;
        let tag = self.tag()?;
        if tag == ITEM_END || tag == SEQUENCE_END {
            self.u32()?;
            return Ok(None);
        }
        let (vr, length) = self.head(tag)?;
        let is_sequence = vr == Some(*b"SQ") || vr.is_none() && SEQUENCES.contains(&tag);
        if length == UNDEFINED {
            if tag == PIXEL_DATA {
                let fragments = self.fragments(limit)?;
                return Ok(Some(Element {
                    tag,
                    value: Value::Fragments(fragments),
                }));
            }
            // Of unknown type and length: a sequence, written implicitly where the type is UN.
            let outer = self.encoding;
            if vr == Some(*b"UN") {
                self.encoding.explicit = false;
            }
            let items = self.items(End::Mark(limit), depth);
            self.encoding = outer;
            return Ok(Some(Element {
                tag,
                value: Value::Items(items?),
            }));
        }
        let end = self.end_of(tag, length, limit)?;
        if is_sequence {
            let items = self.items(End::At(end), depth)?;
            self.at = end;
            return Ok(Some(Element {
                tag,
                value: Value::Items(items),
            }));
        }
        let start = self.at;
        self.at = end;
        Ok(Some(Element {
            tag,
            value: Value::Bytes(Span { start, end }),
        }))
    }

    /// The items of a sequence.
    fn items(&mut self, end: End, depth: usize) -> Result<Vec<Dataset>> {
        let depth = depth.saturating_add(1);
        if depth > DEEPEST {
            return Err(corrupt(format!("sequences nested deeper than {DEEPEST}")));
        }
        let mut items = Vec::new();
        loop {
            if self.at >= end.limit() {
                return match end {
                    End::At(_) => Ok(items),
                    End::Mark(_) => Err(cut("a sequence without its end")),
                };
            }
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| corrupt("too many items"))?;
            let tag = self.tag()?;
            let length = self.u32()?;
            match tag {
                ITEM => {
                    let inner = if length == UNDEFINED {
                        End::Mark(end.limit())
                    } else {
                        End::At(self.end_of(tag, length, end.limit())?)
                    };
                    items.push(self.dataset(inner, depth, |_| false)?);
                }
                SEQUENCE_END if matches!(end, End::Mark(_)) => return Ok(items),
                SEQUENCE_END => {}
                (group, element) => {
                    return Err(corrupt(format!(
                        "element ({group:04x},{element:04x}) in place of an item"
                    )));
                }
            }
        }
    }

    fn fragments(&mut self, limit: usize) -> Result<Vec<Span>> {
        let mut spans = Vec::new();
        loop {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| corrupt("too many fragments"))?;
            if self.at >= limit {
                return Err(cut("packed pixel data without their end"));
            }
            let tag = self.tag()?;
            let length = self.u32()?;
            match tag {
                ITEM => {
                    let end = self.end_of(tag, length, limit)?;
                    spans.push(Span {
                        start: self.at,
                        end,
                    });
                    self.at = end;
                }
                SEQUENCE_END => return Ok(spans),
                _ => return Err(corrupt("something else among the fragments of pixel data")),
            }
        }
    }

    /// Type and length of a value.
    fn head(&mut self, tag: Tag) -> Result<(Option<[u8; 2]>, u32)> {
        if !self.encoding.explicit || tag.0 == 0xfffe {
            return Ok((None, self.u32()?));
        }
        let vr = self.take::<2>()?;
        let long = matches!(
            &vr,
            b"OB"
                | b"OD"
                | b"OF"
                | b"OL"
                | b"OV"
                | b"OW"
                | b"SQ"
                | b"SV"
                | b"UC"
                | b"UN"
                | b"UR"
                | b"UT"
                | b"UV"
        );
        if !vr.iter().all(u8::is_ascii_uppercase) {
            let (group, element) = tag;
            return Err(corrupt(format!(
                "element ({group:04x},{element:04x}) of type \"{}\"",
                vr.escape_ascii()
            )));
        }
        if long {
            self.take::<2>()?;
            Ok((Some(vr), self.u32()?))
        } else {
            Ok((Some(vr), self.u16()?.into()))
        }
    }

    fn end_of(&self, (group, element): Tag, length: u32, limit: usize) -> Result<usize> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let rest = limit.saturating_sub(self.at);
        if length > rest {
            return Err(cut(&format!(
                "element ({group:04x},{element:04x}) declares {length} bytes, {rest} are left"
            )));
        }
        Ok(self.at.saturating_add(length))
    }

    fn peek(&self) -> Option<Tag> {
        let mut ahead = Reader::new(self.bytes, self.at, self.encoding);
        ahead.tag().ok()
    }

    fn tag(&mut self) -> Result<Tag> {
        Ok((self.u16()?, self.u16()?))
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.first_chunk::<N>().copied();
        self.at = self.at.saturating_add(N);
        taken.ok_or_else(|| cut("the file ends within an element"))
    }

    fn u16(&mut self) -> Result<u16> {
        let bytes = self.take()?;
        Ok(match self.encoding.order {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        })
    }

    fn u32(&mut self) -> Result<u32> {
        let bytes = self.take()?;
        Ok(match self.encoding.order {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        })
    }
}

fn cut(found: &str) -> ToolError {
    ToolError::new(Code::Truncated, found).remedy("the file is cut off: copy it again")
}
