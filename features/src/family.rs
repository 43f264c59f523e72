//! The door of a feature family: what it receives and what it promises.

use crate::discretise::DiscretisedRoi;
use crate::roi::Roi;
use crate::settings::ExtractionSettings;
use crate::spec::FeatureSpec;

/// Which regions a family accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// One slice.
    Slice,
    /// One slice or a volume.
    Any,
}

/// What a family reads from a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// The mask alone, or intensities as they are.
    Intensities,
    /// Grey levels, too.
    GreyLevels,
}

/// A region prepared for all families of a set.
#[derive(Debug)]
pub struct Region<'a> {
    /// Intensities, mask and spacing.
    pub roi: &'a Roi,
    /// Settings of the extraction.
    pub settings: &'a ExtractionSettings,
    grey_levels: Option<DiscretisedRoi>,
}

impl<'a> Region<'a> {
    /// Puts together what the families read.
    pub(crate) fn new(
        roi: &'a Roi,
        settings: &'a ExtractionSettings,
        grey_levels: Option<DiscretisedRoi>,
    ) -> Self {
        Self {
            roi,
            settings,
            grey_levels,
        }
    }

    /// The grey levels.
    ///
    /// # Panics
    /// When no family of the set declared [`Input::GreyLevels`]: a bug in the family that asks.
    pub fn grey_levels(&self) -> &DiscretisedRoi {
        self.grey_levels
            .as_ref()
            .expect("a family that reads grey levels declares it")
    }
}

/// A family of features.
///
/// A value depends on the region and the settings alone. Undefined values follow PyRadiomics'
/// convention where it has one, which the feature's definition states; otherwise they are NaN.
pub trait FeatureFamily: Sync {
    /// Short name, as in the feature names: `glcm`.
    fn id(&self) -> &'static str;

    /// Which regions are accepted.
    fn extent(&self) -> Extent;

    /// What is read.
    fn input(&self) -> Input;

    /// The features, in the order of their values.
    fn specs(&self) -> Vec<&'static FeatureSpec>;

    /// Appends one value for each spec.
    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>);
}
