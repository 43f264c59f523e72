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
    /// The files whose bytes are read with it, itself among them, in a fixed order; of a file that cannot be read, at
    /// least itself.
    pub files: fn(&Path, &ReadOptions) -> Vec<PathBuf>,
}

/// The formats that are read, in the order they are tried.
pub const READERS: &[Reader] = &[
    Reader {
        name: "NIfTI",
        extensions: &["nii", "nii.gz", "hdr", "hdr.gz", "img", "img.gz"],
        recognise: nifti::recognise,
        read: nifti::read_nifti,
        files: nifti::files_of,
    },
    Reader {
        name: "NRRD",
        extensions: &["nrrd", "nhdr"],
        recognise: nrrd::recognise,
        read: nrrd::read_nrrd,
        files: nrrd::files_of,
    },
    Reader {
        name: "MetaImage",
        extensions: &["mha", "mhd"],
        recognise: metaimage::recognise,
        read: metaimage::read_metaimage,
        files: metaimage::files_of,
    },
    Reader {
        name: DICOM,
        extensions: &["dcm", "dicom", "ima"],
        recognise: dicom::recognise,
        read: dicom::read_series,
        files: dicom::files_of,
    },
    Reader {
        name: "PNG",
        extensions: &["png"],
        recognise: pictures::is_png,
        read: pictures::read_png_file,
        files: itself,
    },
    Reader {
        name: "TIFF",
        extensions: &["tif", "tiff"],
        recognise: pictures::is_tiff,
        read: pictures::read_tiff_file,
        files: itself,
    },
    Reader {
        name: "NumPy",
        extensions: &["npy"],
        recognise: npy::is_npy,
        read: npy::read_npy_file,
        files: itself,
    },
    Reader {
        name: "NumPy archive",
        extensions: &["npz"],
        recognise: npy::is_npz,
        read: npy::read_npz_file,
        files: itself,
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
    if let Some(reader) = by_content(&head) {
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
    match by_name(path) {
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
    let others = by_name(path).is_some();
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

/// The files whose bytes make the image or mask of a path: itself, the other half of a pair, the data that a header
/// names, the slices of a series. In a fixed order. Rows that were measured from them must not outlive a change of any
/// of them.
pub fn files_of(path: &Path, options: &ReadOptions) -> Vec<PathBuf> {
    if path.is_dir() {
        return dicom::files_of(path, options);
    }
    let head = head(path).unwrap_or_default();
    // The `.img` of a pair has no head of its own.
    let reader = by_content(&head).or_else(|| by_name(path));
    reader.map_or_else(
        || itself(path, options),
        |reader| (reader.files)(path, options),
    )
}

/// The files of a format that keeps an image in one.
fn itself(path: &Path, _: &ReadOptions) -> Vec<PathBuf> {
    vec![path.to_owned()]
}

fn by_content(head: &[u8]) -> Option<&'static Reader> {
    READERS.iter().find(|reader| (reader.recognise)(head))
}

fn by_name(path: &Path) -> Option<&'static Reader> {
    READERS.iter().find(|reader| has_extension(reader, path))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn one_path_may_stand_for_several_files() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        let nrrd = "NRRD0004\ntype: uint8\ndimension: 4\nsizes: 2 2 2 2\nencoding: raw\n\
                    kinds: space space space list\ndata file: a.raw\n";
        put("a.nhdr", nrrd.as_bytes());
        put("a.raw", &[0; 16]);
        put("b.raw", &[0; 16]);
        let meta = "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n\
                    ElementDataFile = s%02d.raw 0 1 1\n";
        put("c.mhd", meta.as_bytes());
        let mut header = vec![0; 348];
        header[..4].copy_from_slice(&348_i32.to_le_bytes());
        header[344..].copy_from_slice(b"ni1\0");
        put("P.HDR", &header);
        put("P.IMG", &[0; 8]);
        put("p.img", &[0; 8]);
        let of_volume = |path: &str, volume: Option<u64>| -> Vec<String> {
            let options = ReadOptions {
                volume,
                ..ReadOptions::default()
            };
            let files = files_of(&folder.path().join(path), &options).into_iter();
            files
                .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
                .collect()
        };
        let names = |path: &str| of_volume(path, None);
        assert_eq!(of_volume("a.nhdr", Some(1)), ["a.nhdr", "a.raw"]);
        assert_eq!(names("c.mhd"), ["c.mhd", "s00.raw", "s01.raw"]);
        assert_eq!(names("P.IMG"), ["P.HDR", "P.IMG"]);
        assert_eq!(names("P.HDR"), ["P.HDR", "P.IMG"]);
        assert_eq!(names("b.raw"), ["b.raw"]);
        assert_eq!(names("gone.nii"), ["gone.nii"]);
    }

    #[test]
    fn a_dicom_object_that_needs_no_others_stands_alone() {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/formats/files");
        let count = |name: &str| files_of(&files.join(name), &ReadOptions::default()).len();
        assert_eq!(count("rtstruct.dcm"), 1);
        assert_eq!(count("seg_binary.dcm"), 1);
        let series = fs::read_dir(files.join("series")).unwrap().count();
        assert_eq!(count("series/I002.dcm"), series);
        assert_eq!(count("series"), series);
    }
}
