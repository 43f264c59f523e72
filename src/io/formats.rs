//! The one door to images: a file's bytes on one side, a volume on its grid on the other.
//!
//! A file is recognised by its content; a name that promises another content is a doubt, not a reason.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{ReadOptions, ReadVolume, dicom, metaimage, nifti, npy, nrrd, open, pictures};
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
    Reader {
        name: DICOM,
        extensions: &["dcm", "dicom", "ima"],
        recognise: dicom::recognise,
        read: dicom::read_series,
    },
    Reader {
        name: "PNG",
        extensions: &["png"],
        recognise: pictures::is_png,
        read: pictures::read_png_file,
    },
    Reader {
        name: "TIFF",
        extensions: &["tif", "tiff"],
        recognise: pictures::is_tiff,
        read: pictures::read_tiff_file,
    },
    Reader {
        name: "NumPy",
        extensions: &["npy"],
        recognise: npy::is_npy,
        read: npy::read_npy_file,
    },
    Reader {
        name: "NumPy archive",
        extensions: &["npz"],
        recognise: npy::is_npz,
        read: npy::read_npz_file,
    },
];

/// The name of the one format that folders may hold, and whose files often have no extension.
const DICOM: &str = "DICOM";

/// Formats that are known by their first bytes but not read: name, position, bytes.
const FOREIGN: &[(&str, usize, &[u8])] = &[
    ("a JPEG image", 0, b"\xff\xd8\xff"),
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
    // A folder is the series in it.
    if path.is_dir() {
        return dicom::read_series(path, options);
    }
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
pub(super) fn head(path: &Path) -> Result<Vec<u8>> {
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
    let others = READERS.iter().any(|reader| has_extension(reader, path));
    if reader.name == "NIfTI" || has_extension(reader, path) || reader.name == DICOM && !others {
        return None;
    }
    let found = format!("the content is {}, the name says otherwise", reader.name);
    Some(Warning::new(WarningCode::Extension, found, "read by content").file(path))
}

fn format_names() -> String {
    let names: Vec<_> = READERS.iter().map(|reader| reader.name).collect();
    names.join(", ")
}

/// The files whose bytes make the image of a path: itself, the data beside a header, the slices of a series.
pub(crate) fn files_of(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        return dicom::files_of(path);
    }
    let head = head(path).unwrap_or_default();
    if dicom::recognise(&head) {
        return dicom::files_of(path);
    }
    let mut files = vec![path.to_owned()];
    if nrrd::recognise(&head) {
        files.extend(nrrd::data_files(path));
    } else if metaimage::recognise(&head) {
        files.extend(metaimage::data_files(path));
    }
    files
}
