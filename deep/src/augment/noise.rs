//! Independent normal noise on every pixel.

use crate::rng::Stream;

/// Adds noise of this standard deviation.
#[expect(clippy::cast_possible_truncation, reason = "images are f32")]
pub(super) fn add(image: &mut [f32], deviation: f64, stream: &mut Stream) {
    for value in image {
        *value += (deviation * stream.normal()) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    /// 40 000 draws: standard errors of mean and deviation are 1/200 and 1/283 of the deviation.
    #[test]
    fn noise_has_its_deviation() {
        let mut image = vec![0.5_f32; 200 * 200];
        add(&mut image, 0.1, &mut Stream::new(3, Purpose::Augment, 0, 0));
        let n = image.len() as f64;
        let mean = image.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let square = image
            .iter()
            .map(|v| (f64::from(*v) - mean).powi(2))
            .sum::<f64>()
            / n;
        assert!((mean - 0.5).abs() < 5.0 * 0.1 / 200.0, "{mean}");
        assert!((square.sqrt() - 0.1).abs() < 5.0 * 0.1 / 283.0, "{square}");
    }
}
