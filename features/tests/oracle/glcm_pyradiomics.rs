//! Family `glcm` against PyRadiomics, slice by slice.

use crate::pyradiomics::compare_family;

#[test]
fn real_slices_have_the_values_of_pyradiomics() {
    compare_family("glcm");
}
