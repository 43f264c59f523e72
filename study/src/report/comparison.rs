//! Who is chosen on validation, and whether the arms differ on the test patients.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::metrics::{Judged, METRICS};
use crate::predictions::{Arm, Predictions};
use crate::report::folds::FoldSizes;
use crate::report::level::Stamp;
use crate::report::pairwise::delong_of_classes;
use crate::report::{ClassDeLong, Figure, Level, ValidationFigures};
use crate::uncertainty::{CorrectedTest, McNemar, POWER, PatientsNeeded, Replicates, holm};

/// The rule of [`best`] in words.
pub(super) const CHOICE: &str = "highest balanced accuracy on validation patients, then lowest log loss on validation slices, then order given";

/// One figure of the first model minus that of the second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Slices or patients.
    pub level: Level,
    /// The difference with its interval over the same resamples.
    #[serde(flatten)]
    pub figure: Figure,
}

/// Best network against best learner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The network chosen.
    pub deep: String,
    /// The learner chosen.
    pub radiomics: String,
    /// How they were chosen, in words.
    pub rule: String,
    /// Deep minus radiomics, every metric at both levels, on the same resamples.
    pub differences: Vec<Difference>,
    /// Exact test on test patients; the first is the network.
    pub mcnemar: McNemar,
    /// DeLong's test of every class, the first score being the network's; Holm over the classes. Empty where patients
    /// have several rows or models no probabilities.
    #[serde(default)]
    pub delong: Vec<ClassDeLong>,
    /// Difference of patient accuracies over folds, where there are several.
    #[serde(default)]
    pub over_folds: Option<CorrectedTest>,
    /// How many patients the seen difference of accuracies would need; none where there is none.
    #[serde(default)]
    pub needed: Option<PatientsNeeded>,
    /// Whether the exact p lies below 1 − confidence and the interval of the difference of patient
    /// accuracies leaves out zero.
    pub established: bool,
    /// The same in words.
    pub verdict: String,
}

impl Comparison {
    /// The difference of a metric at a level.
    pub fn difference(&self, level: Level, metric: &str) -> Option<&Figure> {
        self.differences
            .iter()
            .find(|d| d.level == level && d.figure.metric == metric)
            .map(|d| &d.figure)
    }
}

/// A model against the leader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Its name.
    pub model: String,
    /// Exact test on test patients; the first is the leader.
    pub mcnemar: McNemar,
    /// Its p after Holm's correction over all models but the leader and references.
    pub p_holm: f64,
}

/// The model chosen on validation among all, and the others against it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leader {
    /// The leader.
    pub model: String,
    /// All others but references, in the order given.
    pub others: Vec<Ranked>,
}

/// A model with everything that a comparison asks of it.
pub(super) struct Contender<'a> {
    pub(super) predictions: &'a Predictions,
    pub(super) validation: Option<ValidationFigures>,
    /// Test rows.
    pub(super) slices: Predictions,
    /// Test rows by patient.
    pub(super) patients: Predictions,
    pub(super) judged_slices: Judged,
    pub(super) judged_patients: Judged,
    /// Every metric of the test rows.
    pub(super) slice_replicates: Replicates,
    /// Every metric of the patients.
    pub(super) patient_replicates: Replicates,
}

/// The best of some models by [`CHOICE`]; the only one where there is one, `None` where a choice would
/// need validation rows that a model does not have.
pub(super) fn best<'c, 'a>(
    contenders: impl Iterator<Item = &'c Contender<'a>>,
) -> Option<&'c Contender<'a>> {
    let contenders: Vec<_> = contenders.collect();
    if let [only] = contenders[..] {
        return Some(only);
    }
    let figures: Option<Vec<_>> = contenders
        .iter()
        .map(|contender| contender.validation.map(|figures| (figures, *contender)))
        .collect();
    // `min_by` keeps the first of equals.
    figures?
        .into_iter()
        .min_by(|(a, _), (b, _)| rank(a, b))
        .map(|(_, contender)| contender)
}

/// Better first.
fn rank(a: &ValidationFigures, b: &ValidationFigures) -> Ordering {
    b.balanced_accuracy
        .total_cmp(&a.balanced_accuracy)
        .then(a.log_loss.total_cmp(&b.log_loss))
}

/// Best network against best learner, where both can be named.
pub(super) fn compare(
    contenders: &[Contender<'_>],
    stamp: &Stamp<'_>,
    sizes: FoldSizes,
) -> Result<Option<Comparison>> {
    let best_of = |arm: Arm| {
        best(
            contenders
                .iter()
                .filter(move |c| c.predictions.arm() == arm),
        )
    };
    let (Some(deep), Some(radiomics)) = (best_of(Arm::Deep), best_of(Arm::Radiomics)) else {
        return Ok(None);
    };
    let mut differences = Vec::new();
    for (level, judged, estimates) in [
        (
            Level::Slice,
            &deep.judged_slices,
            deep.slice_replicates.minus(&radiomics.slice_replicates)?,
        ),
        (
            Level::Patient,
            &deep.judged_patients,
            deep.patient_replicates
                .minus(&radiomics.patient_replicates)?,
        ),
    ] {
        let figures = METRICS.iter().zip(estimates);
        differences.extend(figures.map(|(metric, estimate)| Difference {
            level,
            figure: stamp.figure(metric, estimate, judged),
        }));
    }
    let (confidence, mcnemar) = (
        stamp.bootstrap.confidence,
        McNemar::of(&deep.patients, &radiomics.patients)?,
    );
    let mut comparison = Comparison {
        deep: deep.predictions.model().to_owned(),
        radiomics: radiomics.predictions.model().to_owned(),
        rule: CHOICE.into(),
        differences,
        mcnemar,
        delong: delong_of_classes(&deep.patients, &radiomics.patients, confidence),
        over_folds: sizes.test(&deep.patients, &radiomics.patients, confidence),
        needed: PatientsNeeded::of(&mcnemar, 1.0 - confidence, POWER).ok(),
        established: false,
        verdict: String::new(),
    };
    let patients = deep.judged_patients.patients().len();
    let interval = comparison
        .difference(Level::Patient, "accuracy")
        .and_then(Figure::interval);
    let excludes_zero = interval.is_some_and(|interval| !interval.contains(0.0));
    comparison.established =
        comparison.mcnemar.p < 1.0 - stamp.bootstrap.confidence && excludes_zero;
    let ahead = if comparison.mcnemar.only_first > comparison.mcnemar.only_second {
        "deep"
    } else {
        "radiomics"
    };
    let needed = needed(comparison.needed.as_ref());
    comparison.verdict = if comparison.established {
        format!("established with {patients} patients: {ahead} is ahead{needed}")
    } else {
        format!("not established with {patients} patients{needed}")
    };
    Ok(Some(comparison))
}

/// How many patients the seen difference would need, as the end of a sentence.
fn needed(needed: Option<&PatientsNeeded>) -> String {
    match needed {
        Some(needed) => format!(
            "; a difference like the seen one needs about {} patients (power {:.0} %)",
            needed.patients(),
            100.0 * needed.power
        ),
        None => {
            "; both are right equally often, and no number of patients establishes that difference"
                .to_owned()
        }
    }
}

/// Every model but references against the one chosen on validation.
pub(super) fn leaderboard(contenders: &[Contender<'_>]) -> Result<Option<Leader>> {
    let models = || {
        contenders
            .iter()
            .filter(|contender| contender.predictions.arm() != Arm::Reference)
    };
    let Some(leader) = best(models()) else {
        return Ok(None);
    };
    let name = leader.predictions.model();
    let tests = models()
        .filter(|other| other.predictions.model() != name)
        .map(|other| {
            let mcnemar = McNemar::of(&leader.patients, &other.patients)?;
            Ok((other.predictions.model().to_owned(), mcnemar))
        })
        .collect::<Result<Vec<_>>>()?;
    let p: Vec<f64> = tests.iter().map(|(_, test)| test.p).collect();
    let others = tests
        .into_iter()
        .zip(holm(&p))
        .map(|((model, mcnemar), p_holm)| Ranked {
            model,
            mcnemar,
            p_holm,
        })
        .collect();
    Ok(Some(Leader {
        model: name.to_owned(),
        others,
    }))
}
