//! PyRadiomics' parameter files, read as they are (version 3.0.1).
//!
//! ```text
//! text ─ yaml ─► tree with lines ─ sections ─► Parameters ─ engine ─► options of the engine
//!                                  │ keys (what each value must be), feature_classes, image_types
//!                                  └ overrides (`key:value` of the command line)
//! ```
//!
//! A file has four sections, YAML or JSON, each of which may be missing:
//!
//! ```yaml
//! setting: {binWidth: 25, resampledPixelSpacing: [1, 1, 1]}
//! featureClass: {firstorder: , glcm: [Contrast, JointEntropy]}   # missing: all classes
//! imageType: {Original: {}, LoG: {sigma: [2, 4], binWidth: 5}}   # missing: the original image
//! voxelSetting: {kernelRadius: 2}
//! ```
//!
//! Names are case sensitive. Everything that is wrong is reported together, each with its line and the
//! nearest name. What PyRadiomics accepts is accepted; where it fails later or drops something in silence,
//! a warning says so.

mod engine;
mod faults;
mod feature_classes;
mod image_types;
mod keys;
mod overrides;
mod sections;
mod settings;
mod value;
mod wavelet_names;
mod yaml;

use std::path::Path;

use serde_json::{Map, Value, json};

use self::faults::Collected;
use crate::error::{Code, Faults, ToolError, Warning};
use crate::io::read_small;

pub use feature_classes::{CLASSES, ClassChoice, FeatureClass, not_computed};
pub use image_types::{ImageChoice, ImageType};
pub use settings::{
    Interpolator, Lbp2dMethod, PyRadiomicsSettings, ResegmentMode, ResegmentRange, Sigma,
    VoxelSettings,
};

/// A parameter file is a page of text; anything larger is something else.
const LARGEST: u64 = 1 << 20;

/// What is extracted and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Settings of the file. Those of an image type are in its [`ImageChoice`].
    pub settings: PyRadiomicsSettings,
    /// How feature maps are made.
    pub voxel: VoxelSettings,
    /// Feature classes in the file's order.
    pub classes: Vec<ClassChoice>,
    /// Image types in the file's order.
    pub images: Vec<ImageChoice>,
    /// Settings that the file or the command line gave, by PyRadiomics' names.
    pub given: Vec<&'static str>,
}

impl Default for Parameters {
    /// PyRadiomics without a file: the original image, every class but `shape2D`, default settings.
    fn default() -> Self {
        let settings = PyRadiomicsSettings::default();
        Self {
            images: vec![ImageChoice::plain(ImageType::Original, &settings)],
            classes: CLASSES
                .iter()
                .filter(|class| class.name != "shape2D")
                .map(ClassChoice::whole)
                .collect(),
            voxel: VoxelSettings::default(),
            settings,
            given: Vec::new(),
        }
    }
}

impl Parameters {
    /// Reads a file; `overrides` are `key:value` settings of the command line, which win over it.
    ///
    /// # Errors
    /// `E_NOT_FOUND`, `E_NOT_REGULAR`, `E_READ`, `E_TOO_LARGE` (above 1 MiB), or `E_SETTINGS` with
    /// everything that is wrong.
    pub fn read(path: &Path, overrides: &[String]) -> Result<(Self, Vec<Warning>), Faults> {
        let bytes = read_small(path, LARGEST)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            ToolError::new(Code::Settings, "bytes that are no text")
                .expected("YAML or JSON in UTF-8")
                .file(path)
                .remedy("save the file as UTF-8")
        })?;
        match Self::parse(&text, overrides) {
            Ok((parameters, warnings)) => {
                let warnings = warnings.into_iter().map(|warning| warning.file(path));
                Ok((parameters, warnings.collect()))
            }
            Err(faults) => {
                // A fault of the command line stands in no file.
                let placed = faults.list().iter().cloned().map(|fault| {
                    if fault.found.starts_with("--setting") {
                        fault
                    } else {
                        fault.file(path)
                    }
                });
                Err(Faults::check(placed.collect()).err().unwrap_or(faults))
            }
        }
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// `E_SETTINGS` with everything that is wrong.
    pub fn parse(text: &str, overrides: &[String]) -> Result<(Self, Vec<Warning>), Faults> {
        let mut collected = Collected::default();
        let overrides = overrides::read(overrides, &mut collected);
        let root = yaml::parse(text).map_err(|refusal| {
            ToolError::new(
                Code::Settings,
                format!("line {}: {}", refusal.line, refusal.found),
            )
            .remedy(refusal.remedy)
        })?;
        let parameters = sections::read(&root, &overrides, &mut collected);
        Faults::check(collected.faults)?;
        Ok((parameters, collected.doubts))
    }

    /// Default parameters with settings of the command line.
    ///
    /// # Errors
    /// `E_SETTINGS` with everything that is wrong.
    pub fn from_overrides(overrides: &[String]) -> Result<(Self, Vec<Warning>), Faults> {
        let (parameters, warnings) = Self::parse("", overrides)?;
        let classes = Self::default().classes;
        Ok((
            Self {
                classes,
                ..parameters
            },
            warnings,
        ))
    }

    /// Whether a feature is wanted, by PyRadiomics' name without the image: `glcm_Contrast`.
    pub fn wants(&self, name: &str) -> bool {
        name.split_once('_').is_some_and(|(class, feature)| {
            self.classes
                .iter()
                .any(|choice| choice.class.name == class && choice.features.contains(&feature))
        })
    }

    /// Every value, defaults and whole classes written out, in the form of a parameter file: reading it
    /// gives the same parameters again.
    pub fn expanded(&self) -> Value {
        let settings = object(&self.settings);
        let classes: Map<String, Value> = self
            .classes
            .iter()
            .map(|choice| (choice.class.name.to_owned(), json!(choice.features)))
            .collect();
        let images: Map<String, Value> = self
            .images
            .iter()
            .map(|choice| {
                let mut changes = object(&choice.settings);
                changes.retain(|name, _| choice.changed.contains(&name.as_str()));
                (choice.image.name().to_owned(), Value::Object(changes))
            })
            .collect();
        json!({
            "setting": settings,
            "voxelSetting": object(&self.voxel),
            "featureClass": classes,
            "imageType": images,
        })
    }
}

fn object(settings: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        // Settings are structs of plain values: they always become objects.
        _ => Map::new(),
    }
}
