//! Extraction: regions in, feature vectors out, in parallel over regions.

use rayon::prelude::*;

use crate::discretise::DiscretisedRoi;
use crate::error::{FeatureError, Result};
use crate::family::{Extent, Region};
use crate::roi::Roi;
use crate::set::{Chosen, FeatureSet};
use crate::settings::ExtractionSettings;
use crate::vector::FeatureVector;
use crate::volume::Volume;

/// Regions of at least so many voxels are worth handing their families to several threads.
const PARALLEL_VOXELS: usize = 32_768;

/// Extracts the features of every region, results in the order of the regions.
///
/// Runs on the current rayon pool. The work is shared out by whole regions, so the bits of a result
/// do not depend on the number of threads.
pub fn extract(
    set: &FeatureSet,
    settings: &ExtractionSettings,
    rois: &[Roi],
) -> Vec<Result<FeatureVector>> {
    rois.par_iter()
        .map(|roi| extract_one(set, settings, roi))
        .collect()
}

/// Extracts the features of one region made from plain arrays, without re-segmentation and without an
/// image around it.
///
/// # Errors
/// As [`measure`].
pub fn extract_one(
    set: &FeatureSet,
    settings: &ExtractionSettings,
    roi: &Roi,
) -> Result<FeatureVector> {
    let subject = Subject {
        roi,
        morphology: roi,
        image: None,
    };
    measure(set, settings, subject)
}

/// What is measured: a region before and after re-segmentation, and the image it was cut from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The region after re-segmentation.
    pub roi: &'a Roi,
    /// The region before it.
    pub morphology: &'a Roi,
    /// The image.
    pub image: Option<&'a Volume>,
}

/// Extracts the features of a region.
///
/// # Errors
/// [`FeatureError::TooSmall`], [`FeatureError::TooManyBins`] or, when a family of the set works on
/// slices and the region has several, [`FeatureError::NotASlice`].
pub fn measure(
    set: &FeatureSet,
    settings: &ExtractionSettings,
    subject: Subject<'_>,
) -> Result<FeatureVector> {
    let Subject {
        roi,
        morphology,
        image,
    } = subject;
    if roi.count() < settings.minimum_pixels {
        return Err(FeatureError::TooSmall {
            pixels: roi.count(),
            minimum: settings.minimum_pixels,
        });
    }
    // Families of slices measure form, on the region before re-segmentation.
    let slices = morphology.shape()[0];
    let mut families = set.chosen_families().iter().map(|chosen| chosen.family);
    if let Some(family) = families.find(|family| family.extent() == Extent::Slice && slices != 1) {
        return Err(FeatureError::NotASlice {
            family: family.id(),
            slices,
        });
    }
    let grey_levels = if set.reads_grey_levels() {
        let rule = settings.discretisation;
        let (most, pad) = (settings.maximum_bins, settings.padding());
        Some(DiscretisedRoi::new(roi, rule, most, pad)?)
    } else {
        None
    };
    let region = Region::new(roi, morphology, image, settings, grey_levels);
    let of_family = |chosen: &Chosen| {
        let mut values = Vec::new();
        append_family(chosen, &region, &mut values);
        values
    };
    // Families do not see each other, so it makes no difference to a value where it is computed.
    let families = set.chosen_families();
    let values: Vec<Vec<f64>> = if roi.count() >= PARALLEL_VOXELS {
        families.par_iter().map(of_family).collect()
    } else {
        families.iter().map(of_family).collect()
    };
    let levels = region.levels();
    Ok(FeatureVector::new(set, values.concat(), levels))
}

/// Appends the values of a set on one prepared region.
pub(crate) fn append_values(set: &FeatureSet, region: &Region<'_>, values: &mut Vec<f64>) {
    for chosen in set.chosen_families() {
        append_family(chosen, region, values);
    }
}

fn append_family(chosen: &Chosen, region: &Region<'_>, values: &mut Vec<f64>) {
    let first = values.len();
    chosen.family.compute(region, values);
    let mut next = first;
    for at in first..values.len() {
        values[next] = values[at];
        next += usize::from(chosen.keeps(at - first));
    }
    values.truncate(next);
}
