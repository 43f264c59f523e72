//! The sets of `trees_make.py`: scikit-learn's own, the ten tables and the large seeded one, in single
//! precision.

use raduet_learners::Samples;
use raduet_study::{ClassNames, Label};
use raduet_testkit::data;
use raduet_testkit::tables::LARGE;
use serde_json::Value;

use crate::reference::{DATA_SETS, Reference, file};

/// Rows of the large table that train.
const LARGE_TRAIN: usize = 16_000;

/// Where the ten tables lie among the test data.
const TABLES: &str = "data/tables";

/// Rows with a class each.
#[derive(Clone)]
pub(crate) struct Set {
    /// Row after row.
    pub(crate) values: Vec<f64>,
    pub(crate) width: usize,
    pub(crate) labels: Vec<usize>,
    is_large: bool,
}

/// What the script wrote for one set.
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) settings: Vec<(String, Value)>,
}

/// Every set of a file of the script, in its order.
pub(crate) fn expected(name: &str) -> Vec<Expected> {
    let all: Value = serde_json::from_str(&file(name)).expect("values in JSON");
    let sets = all["sets"].as_object().expect("sets by name");
    sets.iter()
        .map(|(name, of_set)| Expected {
            name: name.clone(),
            settings: of_set
                .as_object()
                .expect("values by setting")
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "scikit-learn rounds likewise"
)]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

impl Set {
    /// A set by name; `None` after saying so where its table is not there.
    pub(crate) fn load(test: &str, name: &str) -> Option<Self> {
        let (values, labels, is_large) = if name == "large" {
            let table = LARGE.make(1);
            (table.values, table.classes, true)
        } else if DATA_SETS.contains(&name) {
            let reference = Reference::load(name);
            let table = &reference.table;
            let rows = 0..reference.labels.len();
            let values = rows.flat_map(|row| table.row(row).to_vec()).collect();
            (
                values,
                reference.labels.iter().map(|l| l.0).collect(),
                false,
            )
        } else {
            let path = data::path(test, &format!("{TABLES}/{name}.csv"))?;
            let text = std::fs::read_to_string(path).expect("a readable table");
            let (values, labels) = parsed(&text);
            (values, labels, false)
        };
        Some(Self {
            width: values.len() / labels.len(),
            values: values.into_iter().map(single).collect(),
            labels,
            is_large,
        })
    }

    /// The same with every tenth value undefined, as the script has it.
    pub(crate) fn with_holes(&self) -> Self {
        let mut holed = self.clone();
        for (at, value) in holed.values.iter_mut().enumerate() {
            let (row, column) = (at / self.width, at % self.width);
            if (row * 31 + column * 17).is_multiple_of(10) {
                *value = f64::NAN;
            }
        }
        holed
    }

    /// Rows that train where all do.
    pub(crate) fn all(&self) -> Vec<usize> {
        let rows = self.labels.len();
        (0..if self.is_large { LARGE_TRAIN } else { rows }).collect()
    }

    /// Test rows and training rows.
    pub(crate) fn parts(&self) -> (Vec<usize>, Vec<usize>) {
        (0..self.labels.len()).partition(|row| {
            if self.is_large {
                *row >= LARGE_TRAIN
            } else {
                [0, 3, 6].contains(&(row % 10))
            }
        })
    }

    /// The values of some rows.
    pub(crate) fn values_of(&self, rows: &[usize]) -> Vec<f64> {
        let of_row = |&row: &usize| &self.values[row * self.width..(row + 1) * self.width];
        rows.iter().flat_map(of_row).copied().collect()
    }

    /// Some rows as samples.
    pub(crate) fn samples(&self, rows: &[usize]) -> Samples {
        let classes = self.labels.iter().max().expect("rows") + 1;
        Samples::new(
            self.values_of(rows),
            (0..self.width).map(|column| format!("x{column}")).collect(),
            rows.iter().map(|&row| Label(self.labels[row])).collect(),
            ClassNames::new((0..classes).map(|k| format!("class {k}"))).expect("distinct names"),
        )
        .expect("a whole set")
    }
}

/// Values and classes of a table; class numbers follow the sorted labels.
fn parsed(text: &str) -> (Vec<f64>, Vec<usize>) {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let label_at = names
        .iter()
        .position(|name| *name == "label")
        .expect("labels");
    let mut values = Vec::new();
    let mut labels = Vec::new();
    for line in lines {
        for (at, (cell, name)) in line.split(',').zip(&names).enumerate() {
            if at == label_at {
                labels.push(cell);
            } else if !["patient_id", "split"].contains(name) {
                values.push(cell.parse().expect("a number"));
            }
        }
    }
    let mut distinct = labels.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let number = |label: &&str| distinct.binary_search(label).expect("one of them");
    (values, labels.iter().map(number).collect())
}
