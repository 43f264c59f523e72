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

mod bars;
mod beeswarm;
#[cfg(feature = "learners")]
mod components;
mod confusion;
#[cfg(feature = "learners")]
mod correlation;
mod curves;
mod decision;
mod differences;
mod forest;
mod kit;
mod learning;
#[cfg(feature = "learners")]
mod patients;
mod reliability;
#[cfg(feature = "learners")]
mod separation;
mod strips;
mod table;
mod tiles;
mod training;
mod worth;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rayon::prelude::*;

use crate::error::{Result, ToolError};
use crate::finished_run::Exhibits;
use crate::io::png;
use crate::report_writers::Material;
use kit::scene::Scene;
use table::Table;

pub(crate) use differences::COMPARED;
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

/// Whether figures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pictures {
    /// All that the run has something for.
    #[default]
    Drawn,
    /// None, as was asked for.
    LeftOut,
}

/// The figures of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drawn {
    /// In reading order.
    pub figures: Vec<Figure>,
    /// What is not there, and why: a sentence each.
    pub left_out: Vec<String>,
}

impl Drawn {
    /// Of a run that was asked to draw none.
    pub fn none() -> Self {
        Self {
            figures: Vec::new(),
            left_out: vec![
                "none was drawn, as asked for (--no-figures); `raduet report RUN` draws all"
                    .to_owned(),
            ],
        }
    }
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
    let nothing = Exhibits::default();
    let exhibits = material.kept.exhibits.unwrap_or(&nothing);
    features(material, &mut drawn);
    learning::draw(exhibits, &mut drawn);
    training::draw(exhibits, &mut drawn);
    drawn.figures.push(forest::figure(material));
    differences::draw(material, &mut drawn);
    curves::draw(material, &mut drawn);
    confusion::draw(material, &mut drawn);
    strips::draw(material, &mut drawn);
    reliability::draw(material, &mut drawn);
    decision::draw(material, &mut drawn);
    worth::draw(material, exhibits, &mut drawn);
    tiles::draw(exhibits, &mut drawn);
    // Stable: within a section as above.
    drawn.figures.sort_by_key(|figure| figure.section);
    drawn
}

#[cfg(feature = "learners")]
fn features(material: &Material<'_>, drawn: &mut Drawn) {
    let Some(patients) = patients::Patients::of(material) else {
        drawn
            .left_out
            .push("figures of features: the run has no features or no split".to_owned());
        return;
    };
    let classes = &material.report.classes;
    let separations = separation::separations(&patients);
    separation::draw(&patients, &separations, classes, drawn);
    correlation::draw(&patients, &separations, drawn);
    components::draw(&patients, classes, drawn);
}

#[cfg(not(feature = "learners"))]
fn features(_: &Material<'_>, drawn: &mut Drawn) {
    drawn
        .left_out
        .push("figures of features: this build has no learners".to_owned());
}

/// Files of figures that an earlier run has left among `names`, paths within the folder `run`: pictures that this
/// module has drawn, and what stands beside them under the same name.
pub fn written(names: &[String], run: &Path) -> Vec<String> {
    let ours = |name: &&String| {
        let mut head = [0; kit::SVG_HEAD.len()];
        name.strip_suffix(".svg").is_some()
            && File::open(run.join(name)).is_ok_and(|mut file| file.read_exact(&mut head).is_ok())
            && head == *kit::SVG_HEAD.as_bytes()
    };
    let stems = names
        .iter()
        .filter(ours)
        .filter_map(|name| name.strip_suffix(".svg"));
    stems
        .flat_map(|stem| ["svg", "png", "csv"].map(|ending| format!("{stem}.{ending}")))
        .collect()
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
