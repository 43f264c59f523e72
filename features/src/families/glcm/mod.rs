//! Grey level co-occurrence matrix (IBSI family LFYI): how often grey levels `i` and `j` are
//! neighbours at distance 1, counted along the four directions of a slice, both ways (symmetric).
//!
//! Each feature is computed for each direction and averaged (IBSI aggregation BTW3, 2D:avg, for a
//! single slice). Directions without any pair are left out; when none is left, all features are NaN
//! but the maximal correlation coefficient, which PyRadiomics sets to 1 for a region of one level.
//!
//! Symbols: `p(i, j)` the normalised matrix, `p_x(i) = Σ_j p(i, j)`, `mu` and `sigma²` mean and
//! variance of `p_x`, `p_x+y(k) = Σ_{i+j=k} p(i, j)`, `p_x-y(k) = Σ_{|i-j|=k} p(i, j)`, `N_g` the
//! highest level of the region, `HX = -Σ p_x log2(p_x + ε)`, `HXY = -Σ p log2(p + ε)`,
//! `HXY1 = -Σ p(i, j) log2(p_x(i) p_x(j) + ε)`, `HXY2 = -Σ p_x(i) p_x(j) log2(p_x(i) p_x(j) + ε)`,
//! `Q(i, j) = Σ_k p(i, k) p(j, k) / (p_x(i) p_x(k) + ε)`, `ε` = 2.2e-16.
//!
//! Haralick, Shanmugam and Dinstein, Textural features for image classification, IEEE Transactions
//! on Systems, Man and Cybernetics 3(6), 1973, doi:10.1109/TSMC.1973.4309314.

mod eigenvalues;
mod features;
mod marginals;
pub(super) mod matrix;

use self::features::{MAXIMAL_CORRELATION, TABLE};
use self::marginals::CoOccurrence;
use crate::families::aggregate::nan_mean;
use crate::family::{Extent, FeatureFamily, Input, Region};
use crate::profile::Profile;
use crate::spec::{FeatureSpec, specs_of};

/// The family.
pub(crate) struct Glcm;

impl FeatureFamily for Glcm {
    fn id(&self) -> &'static str {
        "glcm"
    }

    fn profile(&self) -> Profile {
        Profile::PyRadiomics
    }

    fn extent(&self) -> Extent {
        Extent::Slice
    }

    fn input(&self) -> Input {
        Input::GreyLevels
    }

    fn specs(&self) -> Vec<&'static FeatureSpec> {
        specs_of(TABLE, self.profile())
    }

    fn compute(&self, region: &Region<'_>, values: &mut Vec<f64>) {
        let levels = region.grey_levels();
        let directions: Vec<CoOccurrence> = matrix::count_pairs(levels)
            .into_iter()
            .filter_map(|cells| CoOccurrence::new(cells, levels.levels(), levels.highest_level()))
            .collect();
        let flat = levels.levels().len() == 1;
        values.extend(TABLE.iter().map(|feature| {
            if flat && feature.spec.name == MAXIMAL_CORRELATION {
                1.0
            } else {
                nan_mean(directions.iter().map(feature.value))
            }
        }));
    }
}
