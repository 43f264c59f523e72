//! NIfTI type codes: the ten real number types a volume may have, and the names of the others.
//!
//! The codes and their sizes are the `nifti` crate's [`NiftiType`].

use nifti::{NiftiHeader, NiftiType};

use crate::error::{Code, Result, ToolError};
use crate::io::NumberType;

/// The NIfTI type of a code.
fn of_code(code: i16) -> Option<NiftiType> {
    let header = NiftiHeader {
        datatype: code,
        ..NiftiHeader::default()
    };
    header.data_type().ok()
}

/// The stored number type, if it is one of the ten real ones.
///
/// # Errors
/// `E_DATATYPE` with code and name.
pub(super) fn real_type(code: i16) -> Result<NiftiType> {
    const REMEDY: &str = "convert the image to a real number type, such as int16 or float32";
    let refuse = |found: String| {
        Err(ToolError::new(Code::Datatype, found)
            .expected("a real number type of 8 to 64 bits")
            .remedy(REMEDY))
    };
    match of_code(code) {
        Some(kind) if number_type(kind).is_some() => Ok(kind),
        Some(kind) => refuse(format!("datatype {code} ({})", name(kind))),
        // Codes of ANALYZE and of the standard that hold no voxel type.
        None if code == 0 => refuse("datatype 0 (unknown)".into()),
        None if code == 1 => refuse("datatype 1 (binary, one bit a voxel)".into()),
        None => refuse(format!(
            "datatype {code}, which the standard does not define"
        )),
    }
}

/// The number types that are voxels here.
pub(super) fn number_type(kind: NiftiType) -> Option<NumberType> {
    use NiftiType as T;
    Some(match kind {
        T::Uint8 => NumberType::U8,
        T::Int8 => NumberType::I8,
        T::Uint16 => NumberType::U16,
        T::Int16 => NumberType::I16,
        T::Uint32 => NumberType::U32,
        T::Int32 => NumberType::I32,
        T::Uint64 => NumberType::U64,
        T::Int64 => NumberType::I64,
        T::Float32 => NumberType::F32,
        T::Float64 => NumberType::F64,
        _ => return None,
    })
}

/// The name users know a type by.
pub(super) fn name(kind: NiftiType) -> &'static str {
    use NiftiType as T;
    match kind {
        T::Float128 => "float128",
        T::Complex64 => "complex64",
        T::Complex128 => "complex128",
        T::Complex256 => "complex256",
        T::Rgb24 => "rgb24",
        T::Rgba32 => "rgba32",
        real => number_type(real).map_or("unknown", NumberType::name),
    }
}
