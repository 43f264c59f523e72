//! What a run knows of itself, read off its settings, its files and its figures.

use std::collections::BTreeSet;

use raduet_study::{Arm, Part, Report};
use serde_json::Value;

use super::Place;
use crate::report_writers::numbers::confidence;
use crate::report_writers::{Kept, Material};
use crate::settings::Settings;

/// A run as the questions of `super::answers` see it.
pub struct Facts<'a> {
    /// The figures.
    pub report: &'a Report,
    /// What it kept.
    pub kept: Kept<'a>,
    /// Every setting of the study; none where there are predictions only.
    pub study: Option<Settings>,
    /// Program and version.
    pub program: &'a str,
    /// The command that was run.
    pub command: &'a str,
    settings: &'a Value,
}

impl<'a> Facts<'a> {
    /// Reads them.
    pub fn of(material: &Material<'a>) -> Self {
        let settings = &material.provenance.settings;
        Self {
            report: material.report,
            kept: material.kept,
            study: serde_json::from_value(settings["study"].clone()).ok(),
            program: &material.provenance.program,
            command: &material.provenance.command,
            settings,
        }
    }

    /// Whether any model is of an arm.
    pub fn has(&self, arm: Arm) -> bool {
        self.report.models.iter().any(|model| model.arm == arm)
    }

    /// Whether features were measured from images in this run.
    pub fn measured(&self) -> bool {
        self.profile().is_some() && self.has(Arm::Radiomics)
    }

    /// Whether learners learned from a table that was measured elsewhere.
    pub fn from_a_table(&self) -> bool {
        self.command == "train"
    }

    /// The models of an arm by name.
    pub fn names(&self, arm: Arm) -> Vec<&str> {
        let models = self.report.models.iter();
        models
            .filter(|model| model.arm == arm)
            .map(|model| &*model.model)
            .collect()
    }

    /// Whether the run wrote a file.
    pub fn wrote(&self, name: &str) -> bool {
        self.kept
            .files
            .is_some_and(|files| files.contains_key(name))
    }

    /// Whether it wrote any file that begins so.
    pub fn wrote_any(&self, beginning: &str) -> bool {
        let files = self.kept.files.into_iter().flatten();
        files
            .into_iter()
            .any(|(name, _)| name.starts_with(beginning))
    }

    /// The file as a place, where the run wrote it.
    pub fn file(&self, name: &'static str) -> Vec<Place> {
        let written = self.wrote(name);
        written.then_some(Place::File(name)).into_iter().collect()
    }

    /// The profile of the features: `pyradiomics` or `ibsi`.
    pub fn profile(&self) -> Option<&'a str> {
        self.settings["engine"]["profile"].as_str()
    }

    /// A setting of the extraction by PyRadiomics' name; null where there is none.
    pub fn parameter(&self, name: &str) -> &'a Value {
        &self.settings["engine"]["parameters"]["setting"][name]
    }

    /// Image types with their own settings.
    pub fn image_types(&self) -> Vec<&'a str> {
        let types = self.settings["engine"]["parameters"]["imageType"].as_object();
        types
            .into_iter()
            .flatten()
            .map(|(name, _)| &**name)
            .collect()
    }

    /// Whether a row of the feature table is a slice.
    pub fn by_slice(&self) -> bool {
        self.settings["engine"]["rows"]["unit"] != "case"
    }

    /// Columns of the feature table.
    pub fn columns(&self) -> &'a [String] {
        self.kept
            .features
            .map_or(&[], |features| features.table.columns())
    }

    /// Feature families by what the columns are called.
    pub fn families(&self) -> Vec<&'static str> {
        use raduet_features::Profile;
        let profile = match self.profile() {
            Some("ibsi") => Profile::Ibsi,
            _ => Profile::PyRadiomics,
        };
        let known = raduet_features::registry::families(profile).iter();
        let is_of = |column: &String, id: &str| {
            let mut words = column.split('_');
            words.any(|word| word.eq_ignore_ascii_case(id))
                || column.to_lowercase().contains(&format!("{id}_"))
        };
        known
            .map(|family| family.id())
            .filter(|id| self.columns().iter().any(|column| is_of(column, id)))
            .collect()
    }

    /// Sites that are known.
    pub fn sites(&self) -> BTreeSet<&'a str> {
        let rows = self.kept.cohort.iter();
        rows.filter_map(|row| row.site.as_deref()).collect()
    }

    /// Imaging sequences that took part.
    pub fn sequences(&self) -> BTreeSet<&'a str> {
        let rows = self.kept.cohort.iter();
        rows.filter_map(|row| row.sequence.as_deref()).collect()
    }

    /// Patients of a part over all folds (a fold's patients counted in each).
    pub fn patients(&self, part: Part) -> usize {
        let parts = self.report.split.parts.iter();
        parts
            .filter(|summary| summary.part == part)
            .map(|summary| summary.patients)
            .sum()
    }

    /// Whether a step before the learners was asked for.
    pub fn step(&self, name: &str) -> Option<&Value> {
        let study = self.study.as_ref()?;
        let step = study.learners.preprocess.get(name)?;
        (!step.is_null()).then_some(step)
    }

    /// Whether areas were compared by DeLong's test.
    pub fn compares_areas(&self) -> bool {
        let chosen = self.report.comparison.as_ref();
        chosen.is_some_and(|comparison| !comparison.delong.is_empty())
            || self
                .report
                .pairwise
                .iter()
                .any(|pair| pair.delong.is_some())
    }

    /// Whether decision curves were computed.
    pub fn draws_decision_curves(&self) -> bool {
        let models = self.report.models.iter();
        models
            .into_iter()
            .any(|model| !model.patient.decision.is_empty())
    }

    /// The bootstrap in words.
    pub fn bootstrap(&self) -> String {
        let bootstrap = self.report.settings.bootstrap;
        format!(
            "{} resamples of patients, {} %",
            bootstrap.resamples,
            confidence(self.report)
        )
    }
}
