//! How far training images are changed at random.

use serde::{Deserialize, Serialize};

use super::checks::Faults;

/// How often and how far training images are changed. The default is the paper's recipe: flips and rotation.
///
/// Flips and rotation are drawn for every image. Each of the others is off at 0; where it is on, an image has
/// it with `probability`, at a strength drawn evenly up to the number given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentSettings {
    /// Probability of mirroring left and right.
    pub horizontal_flip: f64,
    /// Probability of mirroring top and bottom.
    pub vertical_flip: f64,
    /// Largest rotation either way, in degrees; angles are uniform.
    pub rotation: f64,
    /// Probability of each of the changes below that is on.
    pub probability: f64,
    /// Largest change of size either way, as a fraction.
    pub scale: f64,
    /// Largest shift either way along each axis, as a fraction of the side.
    pub translate: f64,
    /// Standard deviation of the smooth random displacement, as a fraction of the side.
    pub elastic: f64,
    /// Largest change of brightness either way; images span 0..1.
    pub brightness: f64,
    /// Largest change of contrast either way, as a fraction.
    pub contrast: f64,
    /// Largest γ - 1 of v ↦ v^γ; its inverse is drawn as often.
    pub gamma: f64,
    /// Largest standard deviation of added noise.
    pub noise: f64,
    /// Largest standard deviation of the Gaussian blur, in pixels.
    pub blur: f64,
    /// Largest factor by which resolution is lost, minus 1.
    pub low_resolution: f64,
    /// Largest share of the image under an erased rectangle.
    pub erase: f64,
    /// α of the Beta distribution that mixes each sample with another of its batch (mixup).
    pub mixup: f64,
}

impl Default for AugmentSettings {
    fn default() -> Self {
        Self {
            horizontal_flip: 0.3,
            vertical_flip: 0.3,
            rotation: 10.0,
            ..Self::OFF
        }
    }
}

impl AugmentSettings {
    /// No change at all.
    pub const OFF: Self = Self {
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
        rotation: 0.0,
        probability: 0.5,
        scale: 0.0,
        translate: 0.0,
        elastic: 0.0,
        brightness: 0.0,
        contrast: 0.0,
        gamma: 0.0,
        noise: 0.0,
        blur: 0.0,
        low_resolution: 0.0,
        erase: 0.0,
        mixup: 0.0,
    };

    /// Every change of single images, about as strong as nnU-Net's for 2-D images (F. Isensee et al.,
    /// doi 10.1038/s41592-020-01008-z).
    pub const STRONG: Self = Self {
        horizontal_flip: 0.5,
        vertical_flip: 0.5,
        rotation: 30.0,
        probability: 0.2,
        scale: 0.3,
        translate: 0.1,
        elastic: 0.03,
        brightness: 0.2,
        contrast: 0.35,
        gamma: 0.5,
        noise: 0.1,
        blur: 1.5,
        low_resolution: 1.0,
        erase: 0.1,
        mixup: 0.0,
    };

    pub(super) fn check(&self, faults: &mut Faults) {
        for (field, value) in [
            ("augment.horizontal_flip", self.horizontal_flip),
            ("augment.vertical_flip", self.vertical_flip),
            ("augment.probability", self.probability),
        ] {
            faults.share(field, value, "a probability");
        }
        let rotation = self.rotation;
        let is_good = (0.0..=180.0).contains(&rotation);
        faults.number("augment.rotation", rotation, is_good, "degrees in 0..=180");
        for (field, value) in [
            ("augment.scale", self.scale),
            ("augment.contrast", self.contrast),
            ("augment.erase", self.erase),
        ] {
            let is_good = (0.0..1.0).contains(&value);
            faults.number(field, value, is_good, "a fraction, 0 to below 1");
        }
        faults.share(
            "augment.translate",
            self.translate,
            "a fraction of the side",
        );
        faults.share("augment.elastic", self.elastic, "a fraction of the side");
        faults.share("augment.brightness", self.brightness, "a number in 0..=1");
        for (field, value) in [
            ("augment.gamma", self.gamma),
            ("augment.noise", self.noise),
            ("augment.low_resolution", self.low_resolution),
            ("augment.mixup", self.mixup),
        ] {
            faults.not_negative(field, value);
        }
        // A wider kernel than this would be another picture, and take seconds.
        let is_good = (0.0..=MOST_BLUR).contains(&self.blur);
        faults.number("augment.blur", self.blur, is_good, "pixels in 0..=20");
    }
}

/// Largest standard deviation of a blur, in pixels.
const MOST_BLUR: f64 = 20.0;
