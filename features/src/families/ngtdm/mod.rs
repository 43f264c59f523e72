//! Neighbourhood grey tone difference matrix (IBSI family IPET): how far the voxels of each grey level lie
//! from the mean of their neighbours.
//!
//! Symbols: `n_i` voxels of grey level `i`, `s_i` the sum of `|i - mean level of the neighbours|` over
//! them, `N = Σ n_i`, `p_i = n_i / N`, `G` the number of levels with `n_i > 0`; sums over two levels run
//! over those.
//!
//! The standard counts voxels that have a neighbour in the region (its `N_v,c`) and takes all neighbours
//! up to the largest distance; PyRadiomics counts all voxels, with difference 0 where there is no
//! neighbour, and takes the shells that are listed. Parts of the region:
//! [`crate::families::parts`].
//!
//! Amadasun and King, Textural features corresponding to textural properties, IEEE Transactions on
//! Systems, Man, and Cybernetics 19(5), 1989, doi:10.1109/21.44046.

pub(super) mod differences;
mod features;

use crate::aggregation::Aggregation;
use crate::families::neighbourhood::{self, Numbered};
use crate::families::parts;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::settings::ExtractionSettings;
use crate::spec::{FeatureSpec, specs_of};

/// The family, as a profile defines it.
pub(crate) struct Ngtdm(pub(crate) Profile);

impl FeatureFamily for Ngtdm {
    fn id(&self) -> &'static str {
        "ngtdm"
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
        specs_of(features::TABLE, self.0)
    }

    fn aggregations(&self, settings: &ExtractionSettings) -> Vec<Option<Aggregation>> {
        parts::aggregations(self.0, settings)
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let levels = region.grey_levels();
        let distances = neighbourhood::distances(self.0, region.settings);
        let numbered = Numbered::new(levels);
        for parting in parts::partings(self.0, region.settings) {
            values.extend(parting.features(self.0, features::TABLE, levels, |part| {
                let tones = differences::count_differences(self.0, &numbered, part, &distances);
                features::ToneNumbers::new(self.0, &tones)
            }));
        }
    }
}
