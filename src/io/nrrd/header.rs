//! A header judged: sizes, axes, number type, byte order, encoding.

use super::bad;
use super::fields::Fields;
use super::orientation::{self, Placed};
use crate::error::{Code, Result, ToolError, Warning};
use crate::io::ReadOptions;
use crate::io::axes::Axes;
use crate::io::voxel_bytes::{ByteOrder, Declared, NumberType, declared, describe};

/// Axes of an array at most, as the format has it.
const MOST_AXES: usize = 16;

/// How the numbers stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Raw,
    Text,
    Hex,
    Gzip,
}

/// A header that can be read by.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) kind: NumberType,
    pub(super) order: ByteOrder,
    pub(super) encoding: Encoding,
    pub(super) axes: Axes,
    pub(super) volume: usize,
    pub(super) declared: Declared,
    pub(super) placed: Placed,
    /// For messages: `12x11x10 int16`.
    pub(super) what: String,
}

/// Judges the fields.
///
/// # Errors
/// `E_HEADER`, `E_DATATYPE`, `E_NDIM`, `E_FORMAT`, `E_TOO_LARGE`.
pub(super) fn judge(
    fields: &Fields<'_>,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Header> {
    let kind = kind(fields.required("type")?)?;
    let sizes = sizes(fields)?;
    let declared = declared(&sizes, kind, options.budget)?;
    let encoding = encoding(fields.required("encoding")?)?;
    let order = order(fields, kind, encoding)?;
    let what = describe(&sizes, kind);
    let counts: Vec<usize> = sizes
        .iter()
        .map(|n| usize::try_from(*n).unwrap_or(usize::MAX))
        .collect();
    let found = orientation::axes(fields, counts.len())?;
    let axes = Axes {
        sizes: counts,
        space: found.space(),
    };
    let volume = axes.choose(options.volume, &found.others())?;
    let [z, y, x] = axes.shape();
    let placed = orientation::place(fields, &found, [x, y, z], options, warnings)?;
    Ok(Header {
        kind,
        order,
        encoding,
        axes,
        volume,
        declared,
        placed,
        what,
    })
}

fn sizes(fields: &Fields<'_>) -> Result<Vec<u64>> {
    let text = fields.required("dimension")?;
    let dimension: usize = text
        .parse()
        .ok()
        .filter(|n| (1..=MOST_AXES).contains(n))
        .ok_or_else(|| bad("dimension", text).expected("a number from 1 to 16"))?;
    let text = fields.required("sizes")?;
    let sizes: Option<Vec<u64>> = text
        .split_whitespace()
        .take(MOST_AXES.saturating_add(1))
        .map(|word| word.parse().ok())
        .collect();
    match sizes {
        Some(sizes) if sizes.len() == dimension => Ok(sizes),
        _ => Err(bad("sizes", text).expected(format!("{dimension} whole numbers"))),
    }
}

fn kind(text: &str) -> Result<NumberType> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "signed char" | "int8" | "int8_t" => NumberType::I8,
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => NumberType::U8,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => {
            NumberType::I16
        }
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => {
            NumberType::U16
        }
        "int" | "signed int" | "int32" | "int32_t" => NumberType::I32,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => NumberType::U32,
        "longlong"
        | "long long"
        | "long long int"
        | "signed long long"
        | "signed long long int"
        | "int64"
        | "int64_t" => NumberType::I64,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => {
            NumberType::U64
        }
        "float" => NumberType::F32,
        "double" => NumberType::F64,
        _ => {
            let shown: String = text.chars().take(40).collect();
            return Err(ToolError::new(Code::Datatype, format!("type '{shown}'"))
                .expected("a real number type of 8 to 64 bits")
                .remedy("convert the image to a real number type, such as short or float"));
        }
    })
}

fn encoding(text: &str) -> Result<Encoding> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "raw" => Encoding::Raw,
        "txt" | "text" | "ascii" => Encoding::Text,
        "hex" => Encoding::Hex,
        "gz" | "gzip" => Encoding::Gzip,
        _ => {
            let shown: String = text.chars().take(40).collect();
            return Err(ToolError::new(Code::Format, format!("encoding '{shown}'"))
                .expected("raw, text, hex or gzip")
                .remedy("write the image again with encoding gzip"));
        }
    })
}

fn order(fields: &Fields<'_>, kind: NumberType, encoding: Encoding) -> Result<ByteOrder> {
    match fields.get("endian").map(str::to_ascii_lowercase).as_deref() {
        Some("little") => Ok(ByteOrder::Little),
        Some("big") => Ok(ByteOrder::Big),
        None if kind.width() == 1 || encoding == Encoding::Text => Ok(ByteOrder::Little),
        None => Err(ToolError::new(
            Code::Header,
            format!("no field 'endian' with numbers of {} bytes", kind.width()),
        )
        .expected("little or big")
        .remedy("add the field, or export the image again")),
        Some(other) => Err(bad("endian", other).expected("little or big")),
    }
}
