//! Linear interpolation between the two neighbours on each axis.

use super::taps::Tap;

/// The taps at a position.
pub(super) fn taps(position: f64) -> [Tap; 2] {
    let below = position.floor();
    let t = position - below;
    [
        Tap {
            index: below,
            weight: 1.0 - t,
        },
        Tap {
            index: below + 1.0,
            weight: t,
        },
    ]
}
