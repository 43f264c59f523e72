//! Random changes of training images. Each image of each epoch has its own stream of random numbers.

use serde::{Deserialize, Serialize};

use crate::rng::Stream;

/// How often and how far training images are changed. The default is the paper's recipe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentSettings {
    /// Probability of mirroring left and right.
    pub horizontal_flip: f64,
    /// Probability of mirroring top and bottom.
    pub vertical_flip: f64,
    /// Largest rotation either way, in degrees; angles are uniform.
    pub rotation: f64,
}

impl Default for AugmentSettings {
    fn default() -> Self {
        Self {
            horizontal_flip: 0.3,
            vertical_flip: 0.3,
            rotation: 10.0,
        }
    }
}

impl AugmentSettings {
    /// No change at all.
    pub const OFF: Self = Self {
        horizontal_flip: 0.0,
        vertical_flip: 0.0,
        rotation: 0.0,
    };
}

/// What happens to one image.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    is_mirrored: bool,
    is_upturned: bool,
    /// Degrees, counter-clockwise.
    angle: f64,
}

/// A changed copy of a square image of values in 0..1. Flips come first, then the rotation about the
/// image's centre, bilinear, with black (0) from outside.
pub(crate) fn augment(
    image: &[f32],
    side: usize,
    settings: AugmentSettings,
    stream: &mut Stream,
) -> Vec<f32> {
    // Always three draws, so that one setting does not change the draws of another.
    let change = Change {
        is_mirrored: stream.uniform() < settings.horizontal_flip,
        is_upturned: stream.uniform() < settings.vertical_flip,
        angle: settings.rotation * (2.0 * stream.uniform() - 1.0),
    };
    apply(image, side, change)
}

fn apply(image: &[f32], side: usize, change: Change) -> Vec<f32> {
    let mut flipped = image.to_vec();
    if change.is_mirrored {
        flipped.chunks_exact_mut(side).for_each(<[f32]>::reverse);
    }
    if change.is_upturned {
        let copy = flipped.clone();
        for (to, from) in flipped
            .chunks_exact_mut(side)
            .zip(copy.chunks_exact(side).rev())
        {
            to.copy_from_slice(from);
        }
    }
    if change.angle == 0.0 {
        return flipped;
    }
    rotate(&flipped, side, change.angle)
}

#[expect(clippy::cast_possible_truncation, reason = "images are f32")]
fn rotate(image: &[f32], side: usize, angle: f64) -> Vec<f32> {
    let (sin, cos) = angle.to_radians().sin_cos();
    let (sin, cos) = (sin as f32, cos as f32);
    let centre = (side as f32 - 1.0) / 2.0;
    let mut out = Vec::with_capacity(image.len());
    for row in 0..side {
        let y = row as f32 - centre;
        for col in 0..side {
            let x = col as f32 - centre;
            // Where the pixel comes from: the inverse rotation.
            out.push(bilinear(
                image,
                side,
                centre + sin * x + cos * y,
                centre + cos * x - sin * y,
            ));
        }
    }
    out
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "image sides are small, and positions outside the image are refused before indexing"
)]
fn bilinear(image: &[f32], side: usize, row: f32, col: f32) -> f32 {
    let (top, left) = (row.floor(), col.floor());
    let (down, right) = (row - top, col - left);
    let (top, left, limit) = (top as isize, left as isize, side as isize);
    let at = |r: isize, c: isize| {
        if (0..limit).contains(&r) && (0..limit).contains(&c) {
            image[r as usize * side + c as usize]
        } else {
            0.0
        }
    };
    let upper = at(top, left) * (1.0 - right) + at(top, left + 1) * right;
    let lower = at(top + 1, left) * (1.0 - right) + at(top + 1, left + 1) * right;
    upper * (1.0 - down) + lower * down
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    const STILL: Change = Change {
        is_mirrored: false,
        is_upturned: false,
        angle: 0.0,
    };
    const IMAGE: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

    #[test]
    fn flips_and_quarter_turn_closed_form() {
        let with = |change: Change| apply(&IMAGE, 3, change);
        assert_eq!(with(STILL), IMAGE);
        assert_eq!(
            with(Change {
                is_mirrored: true,
                ..STILL
            }),
            [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0]
        );
        assert_eq!(
            with(Change {
                is_upturned: true,
                ..STILL
            }),
            [7.0, 8.0, 9.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0]
        );
        let turned = with(Change {
            angle: 90.0,
            ..STILL
        });
        for (f, e) in turned
            .iter()
            .zip([3.0, 6.0, 9.0, 2.0, 5.0, 8.0, 1.0, 4.0, 7.0])
        {
            assert!((f - e).abs() < 1e-4, "{turned:?}");
        }
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
}
