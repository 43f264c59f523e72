//! Image types of PyRadiomics and the settings that a file gives to each of them.

use serde::Serialize;

use super::faults::Collected;
use super::keys::{SETTINGS, Stage};
use super::sections::apply;
use super::settings::PyRadiomicsSettings;
use super::yaml::Node;
use crate::settings::nearest::suggestion;

/// The image itself, or what a filter makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ImageType {
    /// The image itself.
    Original,
    /// Bands of an undecimated wavelet transform.
    Wavelet,
    /// Laplacian of Gaussian, one image for each `sigma`.
    #[serde(rename = "LoG")]
    LaplacianOfGaussian,
    /// Squares, brought back to the range of the image.
    Square,
    /// Square roots of absolute values with the sign.
    SquareRoot,
    /// Logarithms of absolute values with the sign.
    Logarithm,
    /// Exponentials.
    Exponential,
    /// Magnitude of the gradient.
    Gradient,
    /// Local binary pattern in slices.
    #[serde(rename = "LBP2D")]
    LocalBinaryPattern2d,
    /// Local binary pattern in the volume.
    #[serde(rename = "LBP3D")]
    LocalBinaryPattern3d,
}

impl ImageType {
    /// Names in files.
    pub const NAMES: [(&'static str, Self); 10] = [
        ("Original", Self::Original),
        ("Wavelet", Self::Wavelet),
        ("LoG", Self::LaplacianOfGaussian),
        ("Square", Self::Square),
        ("SquareRoot", Self::SquareRoot),
        ("Logarithm", Self::Logarithm),
        ("Exponential", Self::Exponential),
        ("Gradient", Self::Gradient),
        ("LBP2D", Self::LocalBinaryPattern2d),
        ("LBP3D", Self::LocalBinaryPattern3d),
    ];

    /// Name in files.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, known)| *known == self)
            .map_or("", |(name, _)| name)
    }
}

/// An image type with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageChoice {
    /// Which.
    pub image: ImageType,
    /// The file's settings with those of this image type in their place. What acts before filters is that
    /// of the file.
    pub settings: PyRadiomicsSettings,
    /// Keys that this image type gave itself, in a fixed order.
    pub changed: Vec<&'static str>,
}

impl ImageChoice {
    /// An image type with the settings of all.
    pub fn plain(image: ImageType, settings: &PyRadiomicsSettings) -> Self {
        Self {
            image,
            settings: settings.clone(),
            changed: Vec::new(),
        }
    }
}

/// Reads `imageType`; an empty table means the original image, like no table.
pub(super) fn read(
    node: &Node,
    base: &PyRadiomicsSettings,
    collected: &mut Collected,
) -> Vec<ImageChoice> {
    let mut choices = Vec::new();
    for (name, key, changes) in collected.table(node, "imageType") {
        let Some((name, image)) = ImageType::NAMES.iter().find(|(known, _)| *known == name) else {
            let known = ImageType::NAMES.map(|(name, _)| name);
            collected.fault(
                key,
                format!("imageType: unknown image type '{name}'"),
                "",
                suggestion(&name, &known),
            );
            continue;
        };
        let mut choice = ImageChoice::plain(*image, base);
        let section = format!("imageType: {name}");
        // All are checked, but only those take effect that act in or after the filter.
        let mut checked = base.clone();
        for (row, value) in apply(SETTINGS, &mut checked, changes, &section, collected) {
            if row.stage == Stage::Image {
                collected.doubt(
                    value,
                    format!("{section}: {} acts before any filter", row.name),
                    "no effect here; give it below 'setting'",
                );
            } else if (row.set)(&mut choice.settings, value).is_ok() {
                choice.changed.push(row.name);
            }
        }
        // In the table's order: what a file says does not depend on the order it is said in.
        choice
            .changed
            .sort_by_key(|name| SETTINGS.iter().position(|row| row.name == *name));
        if *image == ImageType::LaplacianOfGaussian && choice.settings.sigma.is_empty() {
            let found = "imageType: LoG without sigma";
            collected.doubt(key, found, "no features of this image type");
        }
        choices.push(choice);
    }
    choices
}
