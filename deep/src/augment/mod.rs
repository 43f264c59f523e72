//! Random changes of training images. Each image of each epoch has its own stream of random numbers, and each
//! kind of change a branch of it, so that switching one on or off does not move the others.
//!
//! The order: flips, rotation, size, shift and displacement in one resampling; then contrast, brightness and
//! gamma, blur, loss of resolution, noise; then the erased rectangle.

mod blur;
mod elastic;
mod erase;
mod geometry;
mod intensity;
mod low_resolution;
pub(crate) mod mixup;
mod noise;

use crate::rng::Stream;
use crate::settings::AugmentSettings;
use elastic::Displacement;
use geometry::Placement;

/// The kinds of change beside flips and rotation; the number of each is that of its branch of the stream.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Scale = 1,
    Translate = 2,
    Elastic = 3,
    Contrast = 4,
    Brightness = 5,
    Gamma = 6,
    Blur = 7,
    LowResolution = 8,
    Noise = 9,
    Erase = 10,
}

/// A changed copy of a square image of values in 0..1.
pub(crate) fn augment(
    image: &[f32],
    side: usize,
    settings: AugmentSettings,
    stream: &mut Stream,
) -> Vec<f32> {
    let placement = placement(side, settings, stream);
    let mut changed = placement.apply(image, side);
    let draw = |kind, largest| draw(kind, largest, settings, stream);
    let mut is_within = true;
    if let Some((mut stream, largest)) = draw(Kind::Contrast, settings.contrast) {
        intensity::contrast(&mut changed, 1.0 + largest * signed(&mut stream));
        is_within = false;
    }
    if let Some((mut stream, largest)) = draw(Kind::Brightness, settings.brightness) {
        intensity::brightness(&mut changed, largest * signed(&mut stream));
        is_within = false;
    }
    if let Some((mut stream, largest)) = draw(Kind::Gamma, settings.gamma) {
        intensity::gamma(&mut changed, (1.0 + largest).powf(signed(&mut stream)));
        is_within = false;
    }
    if let Some((mut stream, largest)) = draw(Kind::Blur, settings.blur) {
        changed = blur::apply(&changed, side, largest * stream.uniform());
    }
    if let Some((mut stream, largest)) = draw(Kind::LowResolution, settings.low_resolution) {
        let factor = 1.0 + largest * stream.uniform();
        changed = low_resolution::apply(&changed, side, factor);
    }
    if let Some((mut stream, largest)) = draw(Kind::Noise, settings.noise) {
        let deviation = largest * stream.uniform();
        noise::add(&mut changed, deviation, &mut stream);
        is_within = false;
    }
    if !is_within {
        intensity::clamp(&mut changed);
    }
    if let Some((mut stream, largest)) = draw(Kind::Erase, settings.erase) {
        let share = largest * stream.uniform();
        erase::apply(&mut changed, side, share, &mut stream);
    }
    changed
}

fn placement(side: usize, settings: AugmentSettings, stream: &mut Stream) -> Placement {
    // Always three draws, so that one setting does not change the draws of another.
    let mut placement = Placement {
        is_mirrored: stream.uniform() < settings.horizontal_flip,
        is_upturned: stream.uniform() < settings.vertical_flip,
        angle: settings.rotation * (2.0 * stream.uniform() - 1.0),
        ..Placement::STILL
    };
    if let Some((mut stream, largest)) = draw(Kind::Scale, settings.scale, settings, stream) {
        placement.scale = 1.0 + largest * signed(&mut stream);
    }
    if let Some((mut stream, largest)) = draw(Kind::Translate, settings.translate, settings, stream)
    {
        let pixels = largest * side as f64;
        placement.shift = [pixels * signed(&mut stream), pixels * signed(&mut stream)];
    }
    if let Some((mut stream, deviation)) = draw(Kind::Elastic, settings.elastic, settings, stream) {
        let pixels = deviation * side as f64;
        placement.displacement = Some(Displacement::draw(side, pixels, &mut stream));
    }
    placement
}

/// The branch of a kind of change, where it is on and falls on this image.
fn draw(
    kind: Kind,
    largest: f64,
    settings: AugmentSettings,
    stream: &Stream,
) -> Option<(Stream, f64)> {
    if largest == 0.0 {
        return None;
    }
    let mut branch = stream.branch(kind as u8);
    (branch.uniform() < settings.probability).then_some((branch, largest))
}

/// Uniform in -1..1.
fn signed(stream: &mut Stream) -> f64 {
    2.0 * stream.uniform() - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    const IMAGE: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

    /// Every kind of change on, one at a time and all together.
    fn kinds() -> Vec<(&'static str, AugmentSettings)> {
        let on = AugmentSettings {
            probability: 1.0,
            ..AugmentSettings::OFF
        };
        vec![
            ("scale", AugmentSettings { scale: 0.2, ..on }),
            (
                "translate",
                AugmentSettings {
                    translate: 0.1,
                    ..on
                },
            ),
            (
                "elastic",
                AugmentSettings {
                    elastic: 0.05,
                    ..on
                },
            ),
            (
                "brightness",
                AugmentSettings {
                    brightness: 0.3,
                    ..on
                },
            ),
            (
                "contrast",
                AugmentSettings {
                    contrast: 0.5,
                    ..on
                },
            ),
            ("gamma", AugmentSettings { gamma: 0.5, ..on }),
            ("noise", AugmentSettings { noise: 0.1, ..on }),
            ("blur", AugmentSettings { blur: 2.0, ..on }),
            (
                "low_resolution",
                AugmentSettings {
                    low_resolution: 3.0,
                    ..on
                },
            ),
            ("erase", AugmentSettings { erase: 0.3, ..on }),
            (
                "all",
                AugmentSettings {
                    scale: 0.2,
                    translate: 0.1,
                    elastic: 0.05,
                    brightness: 0.3,
                    contrast: 0.5,
                    gamma: 0.5,
                    noise: 0.1,
                    blur: 2.0,
                    low_resolution: 3.0,
                    erase: 0.3,
                    ..AugmentSettings::default()
                },
            ),
        ]
    }

    fn picture(side: usize) -> Vec<f32> {
        (0..side * side)
            .map(|at| 0.5 + 0.5 * (at as f32 * 0.37).sin() * (at as f32 * 0.011).cos())
            .collect()
    }

    #[test]
    fn off_changes_nothing_and_draws_are_as_often_as_set() {
        let mut mirrored = 0;
        for index in 0..2000 {
            let stream = || Stream::new(1, Purpose::Augment, 0, index);
            assert_eq!(
                augment(&IMAGE, 3, AugmentSettings::OFF, &mut stream()),
                IMAGE
            );
            let settings = AugmentSettings {
                rotation: 0.0,
                vertical_flip: 0.0,
                ..AugmentSettings::default()
            };
            mirrored += u32::from(augment(&IMAGE, 3, settings, &mut stream()) != IMAGE);
        }
        // 600 expected; five standard deviations are 102.
        assert!(mirrored.abs_diff(600) < 102, "{mirrored}");
    }

    /// Each kind moves the image, stays within 0..1, and repeats under the same stream.
    #[test]
    fn each_kind_changes_the_image_within_its_range() {
        let side = 24;
        let image = picture(side);
        for (name, settings) in kinds() {
            let of = |index| {
                let mut stream = Stream::new(1, Purpose::Augment, 3, index);
                augment(&image, side, settings, &mut stream)
            };
            let first = of(0);
            assert_ne!(first, image, "{name}");
            assert_eq!(first, of(0), "{name}");
            assert_ne!(first, of(1), "{name}");
            let is_within = |v: &f32| (-1e-6..=1.0 + 1e-6).contains(v);
            assert!(first.iter().all(is_within), "{name}");
        }
    }

    /// One kind on or off does not move the draws of another: the rectangle stays where it was.
    #[test]
    fn kinds_draw_from_branches_of_their_own() {
        let side = 32;
        let image = vec![0.3; side * side];
        let erase = AugmentSettings {
            probability: 1.0,
            erase: 0.2,
            ..AugmentSettings::OFF
        };
        let both = AugmentSettings {
            // Never out of 0..1, where clamping would flatten it.
            brightness: 0.2,
            ..erase
        };
        let mut gradient = image.clone();
        for (at, value) in gradient.iter_mut().enumerate() {
            *value += (at % side) as f32 / 100.0;
        }
        let rectangle = |settings| {
            let changed = augment(
                &gradient,
                side,
                settings,
                &mut Stream::new(1, Purpose::Augment, 0, 7),
            );
            let flat = |pair: &[f32]| (pair[0] - pair[1]).abs() < 1e-7;
            changed.windows(2).map(flat).collect::<Vec<_>>()
        };
        assert!(rectangle(erase) == rectangle(both));
    }

    #[test]
    fn half_the_images_keep_what_has_half_the_probability() {
        let settings = AugmentSettings {
            brightness: 0.5,
            ..AugmentSettings::OFF
        };
        let image = [0.5; 9];
        let mut changed = 0;
        for index in 0..2000 {
            let mut stream = Stream::new(1, Purpose::Augment, 0, index);
            changed += u32::from(augment(&image, 3, settings, &mut stream) != image);
        }
        // 1000 expected; five standard deviations are 112.
        assert!(changed.abs_diff(1000) < 112, "{changed}");
    }
}
