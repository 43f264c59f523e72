//! Normalisation of arbitrary intensities as PyRadiomics does it (`normalize`): z-scores over the whole
//! image, as ITK's normalising filter computes them.

use ndarray::Array3;
use rayon::prelude::*;

use crate::volume::{Scaling, Volume, Voxels};

/// `scale · clip((x - mu) / sd)`: `mu` and `sd` (with n - 1) are those of all voxels of the image, not of
/// the region alone; with `remove_outliers` = k, scores beyond ± k become ± k before they are scaled.
///
/// The result is stored as `f64`: what comes after is not rounded to the image's own numbers any more. An
/// image of one intensity becomes 0 everywhere (PyRadiomics divides by zero there).
///
/// # Panics
/// Never: the result has the shape of the image.
#[must_use]
pub fn normalise(image: &Volume, scale: f64, remove_outliers: Option<f64>) -> Volume {
    let [slices, rows, columns] = image.grid().shape;
    let n = (slices * rows * columns) as f64;
    let mean = sum(image, |x| x) / n;
    let variance = sum(image, |x| (x - mean) * (x - mean)) / (n - 1.0).max(1.0);
    let factor = if variance > 0.0 {
        1.0 / variance.sqrt()
    } else {
        0.0
    };
    let bound = remove_outliers.unwrap_or(f64::INFINITY).abs();
    let mut scores = vec![0.0; slices * rows * columns];
    let planes = scores.par_chunks_mut(rows * columns).enumerate();
    planes.for_each(|(z, scores)| {
        let values = image.box_f64([z, 0, 0], [1, rows, columns]);
        for (score, x) in scores.iter_mut().zip(&values) {
            *score = ((x - mean) * factor).clamp(-bound, bound) * scale;
        }
    });
    let scores = Array3::from_shape_vec((slices, rows, columns), scores);
    let scores = Voxels::F64(scores.expect("one number for each voxel"));
    Volume::new(scores, Scaling::NONE, *image.grid()).expect("the scores have the image's shape")
}

/// The sum over all voxels, row by row and slice by slice: long sums would lose digits. The image need not
/// be in memory a second time.
fn sum(image: &Volume, term: impl Fn(f64) -> f64 + Sync) -> f64 {
    let [slices, rows, columns] = image.grid().shape;
    let planes: Vec<f64> = (0..slices)
        .into_par_iter()
        .map(|z| {
            let plane = image.box_f64([z, 0, 0], [1, rows, columns]);
            let rows = plane.rows().into_iter();
            rows.map(|row| row.iter().map(|x| term(*x)).sum::<f64>())
                .sum()
        })
        .collect();
    planes.iter().sum()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::geometry::{Affine, Grid, Spacing};

    fn row(values: Array3<i16>) -> Volume {
        let (z, y, x) = values.dim();
        let grid = Grid {
            shape: [z, y, x],
            spacing: Spacing::new([1.0; 3]).unwrap(),
            affine: Affine([
                [1.0, 0.0, 0.0, 0.0],
                [0.0, 1.0, 0.0, 0.0],
                [0.0, 0.0, 1.0, 0.0],
            ]),
        };
        Volume::new(Voxels::I16(values), Scaling::NONE, grid).unwrap()
    }

    fn scores(values: Array3<i16>, scale: f64, outliers: Option<f64>) -> Vec<f64> {
        let shape = values.dim();
        let found = normalise(&row(values), scale, outliers);
        found
            .box_f64([0; 3], [shape.0, shape.1, shape.2])
            .into_iter()
            .collect()
    }

    #[test]
    fn scores_by_hand() {
        // Mean 3, squares 4 + 0 + 4, over 2: deviation 2.
        assert_eq!(
            scores(array![[[1, 3, 5]]], 100.0, None),
            [-100.0, 0.0, 100.0]
        );
        assert_eq!(
            scores(array![[[1, 3, 5]]], 10.0, Some(0.5)),
            [-5.0, 0.0, 5.0]
        );
    }

    #[test]
    fn one_intensity_becomes_zero() {
        assert_eq!(scores(array![[[7, 7]]], 100.0, None), [0.0, 0.0]);
        assert_eq!(scores(array![[[7]]], 100.0, Some(3.0)), [0.0]);
    }
}
