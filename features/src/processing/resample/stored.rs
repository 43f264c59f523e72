//! Interpolated intensities as voxels of a number type.

use ndarray::Array3;

use super::Intensities;
use super::separable::Block;
use crate::geometry::Grid;
use crate::volume::{Scaling, Volume, Voxels};

/// Whether an image holds whole numbers by its type.
pub(super) fn is_whole(image: &Volume) -> bool {
    let whole = !matches!(image.voxels(), Voxels::F32(_) | Voxels::F64(_));
    whole && image.scaling() == Scaling::NONE
}

/// A volume of the interpolated values.
pub(super) fn volume(image: &Volume, values: Block, how: Intensities, grid: Grid) -> Volume {
    let values =
        Array3::from_shape_vec(values.shape, values.values).expect("a block has its shape");
    let voxels = match how {
        Intensities::Interpolated => Voxels::F64(values),
        Intensities::NearestInteger => Voxels::F64(values.mapv(f64::round_ties_even)),
        Intensities::NumberType if is_whole(image) => truncated(image.voxels(), &values),
        Intensities::NumberType => match image.voxels() {
            Voxels::F64(_) => Voxels::F64(values),
            _ => Voxels::F32(values.mapv(single)),
        },
    };
    Volume::new(voxels, Scaling::NONE, grid).expect("the axes give the shape of both")
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the number type of the image"
)]
fn single(value: f64) -> f32 {
    value as f32
}

/// Towards zero; beyond the type's range its outermost number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number type of the image"
)]
fn truncated(like: &Voxels, values: &Array3<f64>) -> Voxels {
    match like {
        Voxels::U8(_) => Voxels::U8(values.mapv(|x| x as u8)),
        Voxels::I8(_) => Voxels::I8(values.mapv(|x| x as i8)),
        Voxels::U16(_) => Voxels::U16(values.mapv(|x| x as u16)),
        Voxels::I16(_) => Voxels::I16(values.mapv(|x| x as i16)),
        Voxels::U32(_) => Voxels::U32(values.mapv(|x| x as u32)),
        Voxels::I32(_) => Voxels::I32(values.mapv(|x| x as i32)),
        Voxels::U64(_) => Voxels::U64(values.mapv(|x| x as u64)),
        Voxels::I64(_) => Voxels::I64(values.mapv(|x| x as i64)),
        Voxels::F32(_) => Voxels::F32(values.mapv(single)),
        Voxels::F64(_) => Voxels::F64(values.clone()),
    }
}
