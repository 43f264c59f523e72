//! Panels side by side, in rows, with a name above each.

use super::font;
use super::scene::{Scene, Type, Weight};
use super::style::NORMAL;

/// Where panels stand: as many in a row as fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Panels {
    /// Of the whole figure.
    pub(crate) width: f64,
    /// Panels in a row.
    pub(crate) columns: usize,
    /// Room on the left of each plot and below it.
    pub(crate) beside: f64,
    pub(crate) below: f64,
    /// Height of a plot.
    pub(crate) height: f64,
    /// Room above names, for a second line.
    pub(crate) above: f64,
}

/// Room for a panel's name, and between panels.
const NAME: f64 = NORMAL + 5.0;
const GAP: f64 = 4.0;
/// Room on the right, where half of the last label of an axis stands.
const RIGHT: f64 = 7.0;

impl Panels {
    /// Width of a plot.
    pub(crate) fn plot_width(&self) -> f64 {
        let columns = self.columns as f64;
        (self.width - GAP * (columns - 1.0) - RIGHT) / columns - self.beside
    }

    /// Height of a row of panels.
    fn row(&self) -> f64 {
        self.above + NAME + self.height + self.below
    }

    /// Height of `count` panels.
    pub(crate) fn total(&self, count: usize) -> f64 {
        self.row() * count.div_ceil(self.columns) as f64
    }

    /// Left, top, width, height of a panel's plot below `top`.
    pub(crate) fn sides(&self, top: f64, at: usize) -> [f64; 4] {
        let (row, column) = (at / self.columns, at % self.columns);
        let width = self.plot_width();
        let left = (width + self.beside + GAP) * column as f64 + self.beside;
        [
            left,
            top + self.row() * row as f64 + self.above + NAME,
            width,
            self.height,
        ]
    }

    /// Writes a panel's name above its plot.
    pub(crate) fn name(scene: &mut Scene, [left, top, width, _]: [f64; 4], name: &str) {
        let name = font::fitted(name, width, NORMAL, true);
        let set = Type::new(NORMAL).bold(Weight::Bold).middle();
        scene.text((left + width / 2.0, top - 4.0), name, set);
    }
}
