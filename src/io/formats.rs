//! The one door to images: a file's bytes on one side, a volume on its grid on the other.
//!
//! A file is recognised by its content; a name that promises another content is a doubt, not a reason.

use std::io::Read;
use std::path::Path;

use super::{ReadOptions, ReadVolume, metaimage, nifti, nrrd, open};
use crate::error::{Code, Result, ToolError, Warning, WarningCode};

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
pub const READERS: &[Reader] = &[
    Reader {
        name: "NIfTI",
        extensions: &["nii", "nii.gz", "hdr", "hdr.gz", "img", "img.gz"],
        recognise: nifti::recognise,
        read: nifti::read_nifti,
    },
    Reader {
        name: "NRRD",
        extensions: &["nrrd", "nhdr"],
        recognise: nrrd::recognise,
        read: nrrd::read_nrrd,
    },
    Reader {
        name: "MetaImage",
        extensions: &["mha", "mhd"],
        recognise: metaimage::recognise,
        read: metaimage::read_metaimage,
    },
];

/// Formats that are known by their first bytes but not read: name, position, bytes.
const FOREIGN: &[(&str, usize, &[u8])] = &[
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

/// Bytes that decide a format: DICOM's mark ends at 132, and the first line of a text header in this.
const HEAD: u64 = 256;

/// Reads an image of any known format, by content.
///
/// # Errors
/// See the module head of [`crate::io`].
pub fn read_volume(path: &Path, options: &ReadOptions) -> Result<ReadVolume> {
    let head = head(path)?;
    if let Some(reader) = READERS.iter().find(|reader| (reader.recognise)(&head)) {
        let mut read = (reader.read)(path, options)?;
        read.warnings.extend(extension_doubt(reader, path));
        return Ok(read);
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
    match READERS.iter().find(|reader| has_extension(reader, path)) {
        Some(reader) => (reader.read)(path, options),
        None => Err(ToolError::new(Code::Format, "not a known image format")
            .file(path)
            .expected(format_names())
            .remedy("convert the image to NIfTI")),
    }
}

/// The first bytes of a regular file.
fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    open::open_regular(path)?
        .file
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(|error| open::read_error(path, &error))?;
    Ok(head)
}

fn has_extension(reader: &Reader, path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let mut known = reader.extensions.iter();
    known.any(|e| name.strip_suffix(e).is_some_and(|rest| rest.ends_with('.')))
}

/// A doubt when the name is another format's, or of none. NIfTI's reader has its own, finer one.
fn extension_doubt(reader: &Reader, path: &Path) -> Option<Warning> {
    if reader.name == "NIfTI" || has_extension(reader, path) {
        return None;
    }
    let found = format!("the content is {}, the name says otherwise", reader.name);
    Some(Warning::new(WarningCode::Extension, found, "read by content").file(path))
}

fn format_names() -> String {
    let names: Vec<_> = READERS.iter().map(|reader| reader.name).collect();
    names.join(", ")
}
