//! Family `ngldm` of profile `ibsi` against the standard's reference values.

use crate::undirected_ibsi::compare;

#[test]
fn grey_level_dependences_meet_the_consensus() {
    compare("ngldm", 17);
}
