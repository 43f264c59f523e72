//! `cohort.csv`: who took part, as the folder of a run keeps it, so that the cohort can be described again from there.
//!
//! A line a case: `ID, PatientID, Sequence, Site, Target, Age, Sex, Slices`; cells are empty where nothing is known. Who
//! stood in which part is in `split.json`.

use std::collections::BTreeMap;

use raduet_study::{CaseId, ClassNames, Cohort, Part, PatientId, Split};

use crate::error::{Code, Result, ToolError};
use crate::io::cell;
use crate::io::feature_csv::FeatureRow;

/// Columns of a manifest that hold ages, in normal form.
const AGES: [&str; 4] = ["age", "ageyears", "patientage", "ageatdiagnosis"];
/// Columns of a manifest that hold sexes, in normal form.
const SEXES: [&str; 3] = ["sex", "gender", "patientsex"];

const HEAD: [&str; 8] = [
    "ID",
    "PatientID",
    "Sequence",
    "Site",
    "Target",
    "Age",
    "Sex",
    "Slices",
];

/// Everyone who took part.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortFacts {
    /// The classes in order.
    pub classes: ClassNames,
    /// The cases in the order of the cohort.
    pub cases: Vec<CaseFacts>,
    /// Who stood where, one entry a fold.
    pub split: Split,
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFacts {
    /// Its id.
    pub id: CaseId,
    /// Whose image it is.
    pub patient: PatientId,
    /// Imaging sequence.
    pub sequence: Option<String>,
    /// Scanner or hospital.
    pub site: Option<String>,
    /// Name of its class.
    pub class: String,
    /// Age in years.
    pub age: Option<f64>,
    /// `female`, `male`, or what the manifest says.
    pub sex: Option<String>,
    /// Slices, or rows, of it that took part.
    pub slices: usize,
}

impl CohortFacts {
    /// The cases of a cohort with what its manifest says of each beside the known columns.
    pub fn new<'a>(
        cohort: &Cohort,
        split: &Split,
        rows: &[FeatureRow],
        extra: impl Fn(usize) -> Option<&'a BTreeMap<String, String>>,
    ) -> Self {
        let mut slices: BTreeMap<CaseId, usize> = BTreeMap::new();
        for row in rows {
            *slices.entry(row.imaged_case()).or_default() += 1;
        }
        let cases = cohort.cases().iter().enumerate().map(|(at, case)| {
            let extra = extra(at);
            CaseFacts {
                id: case.id.clone(),
                patient: case.patient.clone(),
                sequence: case.sequence.clone(),
                site: case.site.clone(),
                class: cohort.classes().name(case.label).to_owned(),
                age: extra.and_then(|extra| age(known(extra, &AGES)?)),
                sex: extra.and_then(|extra| sex(known(extra, &SEXES)?)),
                slices: slices.get(&case.id).copied().unwrap_or(0),
            }
        });
        Self {
            classes: cohort.classes().clone(),
            cases: cases.collect(),
            split: split.clone(),
        }
    }

    /// The file.
    ///
    /// # Errors
    /// [`Code::Internal`] when the writer fails, which it does not in memory.
    pub fn csv(&self) -> Result<Vec<u8>> {
        let internal = |fault: String| ToolError::new(Code::Internal, fault);
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(HEAD)
            .map_err(|fault| internal(fault.to_string()))?;
        let text = |text: Option<&str>| text.map(cell::text).unwrap_or_default();
        for case in &self.cases {
            out.write_record([
                cell::text(case.id.as_str()),
                cell::text(case.patient.as_str()),
                text(case.sequence.as_deref()),
                text(case.site.as_deref()),
                cell::text(&case.class),
                case.age.map(cell::number).unwrap_or_default(),
                text(case.sex.as_deref()),
                case.slices.to_string(),
            ])
            .map_err(|fault| internal(fault.to_string()))?;
        }
        out.into_inner()
            .map_err(|fault| internal(fault.to_string()))
    }

    /// Reads the file again; the classes and the split stand elsewhere in the folder.
    ///
    /// # Errors
    /// [`Code::Format`] for anything but what [`Self::csv`] writes.
    pub fn read(bytes: &[u8], classes: ClassNames, split: Split) -> Result<Self> {
        let wrong = |found: String| {
            ToolError::new(Code::Format, found)
                .expected(HEAD.join(", "))
                .remedy("take the cohort.csv that the run has written")
        };
        let mut reader = csv::Reader::from_reader(bytes);
        let head = reader
            .headers()
            .map_err(|fault| wrong(fault.to_string()))?
            .clone();
        if head != HEAD[..] {
            return Err(wrong(format!(
                "columns {}",
                head.iter().collect::<Vec<_>>().join(", ")
            )));
        }
        let mut cases = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|fault| wrong(fault.to_string()))?;
            let text = |at: usize| cell::original(&record[at]).into_owned();
            let known = |at: usize| Some(text(at)).filter(|text| !text.is_empty());
            let slices = record[7].parse();
            cases.push(CaseFacts {
                id: CaseId::new(text(0)),
                patient: PatientId::new(text(1)),
                sequence: known(2),
                site: known(3),
                class: text(4),
                age: record[5].parse().ok(),
                sex: known(6),
                slices: slices.map_err(|_| wrong(format!("'{}' slices", &record[7])))?,
            });
        }
        Ok(Self {
            classes,
            cases,
            split,
        })
    }

    /// The part of a patient in a fold.
    pub fn part(&self, patient: &PatientId, fold: usize) -> Option<Part> {
        self.split.folds.get(fold)?.part(patient)
    }
}

/// The first of these columns that is there and filled.
fn known<'a>(extra: &'a BTreeMap<String, String>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let mut columns = extra.iter();
        let (_, value) = columns.find(|(head, _)| normal(head) == *name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    })
}

fn normal(head: &str) -> String {
    let letters = head.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Years, also in DICOM's way of writing them (`061Y`).
fn age(text: &str) -> Option<f64> {
    let years = text.strip_suffix(['Y', 'y']).unwrap_or(text);
    let years: f64 = years.trim().parse().ok()?;
    /// Nobody is older: what stands here is a code or a date.
    const OLDEST: f64 = 130.0;
    (0.0..=OLDEST).contains(&years).then_some(years)
}

fn sex(text: &str) -> Option<String> {
    Some(match &*text.to_lowercase() {
        "f" | "female" | "w" | "woman" => "female".to_owned(),
        "m" | "male" | "man" => "male".to_owned(),
        "" | "nan" | "na" | "n/a" | "unknown" => return None,
        _ => text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use raduet_study::{CaseRecord, Fold, Label};

    use super::*;

    #[test]
    fn facts_come_from_the_manifests_columns_and_back_from_the_file() {
        let classes = ClassNames::new(["low", "high"]).unwrap();
        let record = |id: &str, label| CaseRecord {
            id: CaseId::new(id),
            patient: PatientId::new(format!("=p{id}")),
            sequence: Some("T1".into()),
            site: None,
            label: Label(label),
            published_part: None,
        };
        let cohort = Cohort::new(classes.clone(), vec![record("a", 0), record("b", 1)]).unwrap();
        let parts = [("=pa", Part::Train), ("=pb", Part::Test)];
        let parts = parts.map(|(patient, part)| (PatientId::new(patient), part));
        let split = Split {
            rule: "by hand".into(),
            seed: 1,
            folds: vec![Fold::new(parts).unwrap()],
        };
        let extra = [
            BTreeMap::from([
                ("Age (years)".to_owned(), "61.5".to_owned()),
                ("Gender".to_owned(), "F".to_owned()),
            ]),
            BTreeMap::from([
                ("Age (years)".to_owned(), "19591231".to_owned()),
                ("Gender".to_owned(), "diverse".to_owned()),
            ]),
        ];
        let facts = CohortFacts::new(&cohort, &split, &[], |at| extra.get(at));
        assert_eq!(facts.cases[0].age, Some(61.5));
        assert_eq!(facts.cases[0].sex.as_deref(), Some("female"));
        assert_eq!(facts.cases[1].age, None);
        assert_eq!(facts.cases[1].sex.as_deref(), Some("diverse"));
        let bytes = facts.csv().unwrap();
        assert_eq!(
            CohortFacts::read(&bytes, classes.clone(), split.clone()).unwrap(),
            facts
        );
        assert!(CohortFacts::read(b"a,b\n1,2\n", classes, split).is_err());
    }
}
