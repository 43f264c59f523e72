//! Answers on rows that the answering pipeline did not see.

use rayon::prelude::*;

use super::folds::Folds;
use crate::error::Result;
use crate::pipeline::{FittedPipeline, Pipeline};
use crate::samples::Samples;

/// Probabilities of every row by pipelines fitted on the folds it was not in, row-major n × K; the
/// mean over repeats.
///
/// Whatever the pipeline estimates is estimated anew from the other folds' rows.
///
/// # Errors
/// Those of [`Pipeline::fit`] and [`FittedPipeline::predict_samples`], of the first fold that fails.
pub fn out_of_fold(
    pipeline: &Pipeline,
    samples: &Samples,
    folds: &Folds,
    seed: u64,
) -> Result<Vec<f64>> {
    gather(samples, folds, |learn| pipeline.fit(learn, seed))
}

/// The same with any way to fit.
pub(crate) fn gather(
    samples: &Samples,
    folds: &Folds,
    fit: impl Fn(&Samples) -> Result<FittedPipeline> + Sync,
) -> Result<Vec<f64>> {
    let answers: Vec<Vec<f64>> = folds
        .parts()
        .par_iter()
        .map(|part| fit(&samples.subset(&part.learn))?.answers(&samples.subset(&part.judge)))
        .collect::<Result<_>>()?;
    let classes = samples.classes().len();
    let mut sums = vec![0.0; samples.rows() * classes];
    for (part, answers) in folds.parts().iter().zip(&answers) {
        for (&row, answer) in part.judge.iter().zip(answers.chunks_exact(classes)) {
            let sum = &mut sums[row * classes..(row + 1) * classes];
            for (sum, p) in sum.iter_mut().zip(answer) {
                *sum += p;
            }
        }
    }
    let repeats = folds.repeats() as f64;
    for sum in &mut sums {
        *sum /= repeats;
    }
    Ok(sums)
}
