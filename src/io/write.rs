//! Images as files: maps, regions, volumes, as NIfTI or NRRD by the name.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::Array3;
use raduet_features::{Grid, MaskVolume, Scaling, Volume, Voxels};

use super::nifti::write_nifti;
use super::nrrd::write_nrrd;
use super::voxel_bytes::values;
use crate::error::{Result, ToolError};
use crate::io::AtomicFile;
use crate::io::atomic::output_error;

/// How exactly a map is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32 bits: seven digits, what viewers expect.
    #[default]
    Single,
    /// 64 bits: every value as it was computed.
    Double,
}

/// Writes a map `[z, y, x]` on its grid. NaN, the value of voxels without one, is written as it is.
///
/// # Errors
/// `E_OUTPUT`; `E_INTERNAL` when map and grid differ in shape.
pub fn write_map(
    path: &Path,
    values: &Array3<f64>,
    grid: &Grid,
    precision: Precision,
) -> Result<()> {
    let voxels = match precision {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what single precision means"
        )]
        Precision::Single => Voxels::F32(values.mapv(|value| value as f32)),
        Precision::Double => Voxels::F64(values.clone()),
    };
    let volume = Volume::new(voxels, Scaling::NONE, *grid).ok_or_else(|| {
        let found = format!(
            "a map of {:?} voxels on a grid of {:?}",
            values.shape(),
            grid.shape
        );
        ToolError::internal(found).file(path)
    })?;
    write_volume(path, &volume)
}

/// Writes a region: 1 inside, 0 outside, in 8 bits.
///
/// # Errors
/// As [`write_volume`].
pub fn write_mask(path: &Path, mask: &MaskVolume) -> Result<()> {
    let voxels = Voxels::U8(mask.inside().mapv(u8::from));
    let volume = Volume::new(voxels, Scaling::NONE, *mask.grid())
        .ok_or_else(|| ToolError::internal("a region of another shape").file(path))?;
    write_volume(path, &volume)
}

/// Writes a volume in the format of its name: `.nrrd`, else NIfTI, which a name that ends in `.gz` compresses.
/// Numbers keep their stored type; NRRD has no scaling, so a scaled volume becomes its values there. The file
/// appears whole or not at all, and its bytes depend on nothing but the volume.
///
/// # Errors
/// `E_OUTPUT`.
pub fn write_volume(path: &Path, volume: &Volume) -> Result<()> {
    let ends = |name: &str| {
        let extension = path.extension();
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case(name))
    };
    let mut file = AtomicFile::create(path)?;
    let written = if ends("nrrd") {
        let valued = (volume.scaling() != Scaling::NONE).then(|| {
            let values = Voxels::F64(values(volume)?);
            Volume::new(values, Scaling::NONE, *volume.grid())
                .ok_or_else(|| ToolError::internal("voxels do not fit their grid"))
        });
        let valued = valued.transpose()?;
        let volume = valued.as_ref().unwrap_or(volume);
        write_nrrd(volume, &mut file).and_then(|()| file.flush())
    } else if ends("gz") {
        let mut encoder = GzEncoder::new(&mut file, Compression::default());
        write_nifti(volume, &mut encoder).and_then(|()| encoder.try_finish())
    } else {
        write_nifti(volume, &mut file).and_then(|()| file.flush())
    };
    written.map_err(|error| output_error(path, &error))?;
    file.finish()
}
