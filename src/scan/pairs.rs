//! Images with their masks, out of the files of one patient or one folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::names;

/// An image with its mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) image: PathBuf,
    pub(super) mask: PathBuf,
    /// What both names have in common.
    pub(super) name: String,
}

/// The pairs of some files, and the files that belong to none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Paired {
    pub(super) pairs: Vec<Pair>,
    pub(super) alone: Vec<PathBuf>,
}

/// Pairs images with masks: by what their names have in common; else the only mask belongs to every image.
///
/// A file is a mask by its folder's name (`masks`), else by its own (`p1_mask`).
pub(super) fn pair(files: &[PathBuf]) -> Paired {
    let (masks, images): (Vec<&PathBuf>, Vec<&PathBuf>) =
        files.iter().partition(|path| is_mask(path));
    let mut by_name: BTreeMap<String, Vec<&PathBuf>> = BTreeMap::new();
    for mask in &masks {
        by_name.entry(names::common(mask)).or_default().push(mask);
    }
    let mut paired = Paired::default();
    let mut used = Vec::new();
    for image in images {
        let name = names::common(image);
        let mask = match by_name.get(&name).map(Vec::as_slice) {
            Some([mask]) => Some(*mask),
            _ if masks.len() == 1 => masks.first().copied(),
            _ => None,
        };
        match mask {
            Some(mask) => {
                used.push(mask);
                paired.pairs.push(Pair {
                    image: image.clone(),
                    mask: mask.clone(),
                    name,
                });
            }
            None => paired.alone.push(image.clone()),
        }
    }
    let left = masks.iter().filter(|mask| !used.contains(mask));
    paired.alone.extend(left.map(|mask| (*mask).clone()));
    paired
}

fn is_mask(path: &Path) -> bool {
    let components = names::components(path);
    let folder = components.len().checked_sub(2).map(|at| &*components[at]);
    match folder {
        Some(folder) if names::is_mask_folder(folder) => true,
        Some(folder) if names::is_image_folder(folder) => false,
        _ => names::is_mask_name(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(files: &[&str]) -> (Vec<(String, String)>, usize) {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        let paired = pair(&files);
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let pairs = paired.pairs.iter();
        let pairs = pairs.map(|pair| (text(&pair.image), text(&pair.mask)));
        (pairs.collect(), paired.alone.len())
    }

    #[test]
    fn by_name_then_by_the_only_mask() {
        let own = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let (pairs, alone) = paired(&["p/T1.nii", "p/T1_mask.nii", "p/T2.nii", "p/T2_seg.nii"]);
        let expected = [
            own("p/T1.nii", "p/T1_mask.nii"),
            own("p/T2.nii", "p/T2_seg.nii"),
        ];
        assert_eq!((pairs, alone), (expected.to_vec(), 0));
        let (pairs, alone) = paired(&["p/T1.nii", "p/T2.nii", "p/mask.nii"]);
        let expected = [own("p/T1.nii", "p/mask.nii"), own("p/T2.nii", "p/mask.nii")];
        assert_eq!((pairs, alone), (expected.to_vec(), 0));
        let (pairs, alone) =
            paired(&["images/1.nii", "images/2.nii", "masks/1.nii", "masks/3.nii"]);
        assert_eq!((pairs.len(), alone), (1, 2));
    }
}
