//! The door of a feature family: what it receives and what it promises.

use crate::aggregation::Aggregation;
use crate::discretise::DiscretisedRoi;
use crate::profile::Profile;
use crate::roi::Roi;
use crate::settings::ExtractionSettings;
use crate::spec::FeatureSpec;
use crate::volume::Volume;

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
    /// The region of the unfiltered image: its form, perhaps its intensities. Measured once, never on
    /// filtered images.
    Morphology,
    /// Intensities as they are.
    Intensities,
    /// Those of the image around the region, too ([`Region::image`]).
    Surroundings,
    /// Grey levels, too.
    GreyLevels,
}

/// A region prepared for all families of a set.
#[derive(Debug)]
pub struct Region<'a> {
    /// Intensities and the intensity mask: the region after re-segmentation.
    pub roi: &'a Roi,
    /// The morphological mask, with the same image below it: the region before re-segmentation. The
    /// same as `roi` unless re-segmentation took voxels away.
    pub morphology: &'a Roi,
    /// The image that both were cut from ([`Roi::offset`] counts in it), for features that look beyond
    /// the bounding box; none when a region was made from plain arrays, or no family declared
    /// [`Input::Surroundings`].
    pub image: Option<&'a Volume>,
    /// Settings of the extraction.
    pub settings: &'a ExtractionSettings,
    grey_levels: Option<DiscretisedRoi>,
}

impl<'a> Region<'a> {
    /// Puts together what the families read.
    pub(crate) fn new(
        roi: &'a Roi,
        morphology: &'a Roi,
        image: Option<&'a Volume>,
        settings: &'a ExtractionSettings,
        grey_levels: Option<DiscretisedRoi>,
    ) -> Self {
        Self {
            roi,
            morphology,
            image,
            settings,
            grey_levels,
        }
    }

    /// Gives the grey levels back.
    pub(crate) fn into_grey_levels(self) -> Option<DiscretisedRoi> {
        self.grey_levels
    }

    /// How many grey levels occur, where they were asked for.
    pub(crate) fn levels(&self) -> Option<usize> {
        self.grey_levels
            .as_ref()
            .map(|levels| levels.levels().len())
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
/// A value depends on the region and the settings alone. Undefined values follow the profile's
/// convention where it has one, which the feature's definition states; otherwise they are NaN, and the
/// spec says when.
pub trait FeatureFamily: Sync {
    /// Short name, as in the feature names: `glcm`.
    fn id(&self) -> &'static str;

    /// Whose definitions are used.
    fn profile(&self) -> Profile;

    /// Which regions are accepted.
    fn extent(&self) -> Extent;

    /// What is read.
    fn input(&self) -> Input;

    /// The features, in the order of their values.
    fn specs(&self) -> Vec<&'static FeatureSpec>;

    /// The aggregations that the settings ask of this family; each gives a value for each spec. Families
    /// that know no aggregation, and all of PyRadiomics', return `[None]`.
    fn aggregations(&self, settings: &ExtractionSettings) -> Vec<Option<Aggregation>> {
        let _ = settings;
        vec![None]
    }

    /// Appends one value for each aggregation and spec, the specs of one aggregation together.
    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>);
}
