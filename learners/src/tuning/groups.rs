//! Patients of a set of samples, in an order of their own: by what their rows hold, not by where the
//! rows stand or how the patients are numbered.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::samples::Samples;

/// The rows of each patient; a row whose patient is not known stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Groups {
    /// Rows of each patient, patients and their rows in canonical order.
    pub(crate) rows: Vec<Vec<usize>>,
    /// How many of a patient's rows belong to each class, patients × classes.
    pub(crate) counts: Vec<Vec<usize>>,
}

impl Groups {
    pub(crate) fn new(samples: &Samples) -> Self {
        let ranks = canonical_ranks(samples);
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for row in 0..samples.rows() {
            let group = samples.groups().map_or(row, |groups| groups[row]);
            members.entry(group).or_default().push(row);
        }
        let mut rows: Vec<Vec<usize>> = members.into_values().collect();
        for members in &mut rows {
            members.sort_by_key(|&row| ranks[row]);
        }
        let keys =
            |members: &[usize]| -> Vec<usize> { members.iter().map(|&row| ranks[row]).collect() };
        rows.sort_by_cached_key(|members| keys(members));
        let counts = rows.iter().map(|members| {
            let mut counts = vec![0; samples.classes().len()];
            for &row in members {
                counts[samples.labels()[row].0] += 1;
            }
            counts
        });
        Self {
            counts: counts.collect(),
            rows,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Patients that have a row of the class.
    pub(crate) fn with_class(&self, class: usize) -> usize {
        let has = |counts: &&Vec<usize>| counts[class] > 0;
        self.counts.iter().filter(has).count()
    }

    /// The class of most of a patient's rows, the earlier of equals.
    pub(crate) fn main_class(&self, group: usize) -> usize {
        let counts = &self.counts[group];
        (0..counts.len()).fold(0, |best, k| if counts[k] > counts[best] { k } else { best })
    }

    /// Share of a patient's rows that belong to a class.
    pub(crate) fn share(&self, group: usize, class: usize) -> f64 {
        self.counts[group][class] as f64 / self.rows[group].len() as f64
    }

    /// How many classes a patient's rows belong to.
    pub(crate) fn classes_of(&self, group: usize) -> usize {
        self.counts[group]
            .iter()
            .filter(|count| **count > 0)
            .count()
    }
}

/// Position of each row's content among the distinct contents, ordered by values, label and weight.
fn canonical_ranks(samples: &Samples) -> Vec<usize> {
    let compare = |a: usize, b: usize| {
        let values = samples.row(a).iter().zip(samples.row(b));
        values
            .map(|(x, y)| x.total_cmp(y))
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
            .then(samples.labels()[a].cmp(&samples.labels()[b]))
            .then(samples.weight(a).total_cmp(&samples.weight(b)))
    };
    let mut order: Vec<usize> = (0..samples.rows()).collect();
    order.sort_by(|&a, &b| compare(a, b));
    let mut ranks = vec![0; order.len()];
    for pair in order.windows(2) {
        ranks[pair[1]] = ranks[pair[0]] + usize::from(compare(pair[0], pair[1]).is_ne());
    }
    ranks
}
