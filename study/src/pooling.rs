//! From slices to patients: one answer per patient out of the answers on all of their slices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Result, StudyError};
use crate::ids::{CaseId, PatientId, SampleId};
use crate::labels::Label;
use crate::predictions::{PredictionRow, Predictions};
use crate::split::Part;

/// How the answers on a patient's samples become one.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Pooling {
    /// Mean of the probabilities, every sample counting the same.
    #[default]
    MeanProbability,
    /// Share of the samples that answered each class; a tie goes to the earlier class.
    MajorityVote,
    /// Mean of the probabilities weighted by a positive number per sample, such as the area in mm².
    Weighted(BTreeMap<SampleId, f64>),
}

/// The name of a [`Pooling`], without its weights, as reports carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolingName {
    /// [`Pooling::MeanProbability`].
    MeanProbability,
    /// [`Pooling::MajorityVote`].
    MajorityVote,
    /// [`Pooling::Weighted`].
    Weighted,
}

impl Pooling {
    /// The name without the weights.
    pub fn name(&self) -> PoolingName {
        match self {
            Self::MeanProbability => PoolingName::MeanProbability,
            Self::MajorityVote => PoolingName::MajorityVote,
            Self::Weighted(_) => PoolingName::Weighted,
        }
    }
}

/// A patient's running sums.
struct Pool<'a> {
    first: &'a PredictionRow,
    sums: Vec<f64>,
}

impl Predictions {
    /// One row per fold and patient, sorted so; the sample of a row is the whole of a case that
    /// carries the patient's id. Probabilities are rounded to 41 significant bits, so that rounding in
    /// the mean breaks no tie.
    ///
    /// # Errors
    /// [`StudyError::TwoLabels`] for a patient of two true classes, [`StudyError::SharedPatients`] for
    /// one in two parts of a fold, [`StudyError::Predictions`] for a sample without a positive weight.
    pub fn by_patient(&self, pooling: &Pooling) -> Result<Self> {
        let mut pools: BTreeMap<(usize, &PatientId), Pool<'_>> = BTreeMap::new();
        for (index, row) in self.rows().iter().enumerate() {
            let pool = pools
                .entry((row.fold, &row.patient))
                .or_insert_with(|| Pool {
                    first: row,
                    sums: vec![0.0; self.classes().len()],
                });
            self.check_same_patient(pool.first, row)?;
            match pooling {
                Pooling::MajorityVote => pool.sums[row.answer().0] += 1.0,
                Pooling::MeanProbability => add(&mut pool.sums, &row.probabilities, 1.0),
                Pooling::Weighted(weights) => {
                    let weight = self.weight(index, row, weights)?;
                    add(&mut pool.sums, &row.probabilities, weight);
                }
            }
        }
        let rows = pools
            .into_values()
            .map(|Pool { first, sums }| {
                // Dividing by the sum of the sums, not by the number of samples, keeps the row a
                // distribution when the samples' rows sum to one only nearly.
                let total: f64 = sums.iter().sum();
                PredictionRow {
                    sample: SampleId::whole(CaseId::new(first.patient.as_str())),
                    probabilities: sums.iter().map(|sum| without_noise(sum / total)).collect(),
                    ..first.clone()
                }
            })
            .collect();
        let pooled = Self::new(self.model(), self.arm(), self.classes().clone(), rows)?;
        Ok(pooled.graded(self.grading()))
    }

    /// Whether every patient has one true class in each fold.
    pub fn has_classes_of_patients(&self) -> bool {
        let mut truths: BTreeMap<(usize, &PatientId), Label> = BTreeMap::new();
        self.rows().iter().all(|row| {
            let first = truths.entry((row.fold, &row.patient)).or_insert(row.truth);
            *first == row.truth
        })
    }

    /// What is judged as the patients of a part: one row a patient where every patient of this model has one true
    /// class; else the rows as they are, since no answer on a patient could be right.
    ///
    /// # Errors
    /// Those of [`Predictions::by_patient`], but for patients of two classes.
    pub fn patients_of(&self, part: Part, pooling: &Pooling) -> Result<Self> {
        let rows = self.on(part);
        if self.has_classes_of_patients() {
            rows.by_patient(pooling)
        } else {
            Ok(rows)
        }
    }

    fn check_same_patient(&self, first: &PredictionRow, row: &PredictionRow) -> Result<()> {
        if first.truth != row.truth {
            return Err(StudyError::TwoLabels {
                patient: row.patient.clone(),
                first: self.classes().name(first.truth).to_owned(),
                second: self.classes().name(row.truth).to_owned(),
            });
        }
        if first.part != row.part {
            return Err(StudyError::SharedPatients {
                patients: vec![row.patient.clone()],
            });
        }
        Ok(())
    }

    fn weight(
        &self,
        index: usize,
        row: &PredictionRow,
        weights: &BTreeMap<SampleId, f64>,
    ) -> Result<f64> {
        let given = weights.get(&row.sample).copied();
        given
            .filter(|weight| weight.is_finite() && *weight > 0.0)
            .ok_or_else(|| StudyError::Predictions {
                model: self.model().to_owned(),
                row: index,
                found: match given {
                    Some(weight) => format!("weight {weight} of sample {}", row.sample),
                    None => format!("no weight for sample {}", row.sample),
                },
                expected: "a positive weight for every sample".into(),
            })
    }
}

fn add(sums: &mut [f64], probabilities: &[f64], weight: f64) {
    for (sum, p) in sums.iter_mut().zip(probabilities) {
        *sum += weight * p;
    }
}

/// The value with its last twelve bits rounded away (relative error 2⁻⁴¹).
///
/// A mean depends on the number and order of its terms in the last bits. Left in, they would decide
/// ties: constant answers of patients with two and with three slices would rank one above the other.
fn without_noise(probability: f64) -> f64 {
    const NOISE_BITS: u32 = 12;
    let half = 1_u64 << (NOISE_BITS - 1);
    // Carries run into the exponent where they should: the next larger value.
    f64::from_bits((probability.to_bits() + half) >> NOISE_BITS << NOISE_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::ClassNames;
    use crate::predictions::Arm;

    /// Pooled probabilities keep 41 bits.
    const TOLERANCE: f64 = 5e-13;

    fn row(patient: &str, slice: u32, probabilities: [f64; 2]) -> PredictionRow {
        PredictionRow {
            sample: SampleId::slice(CaseId::new(format!("{patient}_t2")), slice),
            patient: PatientId::new(patient),
            part: Part::Test,
            fold: 0,
            truth: Label(1),
            probabilities: probabilities.to_vec(),
        }
    }

    fn model(rows: Vec<PredictionRow>) -> Predictions {
        let classes = ClassNames::new(["mild", "severe"]).unwrap();
        Predictions::new("m", Arm::Deep, classes, rows).unwrap()
    }

    /// Two weak votes for mild against one strong for severe: the rules disagree.
    fn disagreeing() -> Predictions {
        model(vec![
            row("b", 0, [0.6, 0.4]),
            row("a", 0, [0.5, 0.5]),
            row("b", 1, [0.6, 0.4]),
            row("b", 2, [0.0, 1.0]),
        ])
    }

    #[test]
    fn the_three_rules_by_hand() {
        let slices = disagreeing();
        let mean = slices.by_patient(&Pooling::MeanProbability).unwrap();
        assert_eq!(mean.rows().len(), 2);
        assert_eq!(mean.rows()[1].patient.as_str(), "b");
        assert_eq!(mean.rows()[1].sample, SampleId::whole(CaseId::new("b")));
        assert!((mean.rows()[1].probabilities[0] - 0.4).abs() < TOLERANCE);
        assert_eq!(mean.rows()[1].answer(), Label(1));

        let votes = slices.by_patient(&Pooling::MajorityVote).unwrap();
        assert!((votes.rows()[1].probabilities[0] - 2.0 / 3.0).abs() < TOLERANCE);
        assert_eq!(votes.rows()[1].answer(), Label(0));

        let areas = slices
            .rows()
            .iter()
            .zip([4.0, 1.0, 4.0, 2.0])
            .map(|(row, area)| (row.sample.clone(), area))
            .collect();
        let weighted = slices.by_patient(&Pooling::Weighted(areas)).unwrap();
        assert!((weighted.rows()[1].probabilities[0] - 0.48).abs() < TOLERANCE);
    }

    #[test]
    fn number_and_order_of_slices_break_no_tie() {
        let p = [0.3, 0.7];
        let mut rows: Vec<PredictionRow> = (2..9_u32)
            .flat_map(|n| (0..n).map(move |slice| row(&format!("p{n}"), slice, p)))
            .collect();
        for (slice, q) in [0.1, 0.2, 0.6].into_iter().enumerate() {
            let slice = u32::try_from(slice).unwrap();
            rows.push(row("q", slice, [q, 1.0 - q]));
            rows.push(row("r", 2 - slice, [q, 1.0 - q]));
        }
        let pooled = model(rows).by_patient(&Pooling::MeanProbability).unwrap();
        for patient in pooled.rows() {
            assert_eq!(patient.probabilities, pooled.rows()[0].probabilities);
        }
        assert_eq!(
            without_noise(1.0 - f64::EPSILON).to_bits(),
            1.0_f64.to_bits()
        );
        assert_eq!(without_noise(0.0).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn a_sample_without_a_weight_is_refused() {
        let slices = disagreeing();
        let mut areas: BTreeMap<SampleId, f64> = slices
            .rows()
            .iter()
            .map(|row| (row.sample.clone(), 1.0))
            .collect();
        areas.insert(slices.rows()[2].sample.clone(), 0.0);
        let error = slices.by_patient(&Pooling::Weighted(areas)).unwrap_err();
        assert!(matches!(error, StudyError::Predictions { row: 2, .. }));
        let error = slices
            .by_patient(&Pooling::Weighted(BTreeMap::new()))
            .unwrap_err();
        assert!(error.to_string().contains("no weight for sample b_t2[0]"));
    }

    #[test]
    fn a_patient_of_two_classes_or_two_parts_is_refused() {
        let mut second = row("a", 1, [1.0, 0.0]);
        second.truth = Label(0);
        let two_labels = model(vec![row("a", 0, [1.0, 0.0]), second]);
        assert!(matches!(
            two_labels.by_patient(&Pooling::default()),
            Err(StudyError::TwoLabels { .. })
        ));
        let mut second = row("a", 1, [1.0, 0.0]);
        second.part = Part::Train;
        let two_parts = model(vec![row("a", 0, [1.0, 0.0]), second]);
        assert!(matches!(
            two_parts.by_patient(&Pooling::default()),
            Err(StudyError::SharedPatients { .. })
        ));
    }
}
