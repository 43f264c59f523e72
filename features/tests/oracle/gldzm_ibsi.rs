//! Family `gldzm` of profile `ibsi` against the standard's reference values.

use crate::undirected_ibsi::compare;

#[test]
fn distance_zones_meet_the_consensus() {
    compare("gldzm", 16);
}
