//! One image or one patient under two names, on two sides of a split; and labels that were made to mean nothing.
//!
//! A split keeps everything that carries one patient's name on one side. It cannot know that two names are one: a copied
//! file, or `P07_T1` and `P07_T2` where nobody named the patient. What is found here is material for a refusal or a warning.
//!
//! The control with permuted labels (Ojala and Garriga 2010, JMLR 11:1833–1863) is the other way round: where training labels
//! say nothing, a model that still beats the majority has seen the test part.

use std::collections::BTreeMap;

use crate::cohort::Cohort;
use crate::ids::{CaseId, PatientId};
use crate::labels::Label;
use crate::random::Stream;
use crate::split::{Part, Split};

/// Two cases of one content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Double {
    /// The earlier case and its patient.
    pub first: (CaseId, PatientId),
    /// The later case and its patient.
    pub second: (CaseId, PatientId),
    /// The parts in which they stand in the first fold that parts them.
    pub apart: Option<[Part; 2]>,
}

/// Every case whose content an earlier case has too, held against the first of that content, in the order of the cases.
///
/// `contents`: what a case holds, such as a digest of its voxels; empty ones are passed over.
pub fn same_content<'a>(
    cases: impl IntoIterator<Item = (&'a CaseId, &'a PatientId, &'a str)>,
    split: &Split,
) -> Vec<Double> {
    let mut first_of: BTreeMap<&str, (&CaseId, &PatientId)> = BTreeMap::new();
    let mut doubles = Vec::new();
    for (case, patient, content) in cases {
        if content.is_empty() {
            continue;
        }
        let &mut (first_case, first_patient) = first_of.entry(content).or_insert((case, patient));
        if first_case != case {
            doubles.push(Double {
                first: (first_case.clone(), first_patient.clone()),
                second: (case.clone(), patient.clone()),
                apart: apart(split, first_patient, patient),
            });
        }
    }
    doubles
}

/// Two patients whose names differ by nothing but a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceDouble {
    /// The earlier name.
    pub first: PatientId,
    /// The later name.
    pub second: PatientId,
    /// What is left of both without the sequence.
    pub stem: String,
    /// The parts in which they stand in the first fold that parts them.
    pub apart: Option<[Part; 2]>,
}

/// Words that name a sequence, beside the cohort's own.
const SEQUENCES: [&str; 20] = [
    "t1", "t1w", "t1c", "t1ce", "t1gd", "t1post", "t1wi", "t2", "t2w", "t2wi", "t2f", "flair",
    "dwi", "adc", "swi", "pd", "dce", "mri", "ct", "pet",
];

/// Every patient whose name is an earlier one's but for the name of a sequence, sorted by name.
pub fn same_but_sequence(cohort: &Cohort, split: &Split) -> Vec<SequenceDouble> {
    let own: Vec<String> = cohort
        .cases()
        .iter()
        .filter_map(|case| Some(case.sequence.as_ref()?.to_lowercase()))
        .collect();
    let is_sequence = |word: &str| SEQUENCES.contains(&word) || own.iter().any(|own| own == word);
    let stem = |patient: &PatientId| {
        let name = patient.as_str().to_lowercase();
        let words = name.split(|c: char| !c.is_alphanumeric());
        let kept: Vec<&str> = words.clone().filter(|word| !is_sequence(word)).collect();
        let is_named = words.clone().count() > kept.len();
        (is_named, kept.join("_"))
    };
    let mut first_of: BTreeMap<String, PatientId> = BTreeMap::new();
    let mut doubles = Vec::new();
    for patient in cohort.patients().into_keys() {
        let (is_named, stem) = stem(&patient);
        if !is_named || !stem.chars().any(char::is_alphanumeric) {
            continue;
        }
        let Some(first) = first_of.get(&stem) else {
            first_of.insert(stem, patient);
            continue;
        };
        doubles.push(SequenceDouble {
            apart: apart(split, first, &patient),
            first: first.clone(),
            second: patient,
            stem,
        });
    }
    doubles
}

/// The parts of two patients in the first fold that puts them on two sides.
fn apart(split: &Split, first: &PatientId, second: &PatientId) -> Option<[Part; 2]> {
    let mut parts = split
        .folds
        .iter()
        .filter_map(|fold| Some([fold.part(first)?, fold.part(second)?]));
    parts.find(|[a, b]| a != b)
}

/// Labels of rows exchanged between patients: each patient's rows get the labels of another's, drawn from `seed` and `index`.
/// Rows of a patient with one class stay of one class; of several classes, the other's are taken in order, from the
/// first again where there are fewer.
///
/// # Panics
/// When there are more or fewer patients than labels.
pub fn permuted_by_patient(
    patients: &[&PatientId],
    labels: &[Label],
    seed: u64,
    index: u64,
) -> Vec<Label> {
    assert_eq!(patients.len(), labels.len(), "a patient for every label");
    let mut of_patient: BTreeMap<&PatientId, Vec<Label>> = BTreeMap::new();
    for (&patient, &label) in patients.iter().zip(labels) {
        of_patient.entry(patient).or_default().push(label);
    }
    let mut drawn: Vec<Vec<Label>> = of_patient.values().cloned().collect();
    Stream::new(seed, "permuted labels", index).shuffle(&mut drawn);
    let mut given: BTreeMap<&PatientId, (usize, usize)> = BTreeMap::new();
    for (place, &patient) in of_patient.keys().enumerate() {
        given.insert(patient, (place, 0));
    }
    let label = |patient: &&PatientId| {
        let (place, taken) = given.get_mut(*patient).map_or((0, 0), |entry| {
            entry.1 += 1;
            (entry.0, entry.1 - 1)
        });
        let labels = &drawn[place];
        labels[taken % labels.len()]
    };
    patients.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cohort::CaseRecord;
    use crate::labels::ClassNames;
    use crate::split::Fold;

    fn split(parts: &[(&str, Part)]) -> Split {
        let parts = parts
            .iter()
            .map(|(name, part)| (PatientId::new(*name), *part));
        Split {
            rule: "by hand".into(),
            seed: 0,
            folds: vec![Fold::new(parts).unwrap()],
        }
    }

    #[test]
    fn copies_are_found_within_and_across_patients() {
        let split = split(&[("a", Part::Train), ("b", Part::Test), ("c", Part::Train)]);
        let cases = [
            ("1", "a", "x"),
            ("2", "a", "x"),
            ("3", "b", "x"),
            ("4", "c", "y"),
            ("5", "b", ""),
            ("6", "c", ""),
        ];
        let cases: Vec<(CaseId, PatientId, &str)> = cases
            .map(|(case, patient, content)| (CaseId::new(case), PatientId::new(patient), content))
            .to_vec();
        let found = same_content(cases.iter().map(|(c, p, x)| (c, p, *x)), &split);
        let found: Vec<_> = found
            .iter()
            .map(|d| (d.second.0.as_str(), d.apart))
            .collect();
        assert_eq!(found, [("2", None), ("3", Some([Part::Train, Part::Test]))]);
    }

    #[test]
    fn names_that_differ_by_a_sequence_are_one_patient() {
        let names = [
            "P07_T1",
            "P07_T2",
            "P08-venous",
            "P08-arterial",
            "P09",
            "T1_3",
            "T2_4",
            "t1",
        ];
        let sequences = ["T1", "T2", "venous", "arterial", "T1", "T1", "T2", "T1"];
        let cases = names
            .iter()
            .zip(sequences)
            .map(|(name, sequence)| CaseRecord {
                id: CaseId::new(*name),
                patient: PatientId::new(*name),
                sequence: Some(sequence.into()),
                site: None,
                label: Label(0),
                published_part: None,
            });
        let cohort = Cohort::new(ClassNames::new(["m"]).unwrap(), cases.collect()).unwrap();
        let split = split(&[
            ("P07_T1", Part::Train),
            ("P07_T2", Part::Test),
            ("P08-venous", Part::Test),
            ("P08-arterial", Part::Test),
        ]);
        let found = same_but_sequence(&cohort, &split);
        let found: Vec<_> = found.iter().map(|d| (d.stem.as_str(), d.apart)).collect();
        assert_eq!(
            found,
            [("p07", Some([Part::Train, Part::Test])), ("p08", None)]
        );
    }

    #[test]
    fn permuted_labels_keep_their_counts_and_patients_whole() {
        let patients: Vec<PatientId> = (0..30)
            .map(|i| PatientId::new(format!("{:02}", i / 3)))
            .collect();
        let labels: Vec<Label> = (0..30).map(|i| Label(i / 3 % 2)).collect();
        let rows: Vec<&PatientId> = patients.iter().collect();
        let drawn = permuted_by_patient(&rows, &labels, 1, 0);
        assert_ne!(drawn, labels);
        assert_ne!(drawn, permuted_by_patient(&rows, &labels, 1, 1));
        assert_eq!(drawn, permuted_by_patient(&rows, &labels, 1, 0));
        assert!(
            drawn
                .chunks(3)
                .all(|own| own.iter().all(|label| *label == own[0]))
        );
        let count = |labels: &[Label]| labels.iter().filter(|label| label.0 == 1).count();
        assert_eq!(count(&drawn), count(&labels));
    }
}
