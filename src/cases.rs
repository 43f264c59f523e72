//! The cases of a run: a cohort, and how to get the image and the region of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use raduet_features::{MaskVolume, Volume};
use raduet_study::Cohort;

use crate::cohort::arrays::ImageStack;
use crate::cohort::{self, CaseFiles, LoadOptions, LoadedCohort};
use crate::error::{Code, Faults, Result, ToolError, Warning, WarningCode};
use crate::io::formats::files_of;
use crate::io::{
    ByteBudget, Fingerprints, GeometryRule, LabelChoice, ReadLabels, ReadOptions, SlicedCase,
    Unpacking, fingerprint, is_gzip, read_case, read_labels,
};
use crate::phantom::{self, PhantomSettings};
use crate::provenance::digest;
use crate::settings::{CohortSettings, ImageSettings, LabelName};

/// What the built-in cohort is called where a path is expected.
pub const PHANTOM: &str = "phantom";

/// A cohort with its images.
#[derive(Debug)]
pub struct Cases {
    name: String,
    cohort: Cohort,
    source: Source,
    hash: String,
    notes: Vec<String>,
    warnings: Vec<Warning>,
    failed: Vec<ToolError>,
}

#[derive(Debug)]
enum Source {
    Phantom(PhantomSettings),
    /// Images in memory.
    Stack(ImageStack),
    Files {
        loaded: Vec<CaseFiles>,
        folder: PathBuf,
        label: Option<LabelName>,
        images: ImageSettings,
        budget: ByteBudget,
    },
}

/// How a case of files is read.
struct Reading<'a> {
    files: &'a CaseFiles,
    /// The folder that shown paths are relative to.
    folder: &'a Path,
    choice: LabelChoice,
    rule: GeometryRule,
    options: ReadOptions,
}

/// The image and all labelled regions of one case.
#[derive(Debug)]
pub struct LoadedLabels {
    /// The image.
    pub volume: Volume,
    /// Each label of the mask with its region, ascending.
    pub regions: Vec<(i64, MaskVolume)>,
    /// What is doubtful about either.
    pub warnings: Vec<Warning>,
    /// Of the files that were read.
    pub fingerprints: Fingerprints,
}

/// The image and the region of one case.
#[derive(Debug)]
pub struct LoadedCase {
    /// The image.
    pub volume: Volume,
    /// The region of interest, on the image's grid.
    pub mask: MaskVolume,
    /// What is doubtful about either.
    pub warnings: Vec<Warning>,
    /// Of the files that were read.
    pub fingerprints: Fingerprints,
}

impl Cases {
    /// Opens the cohort that the settings name; no image is read yet.
    ///
    /// # Errors
    /// Everything that is wrong with the manifest or the folder.
    pub fn open(settings: &CohortSettings, budget: ByteBudget) -> Result<Self, Faults> {
        match settings.path.as_deref() {
            None => Self::phantom(settings.phantom_patients),
            Some(path) if path == Path::new(PHANTOM) && !path.exists() => {
                Self::phantom(settings.phantom_patients)
            }
            Some(path) => Self::load_files(path, settings, budget),
        }
    }

    fn phantom(patients: usize) -> Result<Self, Faults> {
        /// Fewer cannot be divided into three parts of three classes.
        const FEWEST: usize = 9;
        if patients < FEWEST {
            return Err(
                ToolError::new(Code::Settings, format!("{patients} phantom patients"))
                    .expected(format!("at least {FEWEST}"))
                    .remedy("ask for more (--phantom-patients)")
                    .into(),
            );
        }
        let settings = PhantomSettings {
            patients,
            ..PhantomSettings::default()
        };
        let cohort = phantom::cohort(settings)
            .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))?;
        let recipe = format!(
            "{PHANTOM} {} {patients} {}",
            env!("CARGO_PKG_VERSION"),
            settings.seed
        );
        Ok(Self {
            name: PHANTOM.into(),
            cohort,
            source: Source::Phantom(settings),
            hash: digest(recipe.as_bytes()),
            notes: vec![format!("built-in phantom cohort of {patients} patients")],
            warnings: Vec::new(),
            failed: Vec::new(),
        })
    }

    fn load_files(
        path: &Path,
        settings: &CohortSettings,
        budget: ByteBudget,
    ) -> Result<Self, Faults> {
        let options = LoadOptions {
            sequence: settings.sequence.clone(),
            budget,
            ..LoadOptions::default()
        };
        let LoadedCohort {
            name,
            folder,
            cohort,
            files,
            failed,
            notes,
            warnings,
            manifest_hash,
            stack,
            ..
        } = cohort::load(path, &options)?;
        let mut warnings = warnings;
        warnings.extend(several_sequences(&cohort));
        Ok(Self {
            name,
            cohort,
            source: if let Some(stack) = stack {
                Source::Stack(stack)
            } else {
                Source::Files {
                    loaded: files,
                    folder,
                    label: settings.label.clone(),
                    images: settings.images.clone(),
                    budget,
                }
            },
            hash: manifest_hash,
            notes,
            warnings,
            failed,
        })
    }

    /// Chooses a region where neither the command line nor the manifest does.
    pub fn choose_by_default(&mut self, label: i64) {
        if let Source::Files { loaded, .. } = &mut self.source {
            for files in loaded {
                if files.label_name.is_none() {
                    files.label_value.get_or_insert(label);
                }
            }
        }
    }

    /// Name for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who takes part.
    pub fn cohort(&self) -> &Cohort {
        &self.cohort
    }

    /// What the source says of every case beside what the study asks for, such as age and sex; parallel to
    /// the cohort's cases, empty where it says nothing.
    pub fn extras(&self) -> Vec<&BTreeMap<String, String>> {
        match &self.source {
            Source::Phantom(_) | Source::Stack(_) => Vec::new(),
            Source::Files { loaded, .. } => loaded.iter().map(|files| &files.extra).collect(),
        }
    }

    /// SHA-256 of the manifest or the recipe.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Where image and mask of a case are, and how the image is read; none for images in memory.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn files(&self, index: usize) -> Option<(&CaseFiles, ReadOptions)> {
        self.reading(index)
            .map(|reading| (reading.files, reading.options))
    }

    /// How a case is read; none for images in memory.
    fn reading(&self, index: usize) -> Option<Reading<'_>> {
        let Source::Files {
            loaded,
            folder,
            label,
            images,
            budget,
        } = &self.source
        else {
            return None;
        };
        let files = &loaded[index];
        let label = label.as_ref();
        Some(Reading {
            files,
            folder,
            choice: label.map_or_else(|| files.label_choice(), LabelName::choice),
            rule: images.rule(),
            options: files.options(images, *budget),
        })
    }

    /// The folder that shown paths are relative to; empty for the built-in cohort.
    pub fn folder(&self) -> &Path {
        match &self.source {
            Source::Phantom(_) | Source::Stack(_) => Path::new(""),
            Source::Files { folder, .. } => folder,
        }
    }

    /// What was taken for what.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is doubtful about the manifest.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Cases that the manifest names but that have no files.
    pub fn failed(&self) -> &[ToolError] {
        &self.failed
    }

    /// What decides the rows of a case: its name, the files and the region that the manifest names for it, and
    /// the content of these files as a fingerprint of each. Rows measured under one stamp serve wherever the same
    /// stamp appears; an edited line or file gives another one. For the built-in cohort its recipe.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn stamp(&self, index: usize) -> String {
        let Some(reading) = self.reading(index) else {
            return format!("{} {index}", self.hash);
        };
        let of_files = |path: &Path, options: &ReadOptions| {
            let files = files_of(path, options).into_iter();
            // A file that cannot be read has no rows either.
            let prints = files.map(|file| fingerprint::of_file(&file).unwrap_or_default());
            prints.collect::<Vec<_>>()
        };
        let image = of_files(&reading.files.image, &reading.options);
        let mask = of_files(&reading.files.mask, &reading.options.of_mask());
        self.stamped(index, &reading, [&image, &mask])
    }

    /// [`Self::stamp`] of a case that has just been read, from what was read and not from what its files hold by
    /// now; none unless the fingerprints of both are known.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn stamp_as_read(&self, index: usize, read: &Fingerprints) -> Option<String> {
        let (image, mask) = (read.image.as_ref()?, read.mask.as_ref()?);
        let reading = self.reading(index)?;
        let prints = [image, mask].map(std::slice::from_ref);
        Some(self.stamped(index, &reading, prints))
    }

    fn stamped(&self, index: usize, reading: &Reading<'_>, prints: [&[String]; 2]) -> String {
        let Reading { files, choice, .. } = reading;
        let id = &self.cohort.cases()[index].id;
        let region = format!("{choice:?} {:?}", files.reading);
        let mut parts = vec![id.as_str().to_owned(), region];
        for (path, prints) in [&files.image, &files.mask].into_iter().zip(prints) {
            let named = path.strip_prefix(reading.folder).unwrap_or(path);
            parts.push(named.to_string_lossy().into_owned());
            parts.extend_from_slice(prints);
        }
        digest(parts.join("\n").as_bytes())
    }

    /// Whether image and mask of a case are packed files: reading them mostly tells their fingerprints.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn are_packed(&self, index: usize) -> bool {
        let reading = self.reading(index);
        reading.is_some_and(|reading| {
            let files = [&reading.files.image, &reading.files.mask];
            files.into_iter().all(|path| is_gzip(path))
        })
    }

    /// Reads, or makes, the case at a position of the cohort.
    ///
    /// # Errors
    /// The readers' errors, with paths as the manifest gives them.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn load(&self, index: usize, unpacking: Unpacking) -> Result<LoadedCase> {
        let Some(mut reading) = self.reading(index) else {
            return self.made(index);
        };
        reading.options.unpacking = unpacking;
        let Reading { files, choice, .. } = &reading;
        let (rule, options) = (reading.rule, &reading.options);
        let case = read_case(&files.image, &files.mask, choice, rule, options)
            .map_err(|fault| fault.relative_to(reading.folder))?;
        Ok(LoadedCase {
            volume: case.image,
            mask: case.mask,
            warnings: self.named(index, case.warnings),
            fingerprints: case.fingerprints,
        })
    }

    /// Opens the case at a position of the cohort to be read slice by slice; none where it is read or made as a whole.
    ///
    /// # Panics
    /// When there is no such case.
    pub(crate) fn open_slices(&self, index: usize) -> Option<SlicedCase> {
        let Reading {
            files,
            choice,
            rule,
            options,
            ..
        } = self.reading(index)?;
        SlicedCase::open(&files.image, &files.mask, &choice, rule, &options)
    }

    /// Reads, or makes, the case at a position of the cohort with the regions of all labels.
    ///
    /// # Errors
    /// As [`Self::load`].
    ///
    /// # Panics
    /// When there is no such case.
    pub fn load_labels(&self, index: usize, unpacking: Unpacking) -> Result<LoadedLabels> {
        let Some(mut reading) = self.reading(index) else {
            let made = self.made(index)?;
            return Ok(LoadedLabels {
                volume: made.volume,
                regions: vec![(1, made.mask)],
                warnings: made.warnings,
                fingerprints: made.fingerprints,
            });
        };
        reading.options.unpacking = unpacking;
        let (files, rule, options) = (reading.files, reading.rule, &reading.options);
        let read = || {
            let ReadLabels {
                image,
                labels,
                mut warnings,
                fingerprints,
            } = read_labels(&files.image, &files.mask, rule, options)?;
            warnings.extend_from_slice(labels.warnings());
            let values = labels.labels();
            let choices = if values.is_empty() {
                // The error of a mask without any label.
                vec![LabelChoice::Only]
            } else {
                values.into_iter().map(LabelChoice::Value).collect()
            };
            let mut regions = Vec::new();
            let mut fault = None;
            for choice in &choices {
                match labels.region(choice) {
                    Ok(region) => {
                        warnings.extend(region.warnings);
                        regions.push((region.label, region.mask));
                    }
                    // The other regions are none the worse.
                    Err(error) => {
                        warnings.push(left_out(choice, &error, &files.mask));
                        fault.get_or_insert(error);
                    }
                }
            }
            match fault {
                Some(fault) if regions.is_empty() => Err(fault),
                _ => Ok(LoadedLabels {
                    volume: image,
                    regions,
                    warnings: self.named(index, warnings),
                    fingerprints,
                }),
            }
        };
        read().map_err(|fault: ToolError| fault.relative_to(reading.folder))
    }

    /// A case of the built-in cohort, or of images in memory.
    fn made(&self, index: usize) -> Result<LoadedCase> {
        let (volume, mask) = match &self.source {
            Source::Phantom(settings) => phantom::volume(*settings, index),
            Source::Stack(stack) => stack.load(index)?,
            Source::Files { .. } => return Err(ToolError::internal("a case of files is read")),
        };
        Ok(LoadedCase {
            volume,
            mask,
            warnings: Vec::new(),
            fingerprints: Fingerprints::default(),
        })
    }

    /// Warnings with the case's name and paths as the manifest gives them.
    pub(crate) fn named(&self, index: usize, warnings: Vec<Warning>) -> Vec<Warning> {
        let Source::Files { folder, .. } = &self.source else {
            return warnings;
        };
        let id = &self.cohort.cases()[index].id;
        let named = warnings
            .into_iter()
            .map(|warning| warning.relative_to(folder).case(id.clone()));
        named.collect()
    }
}

/// A doubt about a mask, one of whose regions cannot be measured.
pub(crate) fn left_out(choice: &LabelChoice, error: &ToolError, mask: &Path) -> Warning {
    let label = match choice {
        LabelChoice::Value(label) => label.to_string(),
        LabelChoice::Name(_) | LabelChoice::Only => String::new(),
    };
    let found = format!("region {label}: {} ({})", error.found, error.code);
    Warning::new(
        WarningCode::Region,
        found,
        "it is left out, the others are measured",
    )
    .file(mask)
}

/// A doubt when cases of several sequences would be learned from as if they were one.
fn several_sequences(cohort: &Cohort) -> Option<Warning> {
    let mut names: Vec<&str> = cohort
        .cases()
        .iter()
        .filter_map(|case| case.sequence.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return None;
    }
    let found = format!("{} sequences: {}", names.len(), names.join(", "));
    let done = "all are taken, each as cases of its own; choose one with --sequence";
    Some(Warning::new(WarningCode::Manifest, found, done))
}
