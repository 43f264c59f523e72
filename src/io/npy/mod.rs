//! Arrays of `NumPy`: `.npy` files, and `.npz` archives of them.
//!
//! Source: "NEP 1 — A Simple File Format for `NumPy` Arrays". An array is `[z, y, x]` (or `[y, x]`), leading axes are
//! volumes. Arrays of Python objects are pickles and never read. Archives are listed by the `zip` crate; their members
//! are unpacked here, under a bound.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod archive;
mod array;

use std::path::Path;

use raduet_features::{Grid, Scaling, Volume};

use super::grid::unplaced;
use super::open::read_whole;
use super::{ReadOptions, ReadVolume, of_file};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};

pub use archive::read_archive;
pub use array::{Array, read_array};

/// Whether the first bytes of a file look like an array.
pub(crate) fn is_npy(head: &[u8]) -> bool {
    head.starts_with(b"\x93NUMPY")
}

/// Whether the first bytes of a file look like an archive.
pub(crate) fn is_npz(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// Reads an array as a volume.
///
/// # Errors
/// The codes of the module head of [`crate::io`], always with the file.
pub fn read_npy_file(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    of_file(path, || read(&read_whole(path, options.budget)?, options))
}

/// Reads the only array of an archive as a volume.
///
/// # Errors
/// As [`read_npy_file`]; `E_NDIM` when there are several.
pub fn read_npz_file(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    of_file(path, || {
        let arrays = read_archive(&read_whole(path, options.budget)?, options)?;
        match arrays.as_slice() {
            [(_, array)] => volume(array, options),
            several => {
                let names: Vec<&str> = several
                    .iter()
                    .take(12)
                    .map(|(name, _)| name.as_str())
                    .collect();
                Err(ToolError::new(
                    Code::Ndim,
                    format!("{} arrays: {}", several.len(), names.join(", ")),
                )
                .expected("one array as an image")
                .remedy("give a MedMNIST archive as the cohort itself, or keep one array a file"))
            }
        }
    })
}

/// Reads an array as a volume from its bytes.
///
/// # Errors
/// As [`read_npy_file`], without the file.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadVolume> {
    volume(&read_array(bytes, options)?, options)
}

/// An array as a volume.
///
/// # Errors
/// `E_NDIM` for several volumes where none was asked for.
fn volume(array: &Array, options: &ReadOptions) -> Result<ReadVolume> {
    let mut warnings = Vec::new();
    let axes = array.axes();
    let volume = axes.choose(options.volume, "volumes")?;
    let spacing = options.spacing.unwrap_or_else(|| {
        warnings.push(Warning::new(
            WarningCode::Orientation,
            "an array does not say how large its voxels are",
            "taken as 1 mm; give SpacingX, SpacingY and SpacingZ in the manifest",
        ));
        [1.0; 3]
    });
    let volume = array.volume(volume, spacing)?;
    Ok(ReadVolume::new(volume, warnings))
}

fn grid(spacing: [f64; 3], size: [usize; 3]) -> Result<Grid> {
    unplaced(spacing, size).ok_or_else(|| {
        ToolError::new(Code::Header, "voxel sizes out of range").remedy("correct the manifest")
    })
}

impl Array {
    /// One of the array's volumes, with voxels of the given size along x, y, z in mm.
    ///
    /// # Errors
    /// `E_TOO_LARGE`; `E_NDIM` when there is no such volume.
    pub fn volume(&self, number: usize, spacing: [f64; 3]) -> Result<Volume> {
        let axes = self.axes();
        if number >= axes.volumes() {
            return Err(ToolError::new(Code::Ndim, format!("no volume {number}"))
                .expected(format!("fewer than {}", axes.volumes())));
        }
        let [z, y, x] = axes.shape();
        let voxels = self.voxels(&axes, number)?;
        Volume::new(voxels, Scaling::NONE, grid(spacing, [x, y, z])?)
            .ok_or_else(|| ToolError::internal("voxels do not fit their grid"))
    }
}
