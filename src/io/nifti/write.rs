//! A volume as the bytes of a NIfTI-1 single file, little-endian.

use std::io::{self, Write};

use nifti::NiftiType;
use raduet_features::{Grid, Volume, Voxels};

use super::fields::HEADER_1;
use super::qform;
use crate::io::voxel_bytes::put_little_endian;

/// First byte of the voxels: header and extension flag.
const OFFSET: usize = 352;
/// Writes header and voxels in their stored type. The affine becomes the sform (code 1, scanner
/// coordinates), and the qform as well where a quaternion can say it; lengths are in mm. For a
/// compressed file hand in a gzip encoder.
///
/// # Errors
/// `InvalidInput` when an axis has more than 32767 voxels, which NIfTI-1 cannot say; whatever `out`
/// reports.
pub fn write_nifti(volume: &Volume, out: &mut impl Write) -> io::Result<()> {
    out.write_all(&header(volume)?)?;
    put_little_endian(volume.voxels(), out)
}

fn kind(voxels: &Voxels) -> NiftiType {
    match voxels {
        Voxels::U8(_) => NiftiType::Uint8,
        Voxels::I8(_) => NiftiType::Int8,
        Voxels::U16(_) => NiftiType::Uint16,
        Voxels::I16(_) => NiftiType::Int16,
        Voxels::U32(_) => NiftiType::Uint32,
        Voxels::I32(_) => NiftiType::Int32,
        Voxels::U64(_) => NiftiType::Uint64,
        Voxels::I64(_) => NiftiType::Int64,
        Voxels::F32(_) => NiftiType::Float32,
        Voxels::F64(_) => NiftiType::Float64,
    }
}

fn header(volume: &Volume) -> io::Result<[u8; OFFSET]> {
    let Grid {
        shape: [nz, ny, nx],
        spacing,
        affine,
    } = *volume.grid();
    let size = |n: usize| {
        i16::try_from(n).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{n} voxels along an axis: NIfTI-1 holds at most 32767"),
            )
        })
    };
    let kind = kind(volume.voxels());
    let bits = i16::try_from(8 * kind.size_of()).unwrap_or(i16::MAX);
    let [dz, dy, dx] = spacing.zyx();
    let scaling = volume.scaling();

    let mut bytes = Bytes([0; OFFSET]);
    bytes.put(0, i32::try_from(HEADER_1).unwrap_or(348).to_le_bytes());
    let dim = [3, size(nx)?, size(ny)?, size(nz)?, 1, 1, 1, 1];
    bytes.row(40, &dim.map(i16::to_le_bytes));
    bytes.put(70, (kind as i16).to_le_bytes());
    bytes.put(72, bits.to_le_bytes());
    let qform = qform::of(volume.grid());
    let handedness = qform.map_or(1.0, |qform| qform.handedness);
    let pixdim = [handedness, dx, dy, dz, 1.0, 1.0, 1.0, 1.0];
    bytes.row(76, &pixdim.map(single));
    bytes.put(108, 352.0_f32.to_le_bytes());
    bytes.put(112, single(scaling.slope));
    bytes.put(116, single(scaling.intercept));
    bytes.put(123, [2]); // millimetres
    if let Some(qform) = qform {
        bytes.put(252, 1_i16.to_le_bytes()); // qform_code
        bytes.row(256, &qform.quaternion.map(single));
        bytes.row(268, &qform.position.map(single));
    }
    bytes.put(254, 1_i16.to_le_bytes()); // sform_code
    bytes.row(
        280,
        affine
            .0
            .as_flattened()
            .iter()
            .map(|&v| single(v))
            .collect::<Vec<_>>()
            .as_slice(),
    );
    bytes.put(344, *b"n+1\0");
    Ok(bytes.0)
}

struct Bytes([u8; OFFSET]);

impl Bytes {
    fn put<const N: usize>(&mut self, at: usize, value: [u8; N]) {
        if let Some(place) = self.0.get_mut(at..at + N) {
            place.copy_from_slice(&value);
        }
    }

    fn row<const N: usize>(&mut self, at: usize, values: &[[u8; N]]) {
        for (i, value) in values.iter().enumerate() {
            self.put(at + i * N, *value);
        }
    }
}

/// NIfTI-1 keeps lengths and scaling in 32 bits.
fn single(value: f64) -> [u8; 4] {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the format's own precision"
    )]
    (value as f32).to_le_bytes()
}
