//! Files: images and masks in, everything else in and out, one idea a file.
//!
//! | for | look at |
//! |---|---|
//! | an image, its mask, or both | [`read_volume`], [`read_mask`], [`read_case`] |
//! | which formats there are | [`READERS`] |
//! | the labels of a segmentation | [`mask`] |
//! | whether two grids belong together | [`geometry`] |
//! | writing anything | [`atomic`]: whole or not at all |
//! | the cells of a table | [`cell`] |
//! | feature tables | [`feature_table`]: [`feature_csv`] or [`parquet`], both through [`raw_table`] and [`key_columns`] |
//! | a learner's model | [`model_file`](model_file/index.html) |
//! | predictions, splits | [`predictions_csv`], [`split_file`] |
//! | maps on an image's grid, pictures of a slice | [`nifti::write_map`], [`png`] |
//! | the CSV manifest | [`manifest_csv`] |
//!
//! Codes of the image readers: `E_NOT_FOUND`, `E_NOT_REGULAR`, `E_READ`, `E_FORMAT`, `E_PATH` (opening);
//! `E_HEADER`, `E_DATATYPE`, `E_NDIM`, `E_TOO_LARGE` (header); `E_TRUNCATED`, `E_CORRUPT` (voxels);
//! `E_GEOMETRY`, `E_MASK_VALUES`, `E_LABEL`, `E_MASK_EMPTY` (masks). Every error names the file.

use std::io::Read;
use std::path::Path;

use raduet_features::{Grid, MaskVolume, Volume};

use crate::error::{Code, Result, ToolError, Warning};

pub mod atomic;
pub mod cell;
pub mod cohort_csv;
pub mod feature_csv;
pub mod feature_table;
pub mod geometry;
pub mod key_columns;
pub mod manifest_csv;
pub mod mask;
#[cfg(feature = "learners")]
pub mod model_file;
pub mod nifti;
pub mod parquet;
pub mod png;
pub mod predictions_csv;
pub mod raw_table;
pub mod split_file;
#[cfg(feature = "deep")]
pub mod tensorboard;

mod budget;
mod open;

pub use atomic::AtomicFile;
pub use budget::ByteBudget;
pub use geometry::GeometryRule;
pub use mask::{LabelChoice, LabelVolume, ReadMask};
pub use open::read_small;

/// Tables and splits larger than this are refused.
pub const LARGEST_TABLE: u64 = 4 << 30;

/// What a reader is allowed and asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// Limit on the bytes a file may declare.
    pub budget: ByteBudget,
    /// The 0-based volume of a file that holds several.
    pub volume: Option<u64>,
}

/// An image and the doubts about it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadVolume {
    /// The image in its stored number type.
    pub volume: Volume,
    /// What is doubtful about the file.
    pub warnings: Vec<Warning>,
}

/// An image with one region of interest on its grid.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadCase {
    /// The image in its stored number type.
    pub image: Volume,
    /// The region.
    pub mask: MaskVolume,
    /// The label value of the region in the mask file.
    pub label: i64,
    /// What is doubtful about either file.
    pub warnings: Vec<Warning>,
}

/// A file format.
#[derive(Debug)]
pub struct Reader {
    /// Its name in messages.
    pub name: &'static str,
    /// Usual extensions, lower case.
    pub extensions: &'static [&'static str],
    /// Whether the first bytes of a file look like it.
    pub recognise: fn(&[u8]) -> bool,
    /// Reads a file of this format.
    pub read: fn(&Path, &ReadOptions) -> Result<ReadVolume>,
}

/// The formats that are read, in the order they are tried.
pub const READERS: &[Reader] = &[Reader {
    name: "NIfTI",
    extensions: &["nii", "nii.gz", "hdr", "hdr.gz", "img", "img.gz"],
    recognise: nifti::recognise,
    read: nifti::read_nifti,
}];

/// Formats that are known by their first bytes but not read: name, position, bytes.
const FOREIGN: &[(&str, usize, &[u8])] = &[
    ("a NRRD file", 0, b"NRRD"),
    ("a MetaImage header", 0, b"ObjectType"),
    ("a MetaImage header", 0, b"NDims"),
    ("a DICOM file", 128, b"DICM"),
    ("a PNG image", 0, b"\x89PNG"),
    ("a TIFF image", 0, b"II*\0"),
    ("a TIFF image", 0, b"MM\0*"),
    ("a JPEG image", 0, b"\xff\xd8\xff"),
    ("a zip archive", 0, b"PK\x03\x04"),
    ("an HDF5 file", 0, b"\x89HDF"),
    ("a web page", 0, b"<!DOCTYPE"),
    ("a web page", 0, b"<html"),
    (
        "a Git LFS pointer instead of the file",
        0,
        b"version https://git-lfs",
    ),
];

/// Bytes that decide a format: DICOM's mark ends at 132.
const HEAD: u64 = 132;

/// Reads an image of any known format, by content.
///
/// # Errors
/// See the module head.
pub fn read_volume(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    let mut head = Vec::new();
    open::open_regular(path)?
        .file
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(|error| open::read_error(path, &error))?;
    if let Some(reader) = READERS.iter().find(|reader| (reader.recognise)(&head)) {
        return (reader.read)(path, options);
    }
    let foreign = FOREIGN
        .iter()
        .find(|(_, at, magic)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    if let Some((what, ..)) = foreign {
        return Err(ToolError::new(Code::Format, format!("this is {what}"))
            .file(path)
            .expected(format_names())
            .remedy("convert or fetch the image as NIfTI"));
    }
    // The name decides who explains what is wrong: the `.img` of a pair has no head of its own.
    let name = path.to_string_lossy().to_ascii_lowercase();
    let by_name = |reader: &&Reader| {
        let mut known = reader.extensions.iter();
        known.any(|e| name.strip_suffix(e).is_some_and(|rest| rest.ends_with('.')))
    };
    match READERS.iter().find(by_name) {
        Some(reader) => (reader.read)(path, options),
        None => Err(ToolError::new(Code::Format, "not a known image format")
            .file(path)
            .expected(format_names())
            .remedy("convert the image to NIfTI")),
    }
}

fn format_names() -> String {
    let names: Vec<_> = READERS.iter().map(|reader| reader.name).collect();
    names.join(", ")
}

/// Reads one region of a mask onto the grid of its image.
///
/// # Errors
/// See the module head.
pub fn read_mask(
    path: &Path,
    choice: LabelChoice,
    image: &Grid,
    rule: GeometryRule,
    options: &ReadOptions,
) -> Result<ReadMask> {
    LabelVolume::read(path, image, rule, options)?.into_mask(choice)
}

/// Reads an image and one region of its mask.
///
/// # Errors
/// See the module head; what concerns the mask names both files.
pub fn read_case(
    image: &Path,
    mask: &Path,
    choice: LabelChoice,
    rule: GeometryRule,
    options: &ReadOptions,
) -> Result<ReadCase> {
    let (image, labels, mut warnings) = read_labels(image, mask, rule, options)?;
    let region = labels.into_mask(choice)?;
    warnings.extend(region.warnings);
    Ok(ReadCase {
        image,
        mask: region.mask,
        label: region.label,
        warnings,
    })
}

/// Reads an image and its whole segmentation, from which regions are taken one by one, with the doubts
/// about the image; those about the segmentation are its own.
///
/// # Errors
/// See the module head; what concerns the mask names both files.
pub fn read_labels(
    image: &Path,
    mask: &Path,
    rule: GeometryRule,
    options: &ReadOptions,
) -> Result<(Volume, LabelVolume, Vec<Warning>)> {
    // A volume is chosen from the image; a mask of one volume goes with any of them.
    let mask_options = ReadOptions {
        volume: None,
        ..*options
    };
    let (read, read_mask) = rayon::join(
        || read_volume(image, options),
        || read_volume(mask, &mask_options),
    );
    let ReadVolume { volume, warnings } = read?;
    let labels = LabelVolume::new(read_mask?, mask, volume.grid(), rule).map_err(|error| {
        if error.code == Code::Geometry {
            error.against(image)
        } else {
            error
        }
    })?;
    Ok((volume, labels, warnings))
}
