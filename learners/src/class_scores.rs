//! From scores of the classes that occurred in training to probabilities of all classes, by blocks of rows.

use rayon::prelude::*;

use crate::dense::{sigmoid, softmax};

/// Rows that one thread answers together.
const BLOCK: usize = 64;

/// Probabilities, row-major rows × `classes`, of row-major values of `width` columns.
///
/// `scores` gives rows × `present` log weights for a block of rows, or for two classes a single log odds of the
/// second. Classes that are not `present` keep 0.
pub(crate) fn probabilities(
    values: &[f64],
    width: usize,
    classes: usize,
    present: &[usize],
    scores: impl Fn(&[f64]) -> Vec<f64> + Sync,
) -> Vec<f64> {
    let mut probabilities = vec![0.0; values.len() / width * classes];
    values
        .par_chunks(BLOCK * width)
        .zip(probabilities.par_chunks_mut(BLOCK * classes))
        .for_each(|(values, out)| {
            let mut scores = scores(values);
            let count = scores.len() / (values.len() / width);
            for (scores, out) in scores
                .chunks_exact_mut(count)
                .zip(out.chunks_exact_mut(classes))
            {
                if let ([odds], &[first, second]) = (&*scores, present) {
                    (out[first], out[second]) = (sigmoid(-odds), sigmoid(*odds));
                    continue;
                }
                softmax(scores);
                for (&label, &probability) in present.iter().zip(&*scores) {
                    out[label] = probability;
                }
            }
        });
    probabilities
}
