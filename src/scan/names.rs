//! What names of files and folders say: formats, masks, parts of a split, sequences.

use std::path::{Path, PathBuf};

use raduet_study::Part;
use raduet_study::sequences::is_sequence_word;

use crate::io::READERS;

/// Extensions of image formats beside those of [`READERS`], so that a folder is recognised whatever its format.
const FURTHER: [&str; 11] = [
    "nrrd", "nhdr", "mha", "mhd", "dcm", "png", "tif", "tiff", "npy", "npz", "seg.nrrd",
];

/// Words of names and folders that mean a mask.
const MASK_WORDS: [&str; 16] = [
    "mask",
    "masks",
    "seg",
    "segs",
    "segmentation",
    "segmentations",
    "label",
    "labels",
    "roi",
    "rois",
    "gt",
    "groundtruth",
    "contour",
    "contours",
    "annotation",
    "annotations",
];

/// Words of names and folders that mean an image.
const IMAGE_WORDS: [&str; 9] = [
    "image", "images", "img", "imgs", "scan", "scans", "volume", "volumes", "slices",
];

/// Whether the name is one of an image, in any format.
pub(super) fn is_image(path: &Path) -> bool {
    extension(path).is_some()
}

/// Whether the name is one of a DICOM file.
pub(super) fn is_dicom(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("dcm"))
}

/// Whether what looks like an extension is a number, as in names of DICOM files by their unique ids (`1.2.840.1`).
pub(super) fn has_number(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    !extension.is_empty() && extension.bytes().all(|byte| byte.is_ascii_digit())
}

/// The longest known extension of a name. A folder of a DICOM series has none and is asked for elsewhere.
fn extension(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let readers = READERS.iter().flat_map(|reader| reader.extensions);
    let known = readers.chain(&FURTHER).copied();
    known
        .filter(|known| {
            name.strip_suffix(known)
                .is_some_and(|rest| rest.ends_with('.'))
        })
        .max_by_key(|known| known.len())
}

/// A file's name without folder and extension.
pub(super) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match extension(path) {
        Some(extension) => name[..name.len() - extension.len() - 1].to_owned(),
        None => name.into_owned(),
    }
}

/// The words of a name: runs of letters and digits.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.contains(&&*word.to_ascii_lowercase())
}

/// Whether a folder's name means that it holds masks only.
pub(super) fn is_mask_folder(name: &str) -> bool {
    words(name).any(|word| is_one_of(word, &MASK_WORDS))
}

/// Whether a folder's name means that it holds images only.
pub(super) fn is_image_folder(name: &str) -> bool {
    let mut words = words(name);
    words
        .next()
        .is_some_and(|word| is_one_of(word, &IMAGE_WORDS))
        && words.next().is_none()
}

/// Whether a file is a mask by its own name.
pub(super) fn is_mask_name(path: &Path) -> bool {
    words(&stem(path)).any(|word| is_one_of(word, &MASK_WORDS))
}

/// A name without the words that tell image from mask: what an image and its mask have in common.
pub(super) fn common(path: &Path) -> String {
    let stem = stem(path);
    let kept =
        words(&stem).filter(|word| !is_one_of(word, &MASK_WORDS) && !is_one_of(word, &IMAGE_WORDS));
    kept.collect::<Vec<_>>().join("_")
}

/// Whether a name says a sequence and nothing else.
pub(super) fn is_sequence(name: &str) -> bool {
    words(name).next().is_some() && words(name).all(is_sequence_word)
}

/// The sequence that a name tells, as it stands there.
pub(super) fn sequence(name: &str) -> Option<String> {
    words(name)
        .find(|word| is_sequence_word(word))
        .map(str::to_owned)
}

/// The part of a split that a folder's name means.
pub(super) fn part(name: &str) -> Option<Part> {
    Part::from_name(name)
}

/// The folders and the name of a path.
pub(super) fn components(path: &Path) -> Vec<String> {
    let names = path.components();
    names
        .map(|name| name.as_os_str().to_string_lossy().into_owned())
        .collect()
}

/// The folder of a file that is relative to the root.
pub(super) fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_formats_masks_and_sequences() {
        let path = Path::new;
        assert_eq!(stem(path("a/p1_T1.nii.gz")), "p1_T1");
        assert_eq!(stem(path("p1.seg.nrrd")), "p1");
        assert!(is_image(path("x.MHA")) && !is_image(path("x.txt")) && !is_image(path("nii.gz")));
        assert!(is_mask_name(path("p1_T1_mask.nii.gz")) && is_mask_name(path("seg.nii")));
        assert!(!is_mask_name(path("segment-less.nii")) && !is_mask_name(path("p1.nii")));
        assert_eq!(common(path("p1_T1_mask.nii.gz")), "p1_T1");
        assert_eq!(common(path("image.nii.gz")), "");
        assert!(is_mask_folder("train_masks") && !is_mask_folder("images"));
        assert!(is_image_folder("images") && !is_image_folder("imagesTr"));
        assert_eq!(sequence("p1_T1post.nii"), Some("T1post".into()));
        assert_eq!(sequence("sub-01_FLAIR"), Some("FLAIR".into()));
        assert_eq!(sequence("t1000"), None);
        assert!(is_sequence("T1post") && !is_sequence("q1_T1") && !is_sequence(""));
        assert_eq!(sequence("apple"), None);
    }
}
