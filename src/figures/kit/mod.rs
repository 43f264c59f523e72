//! The drawing kit: a scene of shapes, written as SVG and as pixels, with axes, legends, marks, and one style.
//!
//! ```text
//! axis, legend, marks ─ scene ─┬─ svg
//!   font, style, picture       └─ raster ─ PNG
//! ```

pub(super) mod axis;
pub(super) mod font;
pub(super) mod key;
pub(super) mod legend;
pub(super) mod marks;

pub(super) mod panels;
mod raster;
pub(super) mod scene;
pub(super) mod style;
mod svg;

pub use crate::io::png::Picture;
pub use style::style_sheet;

pub(super) use raster::DOTS_AN_INCH;
pub(super) use svg::SVG_HEAD;

use scene::Scene;

/// A scene as SVG, with its name and what it shows.
pub(super) fn svg(scene: &Scene, title: &str, description: &str) -> String {
    svg::write(scene, title, description)
}

/// A scene as pixels on paper.
pub(super) fn pixels(scene: &Scene) -> Option<Picture> {
    raster::pixels(scene)
}
