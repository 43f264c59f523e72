//! From settings to pipelines of the learners' room.

use raduet_learners::calibration::Method;
use raduet_learners::tuning::{Effort, Tuning, tune};
use raduet_learners::{
    ClassWeight, FittedPipeline, LEARNERS, LearnError, LearnerEntry, Pipeline, Preprocess, Samples,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::check_names;
use super::radiomics::failed;
use crate::error::{Code, Result, ToolError};
use crate::settings::nearest::{of_serde, suggestion};
use crate::settings::{LearnerSettings, TuneName};

/// A learner's pipeline with what else the settings ask for.
pub struct Plan {
    pipeline: Pipeline,
    tune: TuneName,
    /// What was done otherwise than asked for.
    pub(super) notes: Vec<String>,
}

/// A fitted pipeline with what was tried on the way.
pub(super) struct Fitted {
    pub(super) pipeline: FittedPipeline,
    /// The pipeline with the settings that were chosen.
    pub(super) chosen: Pipeline,
    /// What was chosen, in words.
    pub(super) notes: Vec<String>,
}

/// The learners that the settings ask for: none means the default back end of every learner, `all` every
/// back end; those on request only where they are named.
///
/// # Errors
/// [`Code::Settings`] for an unknown name, with the nearest known one, also where the settings of single
/// learners are given.
pub(super) fn entries(settings: &LearnerSettings) -> Result<Vec<&'static LearnerEntry>> {
    let ids: Vec<String> = LEARNERS.iter().map(LearnerEntry::id).collect();
    let known: Vec<&str> = ids.iter().map(String::as_str).collect();
    let entries: Vec<&LearnerEntry> = if settings.names.iter().any(|name| name == "all") {
        LEARNERS.iter().filter(|entry| !entry.on_request).collect()
    } else if settings.names.is_empty() {
        let routine = |entry: &&LearnerEntry| entry.default && !entry.on_request;
        LEARNERS.iter().filter(routine).collect()
    } else {
        check_names("learner", &settings.names, &known)?;
        let entry = |name: &String| raduet_learners::registry::find(name);
        let entries = settings.names.iter().map(entry);
        entries
            .collect::<Result<_, _>>()
            .map_err(|fault| failed("learners", &fault))?
    };
    for name in settings.set.keys() {
        if !known.contains(&name.as_str()) {
            let found = format!("settings of an unknown learner '{name}'");
            return Err(ToolError::new(Code::Settings, found).remedy(suggestion(name, &known)));
        }
        if !entries.iter().any(|entry| entry.id() == *name) {
            let found = format!("settings of '{name}', which is not trained");
            return Err(
                ToolError::new(Code::Settings, found).remedy("name it among the learners too")
            );
        }
    }
    Ok(entries)
}

impl Plan {
    /// The pipeline of a learner, all settings checked.
    ///
    /// # Errors
    /// [`Code::Settings`].
    pub fn new(entry: &LearnerEntry, settings: &LearnerSettings) -> Result<Self> {
        let id = entry.id();
        let fault = |fault: LearnError| failed(&id, &fault);
        let mut steps = settings.preprocess.clone();
        let mut notes = Vec::new();
        let parameters = settings.set.get(&id).cloned().unwrap_or_default();
        let learner = entry.with(&parameters).map_err(fault)?;
        if steps.get("undefined") == Some(&json!("keep")) && !learner.reads_undefined() {
            steps.insert("undefined".into(), json!("median"));
            notes.push("reads no undefined values: they became training medians".to_owned());
        }
        // A table fills in what it leaves out; the type knows the defaults.
        let mut whole = serde_json::to_value(Preprocess::default()).unwrap_or_default();
        if let Some(fields) = whole.as_object_mut() {
            fields.extend(steps);
        }
        let preprocess: Preprocess = read("preprocess", &whole)?;
        preprocess.check().map_err(fault)?;
        let weight: Option<ClassWeight> = optional("class_weight", settings.class_weight.as_ref())?;
        let calibration: Option<Method> = optional("calibrate", settings.calibrate.as_ref())?;
        let pipeline = Pipeline::new(entry, preprocess)
            .with_parameters(&parameters)
            .map_err(fault)?
            .with_class_weight(weight)
            .map_err(fault)?
            .with_calibration(calibration);
        Ok(Self {
            pipeline,
            tune: settings.tune,
            notes,
        })
    }

    /// Fits it; where settings are to be searched, in folds of the same rows.
    pub(super) fn fit(&self, samples: &Samples, seed: u64) -> raduet_learners::Result<Fitted> {
        let tuning = Tuning {
            effort: match self.tune {
                TuneName::None => Effort::None,
                TuneName::Light => Effort::Light,
                TuneName::Full => Effort::Full,
            },
            ..Tuning::default()
        };
        let tuned = tune(&self.pipeline, samples, &tuning, seed)?;
        let mut parameters = self.pipeline.parameters().clone();
        let mut notes: Vec<String> = tuned.warnings.iter().map(ToString::to_string).collect();
        if let Some(trial) = tuned.trials.get(tuned.chosen) {
            parameters.clone_from(&trial.parameters);
            let failed = tuned.trials.iter().filter(|t| t.failure.is_some());
            let chosen = match serde_json::to_string(&trial.parameters) {
                Ok(text) if !trial.parameters.is_empty() => text,
                _ => "its defaults".to_owned(),
            };
            notes.push(format!(
                "tuned: {chosen} of {} points ({} failed), log loss {:.4} ± {:.4} over folds",
                tuned.trials.len(),
                failed.count(),
                trial.mean(),
                trial.sd()
            ));
        }
        Ok(Fitted {
            chosen: self.pipeline.again(&parameters)?,
            pipeline: tuned.pipeline,
            notes,
        })
    }
}

fn optional<T: DeserializeOwned>(what: &str, value: Option<&Value>) -> Result<Option<T>> {
    value.map(|value| read(what, value)).transpose()
}

fn read<T: DeserializeOwned>(what: &str, value: &Value) -> Result<T> {
    serde_json::from_value(value.clone()).map_err(|fault| {
        ToolError::new(Code::Settings, format!("[learners] {what}: {fault}"))
            .remedy(of_serde(&fault.to_string()))
    })
}
