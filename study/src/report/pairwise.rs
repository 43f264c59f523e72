//! Every pair of models on the same test patients.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::labels::Label;
use crate::metrics::METRICS;
use crate::predictions::{Arm, Grading, Predictions};
use crate::report::Level;
use crate::report::class_figures::{Column, one_row_a_patient};
use crate::report::comparison::Contender;
use crate::report::folds::FoldSizes;
use crate::report::level::Stamp;
use crate::uncertainty::{
    CorrectedTest, DeLongTest, Interval, McNemar, POWER, Replicates, asymptotic_patients,
    delong_test, holm,
};

/// Metrics whose differences are told for every pair.
pub const PAIRED: [&str; 6] = [
    "accuracy",
    "balanced_accuracy",
    "f1_macro",
    "auc_ovr",
    "qwk",
    "log_loss",
];

/// First model minus second, one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairedFigure {
    /// Slices or patients.
    pub level: Level,
    /// Id in [`crate::metrics::METRICS`], one of [`PAIRED`].
    pub metric: String,
    /// The difference, where both have a value.
    pub value: Option<f64>,
    /// Its interval over the same resamples of patients: BCa where it has a value, else percentile.
    pub interval: Option<Interval>,
}

/// DeLong's test of two models on one class against all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassDeLong {
    /// Name of the class.
    pub class: String,
    /// The test on test patients.
    #[serde(flatten)]
    pub test: DeLongTest,
    /// Its p after Holm's correction: over the classes of a comparison, over all pairs of a table.
    pub p_holm: f64,
}

/// Two models on the same test patients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairDifference {
    /// The first model.
    pub first: String,
    /// The second model.
    pub second: String,
    /// First minus second at both levels.
    pub differences: Vec<PairedFigure>,
    /// Exact test on test patients.
    pub mcnemar: McNemar,
    /// Its p after Holm's correction over all pairs.
    pub p_holm: f64,
    /// Areas of the second class, where there are two classes, probabilities and one row a patient.
    pub delong: Option<ClassDeLong>,
    /// Difference of patient accuracies over folds, where there are several.
    pub over_folds: Option<CorrectedTest>,
    /// How many patients the seen difference of accuracies would need for 80 % power, by the asymptotic formula of
    /// [`crate::uncertainty::PatientsNeeded`]; none where none was seen.
    pub patients_needed: Option<u64>,
}

impl PairDifference {
    /// The difference of a metric at a level.
    pub fn difference(&self, level: Level, metric: &str) -> Option<&PairedFigure> {
        let mut differences = self.differences.iter();
        differences.find(|d| d.level == level && d.metric == metric)
    }
}

/// Every pair of models but references.
pub(super) fn pairwise(
    contenders: &[Contender<'_>],
    stamp: &Stamp<'_>,
    sizes: FoldSizes,
) -> Result<Vec<PairDifference>> {
    let models: Vec<_> = contenders
        .iter()
        .filter(|contender| contender.predictions.arm() != Arm::Reference)
        .collect();
    let mut pairs = Vec::new();
    for (at, first) in models.iter().enumerate() {
        for second in &models[at + 1..] {
            pairs.push(pair(first, second, stamp, sizes)?);
        }
    }
    let p: Vec<f64> = pairs.iter().map(|pair| pair.mcnemar.p).collect();
    for (pair, p_holm) in pairs.iter_mut().zip(holm(&p)) {
        pair.p_holm = p_holm;
    }
    let mut tests: Vec<&mut ClassDeLong> = pairs
        .iter_mut()
        .filter_map(|pair| pair.delong.as_mut())
        .collect();
    let p: Vec<f64> = tests.iter().map(|test| test.test.p).collect();
    for (test, p_holm) in tests.iter_mut().zip(holm(&p)) {
        test.p_holm = p_holm;
    }
    Ok(pairs)
}

fn pair(
    first: &Contender<'_>,
    second: &Contender<'_>,
    stamp: &Stamp<'_>,
    sizes: FoldSizes,
) -> Result<PairDifference> {
    let confidence = stamp.bootstrap.confidence;
    let mcnemar = McNemar::of(&first.patients, &second.patients)?;
    let mut differences = Vec::new();
    for (level, a, b) in [
        (
            Level::Slice,
            &first.slice_replicates,
            &second.slice_replicates,
        ),
        (
            Level::Patient,
            &first.patient_replicates,
            &second.patient_replicates,
        ),
    ] {
        differences.extend(paired(level, a, b)?);
    }
    let classes = first.predictions.classes();
    let delong = (classes.len() == 2)
        .then(|| delong_of_classes(&first.patients, &second.patients, confidence).pop())
        .flatten();
    let patients =
        (mcnemar.both + mcnemar.only_first + mcnemar.only_second + mcnemar.neither) as f64;
    let patients_needed = (mcnemar.only_first != mcnemar.only_second).then(|| {
        let share = |count: u64| count as f64 / patients;
        let (first, second) = (share(mcnemar.only_first), share(mcnemar.only_second));
        asymptotic_patients(first, second, 1.0 - confidence, POWER)
    });
    Ok(PairDifference {
        first: first.predictions.model().to_owned(),
        second: second.predictions.model().to_owned(),
        differences,
        over_folds: sizes.test(&first.patients, &second.patients, confidence),
        p_holm: mcnemar.p,
        mcnemar,
        delong,
        patients_needed,
    })
}

fn paired(level: Level, first: &Replicates, second: &Replicates) -> Result<Vec<PairedFigure>> {
    let places = PAIRED.iter().filter_map(|id| {
        let mut metrics = METRICS.iter();
        metrics.position(|metric| metric.id == *id)
    });
    let places: Vec<usize> = places.collect();
    let estimates = first.minus_at(second, &places)?;
    let figures = places.iter().zip(estimates);
    let figures = figures.map(|(&at, estimate)| PairedFigure {
        level,
        metric: METRICS[at].id.to_owned(),
        value: estimate.value.ok(),
        interval: estimate.bca.or(estimate.percentile),
    });
    Ok(figures.collect())
}

/// DeLong's test of every class, corrected over the classes; none where it does not hold: several rows of a patient, no
/// probabilities, or too few samples of a kind. Both models answer the same patients in the same order.
pub(super) fn delong_of_classes(
    first: &Predictions,
    second: &Predictions,
    confidence: f64,
) -> Vec<ClassDeLong> {
    let graded = |predictions: &Predictions| predictions.grading() == Grading::Probabilities;
    let patients = |predictions: &Predictions| -> Vec<_> {
        predictions
            .rows()
            .iter()
            .map(|row| row.patient.clone())
            .collect()
    };
    if !(graded(first) && graded(second) && one_row_a_patient(first))
        || patients(first) != patients(second)
    {
        return Vec::new();
    }
    // Of two classes both give the same test.
    let classes: Vec<Label> = match first.classes().len() {
        2 => vec![Label(1)],
        _ => first.classes().labels().collect(),
    };
    let mut tests: Vec<ClassDeLong> = classes
        .into_iter()
        .filter_map(|class| {
            let (a, b) = (Column::of(first, class), Column::of(second, class));
            let test = delong_test(&a.scores, &b.scores, &a.positive, confidence).ok()?;
            Some(ClassDeLong {
                class: first.classes().name(class).to_owned(),
                p_holm: test.p,
                test,
            })
        })
        .collect();
    let p: Vec<f64> = tests.iter().map(|test| test.test.p).collect();
    for (test, p_holm) in tests.iter_mut().zip(holm(&p)) {
        test.p_holm = p_holm;
    }
    tests
}
