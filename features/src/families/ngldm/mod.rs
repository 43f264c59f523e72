//! Neighbouring grey level dependence matrix (IBSI family REK0), which PyRadiomics calls grey level
//! dependence matrix: voxels by grey level `i` and dependence `j`, 1 more than the number of neighbours
//! whose level differs by no more than the coarseness `α`.
//!
//! One matrix under two names: family `gldm` has PyRadiomics' 14 features, with neighbours on the shells
//! that the settings list; family `ngldm` has the standard's 17, with all neighbours up to the largest
//! distance. Parts of the region: [`crate::families::parts`].
//!
//! Sun and Wee, Neighboring gray level dependence matrix for texture classification, Computer Vision,
//! Graphics, and Image Processing 23(3), 1983, doi:10.1016/0734-189X(83)90032-4.

pub(super) mod dependences;
mod features;

use crate::aggregation::Aggregation;
use crate::families::neighbourhood::{self, Numbered};
use crate::families::parts;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::settings::ExtractionSettings;
use crate::spec::{Feature, FeatureSpec, specs_of};

use features::DependenceNumbers;

/// The family, as a profile names and defines it.
pub(crate) struct Ngldm(pub(crate) Profile);

impl Ngldm {
    fn table(&self) -> &'static [Feature<DependenceNumbers>] {
        match self.0 {
            Profile::PyRadiomics => features::GLDM,
            Profile::Ibsi => features::NGLDM,
        }
    }
}

impl FeatureFamily for Ngldm {
    fn id(&self) -> &'static str {
        match self.0 {
            Profile::PyRadiomics => "gldm",
            Profile::Ibsi => "ngldm",
        }
    }

    fn profile(&self) -> Profile {
        self.0
    }

    fn extent(&self) -> Extent {
        Extent::Any
    }

    fn input(&self) -> Input {
        Input::GreyLevels
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(self.table(), self.0)
    }

    fn aggregations(&self, settings: &ExtractionSettings) -> Vec<Option<Aggregation>> {
        parts::aggregations(self.0, settings)
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let (levels, settings) = (region.grey_levels(), region.settings);
        let distances = neighbourhood::distances(self.0, settings);
        let alpha = settings.coarseness;
        let numbered = Numbered::new(levels);
        for parting in parts::partings(self.0, settings) {
            values.extend(parting.features(self.0, self.table(), levels, |part| {
                let cells = dependences::count_dependences(&numbered, part, &distances, alpha);
                DependenceNumbers::new(&cells, self.0.epsilon())
            }));
        }
    }
}
