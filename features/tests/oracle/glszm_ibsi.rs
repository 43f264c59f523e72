//! Family `glszm` of profile `ibsi` against the standard's reference values.

use crate::undirected_ibsi::compare;

#[test]
fn size_zones_meet_the_consensus() {
    compare("glszm", 16);
}
