//! From settings to the engine's plan: parameter file, `key:value` settings and options of our own, the later
//! ones winning.

use raduet_features::extractor::{Extractor, ImageSource, Normalisation, Processing};
use raduet_features::filters::pyradiomics::{Number, Value as Given, image_type, parameters_of};
use raduet_features::processing::{Interpolator, Resampling};
use raduet_features::registry::families;
use raduet_features::set::Choice;
use raduet_features::{ExtractionOptions, ExtractionSettings, FeatureError, FeatureSet, Profile};
use serde_json::{Value, json};

use super::Unit;
use crate::error::{Code, Faults, Result, ToolError, Warning, WarningCode};
use crate::params::{self, ImageChoice, ImageType, Parameters, PyRadiomicsSettings, VoxelSettings};
use crate::settings::nearest::suggestion;
use crate::settings::{FeatureSettings, IbsiSettings, ProfileName};

/// A plan in the engine's words, not yet put together.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) set: FeatureSet,
    pub(super) settings: ExtractionSettings,
    pub(super) processing: Processing,
    pub(super) images: Vec<ImageSource>,
    pub(super) minimum_dimensions: usize,
    pub(super) described: Value,
    pub(super) warnings: Vec<Warning>,
    /// How feature maps are made.
    pub(super) voxel: VoxelSettings,
    /// The region's value in the mask, where the parameter file states one.
    pub(super) label: Option<i64>,
}

/// The part of a parameter file that is for feature maps.
pub(super) const VOXEL_SETTING: &str = "voxelSetting";

/// Families that are measured on slices where nothing else is asked for.
const OF_SLICES: [&str; 5] = ["shape2d", "firstorder", "glcm", "glrlm", "glszm"];

/// A region in a slice that is a line of pixels has no texture in the plane.
const SLICE_DIMENSIONS: usize = 2;

impl Plan {
    /// Reads the parameter file and checks everything.
    ///
    /// # Errors
    /// The parameter file's, or [`Code::Settings`] naming what is wrong.
    pub(super) fn new(settings: &FeatureSettings, unit: Unit) -> Result<Self, Faults> {
        let (parameters, warnings) = match &settings.parameters {
            Some(path) => Parameters::read(path, &settings.set)?,
            None => Parameters::from_overrides(&settings.set)?,
        };
        let mut plan = match settings.profile {
            ProfileName::Pyradiomics => pyradiomics(settings, unit, parameters)?,
            ProfileName::Ibsi => super::plan_ibsi::plan(settings, unit, &parameters)?,
        };
        plan.warnings.splice(0..0, warnings);
        Ok(plan)
    }

    /// Puts the plan together.
    ///
    /// # Errors
    /// [`Code::Settings`].
    pub(super) fn extractor(self) -> Result<Extractor> {
        Extractor::new(
            self.set,
            self.settings,
            self.processing,
            self.images,
            self.minimum_dimensions,
        )
        .map_err(|fault| wrong(&fault))
    }
}

/// PyRadiomics' profile.
fn pyradiomics(
    settings: &FeatureSettings,
    unit: Unit,
    mut parameters: Parameters,
) -> Result<Plan, Faults> {
    if let Some(width) = settings.bin_width {
        bins(&mut parameters, |of| {
            of.bin_width = width;
            of.bin_count = None;
        });
    }
    if let Some(count) = settings.bin_count {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        bins(&mut parameters, |of| of.bin_count = Some(count));
    }
    let checked = |of: &PyRadiomicsSettings| -> Result<ExtractionSettings> {
        let mut options: ExtractionOptions = of.extraction_options();
        options.minimum_pixels = options.minimum_pixels.max(settings.min_pixels);
        options.check().map_err(|fault| wrong(&fault))
    };
    not_computed(&parameters)?;
    let engine = checked(&parameters.settings)?;
    let choices = choices(settings, unit, &parameters)?;
    let set = FeatureSet::chosen(&choices, &engine).map_err(|fault| wrong(&fault))?;
    let mut images = Vec::new();
    for choice in &parameters.images {
        let of_image = (!choice.changed.is_empty()).then(|| checked(&choice.settings));
        images.push(ImageSource {
            filter: match choice.image {
                ImageType::Original => None,
                _ => Some(filter(choice)?),
            },
            settings: of_image.transpose()?,
        });
    }
    without_ibsi(&settings.ibsi)?;
    let warnings = without_effect(&parameters);
    let of_file = &parameters.settings;
    let label = i64::from(of_file.label);
    let dimensions = of_file.minimum_roi_dimensions as usize;
    Ok(Plan {
        processing: processing(of_file)?,
        minimum_dimensions: match unit {
            Unit::Slice if parameters.given.contains(&"minimumROIDimensions") => dimensions,
            Unit::Slice => SLICE_DIMENSIONS,
            Unit::Case => dimensions,
        },
        described: json!({
            "profile": Profile::PyRadiomics.name(),
            "engine": described(&engine),
            "parameters": parameters.expanded(),
        }),
        label: parameters.given.contains(&"label").then_some(label),
        voxel: parameters.voxel.clone(),
        set,
        settings: engine,
        images,
        warnings,
    })
}

/// Changes the bins of all images that have none of their own.
fn bins(parameters: &mut Parameters, change: impl Fn(&mut PyRadiomicsSettings)) {
    change(&mut parameters.settings);
    for image in &mut parameters.images {
        // What the image type has of its own stays; the file's word for all images does not.
        let own = image.settings.clone();
        change(&mut image.settings);
        if image.changed.contains(&"binWidth") {
            image.settings.bin_width = own.bin_width;
            image.settings.bin_count = None;
        }
        if image.changed.contains(&"binCount") {
            image.settings.bin_count = own.bin_count;
        }
    }
}

/// Every setting of the engine with its value.
pub(super) fn described(settings: &ExtractionSettings) -> Value {
    let pairs = settings.describe().into_iter();
    pairs
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Families by id: the option's, else the parameter file's, else those of the unit.
fn choices(settings: &FeatureSettings, unit: Unit, parameters: &Parameters) -> Result<Vec<Choice>> {
    if !settings.families.is_empty() {
        return named(&settings.families, Profile::PyRadiomics);
    }
    if settings.parameters.is_none() && unit == Unit::Slice {
        return Ok(OF_SLICES.map(Choice::all).to_vec());
    }
    // PyRadiomics, too, passes over form in the plane where it is not told to work in slices.
    let passed =
        |name: &str| unit == Unit::Case && name == "shape2D" && !parameters.settings.force_2d;
    let classes = parameters.classes.iter();
    let classes =
        classes.filter(|choice| !passed(choice.class.name) && !choice.features.is_empty());
    let chosen = classes.map(|choice| Choice {
        family: choice.class.name.to_lowercase(),
        features: choice
            .features
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
    });
    Ok(chosen.collect())
}

/// Families of a profile by name, letter case ignored.
pub(super) fn named(names: &[String], profile: Profile) -> Result<Vec<Choice>> {
    let known: Vec<&str> = families(profile).iter().map(|family| family.id()).collect();
    let mut choices: Vec<Choice> = Vec::new();
    for name in names {
        let id = name.to_lowercase();
        if !known.contains(&id.as_str()) {
            let found = format!("unknown feature family '{name}'");
            return Err(ToolError::new(Code::Settings, found).remedy(suggestion(&id, &known)));
        }
        if choices.iter().any(|choice| choice.family == id) {
            let found = format!("feature family '{name}' twice");
            return Err(ToolError::new(Code::Settings, found).remedy("name every family once"));
        }
        choices.push(Choice::all(&id));
    }
    Ok(choices)
}

/// The filter of an image type with its parameters, which have the same names in the file and the engine.
fn filter(choice: &ImageChoice) -> Result<Box<dyn raduet_features::filters::Filter>> {
    let name = choice.image.name();
    let values = serde_json::to_value(&choice.settings)
        .map_err(|fault| ToolError::internal(fault.to_string()))?;
    let known = parameters_of(name).unwrap_or_default();
    let given: Vec<(&str, Given)> = known
        .iter()
        .filter_map(|key| Some((*key, value(values.get(key)?)?)))
        .collect();
    image_type(name, &given).map_err(|fault| wrong(&fault))
}

fn value(of: &Value) -> Option<Given> {
    let number = |of: &Value| {
        of.as_i64()
            .map(Number::Whole)
            .or_else(|| of.as_f64().map(Number::Real))
    };
    match of {
        Value::Bool(flag) => Some(Given::Flag(*flag)),
        Value::String(text) => Some(Given::Text(text.clone())),
        Value::Array(list) => Some(Given::Numbers(list.iter().filter_map(number).collect())),
        other => number(other).map(Given::Number),
    }
}

/// What is done to the image first.
fn processing(of: &PyRadiomicsSettings) -> Result<Processing> {
    let normalisation = of.normalize.then_some(Normalisation {
        scale: of.normalize_scale,
        remove_outliers: of.remove_outliers,
    });
    let resampling = match (of.resampled_pixel_spacing, of.interpolator) {
        (Some([x, y, z]), Some(interpolator)) => {
            let image = interpolation(interpolator)?;
            let padding = of.pad_distance as usize;
            Some(Resampling::pyradiomics([z, y, x], image, padding))
        }
        _ => None,
    };
    let crop = (of.pre_crop && resampling.is_none()).then_some(of.pad_distance as usize);
    Ok(Processing {
        normalisation,
        resampling,
        crop,
    })
}

/// The engine's interpolator of a name in a parameter file.
pub(super) fn interpolation(name: params::Interpolator) -> Result<Interpolator> {
    let mut names = params::Interpolator::NAMES.iter();
    let text = names
        .find(|(_, known)| *known == name)
        .map_or("", |(text, _)| text);
    Interpolator::from_simple_itk(text).map_err(|fault| wrong(&fault))
}

/// Refuses what would change values and is not computed, for any image type.
fn not_computed(parameters: &Parameters) -> Result<()> {
    let images = parameters.images.iter().map(|choice| &choice.settings);
    let mut all = images.chain([&parameters.settings]);
    match all.find(|of| of.force_2d && of.force_2d_dimension != 0) {
        None => Ok(()),
        Some(of) => {
            let found = format!("force2Ddimension {}", of.force_2d_dimension);
            Err(ToolError::new(Code::Settings, found)
                .expected("0: slices lie across z")
                .remedy("reorient the images, or leave force2D out"))
        }
    }
}

/// Refuses options that only the other profile has.
fn without_ibsi(of: &IbsiSettings) -> Result<()> {
    if *of == IbsiSettings::default() {
        return Ok(());
    }
    Err(ToolError::new(
        Code::Usage,
        "options of profile ibsi in profile pyradiomics",
    )
    .expected("none of --aggregation, --outliers, --round, --ivh, --filter")
    .remedy("add --profile ibsi, or leave them out"))
}

/// Settings of the file that change nothing here.
fn without_effect(parameters: &Parameters) -> Vec<Warning> {
    let of = &parameters.settings;
    let mut warnings = Vec::new();
    let mut tell = |found: &str, done: &str| {
        warnings.push(Warning::new(
            WarningCode::Settings,
            found.to_owned(),
            done.to_owned(),
        ));
    };
    if of.correct_mask {
        tell(
            "correctMask",
            "a mask on another grid is refused; --resample-mask resamples it",
        );
    }
    if of.geometry_tolerance.is_some() {
        tell(
            "geometryTolerance",
            "grids are compared in patient space by fixed tolerances",
        );
    }
    if parameters.voxel != VoxelSettings::default() {
        tell(VOXEL_SETTING, "no effect on tables; it is for feature maps");
    }
    if of.label_channel != 0 {
        tell("label_channel", "masks with several channels are refused");
    }
    warnings
}

/// A fault of the engine's settings.
pub(super) fn wrong(fault: &FeatureError) -> ToolError {
    ToolError::new(Code::Settings, fault.to_string()).remedy("correct the feature settings")
}
