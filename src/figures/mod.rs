//! Every picture of a run: drawn once, written as SVG, PNG and the numbers behind it as CSV, and set into the
//! report.
//!
//! ```text
//! Material ─ one file a figure ─ kit (scene) ─┬─ svg
//!                                  table ─ csv └─ png
//! ```
//!
//! Nothing is computed here that a reader takes for a result: numbers come from the report and from the rooms.
//! A figure that a run has nothing for is left out, and [`Drawn::left_out`] says why.

mod chosen;
mod forest;
mod kit;
mod table;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::error::{Result, ToolError};
use crate::io::png;
use crate::report_writers::Material;
use kit::scene::Scene;
use table::Table;

pub use kit::{Picture, style_sheet};

/// The folder of figures in that of a run.
pub const FOLDER: &str = "figures";

/// One picture of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Stem of its files: lower-case letters, digits and `_`.
    pub id: String,
    /// Where it stands in the report.
    pub section: Section,
    /// A short name.
    pub title: String,
    /// What is shown, of how many, and how intervals were made.
    pub caption: String,
    /// A complete `<svg>` without style sheet or script; classes tell what colours mean ([`style_sheet`]).
    pub svg: String,
    /// The numbers drawn, as CSV.
    pub data: Vec<u8>,
    scene: Scene,
}

/// Sections of the report that figures belong to, in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Who takes part.
    Data,
    /// Whether images and masks are what they should be.
    Quality,
    /// What was measured.
    Features,
    /// The radiomics arm.
    Learners,
    /// The deep arm.
    Networks,
    /// Both arms on the test part.
    Comparison,
    /// What probabilities mean, and what follows from acting on them.
    Calibration,
    /// What models go by.
    Explanation,
}

/// The figures of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drawn {
    /// In reading order.
    pub figures: Vec<Figure>,
    /// What is not there, and why: a sentence each.
    pub left_out: Vec<String>,
}

impl Figure {
    fn new(
        id: impl Into<String>,
        section: Section,
        title: impl Into<String>,
        caption: impl Into<String>,
        (scene, table): (Scene, Table),
    ) -> Self {
        let (title, caption) = (title.into(), caption.into());
        Self {
            id: id.into(),
            section,
            svg: kit::svg(&scene, &title, &caption),
            title,
            caption,
            data: table.bytes(),
            scene,
        }
    }

    /// The picture as PNG, 300 dots an inch of its printed width (85 or 175 mm).
    ///
    /// # Errors
    /// [`crate::error::Code::Internal`] where it would be too large a picture, which none is.
    pub fn png(&self) -> Result<Vec<u8>> {
        let pixels = kit::pixels(&self.scene)
            .ok_or_else(|| ToolError::internal(format!("figure {} has no size", self.id)))?;
        png::compact(&pixels, Some(kit::DOTS_AN_INCH))
    }
}

/// Everything this run can show, in reading order.
pub fn all(material: &Material<'_>) -> Vec<Figure> {
    draw(material).figures
}

/// Everything this run can show, and what it cannot.
pub fn draw(material: &Material<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    drawn.figures.push(forest::figure(material.report));
    drawn.figures.sort_by_key(|figure| figure.section);
    drawn
}

/// The three files of every figure with their names.
///
/// # Errors
/// As [`Figure::png`].
pub fn files(figures: &[Figure]) -> Result<Vec<(String, Vec<u8>)>> {
    let drawn: Vec<Result<Vec<u8>>> = figures.par_iter().map(Figure::png).collect();
    let mut files = Vec::with_capacity(3 * figures.len());
    for (figure, png) in figures.iter().zip(drawn) {
        let name = |ending: &str| format!("{FOLDER}/{}.{ending}", figure.id);
        files.push((name("svg"), figure.svg.clone().into_bytes()));
        files.push((name("png"), png?));
        files.push((name("csv"), figure.data.clone()));
    }
    Ok(files)
}

/// A stem of file names out of any text: lower-case letters, digits, and `_` for every run of others.
fn stem(text: &str) -> String {
    let mut out = String::new();
    for sign in text.to_lowercase().chars() {
        if sign.is_ascii_alphanumeric() {
            out.push(sign);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_matches('_').to_owned()
}
