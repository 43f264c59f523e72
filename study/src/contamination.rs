//! One image or one patient under two names, on two sides of a split; and labels that were made to mean nothing.
//!
//! A split keeps everything that carries one patient's name on one side. It cannot know that two names are one: a copied
//! file, or `P07_T1` and `P07_T2` where nobody named the patient. What is found here is material for a refusal or a warning.
//!
//! The control with permuted labels (Ojala and Garriga 2010, JMLR 11:1833–1863) is the other way round: where training labels
//! say nothing, a model that still beats the majority has seen the test part.

use std::collections::{BTreeMap, BTreeSet};

use crate::cohort::Cohort;
use crate::ids::{CaseId, PatientId};
use crate::labels::Label;
use crate::random::Stream;
use crate::sequences::is_sequence_word;
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

/// Every case whose content an earlier case has too, in the order of the cases: held against the first earlier one that stands
/// on another side of the split, else against the first of that content.
///
/// `contents`: what a case holds, such as a digest of its voxels; empty ones are passed over.
pub fn same_content<'a>(
    cases: impl IntoIterator<Item = (&'a CaseId, &'a PatientId, &'a str)>,
    split: &Split,
) -> Vec<Double> {
    let mut groups: BTreeMap<&str, Group<'a, &'a CaseId>> = BTreeMap::new();
    let mut doubles = Vec::new();
    for (case, patient, content) in cases {
        if content.is_empty() {
            continue;
        }
        let Some(group) = groups.get_mut(content) else {
            groups.insert(content, Group::new(split, (case, patient)));
            continue;
        };
        let ((other, of_other), apart) = group.against(split, patient);
        if other != case {
            doubles.push(Double {
                first: (other.clone(), of_other.clone()),
                second: (case.clone(), patient.clone()),
                apart,
            });
        }
        group.add(split, (case, patient));
    }
    doubles
}

/// What has one content, as far as a later one has to be held against it: the first of all, and the first of every part of
/// every fold.
struct Group<'a, T> {
    first: (T, &'a PatientId),
    of_parts: Vec<[Option<(T, &'a PatientId)>; Part::ALL.len()]>,
}

impl<'a, T: Copy> Group<'a, T> {
    fn new(split: &Split, first: (T, &'a PatientId)) -> Self {
        let mut group = Self {
            first,
            of_parts: vec![[None; Part::ALL.len()]; split.folds.len()],
        };
        group.add(split, first);
        group
    }

    fn add(&mut self, split: &Split, member: (T, &'a PatientId)) {
        for (fold, of_parts) in split.folds.iter().zip(&mut self.of_parts) {
            if let Some(part) = fold.part(member.1) {
                of_parts[part as usize].get_or_insert(member);
            }
        }
    }

    /// Whom a patient is held against, and the parts of the two where they differ.
    fn against(
        &self,
        split: &Split,
        patient: &PatientId,
    ) -> ((T, &'a PatientId), Option<[Part; 2]>) {
        if let Some(apart) = apart(split, self.first.1, patient) {
            return (self.first, Some(apart));
        }
        for (fold, of_parts) in split.folds.iter().zip(&self.of_parts) {
            let Some(own) = fold.part(patient) else {
                continue;
            };
            let others = Part::ALL.into_iter().filter(|part| *part != own);
            for part in others {
                if let Some(other) = of_parts[part as usize] {
                    return (other, Some([part, own]));
                }
            }
        }
        (self.first, None)
    }
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

/// Patients that may be one under two names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SequenceDoubles {
    /// Every patient whose name is an earlier one's but for the name of a sequence, sorted by name.
    pub doubles: Vec<SequenceDouble>,
    /// Pairs of a sequence and a number, such as `CT_1` and `MRI_1`, that are taken for different patients: the numbers begin
    /// anew with each sequence, which is seen by pairs of different classes.
    pub numbered: usize,
    /// How many of these pairs are of different classes.
    pub of_two_classes: usize,
}

/// A patient's name as words.
struct Words {
    /// Those that name no sequence.
    stem: String,
    /// Whether any names one.
    is_named: bool,
    /// Whether the name is a sequence and a number behind it: a number of the sequence as well as of a patient.
    is_numbered: bool,
}

impl Words {
    fn of(patient: &PatientId, is_sequence: impl Fn(&str) -> bool) -> Self {
        let name = patient.as_str().to_lowercase();
        let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
        let kept: Vec<&str> = words.iter().copied().filter(|w| !is_sequence(w)).collect();
        let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        Self {
            is_named: words.len() > kept.len(),
            is_numbered: matches!(words[..], [first, number] if is_sequence(first) && is_number(number)),
            stem: kept.join("_"),
        }
    }
}

/// Looks for patients whose names differ by a sequence only.
///
/// `P07_T1` and `P07_T2` are one patient. `T1_001` and `T2_001` are too, unless the classes of some such pair differ, as no
/// patient's do: then sequences are numbered each by itself.
pub fn same_but_sequence(cohort: &Cohort, split: &Split) -> SequenceDoubles {
    let own: BTreeSet<String> = cohort
        .cases()
        .iter()
        .filter_map(|case| Some(case.sequence.as_ref()?.to_lowercase()))
        .collect();
    let is_sequence = |word: &str| is_sequence_word(word) || own.contains(word);
    let patients = cohort.patients();
    let mut groups: BTreeMap<String, Group<'_, Label>> = BTreeMap::new();
    let mut doubles = Vec::new();
    let (mut numbered, mut of_two_classes) = (Vec::new(), 0);
    for (patient, &label) in &patients {
        let Words {
            stem,
            is_named,
            is_numbered,
        } = Words::of(patient, is_sequence);
        if !is_named || !stem.chars().any(char::is_alphanumeric) {
            continue;
        }
        let Some(group) = groups.get_mut(&stem) else {
            groups.insert(stem, Group::new(split, (label, patient)));
            continue;
        };
        let ((of_other, other), apart) = group.against(split, patient);
        group.add(split, (label, patient));
        let double = SequenceDouble {
            apart,
            first: other.clone(),
            second: patient.clone(),
            stem,
        };
        if is_numbered {
            of_two_classes += usize::from(of_other != label);
            numbered.push(double);
        } else {
            doubles.push(double);
        }
    }
    if of_two_classes > 0 {
        return SequenceDoubles {
            doubles,
            numbered: numbered.len(),
            of_two_classes,
        };
    }
    doubles.extend(numbered);
    doubles.sort_by(|a, b| a.second.cmp(&b.second));
    SequenceDoubles {
        doubles,
        ..SequenceDoubles::default()
    }
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

    /// The first of a content stands nowhere, or on the same side: the second stands on the other.
    #[test]
    fn a_copy_is_held_against_all_before_it() {
        let parts = [("b", Part::Train), ("c", Part::Test), ("d", Part::Train)];
        let cases = [("1", "a"), ("2", "b"), ("3", "c"), ("4", "d")];
        let cases = cases.map(|(case, patient)| (CaseId::new(case), PatientId::new(patient)));
        let found = same_content(cases.iter().map(|(c, p)| (c, p, "x")), &split(&parts));
        let found: Vec<_> = found
            .iter()
            .map(|d| (d.first.0.as_str(), d.second.0.as_str(), d.apart))
            .collect();
        assert_eq!(
            found,
            [
                ("1", "2", None),
                ("2", "3", Some([Part::Train, Part::Test])),
                ("3", "4", Some([Part::Test, Part::Train])),
            ]
        );
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
        let found = found.doubles.iter();
        let found: Vec<_> = found.map(|d| (d.stem.as_str(), d.apart)).collect();
        assert_eq!(
            found,
            [("p07", Some([Part::Train, Part::Test])), ("p08", None)]
        );
    }

    /// `CT_1` and `MRI_1`: one patient where all such pairs are of one class, two where any is not.
    #[test]
    fn sequences_with_numbers_are_told_apart_by_their_classes() {
        let found = |classes: [usize; 4]| {
            let names = ["CT_1", "CT_2", "MRI_1", "MRI_2"];
            let cases = names.iter().zip(classes).map(|(name, class)| CaseRecord {
                id: CaseId::new(*name),
                patient: PatientId::new(*name),
                sequence: None,
                site: None,
                label: Label(class),
                published_part: None,
            });
            let classes = ClassNames::new(["m", "n"]).unwrap();
            let cohort = Cohort::new(classes, cases.collect()).unwrap();
            let parts = names.map(|name| match name {
                "CT_1" => (name, Part::Train),
                _ => (name, Part::Test),
            });
            let found = same_but_sequence(&cohort, &split(&parts));
            let doubles = found.doubles.into_iter().map(|d| (d.stem, d.apart));
            (
                doubles.collect::<Vec<_>>(),
                found.numbered,
                found.of_two_classes,
            )
        };
        let apart = Some([Part::Train, Part::Test]);
        let same = (vec![("1".to_owned(), apart), ("2".to_owned(), None)], 0, 0);
        assert_eq!(found([0, 1, 0, 1]), same);
        assert_eq!(found([0, 1, 1, 1]), (Vec::new(), 2, 1));
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
