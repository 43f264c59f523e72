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
    /// All of them, by number.
    fn list(&self) -> Vec<Region>;

    /// The voxels of one, with the doubts about it.
    ///
    /// # Errors
    /// `E_GEOMETRY` when it does not lie on the image's slices or leaves the image; `E_CORRUPT`.
    fn lay(
        &self,
        number: i64,
        image: &Grid,
        rule: GeometryRule,
    ) -> Result<(Array3<bool>, Vec<Warning>)>;
}

/// Which mask a DICOM file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Contours.
    StructureSet,
    /// Segments.
    Segmentation,
}

/// What kind of mask a file is by its content; none for everything else, images among it.
///
/// # Errors
/// Those of opening and reading a DICOM file.
pub fn kind_of(path: &Path, options: &ReadOptions) -> Result<Option<(Kind, Box<dyn Regions>)>> {
    if path.is_dir() {
        return Ok(None);
    }
    if !recognise(&formats::head(path)?) {
        return Ok(None);
    }
    let read = || {
        let file = DicomFile::parse(read_whole(path, options.budget)?, options.budget)?;
        Ok(match attributes::class(file.set()) {
            Class::StructureSet => {
                let set: Box<dyn Regions> = Box::new(rtstruct::of(&file)?);
                Some((Kind::StructureSet, set))
            }
            Class::Segmentation => {
                let set: Box<dyn Regions> = Box::new(seg::of(file, options)?);
                Some((Kind::Segmentation, set))
            }
            _ => None,
        })
    };
    read().map_err(|error: crate::error::ToolError| error.file(path))
}
