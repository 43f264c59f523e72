//! An array: its header, a small dictionary in Python's notation, and its numbers.

use raduet_features::Voxels;

use crate::error::{Code, Result, ToolError};
use crate::io::ReadOptions;
use crate::io::axes::Axes;
use crate::io::room::reserved;
use crate::io::voxel_bytes::{ByteOrder, NumberType, declared, describe, truncated, voxels};

/// Axes of an array at most.
const MOST_AXES: usize = 8;
/// Longest header in bytes.
const LONGEST: usize = 1 << 16;

/// An array of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    kind: NumberType,
    big: bool,
    /// Whether the first axis runs fastest.
    fortran: bool,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    /// Images `[n, y, x]` as n volumes of one slice; other arrays as they are.
    #[must_use]
    pub fn one_slice_each(mut self) -> Self {
        if let [n, rows, columns] = self.shape[..] {
            self.shape = vec![n, 1, rows, columns];
        }
        self
    }

    /// Numbers along each axis, the slowest first where the array is in C order.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// All numbers as whole ones in C order; none where they are fractions, or do not fit.
    pub fn whole_numbers(&self) -> Option<Vec<i64>> {
        if self.fortran && self.shape.len() > 1 && self.shape.iter().filter(|n| **n > 1).count() > 1
        {
            return None;
        }
        let width = self.kind.width();
        let signed = matches!(
            self.kind,
            NumberType::I8 | NumberType::I16 | NumberType::I32 | NumberType::I64
        );
        if matches!(self.kind, NumberType::F32 | NumberType::F64) {
            return None;
        }
        let number = |bytes: &[u8]| {
            let mut all = [0_u8; 8];
            let ordered: Vec<u8> = if self.big {
                bytes.iter().rev().copied().collect()
            } else {
                bytes.to_vec()
            };
            let negative = signed && ordered.last().is_some_and(|byte| *byte >= 0x80);
            if negative {
                all = [0xff; 8];
            }
            for (slot, byte) in all.iter_mut().zip(&ordered) {
                *slot = *byte;
            }
            if self.kind == NumberType::U64 {
                i64::try_from(u64::from_le_bytes(all)).ok()
            } else {
                Some(i64::from_le_bytes(all))
            }
        };
        self.bytes.chunks_exact(width).map(number).collect()
    }

    /// The axes, fastest first; the last three of an array are z, y, x.
    pub(super) fn axes(&self) -> Axes {
        let n = self.shape.len();
        let place = |back: usize| {
            let axis = n.checked_sub(back)?;
            Some(if self.fortran {
                axis
            } else {
                n.saturating_sub(1).saturating_sub(axis)
            })
        };
        let mut sizes = self.shape.clone();
        if !self.fortran {
            sizes.reverse();
        }
        Axes {
            sizes,
            space: [place(1), place(2), place(3)],
        }
    }

    pub(super) fn voxels(&self, axes: &Axes, volume: usize) -> Result<Voxels> {
        let picked = axes.pick(&self.bytes, self.kind.width(), volume)?;
        let order = if self.big {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        };
        voxels(&picked, self.kind, order, axes.shape())
    }
}

fn wrong(found: impl Into<String>) -> ToolError {
    ToolError::new(Code::Header, found)
        .expected("the header of a NumPy array")
        .remedy("write the array again with numpy.save")
}

/// Reads an array from the bytes of a file.
///
/// # Errors
/// `E_HEADER`, `E_DATATYPE`, `E_NDIM`, `E_TOO_LARGE`, `E_TRUNCATED`.
pub fn read_array(bytes: &[u8], options: &ReadOptions) -> Result<Array> {
    let short = || {
        ToolError::new(
            Code::Truncated,
            format!("{} bytes of a NumPy header", bytes.len()),
        )
        .remedy("the file is cut off: copy it again")
    };
    if !super::is_npy(bytes) {
        return Err(wrong("no NumPy array"));
    }
    let (start, length) = match (bytes.get(6), bytes.get(8..12)) {
        (Some(1), Some([a, b, ..])) => (10_usize, usize::from(u16::from_le_bytes([*a, *b]))),
        (Some(2 | 3), Some([a, b, c, d])) => {
            let length = u32::from_le_bytes([*a, *b, *c, *d]);
            (12, usize::try_from(length).unwrap_or(usize::MAX))
        }
        (Some(version), Some(_)) => return Err(wrong(format!("format version {version}"))),
        _ => return Err(short()),
    };
    if length > LONGEST {
        return Err(wrong(format!("a header of {length} bytes")));
    }
    let end = start.saturating_add(length);
    let header = bytes.get(start..end).ok_or_else(short)?;
    let header = std::str::from_utf8(header).map_err(|_| wrong("a header that is no text"))?;
    let descr = entry(header, "descr")?;
    let descr = quoted(descr).ok_or_else(|| structured(descr))?;
    let fortran = match entry(header, "fortran_order")? {
        text if text.starts_with("True") => true,
        text if text.starts_with("False") => false,
        _ => return Err(wrong("fortran_order is neither True nor False")),
    };
    let shape = shape(entry(header, "shape")?)?;
    let (kind, big) = kind(descr)?;
    let sizes: Vec<u64> = if shape.is_empty() { vec![1] } else { shape };
    let declared = declared(&sizes, kind, options.budget)?;
    let data = bytes.get(end..).unwrap_or_default();
    let stored = data
        .get(..declared.bytes)
        .ok_or_else(|| truncated(data.len(), declared.bytes, &describe(&sizes, kind)))?;
    let mut own = reserved(stored.len())?;
    own.extend_from_slice(stored);
    Ok(Array {
        kind,
        big,
        fortran,
        shape: sizes
            .iter()
            .map(|n| usize::try_from(*n).unwrap_or(usize::MAX))
            .collect(),
        bytes: own,
    })
}

/// What stands behind a key of the dictionary.
fn entry<'a>(header: &'a str, key: &str) -> Result<&'a str> {
    let lost = || wrong(format!("no entry '{key}'"));
    let at = header
        .find(&format!("'{key}'"))
        .or_else(|| header.find(&format!("\"{key}\"")));
    let rest = at.and_then(|at| header.get(at..)).ok_or_else(lost)?;
    let (_, value) = rest.split_once(':').ok_or_else(lost)?;
    Ok(value.trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    let mark = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text.get(1..)?.split(mark).next()
}

/// `(5, 7, 9)`.
fn shape(text: &str) -> Result<Vec<u64>> {
    let unclear = || {
        let shown: String = text.chars().take(60).collect();
        wrong(format!("shape {shown}"))
    };
    let inside = text.strip_prefix('(').and_then(|text| text.split_once(')'));
    let (inside, _) = inside.ok_or_else(unclear)?;
    let words = inside
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let sizes: Option<Vec<u64>> = words
        .take(MOST_AXES.saturating_add(1))
        .map(|word| word.trim_end_matches('L').parse().ok())
        .collect();
    let sizes = sizes.ok_or_else(unclear)?;
    if sizes.len() > MOST_AXES {
        return Err(
            ToolError::new(Code::Ndim, "an array of more than eight axes")
                .expected("a volume, or several")
                .remedy("keep the axes of space and of volumes"),
        );
    }
    Ok(sizes)
}

fn kind(descr: &str) -> Result<(NumberType, bool)> {
    let (order, rest) = match descr.chars().next() {
        Some('<' | '|' | '=') => (false, descr.get(1..)),
        Some('>') => (true, descr.get(1..)),
        _ => (false, Some(descr)),
    };
    let kind = match rest.unwrap_or_default() {
        "u1" | "b1" => NumberType::U8,
        "i1" => NumberType::I8,
        "u2" => NumberType::U16,
        "i2" => NumberType::I16,
        "u4" => NumberType::U32,
        "i4" => NumberType::I32,
        "u8" => NumberType::U64,
        "i8" => NumberType::I64,
        "f4" => NumberType::F32,
        "f8" => NumberType::F64,
        _ => return Err(structured(descr)),
    };
    Ok((kind, order))
}

fn structured(descr: &str) -> ToolError {
    let shown: String = descr.chars().take(40).collect();
    let found = if shown.contains('O') {
        "an array of Python objects: a pickle, which may run code and is never read".to_owned()
    } else {
        format!("numbers of type '{shown}'")
    };
    ToolError::new(Code::Datatype, found)
        .expected("a real number type of 8 to 64 bits")
        .remedy("write the array again as numbers, such as int16 or float32")
}
