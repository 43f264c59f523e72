//! Pictures of a slice: the image in grey, the outline of the region, a map over the region in colours.
//!
//! ```text
//! slice, inside, map ─ overlay (grey levels, outline) ─┐
//!                      colours, digits ─ bar ──────────┴─ canvas ─ encode ─┐
//!                      picture (of figures) ───────────────────────────── compact ─► PNG ─ decode ─► picture
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
mod sheet;

pub use attention::attention;
pub use compact::{compact, data_uri};
pub use decode::decode;
pub use overlay::overlay;
pub use picture::Picture;
pub use sheet::{MOST_TILES, sheet};

pub(crate) use colours::viridis;

use raduet_study::SampleId;

use crate::provenance::digest;

/// The name of a sample's picture: its place in a table, counted from 0 here and from 1 in the name, and a digest of
/// its id. An id itself may be a path, a device's name, longer than names may be, or differ from another one in a
/// way that file systems do not see. The table tells which is whose.
pub fn file_name(at: usize, sample: &SampleId) -> String {
    /// Enough to tell pictures of several runs apart.
    const DIGITS: usize = 8;
    let digest = digest(sample.case.as_str().as_bytes());
    let digits = digest.get(..DIGITS).unwrap_or_default();
    let number = at + 1;
    match sample.slice {
        Some(slice) => format!("{number:04}-{digits}-slice{slice}.png"),
        None => format!("{number:04}-{digits}.png"),
    }
}
