//! Whether any model is better than always answering the majority class of its training rows.
//!
//! Both answer the same test patients. A model stands *established* above the majority where the exact
//! McNemar test, corrected by Holm over all models, and the bootstrap interval of the difference of patient
//! accuracies agree on it; *barely* above where it is ahead by more than a fair coin parts the discordant
//! patients every second time, but not established; else it is *no better*.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::metrics::METRICS;
use crate::predictions::Arm;
use crate::reference::MAJORITY;
use crate::report::comparison::Contender;
use crate::report::level::Stamp;
use crate::uncertainty::{Interval, McNemar, holm};

/// An uncorrected two-sided p from which a lead says nothing at all: one patient more out of one, two more
/// out of two.
const COIN: f64 = 0.5;

/// How a model stands against the majority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Not ahead, or by no more than a coin would give.
    NoBetter,
    /// Ahead, but not established.
    Barely,
    /// Ahead beyond chance.
    Established,
}

/// One model against the majority, patient by patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstMajority {
    /// Its name.
    pub model: String,
    /// Its patient accuracy minus the majority's, a fraction.
    pub difference: f64,
    /// Interval of the difference over the same resamples: BCa where it has a value, else percentile.
    pub interval: Option<Interval>,
    /// Exact test on test patients; the first is the model.
    pub mcnemar: McNemar,
    /// Its p after Holm's correction over all models.
    pub p_holm: f64,
    /// What follows.
    pub standing: Standing,
}

/// What the test patients say about all models and the majority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MajorityVerdict {
    /// Every model but references, in the order given.
    pub models: Vec<AgainstMajority>,
    /// The model that the verdict speaks of: the highest standing, then the largest difference, then the
    /// smallest p, then the order given.
    pub best: String,
    /// How it stands.
    pub standing: Standing,
    /// The same in a sentence.
    pub sentence: String,
}

/// The verdict; `None` without a majority row or without a model.
pub(super) fn verdict(
    contenders: &[Contender<'_>],
    stamp: &Stamp<'_>,
) -> Result<Option<MajorityVerdict>> {
    let is_reference = |c: &&Contender<'_>| c.predictions.arm() == Arm::Reference;
    let majority = contenders
        .iter()
        .find(|c| is_reference(c) && c.predictions.model() == MAJORITY);
    let Some(majority) = majority else {
        return Ok(None);
    };
    let accuracy = METRICS.iter().position(|metric| metric.id == "accuracy");
    let accuracy = accuracy.ok_or_else(|| StudyError::Undefined {
        figure: "difference from the majority",
        reason: "no metric 'accuracy'".into(),
    })?;
    let mut models = Vec::new();
    for contender in contenders.iter().filter(|c| !is_reference(c)) {
        let estimates = contender
            .patient_replicates
            .minus_at(&majority.patient_replicates, &[accuracy])?;
        let [estimate] = &estimates[..] else {
            continue; // one metric gives one estimate
        };
        models.push(AgainstMajority {
            model: contender.predictions.model().to_owned(),
            difference: estimate.value.clone()?,
            interval: estimate.bca.or(estimate.percentile),
            mcnemar: McNemar::of(&contender.patients, &majority.patients)?,
            p_holm: 1.0,
            standing: Standing::NoBetter,
        });
    }
    let patients = majority.judged_patients.patients().len();
    Ok(concluded(models, stamp.bootstrap.confidence, patients))
}

fn concluded(
    mut models: Vec<AgainstMajority>,
    confidence: f64,
    patients: usize,
) -> Option<MajorityVerdict> {
    let p: Vec<f64> = models.iter().map(|model| model.mcnemar.p).collect();
    for (model, p_holm) in models.iter_mut().zip(holm(&p)) {
        model.p_holm = p_holm;
        model.standing = standing(model, confidence);
    }
    let better = |a: &AgainstMajority, b: &AgainstMajority| {
        b.standing
            .cmp(&a.standing)
            .then(b.difference.total_cmp(&a.difference))
            .then(a.p_holm.total_cmp(&b.p_holm))
    };
    // `min_by` keeps the first of equals.
    let best = models.iter().min_by(|a, b| better(a, b))?;
    Some(MajorityVerdict {
        best: best.model.clone(),
        standing: best.standing,
        sentence: sentence(best, &models, patients),
        models,
    })
}

fn standing(model: &AgainstMajority, confidence: f64) -> Standing {
    let excludes_zero = model.interval.is_some_and(|i| !i.contains(0.0));
    if model.difference <= 0.0 || model.mcnemar.p >= COIN {
        Standing::NoBetter
    } else if model.p_holm < 1.0 - confidence && excludes_zero {
        Standing::Established
    } else {
        Standing::Barely
    }
}

fn sentence(best: &AgainstMajority, models: &[AgainstMajority], patients: usize) -> String {
    let points = |share: f64| format!("{:+.1}", 100.0 * share).replace('-', "−");
    let mut figures = format!("{} {} points", best.model, points(best.difference));
    if let Some(interval) = best.interval {
        let (lower, upper) = (points(interval.lower), points(interval.upper));
        let _ = write!(figures, " [{lower}, {upper}]");
    }
    let p = if best.p_holm < 0.001 {
        "< 0.001".to_owned()
    } else {
        format!("= {:.3}", best.p_holm)
    };
    let _ = write!(figures, ", p {p}");
    if models.len() > 1 {
        let _ = write!(figures, " (Holm over {} models)", models.len());
    }
    match best.standing {
        Standing::Established => {
            let established = models
                .iter()
                .filter(|model| model.standing == Standing::Established);
            let others = match established.count() {
                1 => String::new(),
                count => format!("; {count} of {} models are", models.len()),
            };
            format!("established above the majority with {patients} patients: {figures}{others}")
        }
        Standing::Barely => format!(
            "barely above the majority: {figures}, not established with {patients} patients"
        ),
        Standing::NoBetter => {
            format!("no better than the majority with {patients} patients: at best {figures}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(
        name: &str,
        only_model: u64,
        only_majority: u64,
        interval: [f64; 2],
    ) -> AgainstMajority {
        let patients = 100.0;
        AgainstMajority {
            model: name.into(),
            difference: (only_model as f64 - only_majority as f64) / patients,
            interval: Some(Interval {
                lower: interval[0],
                upper: interval[1],
            }),
            mcnemar: McNemar::from_counts(40, only_model, only_majority, 10),
            p_holm: 1.0,
            standing: Standing::NoBetter,
        }
    }

    #[test]
    fn a_clear_lead_is_established_and_counted() {
        let models = vec![
            model("forest", 30, 5, [0.15, 0.35]),
            model("svc", 20, 20, [-0.1, 0.1]),
            model("bayes", 28, 6, [0.12, 0.32]),
        ];
        let verdict = concluded(models, 0.95, 100).unwrap();
        assert_eq!(
            (verdict.best.as_str(), verdict.standing),
            ("forest", Standing::Established)
        );
        assert_eq!(
            verdict.sentence,
            "established above the majority with 100 patients: forest +25.0 points [+15.0, +35.0], \
             p < 0.001 (Holm over 3 models); 2 of 3 models are"
        );
        assert_eq!(verdict.models[1].standing, Standing::NoBetter);
    }

    /// 12 against 3: p = 0.035 alone, 0.070 beside a second model.
    #[test]
    fn what_the_correction_takes_back_is_barely_above() {
        let alone = concluded(vec![model("forest", 12, 3, [0.01, 0.17])], 0.95, 100).unwrap();
        assert_eq!(alone.standing, Standing::Established);
        assert!(alone.sentence.ends_with("p = 0.035"), "{}", alone.sentence);
        let two = vec![
            model("svc", 1, 5, [-0.1, 0.0]),
            model("forest", 12, 3, [0.01, 0.17]),
        ];
        let two = concluded(two, 0.95, 100).unwrap();
        assert_eq!(two.standing, Standing::Barely);
        assert_eq!(
            two.sentence,
            "barely above the majority: forest +9.0 points [+1.0, +17.0], p = 0.070 (Holm over 2 models), \
             not established with 100 patients"
        );
        // The interval has a say as well.
        let wide = concluded(vec![model("forest", 12, 3, [-0.01, 0.17])], 0.95, 100).unwrap();
        assert_eq!(wide.standing, Standing::Barely);
    }

    #[test]
    fn a_patient_or_two_more_are_no_better() {
        for (more, fewer) in [(0, 0), (1, 0), (2, 0), (2, 1), (9, 8), (0, 20)] {
            let verdict = concluded(vec![model("knn", more, fewer, [0.001, 0.2])], 0.95, 100);
            let verdict = verdict.unwrap();
            assert_eq!(verdict.standing, Standing::NoBetter, "{more} {fewer}");
            assert!(
                verdict
                    .sentence
                    .starts_with("no better than the majority with 100 patients")
            );
        }
        assert!(concluded(Vec::new(), 0.95, 100).is_none());
    }
}
