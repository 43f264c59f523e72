//! Predictions as CSV: `ID,PatientID,Slice,Split,Fold,model,arm,y_true,y_pred,p_<class>…`.
//!
//! Every figure of a report can be computed again from this file, ours or another tool's. `Fold`,
//! `Slice` and `y_pred` may be missing when reading; columns are found by name. A model that gave answers without
//! probabilities has empty probability cells.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::str::FromStr;

use raduet_study::{
    Arm, CaseId, ClassNames, Grading, Label, Part, PatientId, PredictionRow, Predictions, SampleId,
};

use super::cell;
use crate::error::{Code, Result, ToolError};

/// Columns in front of the probabilities.
const HEAD: [&str; 9] = [
    "ID",
    "PatientID",
    "Slice",
    "Split",
    "Fold",
    "model",
    "arm",
    "y_true",
    "y_pred",
];

/// What the names of probability columns begin with.
const PROBABILITY: &str = "p_";

/// All models' answers, one below the other. Models without an answer leave no trace.
///
/// # Errors
/// [`Code::Internal`] when the models speak of different classes.
pub fn write(models: &[Predictions]) -> Result<Vec<u8>> {
    let Some(first) = models.first() else {
        return Ok(Vec::new());
    };
    let classes = first.classes();
    if models.iter().any(|model| model.classes() != classes) {
        return Err(ToolError::new(
            Code::Internal,
            "models of different classes in one file",
        ));
    }
    let answers = models.iter().flat_map(|model| {
        model.rows().iter().map(|row| Answer {
            model: model.model(),
            arm: model.arm(),
            row,
            truth: Some(row.truth),
            grading: model.grading(),
        })
    });
    write_answers(classes, answers)
}

/// One line of the file.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Whose answer.
    pub model: &'a str,
    /// On which side.
    pub arm: Arm,
    /// The answer; its truth is not looked at.
    pub row: &'a PredictionRow,
    /// The true class, where it is known.
    pub truth: Option<Label>,
    /// Whether it is probabilities.
    pub grading: Grading,
}

/// Answers to samples whose class may not be known: `y_true` is empty then.
///
/// # Errors
/// [`Code::Internal`] when the writer fails, which it does not in memory.
pub fn write_answers<'a>(
    classes: &ClassNames,
    answers: impl Iterator<Item = Answer<'a>>,
) -> Result<Vec<u8>> {
    let internal = |fault: csv::Error| ToolError::new(Code::Internal, fault.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    let probabilities = classes
        .names()
        .iter()
        .map(|name| format!("{PROBABILITY}{name}"));
    out.write_record(HEAD.map(str::to_owned).into_iter().chain(probabilities))
        .map_err(internal)?;
    for Answer {
        model,
        arm,
        row,
        truth,
        grading,
    } in answers
    {
        let keys = [
            cell::text(row.sample.case.as_str()),
            cell::text(row.patient.as_str()),
            row.sample
                .slice
                .map(|slice| slice.to_string())
                .unwrap_or_default(),
            row.part.name().to_owned(),
            row.fold.to_string(),
            cell::text(model),
            arm.name().to_owned(),
            truth
                .map(|label| cell::text(classes.name(label)))
                .unwrap_or_default(),
            cell::text(classes.name(row.answer())),
        ];
        let values = row.probabilities.iter().map(|&p| match grading {
            Grading::Probabilities => cell::number(p),
            Grading::Answers => String::new(),
        });
        out.write_record(keys.into_iter().chain(values))
            .map_err(internal)?;
    }
    out.into_inner()
        .map_err(|fault| ToolError::new(Code::Internal, fault.to_string()))
}

/// Where the columns stand.
struct Columns {
    by_name: BTreeMap<String, usize>,
    classes: ClassNames,
    probabilities: Vec<usize>,
}

/// Reads predictions; one entry per model, in order of first appearance.
///
/// # Errors
/// [`Code::Manifest`] naming the line that is wrong.
pub fn parse(bytes: &[u8]) -> Result<Vec<Predictions>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(Cursor::new(bytes));
    let head = reader
        .headers()
        .map_err(|fault| faulty(1, fault.to_string(), "mend the CSV"))?
        .clone();
    let columns = columns(&head)?;
    let mut models: Vec<(String, Arm, Grading, Vec<PredictionRow>)> = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let line = index + 2;
        let record = record.map_err(|fault| faulty(line, fault.to_string(), "mend the CSV"))?;
        let read = Line {
            record: &record,
            number: line,
            columns: &columns,
        };
        let grading = read.grading();
        let (model, arm, row) = read.read()?;
        match models.iter_mut().find(|(name, ..)| *name == model) {
            Some((_, known, of_model, _)) if *known == arm && *of_model != grading => {
                let found = format!("model '{model}' with and without probabilities");
                return Err(faulty(line, found, "give a model one kind of answers"));
            }
            Some((_, known, _, rows)) if *known == arm => rows.push(row),
            Some((_, known, ..)) => {
                let found = format!(
                    "model '{model}' in the arms {} and {}",
                    known.name(),
                    arm.name()
                );
                return Err(faulty(line, found, "give every model one arm"));
            }
            None => models.push((model, arm, grading, vec![row])),
        }
    }
    if models.is_empty() {
        return Err(faulty(
            1,
            "no answer below the header",
            "give predictions with at least one row",
        ));
    }
    models
        .into_iter()
        .map(|(model, arm, grading, rows)| {
            let read = Predictions::new(model, arm, columns.classes.clone(), rows);
            let read = read.map_err(|fault| {
                ToolError::new(Code::Manifest, fault.to_string())
                    .remedy("give probabilities that sum to one")
            })?;
            Ok(read.graded(grading))
        })
        .collect()
}

fn columns(head: &csv::StringRecord) -> Result<Columns> {
    let by_name: BTreeMap<String, usize> = head
        .iter()
        .enumerate()
        .map(|(column, name)| (name.trim().to_lowercase(), column))
        .collect();
    let mut names = Vec::new();
    let mut probabilities = Vec::new();
    for (column, name) in head.iter().enumerate() {
        if let Some(class) = name.trim().strip_prefix(PROBABILITY) {
            names.push(class.to_owned());
            probabilities.push(column);
        }
    }
    for needed in ["patientid", "y_true"] {
        if !by_name.contains_key(needed) {
            return Err(faulty(
                1,
                format!("no column '{needed}'"),
                "name patient and true class",
            ));
        }
    }
    let classes = ClassNames::new(names).map_err(|fault| {
        faulty(
            1,
            fault.to_string(),
            "give one column p_<class> for every class",
        )
    })?;
    Ok(Columns {
        by_name,
        classes,
        probabilities,
    })
}

/// One line of the file.
struct Line<'a> {
    record: &'a csv::StringRecord,
    number: usize,
    columns: &'a Columns,
}

impl Line<'_> {
    /// A cell by column name; empty where there is no such column.
    fn cell(&self, name: &str) -> &str {
        let column = self.columns.by_name.get(name);
        column
            .and_then(|&column| self.record.get(column))
            .unwrap_or("")
            .trim()
    }

    fn faulty(&self, found: String, remedy: &str) -> ToolError {
        faulty(self.number, found, remedy)
    }

    /// A whole number, where there is one.
    fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        match self.cell(name) {
            "" => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| self.faulty(format!("{name} '{text}'"), "give a whole number from 0")),
        }
    }

    fn truth(&self) -> Result<Label> {
        let classes = &self.columns.classes;
        let class = cell::original(self.cell("y_true"));
        if class.is_empty() {
            return Err(self.faulty(
                "no true class, so nothing to judge the answer by".to_owned(),
                "fill in y_true, or leave out the lines without it",
            ));
        }
        classes.label(&class).ok_or_else(|| {
            let choice = format!("choose from {}", classes.names().join(", "));
            self.faulty(format!("true class '{class}'"), &choice)
        })
    }

    /// The part; test where the file does not say.
    fn part(&self) -> Result<Part> {
        match self.cell("split") {
            "" => Ok(Part::Test),
            name => Part::from_name(name).ok_or_else(|| {
                self.faulty(format!("part '{name}'"), "choose from train, valid, test")
            }),
        }
    }

    /// The arm; radiomics where the file does not say.
    fn arm(&self) -> Result<Arm> {
        match self.cell("arm").to_lowercase().as_str() {
            "" | "radiomics" => Ok(Arm::Radiomics),
            "deep" => Ok(Arm::Deep),
            "reference" => Ok(Arm::Reference),
            name => Err(self.faulty(
                format!("arm '{name}'"),
                "choose from radiomics, deep, reference",
            )),
        }
    }

    /// Answers alone where every probability is empty and there is an answer.
    fn grading(&self) -> Grading {
        let mut cells = self.columns.probabilities.iter();
        let empty = |&column: &usize| self.record.get(column).unwrap_or("").trim().is_empty();
        if cells.all(empty) && !self.cell("y_pred").is_empty() {
            Grading::Answers
        } else {
            Grading::Probabilities
        }
    }

    fn probabilities(&self) -> Result<Vec<f64>> {
        if self.grading() == Grading::Answers {
            let classes = &self.columns.classes;
            let class = cell::original(self.cell("y_pred"));
            let answer = classes.label(&class).ok_or_else(|| {
                let choice = format!("choose from {}", classes.names().join(", "));
                self.faulty(format!("answer '{class}'"), &choice)
            })?;
            let certain = |label: Label| f64::from(u8::from(label == answer));
            return Ok(classes.labels().map(certain).collect());
        }
        let cells = self.columns.probabilities.iter();
        cells
            .map(|&column| {
                let text = self.record.get(column).unwrap_or("").trim();
                text.parse().map_err(|_| {
                    self.faulty(format!("probability '{text}'"), "give a number from 0 to 1")
                })
            })
            .collect()
    }

    /// The answer, and whose it is.
    fn read(&self) -> Result<(String, Arm, PredictionRow)> {
        let patient = cell::original(self.cell("patientid")).into_owned();
        if patient.is_empty() {
            return Err(self.faulty("no patient".to_owned(), "name the patient"));
        }
        let or = |name: &str, default: &str| match self.cell(name) {
            "" => default.to_owned(),
            text => cell::original(text).into_owned(),
        };
        let case = CaseId::new(or("id", &patient));
        let row = PredictionRow {
            sample: SampleId {
                case,
                slice: self.number("slice")?,
            },
            patient: PatientId::new(patient),
            part: self.part()?,
            fold: self.number("fold")?.unwrap_or(0),
            truth: self.truth()?,
            probabilities: self.probabilities()?,
        };
        Ok((or("model", "model"), self.arm()?, row))
    }
}

fn faulty(line: usize, found: impl Into<String>, remedy: &str) -> ToolError {
    ToolError::new(Code::Manifest, format!("line {line}: {}", found.into())).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use raduet_study::Label;

    use super::*;

    #[test]
    fn written_predictions_read_back_to_the_bit() {
        let classes = ClassNames::new(["mild", "=severe"]).unwrap();
        let row = |slice: u32, p: f64| PredictionRow {
            sample: SampleId::slice(CaseId::new("c"), slice),
            patient: PatientId::new("-7"),
            part: Part::Valid,
            fold: 2,
            truth: Label(1),
            probabilities: vec![p, 1.0 - p],
        };
        let models = [
            Predictions::new(
                "svc",
                Arm::Radiomics,
                classes.clone(),
                vec![row(0, 0.1), row(1, 0.7)],
            )
            .unwrap(),
            Predictions::new("resnet18", Arm::Deep, classes, vec![row(0, 1.0 / 3.0)]).unwrap(),
        ];
        assert_eq!(parse(&write(&models).unwrap()).unwrap(), models);
        let certain = vec![1.0, 0.0];
        let rows = models[0].rows().iter().map(|row| PredictionRow {
            probabilities: certain.clone(),
            ..row.clone()
        });
        let classes = models[0].classes().clone();
        let answers = Predictions::new("rules", Arm::Radiomics, classes, rows.collect()).unwrap();
        let answers = [answers.graded(Grading::Answers)];
        assert_eq!(parse(&write(&answers).unwrap()).unwrap(), answers);
    }

    #[test]
    fn a_wrong_cell_names_its_line() {
        let good = "PatientID,y_true,p_a,p_b\n1,a,0.5,0.5\n";
        assert_eq!(parse(good.as_bytes()).unwrap()[0].rows().len(), 1);
        for (bad, expected) in [
            (
                "PatientID,y_true,p_a,p_b\n1,a,0.5,0.5\n2,c,0.5,0.5\n",
                "line 3: true class 'c'",
            ),
            (
                "PatientID,y_true,p_a,p_b\n1,a,x,0.5\n",
                "line 2: probability 'x'",
            ),
            ("PatientID,p_a\n1,0.5\n", "no column 'y_true'"),
            (
                "PatientID,y_true,p_a,p_b\n1,,0.5,0.5\n",
                "line 2: no true class",
            ),
            ("PatientID,y_true,p_a,p_b\n1,a,0.5,0.6\n", "summing to 1.1"),
        ] {
            let fault = parse(bad.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(expected), "{fault}");
        }
    }
}
