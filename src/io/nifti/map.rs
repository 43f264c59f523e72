//! Maps as files: a value per voxel on the grid of an image.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::Array3;
use raduet_features::{Grid, Scaling, Volume, Voxels};

use super::write_nifti;
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

/// Writes a map `[z, y, x]` on its grid (affine as sform and qform); a name that ends in `.gz` compresses it.
/// NaN, the value of voxels without one, is written as it is. The file appears whole or not at all, and its
/// bytes depend on nothing but the map.
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
    let mut file = AtomicFile::create(path)?;
    let compressed = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let written = if compressed {
        let mut encoder = GzEncoder::new(&mut file, Compression::default());
        write_nifti(&volume, &mut encoder).and_then(|()| encoder.try_finish())
    } else {
        write_nifti(&volume, &mut file).and_then(|()| file.flush())
    };
    written.map_err(|error| output_error(path, &error))?;
    file.finish()
}
