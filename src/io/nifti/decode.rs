//! Voxel bytes as numbers of their stored type.

use ndarray::Array3;
use nifti::NiftiType;
use raduet_features::{Volume, Voxels};

use super::fields::ByteOrder;
use super::gzip::{Delivered, give_back, reserved};
use super::header::Header;
use crate::error::{Result, ToolError};

/// The volume that a header and its bytes describe.
///
/// # Errors
/// `E_TOO_LARGE` when the system has no room.
pub(super) fn volume(header: &Header, delivered: Delivered) -> Result<Volume> {
    let bytes = delivered.bytes.get(delivered.from..).unwrap_or_default();
    macro_rules! decoded {
        ($variant:ident, $kind:ty) => {
            Voxels::$variant(array(
                header,
                bytes,
                <$kind>::from_le_bytes,
                <$kind>::from_be_bytes,
            )?)
        };
    }
    let voxels = match header.kind {
        NiftiType::Uint8 => decoded!(U8, u8),
        NiftiType::Int8 => decoded!(I8, i8),
        NiftiType::Uint16 => decoded!(U16, u16),
        NiftiType::Int16 => decoded!(I16, i16),
        NiftiType::Uint32 => decoded!(U32, u32),
        NiftiType::Int32 => decoded!(I32, i32),
        NiftiType::Uint64 => decoded!(U64, u64),
        NiftiType::Int64 => decoded!(I64, i64),
        NiftiType::Float32 => decoded!(F32, f32),
        NiftiType::Float64 => decoded!(F64, f64),
        other => {
            return Err(ToolError::internal(format!(
                "type {other:?} passed the header checks"
            )));
        }
    };
    give_back(delivered.bytes);
    Volume::new(voxels, header.scaling, header.grid)
        .ok_or_else(|| ToolError::internal("voxels do not fit their grid"))
}

/// Bytes to numbers. x runs fastest in the file and last in the array, so the order stays.
fn array<T, const N: usize>(
    header: &Header,
    bytes: &[u8],
    little: fn([u8; N]) -> T,
    big: fn([u8; N]) -> T,
) -> Result<Array3<T>> {
    let (chunks, _) = bytes.as_chunks::<N>();
    let mut values = reserved(header.voxels)?;
    let wanted = chunks.iter().take(header.voxels);
    // Two loops: a function chosen at run time could not be vectorised.
    match header.order {
        ByteOrder::Little => values.extend(wanted.map(|&b| little(b))),
        ByteOrder::Big => values.extend(wanted.map(|&b| big(b))),
    }
    Array3::from_shape_vec(header.grid.shape, values)
        .map_err(|error| ToolError::internal(format!("voxels and shape: {error}")))
}
