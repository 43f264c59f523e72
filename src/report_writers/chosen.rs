//! Which models are shown and drawn in full: the best of each arm, as the report chose them on validation.

use raduet_study::report::ModelReport;
use raduet_study::{Arm, Predictions, Report};

/// Most models drawn in full where nobody could choose the best of them.
const MOST_WITHOUT_CHOICE: usize = 4;

/// The models drawn in full.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    /// Network before learner.
    pub(crate) models: Vec<&'a ModelReport>,
    /// Whether they are the best of their arms; else all there are.
    pub(crate) are_best: bool,
}

impl<'a> Chosen<'a> {
    /// The two that were compared; with one arm the one chosen on validation; without a choice all models, unless
    /// they are too many to draw.
    pub(crate) fn of(report: &'a Report) -> Self {
        let names: Vec<&str> = if let Some(comparison) = &report.comparison {
            vec![&comparison.deep, &comparison.radiomics]
        } else if let Some(leader) = &report.leaderboard {
            vec![&leader.model]
        } else {
            Vec::new()
        };
        if !names.is_empty() {
            return Self {
                models: names.iter().filter_map(|name| report.model(name)).collect(),
                are_best: true,
            };
        }
        let mut models: Vec<&ModelReport> = report
            .models
            .iter()
            .filter(|model| model.arm != Arm::Reference)
            .collect();
        if models.len() > MOST_WITHOUT_CHOICE {
            models.clear();
        }
        Self {
            models,
            are_best: false,
        }
    }

    /// Why nothing is drawn in full.
    pub(crate) const NOBODY: &'static str = "without validation rows the best of each arm could not be chosen, and the models are too many to draw all";

    /// Whether a model is the best of its arm.
    pub(crate) fn is_best(&self, model: &ModelReport) -> bool {
        self.are_best && self.models.iter().any(|best| best.model == model.model)
    }

    /// The answers of the chosen models, in their order.
    pub(crate) fn answers(
        &self,
        predictions: &'a [Predictions],
    ) -> Vec<(&'a ModelReport, &'a Predictions)> {
        let find = |model: &'a ModelReport| {
            let answers = predictions.iter().find(|p| p.model() == model.model)?;
            Some((model, answers))
        };
        self.models.iter().filter_map(|model| find(model)).collect()
    }
}

/// The models by arm: networks, learners, references, each in the order of the report.
pub(crate) fn by_arm(report: &Report) -> impl Iterator<Item = (Arm, Vec<&ModelReport>)> {
    [Arm::Deep, Arm::Radiomics, Arm::Reference]
        .into_iter()
        .map(|arm| {
            let of_arm = report.models.iter().filter(|model| model.arm == arm);
            (arm, of_arm.collect::<Vec<_>>())
        })
        .filter(|(_, models)| !models.is_empty())
}
