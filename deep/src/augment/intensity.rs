//! Brightness, contrast and gamma of images in 0..1.

/// v ↦ mean + factor · (v - mean), the mean being the image's.
#[expect(clippy::cast_possible_truncation, reason = "images are f32")]
pub(super) fn contrast(image: &mut [f32], factor: f64) {
    let mean = image.iter().map(|v| f64::from(*v)).sum::<f64>() / image.len() as f64;
    for value in image {
        *value = (mean + factor * (f64::from(*value) - mean)) as f32;
    }
}

/// v ↦ v + amount.
#[expect(clippy::cast_possible_truncation, reason = "images are f32")]
pub(super) fn brightness(image: &mut [f32], amount: f64) {
    for value in image {
        *value += amount as f32;
    }
}

/// v ↦ v^exponent; values below 0 become 0.
#[expect(clippy::cast_possible_truncation, reason = "images are f32")]
pub(super) fn gamma(image: &mut [f32], exponent: f64) {
    for value in image {
        *value = value.max(0.0).powf(exponent as f32);
    }
}

/// Back into 0..1.
pub(super) fn clamp(image: &mut [f32]) {
    for value in image {
        *value = value.clamp(0.0, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intensity_closed_form() {
        let changed = |change: &dyn Fn(&mut [f32])| {
            let mut image = [0.0, 0.25, 0.5, 1.0];
            change(&mut image);
            image.to_vec()
        };
        assert_eq!(changed(&|i| brightness(i, 0.25)), [0.25, 0.5, 0.75, 1.25]);
        assert_eq!(
            changed(&|i| contrast(i, 2.0)),
            [-0.4375, 0.0625, 0.5625, 1.5625]
        );
        let squared = changed(&|i| gamma(i, 2.0));
        for (f, e) in squared.iter().zip([0.0, 0.0625, 0.25, 1.0]) {
            assert!((f - e).abs() < 1e-6, "{squared:?}");
        }
        let mut image = [-0.5, 0.5, 1.5];
        clamp(&mut image);
        assert_eq!(image.to_vec(), [0.0, 0.5, 1.0]);
    }
}
