//! The plan of the `ibsi` profile.
//!
//! Settings that mean the same in both profiles have PyRadiomics' names (`resampledPixelSpacing`,
//! `interpolator`, `resegmentRange`, `binWidth`, `binCount`, `distances`, `gldm_a`, `normalize`) but the
//! standard's meaning: its grid, its bins, its mask interpolation. What only the standard has are the
//! options of [`IbsiSettings`].

use raduet_features::extractor::{ImageSource, Normalisation, Processing};
use raduet_features::processing::{Intensities, Resampling};
use raduet_features::set::Choice;
use raduet_features::settings::{IvhBins, Resegmentation, ResegmentationRange};
use raduet_features::{
    Aggregation, Discretisation, ExtractionOptions, ExtractionSettings, FeatureSet, Profile,
};
use serde_json::json;

use super::plan::{Plan, described, interpolation, named, wrong};
use super::{Unit, ibsi_filters};
use crate::error::{Code, Faults, Result, ToolError, Warning, WarningCode};
use crate::params::{ClassChoice, ImageType, Parameters, PyRadiomicsSettings, ResegmentMode};
use crate::settings::nearest::suggestion;
use crate::settings::{FeatureSettings, IbsiSettings};

/// The standard's number of bins where neither a width nor a number is given (IBSI 1, configurations B to E).
const DEFAULT_BINS: u32 = 32;

/// Makes the plan.
///
/// # Errors
/// [`Code::Settings`] naming what is wrong.
pub(super) fn plan(
    settings: &FeatureSettings,
    unit: Unit,
    parameters: &Parameters,
) -> Result<Plan, Faults> {
    let of = &parameters.settings;
    let engine = engine(settings, unit, parameters)?;
    let choices = if settings.families.is_empty() {
        let all = raduet_features::registry::families(Profile::Ibsi).iter();
        all.map(|family| Choice::all(family.id())).collect()
    } else {
        named(&settings.families, Profile::Ibsi)?
    };
    let set = FeatureSet::chosen(&choices, &engine).map_err(|fault| wrong(&fault))?;
    let mut images = vec![ImageSource::default()];
    for text in &settings.ibsi.filters {
        images.push(ImageSource {
            filter: Some(ibsi_filters::filter(text)?),
            settings: None,
        });
    }
    let processing = processing(&settings.ibsi, of)?;
    Ok(Plan {
        described: json!({
            "profile": Profile::Ibsi.name(),
            "engine": described(&engine),
            "processing": format!("{processing:?}"),
            "ibsi": settings.ibsi,
            "parameters": parameters.expanded(),
        }),
        minimum_dimensions: match unit {
            Unit::Slice => 2,
            Unit::Case => of.minimum_roi_dimensions as usize,
        },
        label: parameters
            .given
            .contains(&"label")
            .then_some(i64::from(of.label)),
        voxel: parameters.voxel.clone(),
        set,
        settings: engine,
        processing,
        images,
        warnings: without_effect(parameters),
    })
}

fn engine(
    settings: &FeatureSettings,
    unit: Unit,
    parameters: &Parameters,
) -> Result<ExtractionSettings> {
    let of = &parameters.settings;
    let resegmentation = resegmentation(&settings.ibsi, of);
    let floor = match resegmentation.and_then(|rule| rule.range) {
        Some(ResegmentationRange::Absolute { low, .. }) if low.is_finite() => Some(low),
        _ => None,
    };
    // The command line's word on bins replaces the file's, as a whole.
    let (width, count) = match (settings.bin_width, settings.bin_count) {
        (None, None) => {
            let given = parameters.given.contains(&"binWidth");
            (given.then_some(of.bin_width), of.bin_count)
        }
        (width, count) => (
            width,
            count.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
        ),
    };
    let discretisation = match (count, width) {
        (Some(count), _) => Discretisation::FixedBinNumber { count },
        (None, Some(width)) => Discretisation::FixedBinSize {
            width,
            lower: floor,
        },
        (None, None) => Discretisation::FixedBinNumber {
            count: DEFAULT_BINS,
        },
    };
    let options = ExtractionOptions {
        profile: Profile::Ibsi,
        discretisation,
        ivh: ivh(&settings.ibsi.ivh)?,
        resegmentation,
        aggregations: aggregations(&settings.ibsi.aggregations, unit)?,
        ..of.extraction_options()
    };
    let minimum_pixels = options.minimum_pixels.max(settings.min_pixels);
    ExtractionOptions {
        minimum_pixels,
        ..options
    }
    .check()
    .map_err(|fault| wrong(&fault))
}

/// Settings that the standard has no word for.
const INERT: [&str; 12] = [
    "weightingNorm",
    "force2D",
    "force2Ddimension",
    "preCrop",
    "padDistance",
    "correctMask",
    "geometryTolerance",
    "label_channel",
    "voxelArrayShift",
    "resegmentShape",
    "sigma",
    "wavelet",
];

/// Sections of a parameter file that name what only PyRadiomics has.
fn without_effect(parameters: &Parameters) -> Vec<Warning> {
    let filtered = parameters
        .images
        .iter()
        .any(|choice| choice.image != ImageType::Original);
    let whole = |choice: &ClassChoice| choice.features == choice.class.features;
    let fewer = parameters.classes.len() < Parameters::default().classes.len()
        || !parameters.classes.iter().all(whole);
    let told = [
        (
            filtered,
            "imageType",
            "no effect in profile ibsi: name filters with --filter",
        ),
        (
            fewer,
            "featureClass",
            "no effect in profile ibsi: name families with --family",
        ),
    ];
    let told = told.into_iter().filter(|(is, ..)| *is);
    let sections = told.map(|(_, found, done)| Warning::new(WarningCode::Settings, found, done));
    let inert = parameters.given.iter().filter(|key| INERT.contains(key));
    let inert = inert.map(|key| {
        let done = "no effect in profile ibsi";
        Warning::new(WarningCode::Settings, (*key).to_owned(), done)
    });
    sections.chain(inert).collect()
}

fn resegmentation(ibsi: &IbsiSettings, of: &PyRadiomicsSettings) -> Option<Resegmentation> {
    let range = of.resegment_range.map(|range| {
        let (low, high) = (range.low, range.high.unwrap_or(f64::INFINITY));
        match of.resegment_mode {
            ResegmentMode::Absolute => ResegmentationRange::Absolute { low, high },
            ResegmentMode::Relative => ResegmentationRange::OfMaximum { low, high },
            ResegmentMode::Sigma => ResegmentationRange::Deviations { low, high },
        }
    });
    let rule = Resegmentation {
        range,
        outliers: ibsi.outliers,
    };
    (range.is_some() || ibsi.outliers.is_some()).then_some(rule)
}

fn processing(ibsi: &IbsiSettings, of: &PyRadiomicsSettings) -> Result<Processing> {
    let resampling = match (of.resampled_pixel_spacing, of.interpolator) {
        (Some([x, y, z]), Some(name)) => {
            let mut rule = Resampling::ibsi([z, y, x], interpolation(name)?);
            if ibsi.round {
                rule.intensities = Intensities::NearestInteger;
            }
            Some(rule)
        }
        _ => None,
    };
    Ok(Processing {
        normalisation: of.normalize.then_some(Normalisation {
            scale: of.normalize_scale,
            remove_outliers: of.remove_outliers,
        }),
        resampling,
        crop: None,
    })
}

/// The aggregations by the standard's names; none means those that suit the unit.
fn aggregations(names: &[String], unit: Unit) -> Result<Vec<Aggregation>> {
    if names.is_empty() {
        return Ok(vec![match unit {
            Unit::Slice => Aggregation::SliceAveraged,
            Unit::Case => Aggregation::VolumeMerged,
        }]);
    }
    let known = Aggregation::ALL.map(Aggregation::ibsi_name);
    let one = |name: &String| {
        let mut all = Aggregation::ALL.into_iter();
        all.find(|way| way.ibsi_name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let found = format!("unknown aggregation '{name}'");
                ToolError::new(Code::Settings, found).remedy(suggestion(name, &known))
            })
    };
    names.iter().map(one).collect()
}

/// `discrete`, `continuous:2.5`, `arbitrary:1000`; empty for the first.
fn ivh(text: &str) -> Result<IvhBins> {
    let refused = || {
        ToolError::new(Code::Settings, format!("ivh '{text}'"))
            .expected("discrete, continuous:WIDTH or arbitrary:COUNT")
            .remedy("correct --ivh")
    };
    match text.split_once(':') {
        None if text.is_empty() || text == "discrete" => Ok(IvhBins::Discrete),
        Some(("continuous", width)) => {
            let width = width.parse().map_err(|_| refused())?;
            Ok(IvhBins::Continuous { width })
        }
        Some(("arbitrary", count)) => {
            let count = count.parse().map_err(|_| refused())?;
            Ok(IvhBins::Arbitrary { count })
        }
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_standard_are_taken_and_others_refused() {
        let names = ["2d:avg".to_owned(), "3D:mrg".to_owned()];
        let found = aggregations(&names, Unit::Case).unwrap();
        assert_eq!(
            found,
            [Aggregation::SliceAveraged, Aggregation::VolumeMerged]
        );
        assert!(aggregations(&["3D:sum".to_owned()], Unit::Case).is_err());
        assert_eq!(
            ivh("continuous:2.5"),
            Ok(IvhBins::Continuous { width: 2.5 })
        );
        assert_eq!(
            ivh("arbitrary:1000"),
            Ok(IvhBins::Arbitrary { count: 1000 })
        );
        assert!(ivh("arbitrary").is_err() && ivh("continuous:x").is_err());
    }
}
