//! Family `ngtdm` of profile `ibsi` against the standard's reference values.

use crate::undirected_ibsi::compare;

#[test]
fn grey_tone_differences_meet_the_consensus() {
    compare("ngtdm", 5);
}
