//! Whether a cohort can be measured, before it is: files, geometry, masks, grey levels, copies, leaks.
//!
//! ```text
//! manifest ─ cases ─┬─ headers: shape, spacing, place ─────────────┐
//!                   └─ voxels: labels, regions, range, grey levels ┴─ findings ─ table, JSON, CSV, sheet
//!                         (on request)                   copies, leaks ┘
//! ```
//!
//! With `--voxels` a case is read, laid and divided into grey levels by what measures it later; by headers alone, files
//! of formats whose header cannot be read alone are read whole, and damage behind a NIfTI header stays unseen.

mod case;
mod copies;
mod doubles;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use raduet_features::Discretisation;
use raduet_study::CaseRecord;
use rayon::prelude::*;
use serde::Serialize;

use crate::cases::Cases;
use crate::cohort::CaseFiles;
use crate::console::Console;
use crate::error::{Code, Level, Result, ToolError, Warning};
use crate::interrupt;
use crate::io::{GeometryRule, LabelChoice, ReadOptions, Unpacking};

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

/// Which regions of a mask are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labels {
    /// The one that the manifest names, else the only one.
    Named,
    /// This one in every mask.
    This(LabelChoice),
    /// Each as a region of its own.
    All,
}

/// What to look for.
#[derive(Debug, Clone)]
pub struct Looking {
    /// How closely.
    pub depth: Depth,
    /// When a mask belongs to its image.
    pub rule: GeometryRule,
    /// Which regions are measured.
    pub labels: Labels,
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
    pub fn shown(&self) -> impl Iterator<Item = &Warning> {
        let warnings = self.warnings.iter();
        warnings.filter(|warning| warning.level == Level::Warning)
    }

    /// How many warnings are shown.
    pub fn doubts(&self) -> usize {
        self.shown().count()
    }

    /// Gives each case the codes of what was found about it.
    fn tell_findings(&mut self) {
        let errors = self.errors.iter().map(|e| (&e.case, e.code.as_str()));
        let warnings = self.shown().map(|w| (&w.case, w.code.as_str()));
        let mut findings: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
        for (case, code) in errors.chain(warnings) {
            let Some(case) = case else { continue };
            let case = case.as_str().to_owned();
            findings.entry(case).or_default().insert(code);
        }
        for facts in &mut self.cases {
            let codes = findings.remove(&facts.id).unwrap_or_default();
            facts.findings = codes.into_iter().collect();
        }
    }
}

/// One case of a cohort.
struct Member<'a> {
    record: &'a CaseRecord,
    /// The class's name.
    class: &'a str,
    /// Its files and how the image is read; none for images in memory.
    files: Option<(&'a CaseFiles, ReadOptions)>,
}

/// Looks at every case of a cohort.
///
/// # Errors
/// [`Code::Interrupted`].
pub fn run(cases: &Cases, looking: &Looking, console: Console) -> Result<Checked> {
    let cohort = cases.cohort();
    let members: Vec<Member<'_>> = cohort
        .cases()
        .iter()
        .enumerate()
        .map(|(at, record)| Member {
            record,
            class: cohort.classes().name(record.label),
            files: cases.files(at),
        })
        .collect();
    let job = console.job("looking at cases", members.len());
    let looked: Vec<case::Looked> = members
        .par_iter()
        .enumerate()
        .map(|(at, member)| {
            interrupt::check()?;
            let work = AssertUnwindSafe(|| {
                case::look(member, || cases.load(at, Unpacking::Shared), looking)
            });
            let looked = catch_unwind(work).unwrap_or_else(|_| {
                let bug = ToolError::new(Code::Internal, "the tool failed on this case");
                case::Looked::failed(member, bug.remedy("report this as a bug"))
            });
            job.advance();
            Ok(looked.named(&member.record.id, cases.folder()))
        })
        .collect::<Result<_>>()?;
    drop(job);

    let mut checked = Checked {
        cases: Vec::with_capacity(looked.len()),
        errors: Vec::new(),
        warnings: cases.warnings().to_vec(),
        total: members.len() + cases.failed().len(),
        failed: cases.failed().len(),
    };
    let mut contents = Vec::with_capacity(looked.len());
    for looked in looked {
        checked.failed += usize::from(!looked.errors.is_empty());
        checked.errors.extend(looked.errors);
        checked.warnings.extend(looked.warnings);
        checked.cases.push(looked.facts);
        contents.push(looked.content);
    }
    checked.errors.extend_from_slice(cases.failed());
    checked
        .warnings
        .extend(copies::of_images(&members, &contents, cases.folder())?);
    checked.warnings.extend(doubles::names(&members));
    checked.warnings.extend(doubles::parts(&members));
    checked.tell_findings();
    Ok(checked)
}
