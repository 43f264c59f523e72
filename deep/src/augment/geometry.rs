//! Where each pixel of a changed image comes from: flips, then one resampling for rotation, size, shift and
//! displacement together, so that an image is blurred once only.

use super::elastic::Displacement;

/// What happens to the places of one image.
#[derive(Debug)]
pub(super) struct Placement {
    pub(super) is_mirrored: bool,
    pub(super) is_upturned: bool,
    /// Degrees, counter-clockwise.
    pub(super) angle: f64,
    /// Factor of size; above 1 things look larger.
    pub(super) scale: f64,
    /// Shift down and to the right, in pixels.
    pub(super) shift: [f64; 2],
    /// Displacement of every pixel, where there is one.
    pub(super) displacement: Option<Displacement>,
}

impl Placement {
    /// No change.
    pub(super) const STILL: Self = Self {
        is_mirrored: false,
        is_upturned: false,
        angle: 0.0,
        scale: 1.0,
        shift: [0.0; 2],
        displacement: None,
    };

    /// The changed image; bilinear, with black (0) from outside.
    pub(super) fn apply(&self, image: &[f32], side: usize) -> Vec<f32> {
        let mut flipped = image.to_vec();
        if self.is_mirrored {
            flipped.chunks_exact_mut(side).for_each(<[f32]>::reverse);
        }
        if self.is_upturned {
            let copy = flipped.clone();
            for (to, from) in flipped
                .chunks_exact_mut(side)
                .zip(copy.chunks_exact(side).rev())
            {
                to.copy_from_slice(from);
            }
        }
        let stays = self.angle == 0.0
            && self.shift.iter().all(|shift| *shift == 0.0)
            && (self.scale - 1.0).abs() < f64::EPSILON
            && self.displacement.is_none();
        if stays {
            return flipped;
        }
        self.resample(&flipped, side)
    }

    #[expect(clippy::cast_possible_truncation, reason = "images are f32")]
    fn resample(&self, image: &[f32], side: usize) -> Vec<f32> {
        let (sin, cos) = self.angle.to_radians().sin_cos();
        let (sin, cos) = (sin as f32, cos as f32);
        let scale = self.scale as f32;
        let [down, right] = self.shift.map(|shift| shift as f32);
        let centre = (side as f32 - 1.0) / 2.0;
        let mut out = Vec::with_capacity(image.len());
        for row in 0..side {
            let lines = self.displacement.as_ref().map(|field| field.line(row));
            for col in 0..side {
                // Where the pixel comes from: the inverse of displacement, shift, size and rotation.
                let [bent_y, bent_x] = lines.as_ref().map_or([0.0; 2], |line| line[col]);
                let y = (row as f32 - centre + bent_y - down) / scale;
                let x = (col as f32 - centre + bent_x - right) / scale;
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
}

/// The image between its pixels; black (0) outside.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "image sides are small, and positions outside the image are refused before indexing"
)]
pub(super) fn bilinear(image: &[f32], side: usize, row: f32, col: f32) -> f32 {
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

    const IMAGE: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

    fn close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() < 1e-4, "{found:?}");
        }
    }

    #[test]
    fn flips_and_quarter_turn_closed_form() {
        let with = |placement: Placement| placement.apply(&IMAGE, 3);
        assert_eq!(with(Placement::STILL), IMAGE);
        assert_eq!(
            with(Placement {
                is_mirrored: true,
                ..Placement::STILL
            }),
            [3.0, 2.0, 1.0, 6.0, 5.0, 4.0, 9.0, 8.0, 7.0]
        );
        assert_eq!(
            with(Placement {
                is_upturned: true,
                ..Placement::STILL
            }),
            [7.0, 8.0, 9.0, 4.0, 5.0, 6.0, 1.0, 2.0, 3.0]
        );
        let turned = with(Placement {
            angle: 90.0,
            ..Placement::STILL
        });
        close(&turned, &[3.0, 6.0, 9.0, 2.0, 5.0, 8.0, 1.0, 4.0, 7.0]);
    }

    #[test]
    fn shift_and_size_closed_form() {
        let shifted = Placement {
            shift: [1.0, 0.0],
            ..Placement::STILL
        };
        close(
            &shifted.apply(&IMAGE, 3),
            &[0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        );
        let shifted = Placement {
            shift: [0.0, -0.5],
            ..Placement::STILL
        };
        close(
            &shifted.apply(&IMAGE, 3),
            &[1.5, 2.5, 1.5, 4.5, 5.5, 3.0, 7.5, 8.5, 4.5],
        );
        // Twice the size about the centre: half steps around the 5.
        let doubled = Placement {
            scale: 2.0,
            ..Placement::STILL
        };
        close(
            &doubled.apply(&IMAGE, 3),
            &[3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0],
        );
    }

    /// The rotation alone, written out: the general way gives the same bits, so that runs by the published
    /// recipe do not depend on what else there is.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "images are f32")]
    fn rotation_alone_equals_the_plain_rotation() {
        let side = 17;
        let image: Vec<f32> = (0..side * side).map(|i| (i as f32 * 0.7).sin()).collect();
        for angle in [-9.7, -0.01, 3.3, 10.0, 123.0] {
            let (sin, cos) = f64::to_radians(angle).sin_cos();
            let (sin, cos) = (sin as f32, cos as f32);
            let centre = (side as f32 - 1.0) / 2.0;
            let mut plain = Vec::new();
            for row in 0..side {
                let y = row as f32 - centre;
                for col in 0..side {
                    let x = col as f32 - centre;
                    let from = [centre + sin * x + cos * y, centre + cos * x - sin * y];
                    plain.push(bilinear(&image, side, from[0], from[1]));
                }
            }
            let placement = Placement {
                angle,
                ..Placement::STILL
            };
            let bits = |image: &[f32]| image.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(
                bits(&placement.apply(&image, side)),
                bits(&plain),
                "{angle}"
            );
        }
    }
}
