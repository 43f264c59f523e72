//! Which files hold the content of an image that a manifest names by one path.
//!
//! A header may leave its voxels in other files, and a series is a folder: rows that were measured from them must
//! not outlive a change of any of them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::io::{formats, read_small};

/// Headers with data in other files, by the end of their names.
const TEXT_HEADERS: [&str; 2] = [".nhdr", ".mhd"];
/// Longer text headers are no headers.
const LONGEST_HEADER: u64 = 1 << 20;

/// The file itself and those whose bytes are read with it: the other half of a pair of header and image, the
/// data files that a text header may name, all files of a folder. In a fixed order.
pub fn files_of(path: &Path) -> Vec<PathBuf> {
    let name = path.to_string_lossy().into_owned();
    // What the formats say: the slices of a series, the data that a header names.
    let mut files = formats::files_of(path);
    for (ending, partners) in [(".hdr", [".img", ".img.gz"]), (".img", [".hdr", ".hdr.gz"])] {
        let stem = name.strip_suffix(ending);
        if let Some(stem) = stem.or_else(|| name.strip_suffix(&format!("{ending}.gz"))) {
            let partners = partners.map(|partner| PathBuf::from(format!("{stem}{partner}")));
            files.extend(partners.into_iter().filter(|partner| partner.exists()));
        }
    }
    let lower = name.to_ascii_lowercase();
    if TEXT_HEADERS.iter().any(|ending| lower.ends_with(ending)) {
        for file in named_by(path) {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    files
}

/// Files beside a text header whose name it mentions, or, where it gives a pattern of names, all beside it.
fn named_by(header: &Path) -> Vec<PathBuf> {
    let bytes = read_small(header, LONGEST_HEADER).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let folder = crate::io::atomic::folder_of(header);
    let pattern = text.contains('%');
    within(folder, |file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        file != header && (pattern || text.contains(&*name))
    })
}

/// The files of a folder that are wanted, by name.
fn within(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|file| file.is_file() && wanted(file))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_folders_stand_for_several_files() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("a.nhdr", "NRRD0004\ndata file: a.raw\n");
        put("a.raw", "x");
        put("b.raw", "x");
        put("c.mhd", "ElementDataFile = s%02d.raw 0 1 1\n");
        let names = |path: &str| -> Vec<String> {
            let files = files_of(&folder.path().join(path)).into_iter();
            files
                .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(names("a.nhdr"), ["a.nhdr", "a.raw"]);
        assert_eq!(names("c.mhd"), ["c.mhd", "a.nhdr", "a.raw", "b.raw"]);
        assert_eq!(names("."), ["a.nhdr", "a.raw", "b.raw", "c.mhd"]);
        assert_eq!(names("b.raw"), ["b.raw"]);
    }
}
