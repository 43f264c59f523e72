//! Family `glszm` on volumes against the baselines of PyRadiomics.

use crate::baselines_pyradiomics::{
    FIXED_BIN_NUMBER, FLAT_REGION, IN_SLICES, PLAIN, RESEGMENTATION, compare_family,
};

#[test]
fn volumes_have_the_values_of_the_baselines() {
    let variants = [
        PLAIN,
        IN_SLICES,
        FIXED_BIN_NUMBER,
        FLAT_REGION,
        RESEGMENTATION,
    ];
    compare_family("glszm", &variants, &[]);
}
