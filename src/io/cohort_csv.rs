//! `cohort.csv`: who took part, one row a case: `ID,PatientID,Sequence,Site,Target,Age,Sex,Slices`.
//!
//! What is not known is an empty cell. Age is in years, sex as the source writes it; `Slices` counts the rows
//! of the case that both arms were given. The part of every patient stands in `split.json`.

use std::collections::BTreeMap;

use raduet_study::{CaseId, CaseRecord, ClassNames, PatientId};

use super::cell;
use crate::error::{Code, Result, ToolError};

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

/// Columns of a manifest that hold an age in years, in lower case.
const AGE: [&str; 4] = ["age", "age_years", "patientage", "patient_age"];
/// Columns that hold a sex.
const SEX: [&str; 4] = ["sex", "gender", "patientsex", "patient_sex"];

/// A case of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortRow {
    /// Its name.
    pub case: CaseId,
    /// Whose image it is.
    pub patient: PatientId,
    /// Imaging sequence.
    pub sequence: Option<String>,
    /// Hospital or scanner.
    pub site: Option<String>,
    /// Its class by name.
    pub class: String,
    /// Age in years.
    pub age: Option<f64>,
    /// Sex, as the source writes it.
    pub sex: Option<String>,
    /// Its slices (or rows of another kind) that the models were given.
    pub slices: usize,
}

impl CohortRow {
    /// A case with what its source says beside it.
    pub fn new(
        case: &CaseRecord,
        classes: &ClassNames,
        extra: Option<&BTreeMap<String, String>>,
        slices: usize,
    ) -> Self {
        let known = |names: &[&str]| {
            let mut columns = extra?.iter();
            let found = columns.find(|(name, _)| names.contains(&&*name.trim().to_lowercase()))?;
            Some(found.1.trim()).filter(|text| !text.is_empty())
        };
        Self {
            case: case.id.clone(),
            patient: case.patient.clone(),
            sequence: case.sequence.clone(),
            site: case.site.clone(),
            class: classes.name(case.label).to_owned(),
            age: known(&AGE)
                .and_then(|text| text.parse().ok())
                .filter(|age: &f64| age.is_finite()),
            sex: known(&SEX).map(str::to_owned),
            slices,
        }
    }
}

/// The table.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn write(rows: &[CohortRow]) -> Result<Vec<u8>> {
    let internal = |fault: csv::Error| ToolError::internal(fault.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEAD).map_err(internal)?;
    let optional = |text: Option<&String>| text.map(|text| cell::text(text)).unwrap_or_default();
    for row in rows {
        out.write_record([
            cell::text(row.case.as_str()),
            cell::text(row.patient.as_str()),
            optional(row.sequence.as_ref()),
            optional(row.site.as_ref()),
            cell::text(&row.class),
            row.age.map(cell::number).unwrap_or_default(),
            optional(row.sex.as_ref()),
            row.slices.to_string(),
        ])
        .map_err(internal)?;
    }
    out.into_inner()
        .map_err(|fault| ToolError::internal(fault.to_string()))
}

/// Reads the table.
///
/// # Errors
/// [`Code::Manifest`] naming the line that is none of ours.
pub fn parse(bytes: &[u8]) -> Result<Vec<CohortRow>> {
    let faulty = |line: usize, found: String| {
        ToolError::new(Code::Manifest, format!("line {line}: {found}"))
            .remedy("restore the file that the run wrote")
    };
    let mut reader = csv::Reader::from_reader(bytes);
    let head = reader
        .headers()
        .map_err(|fault| faulty(1, fault.to_string()))?;
    if !head.iter().eq(HEAD) {
        let found = head.iter().collect::<Vec<_>>().join(",");
        return Err(faulty(1, found).expected(HEAD.join(",")));
    }
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        let record = record.map_err(|fault| faulty(line, fault.to_string()))?;
        let text = |at: usize| cell::original(record.get(at).unwrap_or_default()).into_owned();
        let optional = |at: usize| Some(text(at)).filter(|text| !text.is_empty());
        let number = |at: usize, what: &str| faulty(line, format!("{what} '{}'", text(at)));
        rows.push(CohortRow {
            case: CaseId::new(text(0)),
            patient: PatientId::new(text(1)),
            sequence: optional(2),
            site: optional(3),
            class: text(4),
            age: optional(5)
                .map(|age| age.parse().map_err(|_| number(5, "age")))
                .transpose()?,
            sex: optional(6),
            slices: text(7).parse().map_err(|_| number(7, "slices"))?,
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use raduet_study::Label;

    use super::*;

    #[test]
    fn a_cohort_reads_back_and_ages_are_found_by_the_column_name() {
        let classes = ClassNames::new(["=mild", "severe"]).unwrap();
        let case = CaseRecord {
            id: CaseId::new("-c,1"),
            patient: PatientId::new("p"),
            sequence: Some("T1".into()),
            site: None,
            label: Label(0),
            published_part: None,
        };
        let extra = BTreeMap::from([
            ("Age".to_owned(), " 61.5 ".to_owned()),
            ("GENDER".to_owned(), "F".to_owned()),
        ]);
        let known = CohortRow::new(&case, &classes, Some(&extra), 7);
        assert_eq!((known.age, known.sex.as_deref()), (Some(61.5), Some("F")));
        let rows = [known, CohortRow::new(&case, &classes, None, 0)];
        assert_eq!(parse(&write(&rows).unwrap()).unwrap(), rows);
        let fault = parse(b"ID,PatientID,Sequence,Site,Target,Age,Sex,Slices\na,b,,,c,x,,1\n");
        assert!(fault.unwrap_err().to_string().contains("line 2: age 'x'"));
    }
}
