//! An erased rectangle: Z. Zhong et al., *Random erasing data augmentation*, arXiv 1708.04896. The rectangle is
//! filled with the image's mean, so that it carries no edge against black of its own making.

use crate::rng::Stream;

/// Largest ratio of the rectangle's sides, the published one.
const ASPECT: f64 = 10.0 / 3.0;

/// Erases a rectangle of about `share` of the image, at a random place.
#[expect(clippy::cast_possible_truncation, reason = "images are f32")]
pub(super) fn apply(image: &mut [f32], side: usize, share: f64, stream: &mut Stream) {
    let ratio = ASPECT.powf(2.0 * stream.uniform() - 1.0);
    let [height, width] = [ratio.sqrt(), 1.0 / ratio.sqrt()]
        .map(|factor| length(factor * share.sqrt() * side as f64, side));
    let top = place(side - height, stream);
    let left = place(side - width, stream);
    let mean = image.iter().map(|v| f64::from(*v)).sum::<f64>() / image.len() as f64;
    for row in image.chunks_exact_mut(side).skip(top).take(height) {
        row[left..left + width].fill(mean as f32);
    }
}

/// Whole pixels, at least one, at most the side.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number of pixels, at most the side"
)]
fn length(wanted: f64, side: usize) -> usize {
    (wanted.round() as usize).clamp(1, side)
}

/// 0..=room, evenly.
fn place(room: usize, stream: &mut Stream) -> usize {
    stream.below(u32::try_from(room + 1).unwrap_or(u32::MAX)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    fn a_rectangle_of_about_the_share_has_the_mean() {
        let side = 64;
        let image: Vec<f32> = (0..side * side).map(|at| (at % 7) as f32 / 7.0).collect();
        let mean = image.iter().sum::<f32>() / image.len() as f32;
        for index in 0..100 {
            let mut erased = image.clone();
            let mut stream = Stream::new(1, Purpose::Augment, 0, index);
            apply(&mut erased, side, 0.1, &mut stream);
            let changed: Vec<usize> = (0..image.len())
                .filter(|at| (erased[*at] - image[*at]).abs() > 0.0)
                .collect();
            assert!(changed.iter().all(|at| (erased[*at] - mean).abs() < 1e-5));
            let lines = |of: &dyn Fn(usize) -> usize| {
                let places: Vec<usize> = changed.iter().map(|at| of(*at)).collect();
                places.iter().max().unwrap() - places.iter().min().unwrap() + 1
            };
            let area = lines(&|at| at / side) * lines(&|at| at % side);
            let share = area as f64 / image.len() as f64;
            assert!((share - 0.1).abs() < 0.01, "{share}");
        }
    }
}
