//! What the two DICOM masks have in common: regions by number and name, laid on an image one by one.

use std::fmt::Debug;
use std::path::Path;

use ndarray::Array3;
use raduet_features::Grid;

use super::attributes::{self, Class};
use super::file::DicomFile;
use super::{recognise, rtstruct, seg};
use crate::error::{Result, Warning};
use crate::io::open::read_whole;
use crate::io::{GeometryRule, ReadOptions, formats};

/// A region of a structure set or segmentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its number in the file.
    pub number: i64,
    /// Its name.
    pub name: String,
}

/// Regions that are laid on the grid of an image one by one: they may overlap.
pub trait Regions: Debug + Send + Sync {
    /// Those that are drawn, by number.
    fn list(&self) -> Vec<Region>;

    /// The frame of reference (its UID) that the places of one are in, where the file says so.
    fn frame_of_reference(&self, number: i64) -> Option<&str>;

    /// The voxels of one, with the doubts about it.
    ///
    /// # Errors
    /// `E_GEOMETRY` when it does not lie on the image's slices or leaves the image; what is wrong with it in the
    /// file.
    fn lay(
        &self,
        number: i64,
        image: &Grid,
        rule: GeometryRule,
    ) -> Result<(Array3<bool>, Vec<Warning>)>;
}

/// The regions of a file by its content; none for everything that is no such mask, images among it.
///
/// # Errors
/// Those of opening and reading a DICOM file.
pub(crate) fn regions_of(path: &Path, options: &ReadOptions) -> Result<Option<Box<dyn Regions>>> {
    if path.is_dir() || !recognise(&formats::head(path)?) {
        return Ok(None);
    }
    let read = || -> Result<Option<Box<dyn Regions>>> {
        let file = DicomFile::parse(read_whole(path, options.budget)?, options.budget)?;
        Ok(match attributes::class(file.set()) {
            Class::StructureSet => Some(Box::new(rtstruct::of(&file)?)),
            Class::Segmentation => Some(Box::new(seg::of(file, options)?)),
            _ => None,
        })
    };
    read().map_err(|error| error.file(path))
}
