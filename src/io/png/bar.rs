//! The bar beside a map: its colours, its lowest and its highest value.

use super::canvas::Canvas;
use super::colours::{LABEL, viridis};
use super::digits;

/// Pixels between picture, bar and labels.
const GAP: usize = 6;
/// Width of the bar.
const BAR: usize = 12;
/// Pictures of fewer rows get small digits.
const LOW: usize = 100;

/// A bar for values from `low` to `high` beside a picture of some height.
pub(super) struct Bar {
    labels: [String; 2],
    zoom: usize,
}

impl Bar {
    pub(super) fn new(low: f64, high: f64, height: usize) -> Self {
        Self {
            labels: [low, high].map(digits::label),
            zoom: if height < LOW { 1 } else { 2 },
        }
    }

    /// Pixels that it takes beside the picture.
    pub(super) fn width(&self) -> usize {
        let widths = self
            .labels
            .iter()
            .map(|label| digits::width(label, self.zoom));
        GAP + BAR + GAP + widths.max().unwrap_or(0)
    }

    /// Rows below which the two labels would touch.
    pub(super) fn least_height(&self) -> usize {
        2 * (digits::HEIGHT + 1) * self.zoom
    }

    /// Draws it from `column` on, over the picture's height: the lowest value at the bottom.
    pub(super) fn draw(&self, canvas: &mut Canvas, column: usize) {
        let height = canvas.height;
        let left = column + GAP;
        for row in 0..height {
            let share = 1.0 - row as f64 / (height - 1).max(1) as f64;
            canvas.fill([row, left], [1, BAR], viridis(share));
        }
        let text = left + BAR + GAP;
        let bottom = height.saturating_sub(digits::HEIGHT * self.zoom);
        let [low, high] = &self.labels;
        digits::write(canvas, [0, text], high, self.zoom, LABEL);
        digits::write(canvas, [bottom, text], low, self.zoom, LABEL);
    }
}
