//! Gaussian blur: separable, the kernel cut at three standard deviations and scaled to sum 1; the border pixel
//! is repeated beyond the border.

/// Standard deviations on either side that the kernel keeps: 99.7 % of the Gaussian.
const REACH: f64 = 3.0;

/// The blurred image; `sigma` in pixels.
pub(super) fn apply(image: &[f32], side: usize, sigma: f64) -> Vec<f32> {
    let kernel = kernel(sigma);
    let half = kernel.len() / 2;
    // Position `at + k - half`, held inside the image.
    let inside = |at: usize, k: usize| (at + k).saturating_sub(half).min(side - 1);
    let mut wide = Vec::with_capacity(image.len());
    for row in image.chunks_exact(side) {
        for col in 0..side {
            let terms = kernel.iter().enumerate();
            wide.push(
                terms
                    .map(|(k, weight)| weight * row[inside(col, k)])
                    .sum::<f32>(),
            );
        }
    }
    let mut out = vec![0.0; image.len()];
    for (row, out) in out.chunks_exact_mut(side).enumerate() {
        for (k, weight) in kernel.iter().enumerate() {
            let from = inside(row, k) * side;
            for (sum, value) in out.iter_mut().zip(&wide[from..from + side]) {
                *sum += weight * value;
            }
        }
    }
    out
}

/// exp(-x² / 2σ²) at whole x, scaled to sum 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few dozen pixels, and images are f32"
)]
fn kernel(sigma: f64) -> Vec<f32> {
    let half = (REACH * sigma).ceil() as usize;
    let raw: Vec<f64> = (0..=2 * half)
        .map(|k| {
            let x = k as f64 - half as f64;
            if half == 0 {
                1.0
            } else {
                (-x * x / (2.0 * sigma * sigma)).exp()
            }
        })
        .collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|weight| (weight / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_closed_form() {
        let side = 9;
        // A constant stays, whatever the border does.
        let constant = apply(&[0.7; 81], side, 2.0);
        assert!(constant.iter().all(|v| (v - 0.7).abs() < 1e-6));
        // A point becomes the product of two kernels.
        let mut point = vec![0.0; side * side];
        point[4 * side + 4] = 1.0;
        let blurred = apply(&point, side, 1.0);
        let raw: Vec<f64> = (-3..=3).map(|x| (-f64::from(x * x) / 2.0).exp()).collect();
        let sum: f64 = raw.iter().sum();
        for row in 0..7 {
            for col in 0..7 {
                let expected = raw[row] * raw[col] / sum / sum;
                let found = f64::from(blurred[(row + 1) * side + col + 1]);
                assert!((found - expected).abs() < 1e-7);
            }
        }
        assert_eq!(apply(&point, side, 0.0), point);
    }
}
