//! The colours of maps: viridis, which grows evenly in lightness and is told apart by colour-blind eyes.
//!
//! S. van der Walt and N. Smith, 2015 (CC0). Nine of its colours, at equal distances; between them straight
//! lines in sRGB, which stay within a few steps of the original.

/// Red, green, blue.
pub(crate) type Colour = [u8; 3];

/// Outline of the region on grey: Okabe and Ito's orange, safe for colour-blind eyes.
pub(super) const OUTLINE: Colour = [230, 159, 0];
/// Outline around a map, whose colours hold no white.
pub(super) const OUTLINE_OF_MAP: Colour = [255, 255, 255];
/// Labels of the bar.
pub(super) const LABEL: Colour = [255, 255, 255];

const VIRIDIS: [Colour; 9] = [
    [68, 1, 84],
    [71, 45, 123],
    [59, 82, 139],
    [44, 114, 142],
    [33, 145, 140],
    [40, 174, 128],
    [94, 201, 98],
    [173, 220, 48],
    [253, 231, 37],
];

/// The colour of a share from 0 to 1; shares outside count as the nearer end.
pub(crate) fn viridis(share: f64) -> Colour {
    let last = VIRIDIS.len() - 1;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let below = (0..last).rev().find(|&i| i as f64 <= place).unwrap_or(0);
    let rest = place - below as f64;
    let (low, high) = (VIRIDIS[below], VIRIDIS[below + 1]);
    std::array::from_fn(|channel| {
        let (low, high) = (f64::from(low[channel]), f64::from(high[channel]));
        byte(low + (high - low) * rest)
    })
}

/// A grey of a share from 0 to 1.
pub(super) fn grey(share: f64) -> Colour {
    [byte(share.clamp(0.0, 1.0) * 255.0); 3]
}

/// The nearest step from 0 to 255.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within 0 to 255 by the clamp; not a number becomes 0"
)]
fn byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_middle_are_those_of_the_table() {
        assert_eq!(viridis(0.0), [68, 1, 84]);
        assert_eq!(viridis(0.5), [33, 145, 140]);
        assert_eq!(viridis(1.0), [253, 231, 37]);
        assert_eq!(viridis(-3.0), viridis(0.0));
        assert_eq!(viridis(7.0), viridis(1.0));
    }

    /// Lightness (relative luminance of linear sRGB) only grows.
    #[test]
    fn lightness_grows() {
        let luminance = |colour: Colour| {
            let linear = colour.map(|channel| (f64::from(channel) / 255.0).powf(2.2));
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let steps: Vec<f64> = (0..=100)
            .map(|i| luminance(viridis(f64::from(i) / 100.0)))
            .collect();
        assert!(steps.is_sorted_by(|a, b| a < b));
    }
}
