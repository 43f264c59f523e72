//! The bytes of a header as numbers: NIfTI-1 and NIfTI-2, either byte order, into one form.
//!
//! Nothing is judged here except what decides where the fields stand: size and magic. Source: nifti1.h
//! and nifti2.h of the NIfTI Data Format Working Group.

use crate::error::{Code, Result, ToolError};
use crate::io::voxel_bytes::ByteOrder;

/// Length of a NIfTI-1 header in bytes.
pub(super) const HEADER_1: usize = 348;
/// Length of a NIfTI-2 header in bytes.
pub(super) const HEADER_2: usize = 540;

/// Edition of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edition {
    One,
    Two,
}

/// Where the voxels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Behind the header in the same file (`.nii`).
    Single,
    /// In a file of their own (`.hdr` with `.img`).
    Pair,
}

/// A header's fields, unjudged. Names are the standard's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fields {
    pub(super) edition: Edition,
    pub(super) order: ByteOrder,
    pub(super) layout: Layout,
    pub(super) dim: [i64; 8],
    pub(super) datatype: i16,
    pub(super) bitpix: i16,
    pub(super) pixdim: [f64; 8],
    pub(super) vox_offset: f64,
    pub(super) scl_slope: f64,
    pub(super) scl_inter: f64,
    pub(super) xyzt_units: i32,
    pub(super) qform_code: i32,
    pub(super) sform_code: i32,
    /// b, c, d.
    pub(super) quatern: [f64; 3],
    pub(super) qoffset: [f64; 3],
    pub(super) srow: [[f64; 4]; 3],
}

impl Edition {
    /// Length of the header in bytes.
    pub(super) fn header_len(self) -> usize {
        match self {
            Self::One => HEADER_1,
            Self::Two => HEADER_2,
        }
    }

    /// First byte a voxel may have in a single file: the header and the four bytes of the extension flag.
    pub(super) fn least_offset(self) -> u64 {
        match self {
            Self::One => 352,
            Self::Two => 544,
        }
    }
}

/// Whether the bytes begin like a NIfTI header: its size, in either byte order.
pub(super) fn begins_like_nifti(bytes: &[u8]) -> bool {
    edition_of(bytes).is_some()
}

fn edition_of(bytes: &[u8]) -> Option<(Edition, ByteOrder)> {
    let size: [u8; 4] = bytes.first_chunk().copied()?;
    for (order, value) in [
        (ByteOrder::Little, i32::from_le_bytes(size)),
        (ByteOrder::Big, i32::from_be_bytes(size)),
    ] {
        match value {
            348 => return Some((Edition::One, order)),
            540 => return Some((Edition::Two, order)),
            _ => {}
        }
    }
    None
}

/// Reads the fields from the first bytes of a file (as many as there are, 540 or more if possible).
///
/// # Errors
/// `E_HEADER` when size or magic are not NIfTI's; `E_TRUNCATED` when the header is cut off.
pub(super) fn read(bytes: &[u8]) -> Result<Fields> {
    let Some((edition, order)) = edition_of(bytes) else {
        return Err(not_nifti(bytes));
    };
    let needed = edition.header_len();
    if bytes.len() < needed {
        return Err(ToolError::new(
            Code::Truncated,
            format!("{} of {needed} header bytes", bytes.len()),
        )
        .remedy("the file is cut off: copy it again"));
    }
    let at = At { bytes, order };
    match edition {
        Edition::One => read_1(at),
        Edition::Two => read_2(at),
    }
}

fn read_1(at: At) -> Result<Fields> {
    let layout = match &at.take::<4>(344) {
        b"n+1\0" => Layout::Single,
        b"ni1\0" => Layout::Pair,
        magic => return Err(bad_magic(magic)),
    };
    Ok(Fields {
        edition: Edition::One,
        order: at.order,
        layout,
        dim: std::array::from_fn(|i| i64::from(at.i16(40 + 2 * i))),
        datatype: at.i16(70),
        bitpix: at.i16(72),
        pixdim: std::array::from_fn(|i| f64::from(at.f32(76 + 4 * i))),
        vox_offset: f64::from(at.f32(108)),
        scl_slope: f64::from(at.f32(112)),
        scl_inter: f64::from(at.f32(116)),
        xyzt_units: i32::from(at.take::<1>(123)[0]),
        qform_code: i32::from(at.i16(252)),
        sform_code: i32::from(at.i16(254)),
        quatern: std::array::from_fn(|i| f64::from(at.f32(256 + 4 * i))),
        qoffset: std::array::from_fn(|i| f64::from(at.f32(268 + 4 * i))),
        srow: std::array::from_fn(|row| {
            std::array::from_fn(|column| f64::from(at.f32(280 + 16 * row + 4 * column)))
        }),
    })
}

fn read_2(at: At) -> Result<Fields> {
    let layout = match &at.take::<8>(4) {
        b"n+2\0\r\n\x1a\n" => Layout::Single,
        b"ni2\0\r\n\x1a\n" => Layout::Pair,
        magic => return Err(bad_magic(magic)),
    };
    Ok(Fields {
        edition: Edition::Two,
        order: at.order,
        layout,
        dim: std::array::from_fn(|i| at.i64(16 + 8 * i)),
        datatype: at.i16(12),
        bitpix: at.i16(14),
        pixdim: std::array::from_fn(|i| at.f64(104 + 8 * i)),
        // Offsets above 2^53 lose their last bits here, and exceed every file anyway.
        vox_offset: at.i64(168) as f64,
        scl_slope: at.f64(176),
        scl_inter: at.f64(184),
        xyzt_units: at.i32(500),
        qform_code: at.i32(344),
        sform_code: at.i32(348),
        quatern: std::array::from_fn(|i| at.f64(352 + 8 * i)),
        qoffset: std::array::from_fn(|i| at.f64(376 + 8 * i)),
        srow: std::array::from_fn(|row| {
            std::array::from_fn(|column| at.f64(400 + 32 * row + 8 * column))
        }),
    })
}

/// Numbers at fixed places of a header whose length was checked.
#[derive(Clone, Copy)]
struct At<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

macro_rules! number {
    ($name:ident) => {
        fn $name(self, at: usize) -> $name {
            let bytes = self.take(at);
            match self.order {
                ByteOrder::Little => $name::from_le_bytes(bytes),
                ByteOrder::Big => $name::from_be_bytes(bytes),
            }
        }
    };
}

impl At<'_> {
    /// `N` bytes; zeros behind the end, which the length check has ruled out.
    fn take<const N: usize>(self, at: usize) -> [u8; N] {
        self.bytes
            .get(at..)
            .and_then(|rest| rest.first_chunk().copied())
            .unwrap_or([0; N])
    }

    number!(i16);
    number!(i32);
    number!(i64);
    number!(f32);
    number!(f64);
}

fn not_nifti(bytes: &[u8]) -> ToolError {
    if bytes.len() < 4 {
        return ToolError::new(
            Code::Truncated,
            format!("{} of {HEADER_1} header bytes", bytes.len()),
        )
        .remedy("the file is empty or cut off: copy it again");
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return ToolError::new(Code::Header, "a gzip file inside a gzip file")
            .expected("a NIfTI header")
            .remedy("unpack it once");
    }
    let first: [u8; 4] = bytes.first_chunk().copied().unwrap_or_default();
    ToolError::new(
        Code::Header,
        format!("sizeof_hdr {}", i32::from_le_bytes(first)),
    )
    .expected("348 (NIfTI-1) or 540 (NIfTI-2)")
    .remedy("the file is damaged or no NIfTI file: export it again")
}

fn bad_magic(magic: &[u8]) -> ToolError {
    let found = if magic.iter().all(|&b| b == 0) {
        "no magic: an ANALYZE 7.5 header, whose orientation is unknown".to_owned()
    } else {
        format!("magic \"{}\"", magic.escape_ascii())
    };
    ToolError::new(Code::Header, found)
        .expected("\"n+1\", \"ni1\", \"n+2\" or \"ni2\"")
        .remedy("convert the image to NIfTI")
}

/// A field whose value cannot be.
pub(super) fn header_error(found: String) -> ToolError {
    ToolError::new(Code::Header, found).remedy("the header is damaged: export the image again")
}
