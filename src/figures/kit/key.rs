//! Keys of colours that stand for numbers.

use super::font;
use super::scene::{Scene, Type};
use super::style::SMALL;
use crate::io::png::{Picture, viridis};

/// Steps of a bar.
const STEPS: usize = 64;

/// Viridis from left to right, with what its ends stand for on both sides.
pub(crate) fn bar(scene: &mut Scene, sides: [f64; 4], ends: [&str; 2]) {
    of(scene, sides, ends, viridis);
}

/// Any colours from 0 to 1 from left to right.
pub(crate) fn of(
    scene: &mut Scene,
    sides: [f64; 4],
    [low, high]: [&str; 2],
    colour: impl Fn(f64) -> [u8; 3],
) {
    let [left, top, width, height] = sides;
    let share = |at: usize| at as f64 / (STEPS - 1) as f64;
    if let Some(picture) = Picture::of_cells(1, STEPS, |_, at| colour(share(at))) {
        scene.pixels(sides, picture);
    }
    let base = top + height / 2.0 + 0.36 * SMALL;
    scene.text((left - 3.0, base), low, Type::new(SMALL).end());
    scene.text((left + width + 3.0, base), high, Type::new(SMALL));
}

/// Width of a bar with its words.
pub(crate) fn width(bar: f64, [low, high]: [&str; 2]) -> f64 {
    bar + 6.0 + font::width(low, SMALL, false) + font::width(high, SMALL, false)
}
