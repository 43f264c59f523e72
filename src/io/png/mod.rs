//! Pictures of a slice: the image in grey, the outline of the region, a map over the region in colours.
//!
//! ```text
//! slice, inside, map ─ overlay (grey levels, outline) ─┐
//!                      colours, digits ─ bar ──────────┴─ canvas ─ encode ─► PNG
//!                      picture (of figures) ─────────────────────── compact ─► PNG ─ decode ─► picture
//! ```
//!
//! Pictures are for looking at: grey runs over the middle 99 % of the intensities, colours over the map's
//! own range inside the region, which the bar tells. Sizes are in pixels; the first row is on top.

mod attention;
mod bar;
mod canvas;
mod colours;
mod compact;
mod decode;
mod digits;
mod encode;
mod overlay;
mod picture;

pub use attention::attention;
pub use compact::{compact, data_uri};
pub use decode::decode;
pub use overlay::overlay;
pub use picture::Picture;

pub(crate) use colours::{grey, viridis};
pub(crate) use overlay::{share, window};
