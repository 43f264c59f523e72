//! From a slice to the square image that a network sees.
//!
//! 1. *Part*: the whole slice, the bounding square of the mask with a margin, or that square with
//!    everything outside the mask at the lowest intensity inside.
//! 2. *Range*: intensities of that part are mapped from lowest..highest to 0..1, as an export to an
//!    8-bit picture does (without its rounding). MRI intensities have no common scale, and this rule
//!    looks at one slice only, so nothing can leak from one sample into another. A constant part is 0.
//! 3. *Size*: bilinear resampling with pixel centres at half-integers of the unit grid; when shrinking,
//!    the triangle filter widens with the factor, so that no pixel is skipped.
//!
//! The network receives equal channels of (v - 0.5) / 0.5, that is -1..1: three, as the published ones see, or as
//! many as are asked for.

use crate::error::{DeepError, Result};
use crate::sample::ImageSample;
use crate::settings::InputMode;

/// A rectangle of pixels, half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) rows: [usize; 2],
    pub(crate) cols: [usize; 2],
}

impl Part {
    /// The part of a sample that a network sees.
    pub(crate) fn of(sample: &ImageSample, mode: InputMode, margin: f64) -> Result<Self> {
        match mode {
            InputMode::Whole => Ok(Self {
                rows: [0, sample.rows],
                cols: [0, sample.cols],
            }),
            InputMode::Crop | InputMode::Masked => crop(sample, margin),
        }
    }
}

/// The image of a sample: side · side numbers in 0..1.
pub(crate) fn prepare(
    sample: &ImageSample,
    mode: InputMode,
    margin: f64,
    side: usize,
) -> Result<Vec<f32>> {
    let part = Part::of(sample, mode, margin)?;
    let mut pixels = cut(sample, part, mode);
    to_unit_range(&mut pixels);
    let rows = part.rows[1] - part.rows[0];
    let cols = part.cols[1] - part.cols[0];
    Ok(resize(&pixels, rows, cols, side))
}

/// The square around the mask's bounding box, widened by the margin and clipped to the slice.
fn crop(sample: &ImageSample, margin: f64) -> Result<Part> {
    let fault = |found: &str| DeepError::Sample {
        sample: sample.id.clone(),
        found: found.into(),
        expected: "a mask with at least one pixel for cropped input".into(),
    };
    let mask = sample.mask.as_ref().ok_or_else(|| fault("no mask"))?;
    let mut inside = (0..mask.len()).filter(|at| mask[*at]);
    let first = inside.next().ok_or_else(|| fault("an empty mask"))?;
    let (mut top, mut bottom) = (first / sample.cols, first / sample.cols);
    let (mut left, mut right) = (first % sample.cols, first % sample.cols);
    for at in inside {
        bottom = at / sample.cols;
        left = left.min(at % sample.cols);
        right = right.max(at % sample.cols);
    }
    top = top.min(bottom);
    let longest = (bottom - top + 1).max(right - left + 1) as f64;
    let length = longest * (1.0 + 2.0 * margin);
    Ok(Part {
        rows: widened(top, bottom, length, sample.rows),
        cols: widened(left, right, length, sample.cols),
    })
}

/// first..=last widened symmetrically to about `length` and clipped to 0..size.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the slice before the conversion"
)]
fn widened(first: usize, last: usize, length: f64, size: usize) -> [usize; 2] {
    let centre = (first + last + 1) as f64 / 2.0;
    let low = (centre - length / 2.0).round().max(0.0) as usize;
    let high = (centre + length / 2.0).round().min(size as f64) as usize;
    // Rounding never cuts the box itself.
    [low.min(first), high.max(last + 1)]
}

fn cut(sample: &ImageSample, part: Part, mode: InputMode) -> Vec<f32> {
    let mut pixels = Vec::new();
    let masked = match (&sample.mask, mode) {
        (Some(mask), InputMode::Masked) => Some(mask),
        _ => None,
    };
    let lowest = masked.map_or(0.0, |mask| {
        sample
            .pixels
            .iter()
            .zip(mask)
            .filter(|(_, inside)| **inside)
            .map(|(pixel, _)| *pixel)
            .fold(f32::INFINITY, f32::min)
    });
    for row in part.rows[0]..part.rows[1] {
        for col in part.cols[0]..part.cols[1] {
            let at = row * sample.cols + col;
            let is_seen = masked.is_none_or(|mask| mask[at]);
            pixels.push(if is_seen { sample.pixels[at] } else { lowest });
        }
    }
    pixels
}

fn to_unit_range(pixels: &mut [f32]) {
    let low = pixels.iter().copied().fold(f32::INFINITY, f32::min);
    let high = pixels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // In f64: the range of two finite f32 may not be a finite f32.
    let range = f64::from(high) - f64::from(low);
    for pixel in pixels {
        #[expect(clippy::cast_possible_truncation, reason = "a number in 0..1")]
        let unit = ((f64::from(*pixel) - f64::from(low)) / range) as f32;
        *pixel = if range > 0.0 { unit } else { 0.0 };
    }
}

/// For each output position, the first input position and the weights from there.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are clamped to the input before the conversion"
)]
fn weights(input: usize, output: usize) -> Vec<(usize, Vec<f32>)> {
    let factor = input as f64 / output as f64;
    // Half-width of the triangle: one input pixel when enlarging, one output pixel when shrinking.
    let support = factor.max(1.0);
    (0..output)
        .map(|k| {
            let centre = (k as f64 + 0.5) * factor;
            let low = (centre - support + 0.5).floor().max(0.0) as usize;
            let high = ((centre + support + 0.5).floor() as usize).min(input);
            let raw: Vec<f64> = (low..high)
                .map(|i| (1.0 - ((i as f64 + 0.5 - centre) / support).abs()).max(0.0))
                .collect();
            let sum: f64 = raw.iter().sum();
            (low, raw.iter().map(|w| (w / sum) as f32).collect())
        })
        .collect()
}

/// Separable resampling of (rows, cols) to (side, side).
pub(crate) fn resize(pixels: &[f32], rows: usize, cols: usize, side: usize) -> Vec<f32> {
    if rows == side && cols == side {
        return pixels.to_vec();
    }
    let horizontal = weights(cols, side);
    let mut wide: Vec<f32> = Vec::with_capacity(rows * side);
    for row in pixels.chunks_exact(cols) {
        for (first, weights) in &horizontal {
            wide.push(row[*first..].iter().zip(weights).map(|(p, w)| p * w).sum());
        }
    }
    let mut out = vec![0.0; side * side];
    for ((first, weights), out) in weights(rows, side).iter().zip(out.chunks_exact_mut(side)) {
        for (row, weight) in wide.chunks_exact(side).skip(*first).zip(weights) {
            for (o, p) in out.iter_mut().zip(row) {
                *o += weight * p;
            }
        }
    }
    out
}

/// Appends an image as equal channels of -1..1.
pub(crate) fn push_channels(image: &[f32], channels: usize, batch: &mut Vec<f32>) {
    for _ in 0..channels {
        batch.extend(image.iter().map(|v| (v - 0.5) / 0.5));
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{CaseId, Label, PatientId, SampleId};

    use super::*;

    fn sample(rows: usize, cols: usize, pixels: Vec<f32>, mask: Option<Vec<bool>>) -> ImageSample {
        ImageSample {
            id: SampleId::slice(CaseId::new("c"), 0),
            patient: PatientId::new("p"),
            pixels,
            rows,
            cols,
            mask,
            label: Label(0),
        }
    }

    #[test]
    fn resize_closed_form() {
        // Halving: the triangle over four pixels weighs 1 3 3 1 (/8), cut and renormalised at borders.
        let ramp = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let rows: Vec<f32> = ramp.iter().flat_map(|_| ramp).collect();
        let half = resize(&rows, 8, 8, 4);
        let inner = 2.5;
        let border = (3.0 * 0.0 + 3.0 * 1.0 + 1.0 * 2.0) / 7.0;
        for row in half.chunks_exact(4) {
            for (f, e) in row.iter().zip([border, inner, 4.5, 7.0 - border]) {
                assert!((f - e).abs() < 1e-6, "{row:?}");
            }
        }
        // Doubling two pixels 0, 1: quarters, with the borders kept.
        let double = resize(&[0.0, 1.0, 0.0, 1.0], 2, 2, 4);
        assert_eq!(double[..4], [0.0, 0.25, 0.75, 1.0]);
        // A constant stays constant whatever the factor.
        let constant = resize(&[0.7; 35], 5, 7, 9);
        assert!(constant.iter().all(|v| (v - 0.7).abs() < 1e-6));
    }

    #[test]
    fn range_is_the_slices_own() {
        let s = sample(1, 3, vec![-100.0, 0.0, 300.0], None);
        let image = prepare(&s, InputMode::Whole, 0.0, 32).unwrap();
        let low = image.iter().copied().fold(f32::INFINITY, f32::min);
        let high = image.iter().copied().fold(0.0, f32::max);
        assert!(low.abs() < 1e-6 && (high - 1.0).abs() < 1e-6);
        let s = sample(2, 2, vec![5.0; 4], None);
        assert!(
            prepare(&s, InputMode::Whole, 0.0, 32)
                .unwrap()
                .iter()
                .all(|v| *v == 0.0)
        );
        let s = sample(1, 2, vec![f32::MIN, f32::MAX], None);
        assert!(
            prepare(&s, InputMode::Whole, 0.0, 32)
                .unwrap()
                .iter()
                .all(|v| v.is_finite())
        );
    }

    #[test]
    fn crop_is_a_square_around_the_mask() {
        let (rows, cols) = (20, 30);
        let mut mask = vec![false; rows * cols];
        for row in 8..12 {
            for col in 10..20 {
                mask[row * cols + col] = true;
            }
        }
        let pixels: Vec<f32> = (0..rows * cols).map(|i| i as f32).collect();
        let s = sample(rows, cols, pixels, Some(mask));
        let part = crop(&s, 0.1).unwrap();
        // A box of 4 x 10 becomes 12 x 12 around its centre (10, 15).
        assert_eq!(part.rows, [4, 16]);
        assert_eq!(part.cols, [9, 21]);
        // Clipped at the border when the margin reaches beyond it.
        let part = crop(&s, 3.0).unwrap();
        assert_eq!((part.rows, part.cols), ([0, 20], [0, 30]));
        let masked = cut(&s, crop(&s, 0.0).unwrap(), InputMode::Masked);
        let lowest = (8 * cols + 10) as f32;
        assert_eq!(masked.iter().filter(|v| **v > lowest).count(), 39);
        assert!(masked.iter().all(|v| *v >= lowest));
    }

    #[test]
    fn a_missing_or_empty_mask_is_refused() {
        for mask in [None, Some(vec![false; 4])] {
            let s = sample(2, 2, vec![0.0; 4], mask);
            assert!(matches!(
                prepare(&s, InputMode::Crop, 0.1, 32),
                Err(DeepError::Sample { .. })
            ));
        }
    }
}
