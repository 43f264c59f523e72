//! Whether a cohort can be measured, before it is: files, geometry, masks, grey levels, copies, leaks.
//!
//! ```text
//! manifest ─ cases ─┬─ headers: shape, spacing, place ────────────┐
//!                   └─ voxels: labels, region, range, grey levels ┴─ findings ─ table, JSON, CSV, sheet
//!                         (on request)                  copies, leaks ┘
//! ```
//!
//! A case is looked at by the readers and the engine that measure it later, so that what passes here passes there.

mod case;
mod copies;
mod doubles;

use std::panic::{AssertUnwindSafe, catch_unwind};

use raduet_features::Discretisation;
use raduet_study::{CaseId, Part, PatientId};
use rayon::prelude::*;
use serde::Serialize;

use crate::cohort::{CaseFiles, LoadedCohort};
use crate::console::Console;
use crate::error::{Code, Level, Result, ToolError, Warning};
use crate::interrupt;
use crate::io::ByteBudget;
use crate::settings::{ImageSettings, LabelName};

pub use case::{CaseFacts, Region, Tile};

/// How closely a cohort is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Headers and the ends of files.
    Headers,
    /// Every voxel.
    Voxels,
    /// Every voxel, and a picture of each case.
    Pictures,
}

/// What to look for.
#[derive(Debug, Clone)]
pub struct Looking {
    /// How closely.
    pub depth: Depth,
    /// Most bytes that a file may declare.
    pub budget: ByteBudget,
    /// How images are read.
    pub images: ImageSettings,
    /// The region, where given for all cases.
    pub label: Option<LabelName>,
    /// How grey levels are made.
    pub discretisation: Option<Discretisation>,
    /// Regions with fewer voxels are too small.
    pub min_pixels: usize,
}

/// Everything that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// One row for each case of the cohort that has files.
    pub cases: Vec<CaseFacts>,
    /// What is wrong: such a case would fail.
    pub errors: Vec<ToolError>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
    /// Cases of the manifest.
    pub total: usize,
    /// Cases with an error.
    pub failed: usize,
}

impl Checked {
    /// Warnings that are shown, notes left out.
    pub fn doubts(&self) -> usize {
        let shown = |warning: &&Warning| warning.level == Level::Warning;
        self.warnings.iter().filter(shown).count()
    }
}

/// One case of a cohort, for the checks across cases.
struct Member<'a> {
    id: &'a CaseId,
    patient: &'a PatientId,
    part: Option<Part>,
    /// The class's name, where there are classes.
    class: Option<&'a str>,
    files: &'a CaseFiles,
}

/// Looks at every case of a cohort.
///
/// # Errors
/// [`Code::Interrupted`].
pub fn run(loaded: &LoadedCohort, looking: &Looking, console: Console) -> Result<Checked> {
    let records = loaded.cohort.cases();
    let members: Vec<Member<'_>> = records
        .iter()
        .zip(&loaded.files)
        .map(|(record, files)| Member {
            id: &record.id,
            patient: &record.patient,
            part: record.published_part,
            class: loaded
                .labelled
                .then(|| loaded.cohort.classes().name(record.label)),
            files,
        })
        .collect();
    let job = console.job("looking at cases", members.len());
    let looked: Vec<case::Looked> = members
        .par_iter()
        .map(|member| {
            interrupt::check()?;
            let work = AssertUnwindSafe(|| case::look(member, looking));
            let looked = catch_unwind(work).unwrap_or_else(|_| {
                let bug = ToolError::new(Code::Internal, "the tool failed on this case");
                case::Looked::failed(member, bug.remedy("report this as a bug"))
            });
            job.advance();
            Ok(looked.named(member.id, &loaded.folder))
        })
        .collect::<Result<_>>()?;
    drop(job);

    let mut checked = Checked {
        cases: Vec::with_capacity(looked.len()),
        errors: Vec::new(),
        warnings: loaded.warnings.clone(),
        total: members.len() + loaded.failed.len(),
        failed: loaded.failed.len(),
    };
    let mut contents = Vec::with_capacity(looked.len());
    for looked in looked {
        checked.failed += usize::from(!looked.errors.is_empty());
        checked.errors.extend(looked.errors);
        checked.warnings.extend(looked.warnings);
        checked.cases.push(looked.facts);
        contents.push(looked.content);
    }
    checked.errors.extend_from_slice(&loaded.failed);
    checked
        .warnings
        .extend(copies::of_images(&members, &contents, &loaded.folder)?);
    checked.warnings.extend(doubles::names(&members));
    checked.warnings.extend(doubles::parts(&members));
    for facts in &mut checked.cases {
        let of_case = |case: Option<&CaseId>| case.is_some_and(|case| case.as_str() == facts.id);
        let errors = checked.errors.iter().filter(|e| of_case(e.case.as_ref()));
        let warnings = checked.warnings.iter().filter(|w| of_case(w.case.as_ref()));
        let mut codes: Vec<&'static str> = errors.map(|error| error.code.as_str()).collect();
        codes.extend(
            warnings
                .filter(|warning| warning.level == Level::Warning)
                .map(|warning| warning.code.as_str()),
        );
        codes.dedup();
        facts.findings = codes;
    }
    Ok(checked)
}
