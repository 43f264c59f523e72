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

    /// What the engine was set to, by its own words; none where no features were measured.
    pub fn engine(&self, name: &str) -> Option<&'a str> {
        self.settings["engine"]["engine"][name].as_str()
    }

    /// Whether regions were taken slice by slice, so that neighbours lie in one plane.
    pub fn in_the_plane(&self) -> bool {
        let ways = self.engine("aggregations").unwrap_or_default();
        let flat = match ways {
            "" => self.parameter("force2D") == true,
            ways => ways.split(' ').all(|way| way.starts_with("2D")),
        };
        self.by_slice() || flat
    }

    /// Image types with their own settings.
    pub fn image_types(&self) -> Vec<&'a str> {
        let filters = self.settings["engine"]["ibsi"]["filters"].as_array();
        if self.profile() == Some("ibsi") {
            let filters = filters.into_iter().flatten().filter_map(Value::as_str);
            return ["original"].into_iter().chain(filters).collect();
        }
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
        known
            .map(|family| family.id())
            .filter(|id| self.columns_of(id) > 0)
            .collect()
    }

    /// How many columns are of a family.
    pub fn columns_of(&self, family: &str) -> usize {
        let is_of = |column: &&String| {
            let mut words = column.split('_');
            words.any(|word| word.eq_ignore_ascii_case(family))
                || column.to_lowercase().contains(&format!("{family}_"))
        };
        self.columns().iter().filter(is_of).count()
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

    /// Patients of a part, of several folds the fewest and most of one: `24`, `16 to 17 a fold`.
    pub fn patients(&self, part: Part) -> String {
        let parts = self.report.split.parts.iter();
        let counts = parts.filter(|summary| summary.part == part);
        let mut counts: Vec<usize> = counts.map(|summary| summary.patients).collect();
        counts.sort_unstable();
        match (counts.first(), counts.last()) {
            (Some(one), _) if self.report.split.folds == 1 => one.to_string(),
            (Some(fewest), Some(most)) if fewest == most => format!("{most} a fold"),
            (Some(fewest), Some(most)) => format!("{fewest} to {most} a fold"),
            _ => "0".to_owned(),
        }
    }

    /// Whether the run read images itself.
    pub fn read_images(&self) -> bool {
        self.study.is_some() && !self.from_a_table()
    }

    /// Whether models answered with probabilities.
    pub fn gave_probabilities(&self) -> bool {
        let models = self.report.models.iter();
        models
            .into_iter()
            .any(|model| model.arm != Arm::Reference && !model.patient.reliability.is_empty())
    }

    /// Whether any figure has an interval.
    pub fn has_intervals(&self) -> bool {
        let figures = self
            .report
            .models
            .iter()
            .flat_map(|model| &model.patient.figures);
        figures
            .into_iter()
            .any(|figure| figure.interval().is_some())
    }

    /// Settings of the first network of the run; null where there is none.
    pub fn network(&self) -> &'a Value {
        let models = self.kept.models.as_array().into_iter().flatten();
        let network = models.into_iter().find(|model| model["arm"] == "deep");
        network.map_or(&Value::Null, |network| &network["settings"])
    }

    /// Whether it wrote any file of that beginning and end.
    pub fn wrote_like(&self, beginning: &str, end: &str) -> bool {
        let files = self.kept.files.into_iter().flatten();
        files
            .into_iter()
            .any(|(name, _)| name.starts_with(beginning) && name.ends_with(end))
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
