//! `raduet train`: learners on a feature table, ours or another tool's.

use std::collections::BTreeMap;

use raduet_study::{CaseRecord, Cohort};
use serde_json::json;

use super::{Context, Outcome};
use crate::cli::{PresetName, TrainArgs};
use crate::conclusion::Conclusion;
use crate::division;
use crate::error::{Code, Result, ToolError};
use crate::io::feature_csv::{self, FeatureFile};
use crate::io::feature_table;
use crate::io::key_columns::Chosen;
use crate::models::{Study, planned};
use crate::provenance::{Clock, Provenance, digest};
use crate::run_folder::{RunFolder, Start};
use crate::settings::preset;

pub(super) fn run(args: &TrainArgs, context: Context) -> Outcome {
    let console = context.console;
    let mut settings = preset::settings(PresetName::Quick);
    settings.split.apply(&args.split);
    settings.networks.enabled = false;
    settings.learners.apply(&args.learners)?;
    settings.report.check()?;
    settings.name = args
        .features
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let models = planned(&settings)?;
    let chosen = Chosen::from_words(&args.column)?;
    let table = feature_table::read_raw(&args.features, &chosen)?;
    console.say(&table.taken);
    let sites = table.sites.clone();
    let (features, warnings) = table
        .labelled()
        .map_err(|fault| fault.file(&args.features))?;
    let cohort = cohort(&features, sites.as_deref())?;
    let features = features.with_origins(&cohort)?;
    let (split, check) = division::divide(&cohort, &settings.split)?;
    console.say(&division::describe(&split, &check, &cohort));
    let described = json!({ "study": settings, "split_id": split.id() });
    let hash = digest(&feature_csv::write(&features)?);
    let provenance = Provenance::new("train", described, hash);
    let folder = RunFolder::open(&args.output, &provenance.key(), Start::Anew)?;
    let mut clock = Clock::new();
    let study = Study {
        settings: &settings,
        features: &features,
        images: Vec::new(),
        split: &split,
        folder: &folder,
        console,
    };
    let answers = clock.time("fit", || study.fit(&models))?;
    let conclusion = Conclusion {
        name: &settings.name,
        settings: &settings,
        cohort: &cohort,
        features: &features,
        split: &split,
        provenance: &provenance,
        failures: Vec::new(),
        warnings,
    };
    conclusion
        .write(&folder, answers, &mut clock, console)?
        .end(folder, console, context.form())
}

/// The cases that the rows speak of, in the order of their first row.
fn cohort(features: &FeatureFile, sites: Option<&[String]>) -> Result<Cohort> {
    let mut cases: Vec<CaseRecord> = Vec::new();
    let mut seen = BTreeMap::new();
    for (index, row) in features.rows.iter().enumerate() {
        let first = *seen.entry(&row.sample.case).or_insert(row);
        if first.patient != row.patient || first.label != row.label {
            let found = format!(
                "rows of case '{}' differ in patient or class",
                row.sample.case
            );
            return Err(ToolError::new(Code::Manifest, found)
                .remedy("give a case one patient and one class"));
        }
        if std::ptr::eq(first, row) {
            cases.push(CaseRecord {
                id: row.sample.case.clone(),
                patient: row.patient.clone(),
                sequence: row.sequence.clone(),
                site: sites.map(|sites| sites[index].clone()),
                label: row.label,
                published_part: row.part,
            });
        }
    }
    Cohort::new(features.classes.clone(), cases).map_err(|fault| {
        ToolError::new(Code::Manifest, fault.to_string()).remedy("give every patient one class")
    })
}
