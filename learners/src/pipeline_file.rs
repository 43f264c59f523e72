//! A fitted pipeline as JSON: versioned, exact to the bit, and checked before it predicts.

use raduet_study::ClassNames;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{LearnError, Result};
use crate::pipeline::FittedPipeline;
use crate::preprocess::FittedPreprocess;
use crate::saved::{SavedModel, expect_size};

/// First field of every file.
const FORMAT: &str = "raduet-pipeline";

/// Version of the layout. A reader refuses any other.
const VERSION: u32 = 1;

/// The file's layout.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PipelineFile {
    format: String,
    version: u32,
    settings: Value,
    classes: ClassNames,
    columns: Vec<String>,
    training_rows: usize,
    seed: u64,
    preprocess: FittedPreprocess,
    model: SavedModel,
}

/// What stands in every version, read first so that another version is named as such.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

impl FittedPipeline {
    /// The pipeline as JSON. Numbers are written so that they read back as the same bits.
    ///
    /// # Errors
    /// [`LearnError::Saved`] when the serialiser refuses.
    pub fn to_json(&self) -> Result<String> {
        let file = PipelineFile {
            format: FORMAT.into(),
            version: VERSION,
            settings: self.settings.clone(),
            classes: self.classes.clone(),
            columns: self.columns.clone(),
            training_rows: self.training_rows,
            seed: self.seed,
            preprocess: self.preprocess.clone(),
            model: self.model.to_saved(),
        };
        serde_json::to_string(&file).map_err(|error| broken(&error))
    }

    /// Reads what [`FittedPipeline::to_json`] wrote.
    ///
    /// # Errors
    /// [`LearnError::Saved`] for anything else: another format or version, unknown or missing
    /// fields, sizes that do not agree, values that are not finite, tree nodes that point backwards.
    pub fn from_json(text: &str) -> Result<Self> {
        let head: Head = serde_json::from_str(text).map_err(|error| broken(&error))?;
        if head.format != FORMAT || head.version != VERSION {
            return Err(LearnError::saved(
                "format",
                format!("{} version {}", head.format, head.version),
                format!("{FORMAT} version {VERSION}"),
            ));
        }
        let file: PipelineFile = serde_json::from_str(text).map_err(|error| broken(&error))?;
        file.preprocess.check()?;
        expect_size(
            "columns",
            file.columns.len(),
            file.preprocess.inputs().len(),
        )?;
        if file.columns != file.preprocess.inputs() {
            return Err(LearnError::saved(
                "columns",
                "names that preprocess does not know",
                "the columns of preprocess",
            ));
        }
        let model = file
            .model
            .into_model(file.preprocess.width(), file.classes.len())?;
        Ok(Self {
            settings: file.settings,
            classes: file.classes,
            columns: file.columns,
            training_rows: file.training_rows,
            seed: file.seed,
            preprocess: file.preprocess,
            model,
        })
    }
}

fn broken(error: &serde_json::Error) -> LearnError {
    LearnError::saved("json", error.to_string(), "a file written by to_json")
}
