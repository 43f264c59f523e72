//! Family `glrlm` against the consensus values of the standard.

use crate::directions_ibsi::{CT_A, DIGITAL_PHANTOM, compare};

#[test]
fn the_digital_phantom_has_the_values_of_the_standard() {
    compare("glrlm", "rlm_", &DIGITAL_PHANTOM);
}

#[test]
fn slices_of_the_lung_ct_have_the_values_of_the_standard() {
    compare("glrlm", "rlm_", &CT_A);
}
