//! Nearest neighbour: a position half-way belongs to the higher index, as in ITK.

use super::taps::Tap;

/// The tap at a position.
pub(super) fn tap(position: f64) -> [Tap; 1] {
    [Tap {
        index: (position + 0.5).floor(),
        weight: 1.0,
    }]
}
