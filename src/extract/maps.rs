//! Feature maps of one case: what is measured at every voxel of a region, image after image.
//!
//! The settings are those of an extraction (PyRadiomics' profile), with `voxelSetting` besides. Maps lie on the
//! image's own grid, so images are not resampled here.

use std::borrow::Cow;

use ndarray::Array3;
use raduet_features::extractor::{ImageSource, Normalisation};
use raduet_features::family::Input;
use raduet_features::maps::{MapOptions, feature_maps};
use raduet_features::processing::normalise;
use raduet_features::set::{Choice, ORIGINAL};
use raduet_features::{
    ExtractionSettings, FeatureError, FeatureSet, MaskVolume, Profile, Roi, Volume,
};
use serde_json::Value;

use super::Unit;
use super::measure::failed;
use super::plan::{Plan, VOXEL_SETTING, wrong};
use crate::error::{Code, Faults, Result, ToolError, Warning, WarningCode};
use crate::io::voxel_bytes::values;
use crate::params::VoxelSettings;
use crate::settings::{FeatureSettings, ProfileName};

/// Everything that is done with a region to get its maps.
#[derive(Debug)]
pub struct MapPlan {
    set: FeatureSet,
    settings: ExtractionSettings,
    normalisation: Option<Normalisation>,
    images: Vec<ImageSource>,
    options: MapOptions,
    described: Value,
    label: Option<i64>,
    /// Doubts about the settings.
    pub warnings: Vec<Warning>,
}

/// A map on the grid of its image.
#[derive(Debug)]
pub struct FeatureMap {
    /// Name of the column that the feature has in a table: `original_glcm_Contrast`.
    pub name: String,
    /// `[z, y, x]`; NaN where undefined.
    pub values: Array3<f64>,
}

impl MapPlan {
    /// Checks the settings. `features` are names as `Contrast` or `glcm_Contrast`; none for all.
    ///
    /// # Errors
    /// The parameter file's, or [`Code::Settings`] naming what is wrong or has no map.
    pub fn new(settings: &FeatureSettings, features: &[String]) -> Result<Self, Faults> {
        if settings.profile != ProfileName::Pyradiomics {
            return Err(refused("maps of another profile", "the pyradiomics profile").into());
        }
        let plan = Plan::new(settings, Unit::Case)?;
        if plan.processing.resampling.is_some() {
            let expected = "maps on the image's own grid";
            return Err(refused("resampledPixelSpacing", expected).into());
        }
        let VoxelSettings {
            kernel_radius,
            masked_kernel,
            init_value,
            ..
        } = plan.voxel;
        if !masked_kernel {
            let expected = "maskedKernel true: neighbourhoods end at the region's border";
            return Err(refused("maskedKernel false", expected).into());
        }
        let asked = !settings.families.is_empty();
        let families = plan.set.families();
        let form = families.iter().find(|f| f.input() == Input::Morphology);
        if let Some(family) = form.filter(|_| asked) {
            let found = format!("family '{}' has no map", family.id());
            return Err(refused(&found, "families of intensities or grey levels").into());
        }
        let set = chosen(&plan, features)?;
        Ok(Self {
            set,
            normalisation: plan.processing.normalisation,
            options: MapOptions {
                radius: kernel_radius as usize,
                outside: init_value,
            },
            described: plan.described,
            label: plan.label,
            // What has no effect on tables has one here.
            warnings: plan
                .warnings
                .into_iter()
                .filter(|warning| warning.found != VOXEL_SETTING)
                .collect(),
            settings: plan.settings,
            images: plan.images,
        })
    }

    /// Every setting, expanded.
    pub fn describe(&self) -> &Value {
        &self.described
    }

    /// The region's value in the mask, where the parameter file states one.
    pub fn label(&self) -> Option<i64> {
        self.label
    }

    /// Names of the maps, in their order.
    pub fn names(&self) -> Vec<String> {
        let images = self.images.iter().flat_map(|source| match &source.filter {
            None => vec![ORIGINAL.to_owned()],
            Some(filter) => filter.names(),
        });
        let columns = self.set.described_columns();
        images
            .flat_map(|image| columns.iter().map(move |column| column.name_on(&image)))
            .collect()
    }

    /// Makes the maps and hands each to `each`, those of one image in memory at a time. Returns the doubts.
    ///
    /// # Errors
    /// The engine's, or what `each` returns.
    pub fn make(
        &self,
        volume: &Volume,
        mask: &MaskVolume,
        each: &mut dyn FnMut(FeatureMap) -> Result<()>,
    ) -> Result<Vec<Warning>> {
        let normalised = self.normalised(volume);
        let volume = normalised.as_ref();
        let image = values(volume)?;
        let roi = self.region(volume, mask)?;
        let mut region = Array3::from_elem(mask.inside().dim(), false);
        placed(&mut region, &roi, roi.inside());
        let mut doubts = Vec::new();
        for source in &self.images {
            let settings = source.settings.as_ref().unwrap_or(&self.settings);
            let Some(filter) = &source.filter else {
                self.on_image(&image, &region, settings, volume, ORIGINAL, each)?;
                continue;
            };
            let names = filter.names();
            let spacing = volume.grid().spacing;
            // What stopped the work inside the filter, where it was not the filter itself.
            let mut stopped = None;
            let answer = filter.respond(&image, spacing, &mut |at, response| {
                let done = self.on_image(&response, &region, settings, volume, &names[at], each);
                done.map_err(|fault| {
                    stopped = Some(fault);
                    FeatureError::Emptied { step: "mapping" }
                })
            });
            if let Some(fault) = stopped {
                return Err(fault);
            }
            if let Err(fault) = answer {
                let found = format!("{}: {fault}", names.join(", "));
                doubts.push(Warning::new(WarningCode::Filter, found, "no maps of it"));
            }
        }
        Ok(doubts)
    }

    /// The region after re-segmentation, where there is one.
    ///
    /// # Errors
    /// The engine's.
    pub fn resegmented(&self, volume: &Volume, mask: &MaskVolume) -> Result<Option<Roi>> {
        if self.settings.resegmentation.is_none() {
            return Ok(None);
        }
        let normalised = self.normalised(volume);
        self.region(&normalised, mask).map(Some)
    }

    fn normalised<'a>(&self, volume: &'a Volume) -> Cow<'a, Volume> {
        match self.normalisation {
            Some(rule) => Cow::Owned(normalise(volume, rule.scale, rule.remove_outliers)),
            None => Cow::Borrowed(volume),
        }
    }

    /// The region, after re-segmentation where there is one.
    fn region(&self, volume: &Volume, mask: &MaskVolume) -> Result<Roi> {
        let emptied = |step| failed(&FeatureError::Emptied { step });
        let roi = Roi::from_volume(volume, mask).map_err(|fault| failed(&fault))?;
        let roi = roi.ok_or_else(|| emptied("reading"))?;
        match self.settings.resegmentation {
            Some(rule) => roi
                .resegmented(rule)
                .ok_or_else(|| emptied("re-segmentation")),
            None => Ok(roi),
        }
    }

    fn on_image(
        &self,
        image: &Array3<f64>,
        region: &Array3<bool>,
        settings: &ExtractionSettings,
        volume: &Volume,
        name: &str,
        each: &mut dyn FnMut(FeatureMap) -> Result<()>,
    ) -> Result<()> {
        let roi = Roi::from_arrays(image, region, volume.grid().spacing)
            .map_err(|fault| failed(&fault))?
            .ok_or_else(|| failed(&FeatureError::Emptied { step: "reading" }))?;
        let maps = feature_maps(&self.set, settings, &roi, self.options)
            .map_err(|fault| failed(&fault))?;
        for (column, map) in self.set.described_columns().iter().zip(maps) {
            let mut values = Array3::from_elem(image.dim(), self.options.outside);
            placed(&mut values, &roi, &map);
            each(FeatureMap {
                name: column.name_on(name),
                values,
            })?;
        }
        Ok(())
    }
}

/// Puts the box of a region where it belongs.
fn placed<T: Clone>(whole: &mut Array3<T>, roi: &Roi, part: &Array3<T>) {
    let [z, y, x] = roi.offset();
    let [nz, ny, nx] = roi.shape();
    let place = ndarray::s![z..z + nz, y..y + ny, x..x + nx];
    whole.slice_mut(place).assign(part);
}

/// The plan's families without those of form, which PyRadiomics leaves out of maps, too, and of them the named
/// features.
fn chosen(plan: &Plan, names: &[String]) -> Result<FeatureSet> {
    let families = plan.set.families();
    let mapped = families
        .iter()
        .filter(|family| family.input() != Input::Morphology);
    let columns = plan.set.described_columns();
    let mut found = vec![false; names.len()];
    let mut choices = Vec::new();
    for family in mapped {
        let specs = family.specs();
        let kept = specs.iter().filter(|spec| {
            let wanted = columns.iter().any(|column| column.spec.name == spec.name);
            let foreign = spec.pyradiomics_name.unwrap_or_default();
            let bare = foreign.split_once('_').map_or("", |(_, bare)| bare);
            let mut named = names.is_empty();
            for (name, found) in names.iter().zip(&mut found) {
                if [spec.name, foreign, bare].contains(&name.as_str()) {
                    *found = wanted;
                    named = true;
                }
            }
            wanted && named
        });
        let features: Vec<String> = kept.map(|spec| spec.name.to_owned()).collect();
        if !features.is_empty() {
            choices.push(Choice {
                family: family.id().to_owned(),
                features,
            });
        }
    }
    if let Some((name, _)) = names.iter().zip(&found).find(|(_, found)| !**found) {
        let text = format!("feature '{name}' has no map or is not among the families");
        return Err(ToolError::new(Code::Settings, text).remedy(format!(
            "see `raduet features --profile {}`",
            Profile::PyRadiomics.name()
        )));
    }
    FeatureSet::chosen(&choices, &plan.settings).map_err(|fault| wrong(&fault))
}

fn refused(found: &str, expected: &str) -> ToolError {
    ToolError::new(Code::Settings, found)
        .expected(expected)
        .remedy("correct the feature settings")
}
