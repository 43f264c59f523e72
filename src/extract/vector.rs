//! The vector of one case, as PyRadiomics' own program makes it: its columns in its order, and the image and
//! region at each step before.

use raduet_features::extractor::{Extractor, Measured, Processing};
use raduet_features::processing::{normalise, resample};
use raduet_features::settings::Resegmentation;
use raduet_features::{FeatureError, MaskVolume, Profile, Roi, Volume};

use super::Unit;
use super::measure::failed;
use super::plan::Plan;
use crate::error::{Faults, Result, Warning};
use crate::params::{ClassChoice, Parameters};
use crate::settings::FeatureSettings;

/// What is done with every case.
#[derive(Debug)]
pub struct VectorPlan {
    extractor: Extractor,
    processing: Processing,
    resegmentation: Option<Resegmentation>,
    /// Places of the extractor's columns in PyRadiomics' order.
    order: Vec<usize>,
    names: Vec<String>,
    /// Doubts about the settings.
    pub warnings: Vec<Warning>,
}

/// Image and region before they are measured.
#[derive(Debug)]
pub struct Steps {
    /// After resampling, where there is one.
    pub interpolated: Option<(Volume, MaskVolume)>,
    /// The region after re-segmentation, where there is one.
    pub resegmented: Option<Roi>,
}

impl VectorPlan {
    /// Checks the settings. `parameters` are those that the settings name, read before.
    ///
    /// # Errors
    /// The parameter file's, or `E_SETTINGS` naming what is wrong.
    pub fn new(settings: &FeatureSettings, parameters: &Parameters) -> Result<Self, Faults> {
        let mut plan = Plan::new(settings, Unit::Case)?;
        let processing = plan.processing.clone();
        let resegmentation = plan.settings.resegmentation;
        let warnings = std::mem::take(&mut plan.warnings);
        let extractor = plan.extractor()?;
        let (order, names) = order(&extractor, &parameters.classes);
        Ok(Self {
            extractor,
            processing,
            resegmentation,
            order,
            names,
            warnings,
        })
    }

    /// Names of the features, in PyRadiomics' order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Values in the order of [`Self::names`], and what else was found.
    ///
    /// # Errors
    /// The engine's, as a case's failure.
    pub fn measure(&self, volume: &Volume, mask: &MaskVolume) -> Result<(Vec<f64>, Measured)> {
        let measured = self.extractor.case(volume, mask);
        let measured = measured.map_err(|fault| failed(&fault))?;
        let values = self.order.iter().map(|at| measured.values[*at]).collect();
        Ok((values, measured))
    }

    /// The steps before measuring.
    ///
    /// # Errors
    /// The engine's, as a case's failure.
    pub fn steps(&self, volume: &Volume, mask: &MaskVolume) -> Result<Steps> {
        let wrong = |fault: FeatureError| failed(&fault);
        let rule = self.processing.normalisation;
        let normalised = rule.map(|rule| normalise(volume, rule.scale, rule.remove_outliers));
        let volume = normalised.as_ref().unwrap_or(volume);
        let interpolated = match &self.processing.resampling {
            Some(rule) => Some(resample(volume, mask, rule).map_err(wrong)?),
            None => None,
        };
        let resegmented = match self.resegmentation {
            Some(rule) => {
                let (volume, mask) = interpolated
                    .as_ref()
                    .map_or((volume, mask), |(volume, mask)| (volume, mask));
                let roi = Roi::from_volume(volume, mask).map_err(wrong)?;
                roi.and_then(|roi| roi.resegmented(rule))
            }
            None => None,
        };
        Ok(Steps {
            interpolated,
            resegmented,
        })
    }
}

/// Where PyRadiomics puts the columns: form first, then image after image, on each the classes in the order of
/// the parameter file, of each the features as the file lists them, or by name where it takes the whole class.
fn order(extractor: &Extractor, classes: &[ClassChoice]) -> (Vec<usize>, Vec<String>) {
    let columns = extractor.columns();
    let images = extractor.image_names();
    let form = |name: &str| name.starts_with("shape");
    let key = |at: usize| {
        let column = &columns[at];
        let foreign = column.column.spec.pyradiomics_name.unwrap_or_default();
        let (class, feature) = foreign.split_once('_').unwrap_or_default();
        let image = images.iter().position(|image| *image == column.image);
        let place = classes.iter().position(|choice| choice.class.name == class);
        let listed = place.map(|place| &classes[place]);
        let listed = listed.filter(|choice| choice.features != choice.class.features);
        let in_list = listed.and_then(|choice| choice.features.iter().position(|f| *f == feature));
        (!form(class), image, place, in_list, at)
    };
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|at| key(*at));
    let names = order.iter().map(|at| columns[*at].name.clone()).collect();
    debug_assert!(
        columns
            .iter()
            .all(|c| c.column.profile == Profile::PyRadiomics)
    );
    (order, names)
}
