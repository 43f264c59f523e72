//! Bytes, or written numbers, as voxels of a stored number type: what all raw formats share.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use std::io::{self, Write};
use std::str::FromStr;

use bytemuck::Pod;
use ndarray::Array3;
use raduet_features::{Volume, Voxels};

use super::room::{reserved, zeroed};
use crate::error::{Code, Result, ToolError};
use crate::io::ByteBudget;

/// Does the same with the array of a volume's voxels, of whatever number type they are.
macro_rules! with_array {
    ($volume:expr, $array:ident => $body:expr) => {
        match $volume.voxels() {
            ::raduet_features::Voxels::U8($array) => $body,
            ::raduet_features::Voxels::I8($array) => $body,
            ::raduet_features::Voxels::U16($array) => $body,
            ::raduet_features::Voxels::I16($array) => $body,
            ::raduet_features::Voxels::U32($array) => $body,
            ::raduet_features::Voxels::I32($array) => $body,
            ::raduet_features::Voxels::U64($array) => $body,
            ::raduet_features::Voxels::I64($array) => $body,
            ::raduet_features::Voxels::F32($array) => $body,
            ::raduet_features::Voxels::F64($array) => $body,
        }
    };
}
pub(crate) use with_array;

/// The same code for each type of stored numbers, by its [`NumberType`].
macro_rules! with_type {
    ($kind:expr, $number:ident => $body:expr) => {{
        use $crate::io::voxel_bytes::NumberType as Kind;
        macro_rules! of_type {
            ($type:ty) => {{
                type $number = $type;
                $body
            }};
        }
        match $kind {
            Kind::U8 => of_type!(u8),
            Kind::I8 => of_type!(i8),
            Kind::U16 => of_type!(u16),
            Kind::I16 => of_type!(i16),
            Kind::U32 => of_type!(u32),
            Kind::I32 => of_type!(i32),
            Kind::U64 => of_type!(u64),
            Kind::I64 => of_type!(i64),
            Kind::F32 => of_type!(f32),
            Kind::F64 => of_type!(f64),
        }
    }};
}
pub(crate) use with_type;

/// The real number types a volume may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the number types themselves")]
pub enum NumberType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl NumberType {
    /// That of a volume's voxels.
    pub(crate) fn of(voxels: &Voxels) -> Self {
        match voxels {
            Voxels::U8(_) => Self::U8,
            Voxels::I8(_) => Self::I8,
            Voxels::U16(_) => Self::U16,
            Voxels::I16(_) => Self::I16,
            Voxels::U32(_) => Self::U32,
            Voxels::I32(_) => Self::I32,
            Voxels::U64(_) => Self::U64,
            Voxels::I64(_) => Self::I64,
            Voxels::F32(_) => Self::F32,
            Voxels::F64(_) => Self::F64,
        }
    }

    /// Bytes of a number.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The name users know it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// Order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// This machine's.
    pub(crate) const NATIVE: Self = if cfg!(target_endian = "little") {
        Self::Little
    } else {
        Self::Big
    };
}

/// A stored number.
pub(crate) trait Number: Pod + FromStr + Send {
    /// The number whose bytes stand the other way round.
    fn turned(self) -> Self;

    /// Such numbers as the voxels of a volume.
    fn voxels(array: Array3<Self>) -> Voxels;
}

macro_rules! integers {
    ($($kind:ty, $voxels:ident;)*) => {$(
        impl Number for $kind {
            fn turned(self) -> Self {
                self.swap_bytes()
            }

            fn voxels(array: Array3<Self>) -> Voxels {
                Voxels::$voxels(array)
            }
        }
    )*};
}

integers!(u8, U8; i8, I8; u16, U16; i16, I16; u32, U32; i32, I32; u64, U64; i64, I64;);

impl Number for f32 {
    fn turned(self) -> Self {
        Self::from_bits(self.to_bits().swap_bytes())
    }

    fn voxels(array: Array3<Self>) -> Voxels {
        Voxels::F32(array)
    }
}

impl Number for f64 {
    fn turned(self) -> Self {
        Self::from_bits(self.to_bits().swap_bytes())
    }

    fn voxels(array: Array3<Self>) -> Voxels {
        Voxels::F64(array)
    }
}

/// What a header declares, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Declared {
    /// Numbers.
    pub(crate) numbers: usize,
    /// Bytes of them, unpacked.
    pub(crate) bytes: usize,
}

/// Counts what sizes and a number type make, before anything is allocated.
///
/// # Errors
/// `E_HEADER` for a size of 0 and products that overflow; `E_TOO_LARGE` above the budget.
pub(crate) fn declared(sizes: &[u64], kind: NumberType, budget: ByteBudget) -> Result<Declared> {
    let what = || describe(sizes, kind);
    if sizes.contains(&0) {
        return Err(ToolError::new(
            Code::Header,
            format!("sizes {}: an axis without voxels", what()),
        )
        .expected("at least 1 voxel along every axis")
        .remedy("the header is damaged: export the image again"));
    }
    let width = u64::try_from(kind.width()).unwrap_or(u64::MAX);
    let numbers = sizes.iter().try_fold(1_u64, |n, &m| n.checked_mul(m));
    let bytes = numbers.and_then(|n| n.checked_mul(width));
    let counted = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
    let (Some(numbers), Some(bytes)) = (counted(numbers), counted(bytes)) else {
        return Err(ToolError::new(
            Code::Header,
            format!("sizes {}: more bytes than can be counted", what()),
        )
        .remedy("the header is damaged: export the image again"));
    };
    if u64::try_from(bytes).unwrap_or(u64::MAX) > budget.0 {
        return Err(ToolError::new(
            Code::TooLarge,
            format!("the header declares {bytes} voxel bytes ({})", what()),
        )
        .expected(format!("at most {} bytes", budget.0))
        .remedy("allow more memory if the image really is that large; otherwise export it again"));
    }
    Ok(Declared { numbers, bytes })
}

/// `12x11x10 int16`.
pub(crate) fn describe(sizes: &[u64], kind: NumberType) -> String {
    let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
    format!("{} {}", sizes.join("x"), kind.name())
}

/// The error of data that end after `found` of the `needed` bytes.
pub(crate) fn truncated(found: usize, needed: usize, what: &str) -> ToolError {
    ToolError::new(
        Code::Truncated,
        format!("{found} of {needed} voxel bytes ({what})"),
    )
    .remedy("the file is cut off: copy it again")
}

/// The numbers of exactly as many bytes as the shape `[z, y, x]` needs.
///
/// # Errors
/// `E_TRUNCATED` when there are fewer or more; `E_TOO_LARGE` when the system has no room.
pub(crate) fn voxels(
    bytes: &[u8],
    kind: NumberType,
    order: ByteOrder,
    shape: [usize; 3],
) -> Result<Voxels> {
    Ok(match kind {
        NumberType::U8 => Voxels::U8(stored(bytes, order, shape)?),
        NumberType::I8 => Voxels::I8(stored(bytes, order, shape)?),
        NumberType::U16 => Voxels::U16(stored(bytes, order, shape)?),
        NumberType::I16 => Voxels::I16(stored(bytes, order, shape)?),
        NumberType::U32 => Voxels::U32(stored(bytes, order, shape)?),
        NumberType::I32 => Voxels::I32(stored(bytes, order, shape)?),
        NumberType::U64 => Voxels::U64(stored(bytes, order, shape)?),
        NumberType::I64 => Voxels::I64(stored(bytes, order, shape)?),
        NumberType::F32 => Voxels::F32(stored(bytes, order, shape)?),
        NumberType::F64 => Voxels::F64(stored(bytes, order, shape)?),
    })
}

fn stored<T: Number>(bytes: &[u8], order: ByteOrder, shape: [usize; 3]) -> Result<Array3<T>> {
    let n = shape
        .iter()
        .fold(1_usize, |n, size| n.saturating_mul(*size));
    let needed = n.saturating_mul(size_of::<T>());
    if bytes.len() != needed {
        let [z, y, x] = shape;
        return Err(truncated(bytes.len(), needed, &format!("{x}x{y}x{z}")));
    }
    let mut numbers = zeroed::<T>(n)?;
    bytemuck::cast_slice_mut(&mut numbers).copy_from_slice(bytes);
    if order != ByteOrder::NATIVE {
        for number in &mut numbers {
            *number = number.turned();
        }
    }
    shaped(numbers, shape)
}

/// All values of a volume, `[z, y, x]`.
///
/// # Errors
/// `E_TOO_LARGE` when the system has no room.
pub(crate) fn values(volume: &Volume) -> Result<Array3<f64>> {
    let [nz, ny, nx] = volume.grid().shape;
    let plane = ny.saturating_mul(nx);
    let mut values = zeroed::<f64>(nz.saturating_mul(plane))?;
    for (z, places) in values.chunks_mut(plane.max(1)).enumerate() {
        let slice = volume
            .slice_f64(z)
            .map_err(|fault| ToolError::internal(fault.to_string()))?;
        places
            .iter_mut()
            .zip(&slice)
            .for_each(|(place, value)| *place = *value);
    }
    shaped(values, [nz, ny, nx])
}

/// Numbers in C order as an array.
///
/// # Errors
/// `E_INTERNAL` when there are more or fewer than the shape needs.
pub(crate) fn shaped<T>(numbers: Vec<T>, shape: [usize; 3]) -> Result<Array3<T>> {
    Array3::from_shape_vec(shape, numbers)
        .map_err(|error| ToolError::internal(format!("voxels and shape: {error}")))
}

/// Bytes of this machine's order from written numbers, apart by blanks or commas.
///
/// # Errors
/// `E_TRUNCATED` when there are fewer than `wanted`; `E_CORRUPT` for what is no number of the type.
pub(crate) fn written(text: &[u8], kind: NumberType, wanted: usize, what: &str) -> Result<Vec<u8>> {
    macro_rules! bytes {
        ($kind:ty) => {
            parsed::<$kind>(text, kind, wanted, what)
        };
    }
    match kind {
        NumberType::U8 => bytes!(u8),
        NumberType::I8 => bytes!(i8),
        NumberType::U16 => bytes!(u16),
        NumberType::I16 => bytes!(i16),
        NumberType::U32 => bytes!(u32),
        NumberType::I32 => bytes!(i32),
        NumberType::U64 => bytes!(u64),
        NumberType::I64 => bytes!(i64),
        NumberType::F32 => bytes!(f32),
        NumberType::F64 => bytes!(f64),
    }
}

fn parsed<T: Number>(text: &[u8], kind: NumberType, wanted: usize, what: &str) -> Result<Vec<u8>> {
    let few = |found: usize| {
        ToolError::new(
            Code::Truncated,
            format!("{found} of {wanted} written numbers ({what})"),
        )
        .remedy("the file is cut off: copy it again")
    };
    // A number and the blank behind it take two characters.
    if wanted > text.len().div_ceil(2) {
        return Err(few(text.len().div_ceil(2)).found_also("at most, by the file's length"));
    }
    let mut bytes = reserved(wanted.saturating_mul(size_of::<T>()))?;
    let words = text.split(|b| b.is_ascii_whitespace() || *b == b',');
    let mut found = 0_usize;
    for word in words.filter(|word| !word.is_empty()).take(wanted) {
        let number = std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse::<T>().ok());
        let Some(number) = number else {
            let shown = String::from_utf8_lossy(word.get(..40).unwrap_or(word));
            return Err(ToolError::new(
                Code::Corrupt,
                format!("'{shown}' among the written numbers"),
            )
            .expected(format!("numbers of type {}", kind.name()))
            .remedy("the data are damaged: export the image again"));
        };
        bytes.extend_from_slice(bytemuck::bytes_of(&number));
        found = found.saturating_add(1);
    }
    if found < wanted {
        return Err(few(found));
    }
    Ok(bytes)
}

/// Voxels as bytes, little-endian, a small buffer at a time.
///
/// # Errors
/// Whatever `out` reports.
pub(crate) fn put_little_endian(voxels: &Voxels, out: &mut impl Write) -> io::Result<()> {
    match voxels {
        Voxels::U8(a) => put(a, out, u8::to_le_bytes),
        Voxels::I8(a) => put(a, out, i8::to_le_bytes),
        Voxels::U16(a) => put(a, out, u16::to_le_bytes),
        Voxels::I16(a) => put(a, out, i16::to_le_bytes),
        Voxels::U32(a) => put(a, out, u32::to_le_bytes),
        Voxels::I32(a) => put(a, out, i32::to_le_bytes),
        Voxels::U64(a) => put(a, out, u64::to_le_bytes),
        Voxels::I64(a) => put(a, out, i64::to_le_bytes),
        Voxels::F32(a) => put(a, out, f32::to_le_bytes),
        Voxels::F64(a) => put(a, out, f64::to_le_bytes),
    }
}

fn put<T: Copy, const N: usize>(
    array: &Array3<T>,
    out: &mut impl Write,
    bytes_of: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    /// Bytes per write: keeps the buffer small whatever the volume's size.
    const PIECE: usize = 1 << 17;
    let mut buffer = Vec::with_capacity(PIECE);
    for &value in array {
        buffer.extend_from_slice(&bytes_of(value));
        if buffer.len() >= PIECE {
            out.write_all(&buffer)?;
            buffer.clear();
        }
    }
    out.write_all(&buffer)
}
