//! Narrowing several models to the samples that all of them answered.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::ids::SampleId;
use crate::predictions::Predictions;
use crate::split::Part;

/// Models narrowed to common samples, with what each of them lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// The models in the order given.
    pub models: Vec<Predictions>,
    /// Validation and test samples that each model answered and others did not, in the same order.
    pub dropped: Vec<usize>,
}

/// Keeps the validation and test samples that every model answered; training rows stay.
///
/// An arm may have to skip a slice, for example one whose region is too small for features. A
/// [`crate::Report`] refuses models that answered different samples; narrowing them is a decision that
/// the caller takes and tells of. A model without any validation row does not narrow that part.
///
/// # Errors
/// None for rows of [`Predictions`]: fewer of them are predictions still.
pub fn common_samples(models: &[Predictions]) -> Result<Common> {
    let mut dropped = Vec::with_capacity(models.len());
    let mut narrowed = Vec::with_capacity(models.len());
    let kept = [Part::Valid, Part::Test].map(|part| (part, shared(models, part)));
    for model in models {
        let rows: Vec<_> = model
            .rows()
            .iter()
            .filter(|row| {
                kept.iter().all(|(part, keys)| {
                    row.part != *part || keys.contains(&(row.fold, &row.sample))
                })
            })
            .cloned()
            .collect();
        dropped.push(model.rows().len() - rows.len());
        let kept = Predictions::new(model.model(), model.arm(), model.classes().clone(), rows)?;
        narrowed.push(kept.graded(model.grading()));
    }
    Ok(Common {
        models: narrowed,
        dropped,
    })
}

/// The samples of a part that every model with such rows answered, with their folds.
fn shared(models: &[Predictions], part: Part) -> BTreeSet<(usize, &SampleId)> {
    let mut sets = models
        .iter()
        .map(|model| {
            let rows = model.rows().iter().filter(|row| row.part == part);
            rows.map(|row| (row.fold, &row.sample))
                .collect::<BTreeSet<_>>()
        })
        .filter(|keys| part == Part::Test || !keys.is_empty());
    let first = sets.next().unwrap_or_default();
    sets.fold(first, |kept, keys| {
        kept.intersection(&keys).copied().collect()
    })
}
