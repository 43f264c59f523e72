//! The main job: one cohort, one split, both arms, one report.
//!
//! ```text
//! cases ── slices ─┬─ features ── learners ─┐
//!                  └─ pixels ──── networks ─┴─ predictions ── report
//! ```
//!
//! `raduet deep` and `raduet train` are this job with one arm, the latter from a finished table.

mod estimate;

use std::path::Path;

use raduet_study::split::SplitCheck;
use raduet_study::{Arm, Split};
use serde_json::json;

#[cfg(feature = "deep")]
use crate::arms::FoldRows;
use crate::arms::PlannedModel;
#[cfg(feature = "deep")]
use crate::arms::deep::rehearsal::{Rehearsal, Tried};
use crate::cases::Cases;
use crate::conclusion::{Conclusion, Form, write_doubts};
use crate::console::Console;
use crate::error::{Exit, Faults, ToolError, Warning};
use crate::extract::{Extraction, Rows, Wanted};
use crate::figures::Pictures;
use crate::guards::{Guards, doubles, names};
use crate::io::{ByteBudget, feature_csv};
use crate::journal::Journal;
use crate::models::{Study, planned};
use crate::provenance::{Clock, Provenance};
use crate::report_writers;
use crate::run_folder::{RunFolder, Start};
use crate::settings::Settings;
use crate::{division, extract, mask_sheet};

/// The journal of measured cases.
const JOURNAL: &str = "cases.journal";

/// A comparison that can begin: everything that can be wrong before an image is read has been checked.
pub struct Plan {
    settings: Settings,
    cases: Cases,
    extraction: Extraction,
    wanted: Wanted,
    models: Vec<PlannedModel>,
    split: Split,
    check: SplitCheck,
    provenance: Provenance,
    guards: Guards,
    pictures: Pictures,
    /// What the guards are not sure of.
    doubts: Vec<Warning>,
}

impl Plan {
    /// Opens the cohort, divides it, and looks the models up.
    ///
    /// # Errors
    /// Everything that is wrong with settings, manifest or split.
    pub fn new(
        command: &'static str,
        settings: Settings,
        budget: ByteBudget,
    ) -> Result<Self, Faults> {
        settings.report.check()?;
        let models = planned(&settings)?;
        let wanted = wanted(&models);
        let extraction = Extraction::new(&settings.features, wanted, Rows::default())?;
        let extraction = extraction.with_contents();
        let mut cases = Cases::open(&settings.cohort, budget)?;
        if let Some(label) = extraction.label() {
            cases.choose_by_default(label);
        }
        let (split, check) = division::divide(cases.cohort(), &settings.split)?;
        let described = json!({
            "study": settings,
            "engine": extraction.describe(),
            "models": models.iter().map(|model| &model.name).collect::<Vec<_>>(),
            "split_id": split.id(),
        });
        let provenance = Provenance::new(command, described, cases.hash().to_owned());
        Ok(Self {
            settings,
            cases,
            extraction,
            wanted,
            models,
            split,
            check,
            provenance,
            guards: Guards::default(),
            pictures: Pictures::default(),
            doubts: Vec::new(),
        })
    }

    /// The same plan, more or less strict, or as a control. Another run than without, so that neither resumes the other.
    ///
    /// # Errors
    /// Patients that stand on two sides of the split under two names.
    pub fn guarded(mut self, guards: Guards) -> Result<Self, Faults> {
        let findings = names::check(self.cases.cohort(), &self.split).under(guards);
        Faults::check(findings.faults)?;
        self.doubts = findings.warnings;
        if guards != Guards::default() {
            let mut described = self.provenance.settings.clone();
            described["guards"] = json!(guards);
            let (command, cohort) = (
                self.provenance.command.clone(),
                self.cases.hash().to_owned(),
            );
            self.provenance = Provenance::new(&command, described, cohort);
        }
        self.guards = guards;
        Ok(self)
    }

    /// The same plan, with or without figures: these are no part of what a run is, and may be drawn later.
    #[must_use]
    pub fn showing(self, pictures: Pictures) -> Self {
        Self { pictures, ..self }
    }

    /// What stands behind its results.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The plan in words.
    pub fn describe(&self) -> String {
        let names: Vec<&str> = self
            .models
            .iter()
            .map(|model| model.name.as_str())
            .collect();
        format!(
            "{}: {} cases of {} patients\n{}\n{} features a slice\nmodels: {}",
            self.name(),
            self.cases.cohort().cases().len(),
            self.cases.cohort().patients().len(),
            division::describe(&self.split, &self.check, self.cases.cohort()),
            self.extraction.width(),
            names.join(", ")
        )
    }

    /// The cohort's name, unless the settings give the study another one.
    fn name(&self) -> &str {
        if self.settings.name == crate::cases::PHANTOM {
            self.cases.name()
        } else {
            &self.settings.name
        }
    }

    /// Measures the cohort and tries the networks on its first fold without training them.
    ///
    /// # Errors
    /// What ends a run, and the networks' own failures.
    #[cfg(feature = "deep")]
    pub fn rehearse(self, rehearsal: Rehearsal, console: Console) -> Result<Vec<Tried>, Faults> {
        let extracted = self
            .extraction
            .run(&self.cases, self.wanted, None, console)?;
        let rows = &extracted.features.rows;
        let Some(parts) = self.split.folds.first() else {
            return Ok(Vec::new());
        };
        let fold = FoldRows::new(0, parts, rows);
        let samples = crate::arms::deep::samples(extracted.images, rows);
        let networks = self.models.iter().filter(|model| model.arm == Arm::Deep);
        let mut tried = Vec::new();
        for network in networks {
            tried.push(rehearsal.of(
                &network.name,
                &self.settings,
                &extracted.features.classes,
                (&samples, &fold),
                console,
            )?);
        }
        Ok(tried)
    }

    /// Does the work and writes everything into `folder`.
    ///
    /// # Errors
    /// What ends a run: a request to stop, an output that cannot be written.
    pub fn run(self, folder: RunFolder, console: Console, form: Form) -> Result<Exit, Faults> {
        let mut clock = Clock::new();
        for note in self.cases.notes() {
            console.say(note);
        }
        let journal = Journal::open(&folder.state(JOURNAL), folder.key())?;
        let mut extracted = clock.time("extract", || {
            self.extraction
                .run(&self.cases, self.wanted, Some(journal), console)
        })?;
        extracted.failures.extend_from_slice(self.cases.failed());
        extracted
            .warnings
            .splice(0..0, self.cases.warnings().iter().cloned());
        if extracted.features.rows.is_empty() {
            console.doubts(&extracted.failures, &extracted.warnings, "");
            write_doubts(&folder, &extracted.failures, &extracted.warnings)?;
            return Ok(Exit::AllFailed);
        }
        let extract::Extracted {
            features,
            images,
            failures,
            mut warnings,
            contents,
            ..
        } = extracted;
        let doubles = doubles::of_images(self.cases.cohort(), &contents, &self.split);
        let doubles = doubles.under(self.guards);
        warnings.extend(self.doubts.iter().cloned());
        warnings.extend(doubles.warnings);
        if !doubles.faults.is_empty() {
            write_doubts(&folder, &doubles.faults, &warnings)?;
            return Err(Faults::check(doubles.faults)
                .err()
                .unwrap_or_else(|| ToolError::internal("no fault where there was one").into()));
        }
        let columns = self.extraction.columns();
        if !columns.is_empty() {
            folder.write("features.csv", &feature_csv::write(&features)?)?;
            folder.write(
                "features.dictionary.csv",
                &report_writers::features::csv(&columns)?,
            )?;
        }
        let features = features.with_origins(self.cases.cohort())?;
        clock.time("mask sheet", || mask_sheet::write(&self.cases, &folder))?;
        let study = Study {
            settings: &self.settings,
            features: &features,
            images,
            split: &self.split,
            folder: &folder,
            guards: self.guards,
            console,
        };
        let answers = clock.time("fit", || study.fit(&self.models))?;
        let conclusion = Conclusion {
            name: self.name(),
            settings: &self.settings,
            cohort: self.cases.cohort(),
            features: &features,
            split: &self.split,
            extras: self.cases.extras(),
            provenance: &self.provenance,
            guards: self.guards,
            pictures: self.pictures,
            failures,
            warnings,
        };
        conclusion
            .write(&folder, answers, &mut clock, console)?
            .end(folder, console, form)
    }
}

/// Pixels only when a network is planned, features only when a learner is.
fn wanted(models: &[PlannedModel]) -> Wanted {
    let has = |arm| models.iter().any(|model| model.arm == arm);
    match (has(Arm::Radiomics), has(Arm::Deep)) {
        (true, true) => Wanted::FeaturesAndPixels,
        (false, true) => Wanted::Pixels,
        _ => Wanted::Features,
    }
}

/// Begins or resumes a run of a plan.
///
/// # Errors
/// Those of [`RunFolder::open`] and [`Plan::run`].
pub fn run(
    plan: Plan,
    output: &Path,
    start: Start,
    console: Console,
    form: Form,
) -> Result<Exit, Faults> {
    let folder = RunFolder::open(output, &plan.provenance.key(), start)?;
    plan.run(folder, console, form)
}
