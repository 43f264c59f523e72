//! Voxel bytes as numbers of their stored type, without a copy: files are read to where the voxels stay.

use ndarray::{Array1, Array3, s};
use nifti::NiftiType;
use raduet_features::{Volume, Voxels};

use super::fields::Fields;
use super::gzip::Delivered;
use super::header::Header;
use super::read::Source;
use crate::error::{Result, ToolError, Warning};
use crate::io::voxel_bytes::{ByteOrder, Number};

/// The volume that a header describes, from the file that holds the voxels.
///
/// # Errors
/// Those of reading; `E_TOO_LARGE` when the system has no room.
pub(super) fn volume(
    source: &Source,
    header: &Header,
    fields: &Fields,
    warnings: &mut Vec<Warning>,
) -> Result<Volume> {
    macro_rules! decoded {
        ($variant:ident) => {
            Voxels::$variant(array(header, source.voxels(header, fields, warnings)?)?)
        };
    }
    let voxels = match header.kind {
        NiftiType::Uint8 => decoded!(U8),
        NiftiType::Int8 => decoded!(I8),
        NiftiType::Uint16 => decoded!(U16),
        NiftiType::Int16 => decoded!(I16),
        NiftiType::Uint32 => decoded!(U32),
        NiftiType::Int32 => decoded!(I32),
        NiftiType::Uint64 => decoded!(U64),
        NiftiType::Int64 => decoded!(I64),
        NiftiType::Float32 => decoded!(F32),
        NiftiType::Float64 => decoded!(F64),
        other => {
            return Err(ToolError::internal(format!(
                "type {other:?} passed the header checks"
            )));
        }
    };
    Volume::new(voxels, header.scaling, header.grid)
        .ok_or_else(|| ToolError::internal("voxels do not fit their grid"))
}

/// The numbers where they are, in this machine's byte order. x runs fastest in the file and last in the array,
/// so the order stays.
fn array<T: Number>(header: &Header, delivered: Delivered<T>) -> Result<Array3<T>> {
    let Delivered {
        mut stored, from, ..
    } = delivered;
    if header.order != ByteOrder::NATIVE {
        for number in &mut stored {
            *number = number.turned();
        }
    }
    stored.truncate(from.saturating_add(header.voxels));
    // What stands in front of the voxels is passed over, not moved away.
    Array1::from_vec(stored)
        .slice_move(s![from..])
        .into_shape_with_order(header.grid.shape)
        .map_err(|error| ToolError::internal(format!("voxels and shape: {error}")))
}
