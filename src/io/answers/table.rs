//! One table of predictions as lines of plain texts and numbers, not yet tied to classes.

use std::collections::BTreeMap;

use raduet_study::{Arm, CaseId, Part, PatientId, SampleId};

use super::columns::{Columns, Role, unusable};
use crate::error::{Result, ToolError};
use crate::io::cell;
use crate::io::manifest_csv::text;

/// An answer as its line gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) model: Option<String>,
    pub(super) arm: Option<Arm>,
    pub(super) sample: SampleId,
    pub(super) patient: PatientId,
    pub(super) part: Part,
    pub(super) fold: usize,
    pub(super) truth: String,
    pub(super) answer: Option<String>,
    /// In the order of [`Table::classes`]; empty without probabilities.
    pub(super) probabilities: Vec<f64>,
    pub(super) score: Option<f64>,
}

/// The one column of probabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Score {
    /// Its name.
    pub(super) column: String,
    /// The class that its name says.
    pub(super) of: Option<String>,
}

/// All answers of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// Classes that have a column of probabilities; none where one column speaks of two classes.
    pub(super) classes: Vec<String>,
    /// That column, where lines have a score.
    pub(super) score: Option<Score>,
    pub(super) lines: Vec<Line>,
    /// What was taken for what, and what is doubtful.
    pub(super) notes: Vec<String>,
}

impl Table {
    /// Reads a table; `chosen` names columns, `role=column`.
    ///
    /// # Errors
    /// All faults of the sheet, or the first of a line.
    pub(super) fn read(bytes: &[u8], chosen: &[String]) -> Result<Self, Vec<ToolError>> {
        let sheet = text::read(bytes)?;
        let columns = Columns::of(&sheet.headers, chosen).map_err(|fault| vec![fault])?;
        if sheet.lines.is_empty() {
            let fault = unusable(
                "a header without rows",
                "give a table with at least one answer",
            );
            return Err(vec![fault]);
        }
        let mut notes: Vec<String> = columns.describe(&sheet.headers).into_iter().collect();
        if columns.at(Role::Patient).is_none() {
            notes.push(
                "no column of patients: each ID counts as a patient, so name them (PatientID) where one has several"
                    .to_owned(),
            );
        }
        let mut lines = Vec::with_capacity(sheet.lines.len());
        let mut faults = Vec::new();
        for line in &sheet.lines {
            let reader = Reader {
                columns: &columns,
                cells: &line.cells,
                number: line.number,
            };
            match reader.read() {
                Ok(line) => lines.push(line),
                Err(fault) => faults.push(fault),
            }
            if faults.len() == MOST_FAULTS {
                break;
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        if columns.at(Role::Id).is_none() {
            notes.extend(number_rows(&mut lines));
        }
        let score = columns.at(Role::Score);
        let score = score.filter(|_| columns.probabilities.is_empty());
        let score = score.map(|at| Score {
            column: sheet.headers[at].clone(),
            of: columns.score_of.clone(),
        });
        let classes = columns.probabilities.into_iter().map(|(class, _)| class);
        Ok(Self {
            classes: classes.collect(),
            score,
            lines,
            notes,
        })
    }
}

/// More faults than these are not told: one of them is behind the others.
const MOST_FAULTS: usize = 10;

/// Tells the rows of a patient apart where neither an id nor a slice does: by their order within model and fold.
fn number_rows(lines: &mut [Line]) -> Option<String> {
    type Place = (Option<String>, usize, SampleId);
    let mut counts: BTreeMap<Place, usize> = BTreeMap::new();
    let mut several = false;
    for line in lines {
        let place = (line.model.clone(), line.fold, line.sample.clone());
        let count = counts.entry(place).or_insert(0);
        *count += 1;
        if *count > 1 {
            several = true;
            line.sample.case = CaseId::new(format!("{}#{count}", line.patient));
        }
    }
    several.then(|| {
        "no column of IDs: rows of a patient are told apart by their order, so all models must list them alike"
            .to_owned()
    })
}

struct Reader<'a> {
    columns: &'a Columns,
    cells: &'a [String],
    number: u64,
}

impl Reader<'_> {
    fn faulty(&self, found: &str, remedy: &str) -> ToolError {
        unusable(format!("line {}: {found}", self.number), remedy)
    }

    /// The text of a role, where there is any.
    fn text(&self, role: Role) -> Option<String> {
        let cell = self.cells.get(self.columns.at(role)?)?;
        (!cell.is_empty()).then(|| cell::original(cell).into_owned())
    }

    /// A whole number from 0; programs that met a missing value write `3.0`.
    fn whole<T: std::str::FromStr>(&self, role: Role, what: &str) -> Result<Option<T>> {
        let Some(text) = self.text(role) else {
            return Ok(None);
        };
        let digits = text.strip_suffix(".0").unwrap_or(&text);
        digits
            .parse()
            .map(Some)
            .map_err(|_| self.faulty(&format!("{what} '{text}'"), "give a whole number from 0"))
    }

    fn probability(&self, column: usize) -> Result<f64> {
        let text = self.cells.get(column).map_or("", String::as_str);
        let number = text.parse::<f64>().ok();
        number.filter(|p| (0.0..=1.0).contains(p)).ok_or_else(|| {
            let remedy = "give a number from 0 to 1: decision values have to be turned into probabilities first";
            self.faulty(&format!("probability '{text}'"), remedy)
        })
    }

    fn read(&self) -> Result<Line> {
        let id = self.text(Role::Id);
        let patient = match self.columns.at(Role::Patient) {
            Some(_) => self.text(Role::Patient),
            None => id.clone(),
        };
        let patient = patient.ok_or_else(|| self.faulty("no patient", "name the patient"))?;
        let truth = self.text(Role::Truth).ok_or_else(|| {
            let remedy = "fill in the true class, or leave out the lines without it";
            self.faulty("no true class, so nothing to judge the answer by", remedy)
        })?;
        let answer = self.text(Role::Answer);
        let columns = || self.columns.probabilities.iter().map(|&(_, column)| column);
        let is_empty = |column: usize| self.cells.get(column).is_none_or(String::is_empty);
        let probabilities = if answer.is_some() && columns().all(is_empty) {
            Vec::new()
        } else {
            let probabilities = columns().map(|column| self.probability(column));
            self.distribution(probabilities.collect::<Result<Vec<f64>>>()?)?
        };
        let score = match self.columns.at(Role::Score) {
            Some(column) if columns().next().is_none() => Some(self.probability(column)?),
            _ => None,
        };
        if answer.is_none() && probabilities.is_empty() && score.is_none() {
            return Err(self.faulty("no answer", "fill in the class answered"));
        }
        Ok(Line {
            number: self.number,
            model: self.text(Role::Model),
            arm: self.arm()?,
            sample: SampleId {
                case: CaseId::new(id.unwrap_or_else(|| patient.clone())),
                slice: self.whole(Role::Slice, "slice")?,
            },
            patient: PatientId::new(patient),
            part: self.part()?,
            fold: self.whole(Role::Fold, "fold")?.unwrap_or(0),
            truth,
            answer,
            probabilities,
            score,
        })
    }

    /// Probabilities that were rounded for printing sum to one again.
    fn distribution(&self, probabilities: Vec<f64>) -> Result<Vec<f64>> {
        /// Beyond what printing with two decimals does to a dozen classes.
        const ROUNDING: f64 = 0.06;
        /// Below this nothing is changed: the study's own tolerance.
        const EXACT: f64 = 1e-6;
        let sum: f64 = probabilities.iter().sum();
        if probabilities.is_empty() || (sum - 1.0).abs() <= EXACT {
            return Ok(probabilities);
        }
        if (sum - 1.0).abs() > ROUNDING {
            let remedy = "give the probabilities of all classes, so that each line sums to 1";
            return Err(self.faulty(&format!("probabilities summing to {sum}"), remedy));
        }
        Ok(probabilities.iter().map(|p| p / sum).collect())
    }

    /// The part; test where the table does not say.
    fn part(&self) -> Result<Part> {
        match self.text(Role::Split) {
            None => Ok(Part::Test),
            Some(name) => Part::from_name(&name).ok_or_else(|| {
                self.faulty(&format!("part '{name}'"), "choose from train, valid, test")
            }),
        }
    }

    fn arm(&self) -> Result<Option<Arm>> {
        let Some(name) = self.text(Role::Arm) else {
            return Ok(None);
        };
        let arms = [Arm::Radiomics, Arm::Deep, Arm::Reference];
        let arm = arms
            .into_iter()
            .find(|arm| arm.name().eq_ignore_ascii_case(&name));
        arm.map(Some).ok_or_else(|| {
            self.faulty(
                &format!("arm '{name}'"),
                "choose from radiomics, deep, reference",
            )
        })
    }
}
