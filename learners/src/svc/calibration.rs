//! Decisions of rows by machines that did not see them.

use raduet_study::random::Stream;
use rayon::prelude::*;

use super::binary::BinaryProblem;
use super::folds::{FOLDS, drawn};
use crate::error::Result;

/// Decision of every row by a machine fitted without its fold. Where the other folds hold one class
/// only, the decision is +1 or −1 for it.
pub(crate) fn held_out_decisions(
    problem: &BinaryProblem<'_>,
    seed: u64,
    index: u64,
) -> Result<Vec<f64>> {
    let stream = Stream::new(seed, "folds of a calibration", index);
    let groups = problem.groups();
    let fold_of = drawn(&problem.positive, groups.as_deref(), stream);
    let of_fold = |fold: usize| -> Result<(Vec<usize>, Vec<f64>)> {
        let (held, kept): (Vec<usize>, Vec<usize>) =
            (0..fold_of.len()).partition(|&at| fold_of[at] == fold);
        if held.is_empty() {
            return Ok((held, Vec::new()));
        }
        let part = problem.part(&kept);
        let positives = part.positive.iter().filter(|p| **p).count();
        let decisions = if positives > 0 && positives < kept.len() {
            let rows: Vec<usize> = held.iter().map(|&at| problem.rows[at]).collect();
            part.solve()?.decide(&part, rows)
        } else {
            vec![if positives > 0 { 1.0 } else { -1.0 }; held.len()]
        };
        Ok((held, decisions))
    };
    let parts: Vec<(Vec<usize>, Vec<f64>)> = (0..FOLDS)
        .into_par_iter()
        .map(of_fold)
        .collect::<Result<_>>()?;
    let mut decisions = vec![0.0; fold_of.len()];
    for (held, of_held) in parts {
        for (at, decision) in held.into_iter().zip(of_held) {
            decisions[at] = decision;
        }
    }
    Ok(decisions)
}
