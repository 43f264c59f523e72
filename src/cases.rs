//! The cases of a run: a cohort, and how to get the image and the region of each.

use std::path::Path;
use std::time::UNIX_EPOCH;

use raduet_features::{MaskVolume, Volume};
use raduet_study::Cohort;

use crate::cohort::{self, CaseFiles, LoadOptions, LoadedCohort};
use crate::error::{Code, Faults, Result, ToolError, Warning, WarningCode};
use crate::io::{ByteBudget, GeometryRule, LabelChoice, ReadOptions, read_case};
use crate::phantom::{self, PhantomSettings};
use crate::provenance::digest;
use crate::settings::CohortSettings;

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
    Files {
        loaded: Vec<CaseFiles>,
        folder: std::path::PathBuf,
        label: Option<i64>,
        budget: ByteBudget,
    },
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
            Some(path) => Self::files(path, settings, budget),
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

    fn files(path: &Path, settings: &CohortSettings, budget: ByteBudget) -> Result<Self, Faults> {
        let options = LoadOptions {
            sequence: settings.sequence.clone(),
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
            ..
        } = cohort::load(path, &options)?;
        let mut warnings = warnings;
        warnings.extend(several_sequences(&cohort));
        Ok(Self {
            name,
            cohort,
            source: Source::Files {
                loaded: files,
                folder,
                label: settings.label,
                budget,
            },
            hash: manifest_hash,
            notes,
            warnings,
            failed,
        })
    }

    /// Name for reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who takes part.
    pub fn cohort(&self) -> &Cohort {
        &self.cohort
    }

    /// SHA-256 of the manifest or the recipe.
    pub fn hash(&self) -> &str {
        &self.hash
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

    /// What a case's files looked like when it was measured: their lengths and times of change. A case with
    /// another stamp is measured again.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn stamp(&self, index: usize) -> String {
        let Source::Files { loaded, .. } = &self.source else {
            return String::new();
        };
        let of = |path: &Path| {
            let about = std::fs::metadata(path).ok()?;
            let changed = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(format!("{}-{}", about.len(), changed.as_nanos()))
        };
        let files = [&loaded[index].image, &loaded[index].mask];
        files.map(|path| of(path).unwrap_or_default()).join(" ")
    }

    /// Reads, or makes, the case at a position of the cohort.
    ///
    /// # Errors
    /// The readers' errors, with paths as the manifest gives them.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn load(&self, index: usize) -> Result<LoadedCase> {
        match &self.source {
            Source::Phantom(settings) => {
                let (volume, mask) = phantom::volume(*settings, index);
                Ok(LoadedCase {
                    volume,
                    mask,
                    warnings: Vec::new(),
                })
            }
            Source::Files {
                loaded,
                folder,
                label,
                budget,
            } => {
                let files = &loaded[index];
                let choice = label.map_or_else(|| files.label_choice(), LabelChoice::Value);
                let options = ReadOptions {
                    budget: *budget,
                    volume: None,
                };
                let case = read_case(
                    &files.image,
                    &files.mask,
                    choice,
                    GeometryRule::default(),
                    &options,
                )
                .map_err(|fault| fault.relative_to(folder))?;
                let id = &self.cohort.cases()[index].id;
                let warnings = case
                    .warnings
                    .into_iter()
                    .map(|warning| warning.relative_to(folder).case(id.clone()))
                    .collect();
                Ok(LoadedCase {
                    volume: case.image,
                    mask: case.mask,
                    warnings,
                })
            }
        }
    }
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
