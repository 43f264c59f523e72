//! Loss of resolution: the image is made smaller, then as large as before.

use crate::tensors::resize;

/// The image as it looks after a detour over a side `factor` times smaller.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number of pixels, at most the side"
)]
pub(super) fn apply(image: &[f32], side: usize, factor: f64) -> Vec<f32> {
    let small = ((side as f64 / factor).round() as usize).clamp(1, side);
    resize(&resize(image, side, side, small), small, small, side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detail_is_lost_and_means_stay() {
        let side = 16;
        let chequers: Vec<f32> = (0..side * side)
            .map(|at| ((at / side + at % side) % 2) as f32)
            .collect();
        assert_eq!(apply(&chequers, side, 1.0), chequers);
        let coarse = apply(&chequers, side, 4.0);
        assert!(coarse.iter().all(|v| (v - 0.5).abs() < 0.1), "{coarse:?}");
    }
}
