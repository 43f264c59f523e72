//! Cubic convolution (Keys 1981, doi:10.1109/TASSP.1981.1163711) with a = -1/2: through the voxels without
//! a prefilter, exact for polynomials of degree 2.

use super::taps::Tap;

/// The taps at a position.
pub(super) fn taps(position: f64) -> [Tap; 4] {
    let below = position.floor();
    let t = position - below;
    [
        // Keys' kernel at the distances 1 + t, t, 1 - t and 2 - t, with a = -1/2 put in.
        (-1.0, t * (-0.5 + t * (1.0 - 0.5 * t))),
        (0.0, 1.0 + t * t * (1.5 * t - 2.5)),
        (1.0, t * (0.5 + t * (2.0 - 1.5 * t))),
        (2.0, t * t * (0.5 * t - 0.5)),
    ]
    .map(|(step, weight)| Tap {
        index: below + step,
        weight,
    })
}
