//! Archives of `NumPy` arrays as `MedMNIST` publishes them: `train_images`, `train_labels`, and the same of `val` and
//! `test`. Every image is a case of its own, the whole image is the region: there are no masks, and no patients either.

use std::collections::BTreeSet;
use std::path::Path;

use ndarray::Array3;
use raduet_features::{MaskVolume, Volume};
use raduet_study::{CaseId, CaseRecord, Cohort, Label, Part, PatientId};

use super::{CaseFiles, CaseReading, LoadOptions, LoadedCohort, classes};
use crate::error::{Code, Faults, Result, ToolError, Warning, WarningCode};
use crate::io::npy::{Array, read_archive};
use crate::io::{ReadOptions, read_small};
use crate::provenance::digest;

/// Parts by the names the arrays have.
const PARTS: [&str; 3] = ["train", "val", "test"];

/// The images of a cohort, in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageStack {
    arrays: Vec<Array>,
    /// The array and the image in it of every case.
    places: Vec<(usize, usize)>,
}

impl ImageStack {
    /// The image of a case, and all of it as the region.
    ///
    /// # Errors
    /// `E_INTERNAL` when there is no such case; `E_TOO_LARGE`.
    pub fn load(&self, case: usize) -> Result<(Volume, MaskVolume)> {
        let lost = || ToolError::internal("no such image in the archive");
        let (array, image) = self.places.get(case).copied().ok_or_else(lost)?;
        let array = self.arrays.get(array).ok_or_else(lost)?;
        let volume = array.volume(image, [1.0; 3])?;
        let inside = Array3::from_elem(volume.grid().shape, true);
        let mask = MaskVolume::new(inside, *volume.grid()).ok_or_else(lost)?;
        Ok((volume, mask))
    }
}

/// Whether a path is an archive, by its name.
pub(super) fn is_archive(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("npz"))
}

pub(super) fn load(path: &Path, options: &LoadOptions) -> Result<LoadedCohort, Faults> {
    let place = |error: ToolError| Faults::from(error.file(path));
    let reading = ReadOptions {
        budget: options.budget,
        ..ReadOptions::default()
    };
    let bytes = read_small(path, options.budget.0)?;
    let mut found = read_archive(&bytes, &reading).map_err(place)?;
    let mut stack = ImageStack {
        arrays: Vec::new(),
        places: Vec::new(),
    };
    let mut drawn: Vec<(CaseId, String, Part)> = Vec::new();
    for name in PARTS {
        let images = format!("{name}_images");
        let Some(at) = found.iter().position(|(known, _)| *known == images) else {
            continue;
        };
        let (_, array) = found.swap_remove(at);
        let count = images_of(&array).map_err(|error| place(error.found_also(&images)))?;
        let labels = format!("{name}_labels");
        let labelled = found.iter().find(|(known, _)| *known == labels);
        let names = labels_of(labelled.map(|(_, labels)| labels), count)
            .map_err(|error| place(error.found_also(&labels)))?;
        let part = Part::from_name(name)
            .ok_or_else(|| place(ToolError::internal("a part without a name")))?;
        for (image, class) in names.into_iter().enumerate() {
            stack.places.push((stack.arrays.len(), image));
            drawn.push((CaseId::new(format!("{name}_{image:07}")), class, part));
        }
        stack.arrays.push(array.one_slice_each());
    }
    if drawn.is_empty() {
        let found = ToolError::new(
            Code::Manifest,
            "no array train_images, val_images or test_images",
        );
        return Err(place(
            found
                .expected("the arrays of MedMNIST")
                .remedy("write a manifest for other archives"),
        ));
    }
    let classes: BTreeSet<String> = drawn.iter().map(|(_, class, _)| class.clone()).collect();
    let (names, note) = classes::order(&classes, options.classes.as_deref()).map_err(place)?;
    let records = drawn.into_iter().map(|(id, class, part)| CaseRecord {
        patient: PatientId::new(id.as_str()),
        id,
        sequence: None,
        site: None,
        label: names.label(&class).unwrap_or(Label(0)),
        published_part: Some(part),
    });
    let records: Vec<CaseRecord> = records.collect();
    let files = records.iter().map(|_| CaseFiles {
        image: path.to_owned(),
        mask: path.to_owned(),
        label_value: None,
        label_name: None,
        reading: CaseReading::default(),
        fold: None,
        extra: std::collections::BTreeMap::new(),
    });
    let done = "every image counts as a patient of its own, and as its own region";
    let doubt = Warning::new(
        WarningCode::Manifest,
        "the archive names no patients and no regions",
        done,
    );
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(LoadedCohort {
        name: name.into_owned(),
        folder: path.parent().unwrap_or(Path::new("")).to_owned(),
        files: files.collect(),
        cohort: Cohort::new(names, records)
            .map_err(|error| place(ToolError::new(Code::Manifest, error.to_string())))?,
        labelled: true,
        failed: Vec::new(),
        notes: vec![format!("an archive of {} images", stack.places.len()), note],
        warnings: vec![doubt.file(path)],
        manifest_hash: digest(&bytes),
        stack: Some(stack),
    })
}

/// How many images an array holds: `[n, y, x]` or `[n, z, y, x]`.
fn images_of(array: &Array) -> Result<usize> {
    let refused = |found: String| {
        Err(ToolError::new(Code::Ndim, found)
            .expected("grey images, n x rows x columns, or volumes, n x slices x rows x columns")
            .remedy("convert colour images to grey levels"))
    };
    match array.shape() {
        [_, _, _, 3] => refused("colour images of three channels".to_owned()),
        [n, ..] if matches!(array.shape().len(), 3 | 4) => Ok(*n),
        shape => refused(format!("an array of {} axes", shape.len())),
    }
}

/// The class of every image, as text.
fn labels_of(labels: Option<&Array>, count: usize) -> Result<Vec<String>> {
    let wrong = |found: String| {
        ToolError::new(Code::Manifest, found)
            .expected("one whole number for every image")
            .remedy("keep one label an image")
    };
    let labels = labels.ok_or_else(|| wrong("images without labels".to_owned()))?;
    if labels.shape().iter().skip(1).any(|n| *n > 1) {
        return Err(wrong("several labels an image".to_owned()));
    }
    let numbers = labels
        .whole_numbers()
        .ok_or_else(|| wrong("labels that are no whole numbers".to_owned()))?;
    if numbers.len() != count {
        return Err(wrong(format!(
            "{} labels for {count} images",
            numbers.len()
        )));
    }
    Ok(numbers.iter().map(i64::to_string).collect())
}
