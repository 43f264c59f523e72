//! What tables are made of: for each sequence a report and its rows, and who took part.

use std::collections::BTreeMap;

use raduet_study::report::ReportSettings;
use raduet_study::{Predictions, Report, Split};

use super::entries::{self, Entry};
use crate::io::cohort_csv::CohortRow;
use crate::report_writers::judged;

/// Designs with a table of variants: how names begin, the paper's number, the files' stem, the design's name.
pub const DESIGNS: [(&str, &str, &str, &str); 2] = [
    ("resnet", "IV", "table_4", "ResNet"),
    ("mambavision", "V", "table_5", "MambaVision"),
];

/// Who took part, and where they stood.
#[derive(Debug, Clone, Copy)]
pub struct People<'a> {
    /// A row a case.
    pub rows: &'a [CohortRow],
    /// Who stood in which part.
    pub split: &'a Split,
}

/// One sequence's report with the rows of its tables.
#[derive(Debug, Clone)]
pub struct OfSequence {
    /// Name of the sequence, where it is known.
    pub sequence: Option<String>,
    /// Its figures.
    pub report: Report,
    /// Rows of Table I or II, and III.
    pub networks: Vec<Entry>,
    /// Rows of Tables IV and V.
    pub variants: [Vec<Entry>; DESIGNS.len()],
    /// Rows of Table VI or VII, and VIII.
    pub learners: Vec<Entry>,
}

/// Everything the tables of a run are made of.
#[derive(Debug, Clone, Default)]
pub struct Sources<'a> {
    /// Sequences in the paper's order: T1-weighted ones, others, T2-weighted ones.
    pub sequences: Vec<OfSequence>,
    /// Who took part, where the run knows.
    pub cohort: Option<People<'a>>,
    /// The report of all sequences together, for what is said of the run as a whole.
    pub whole: Option<&'a Report>,
}

impl OfSequence {
    /// The rows that a report itself gives: all its models.
    pub fn of(sequence: Option<String>, report: Report) -> Self {
        let report = with_sequence(report, sequence.as_deref());
        let mut networks = entries::networks(&report);
        entries::count_parameters(&mut networks, report.classes.len());
        let variants = DESIGNS.map(|(beginning, ..)| {
            let rows = entries::variants(&report, beginning);
            // One network alone is no comparison of variants.
            if rows.len() > 1 { rows } else { Vec::new() }
        });
        Self {
            sequence,
            networks,
            variants,
            learners: entries::learners(&report),
            report,
        }
    }
}

impl<'a> Sources<'a> {
    /// The sources of a run. Where its test part holds several sequences, each gets a report of its own from the same
    /// answers; one that its test samples do not allow is left out.
    pub fn of_run(
        report: &'a Report,
        predictions: &[Predictions],
        cohort: Option<People<'a>>,
    ) -> Self {
        let sequence_of: BTreeMap<&str, &str> = cohort
            .into_iter()
            .flat_map(|people| people.rows)
            .filter_map(|case| Some((case.case.as_str(), case.sequence.as_deref()?)))
            .collect();
        let mut names: Vec<&str> = sequence_of.values().copied().collect();
        // By their letters too: names that differ in case only would keep equal ones apart.
        names.sort_unstable_by_key(|name| (order(name), *name));
        names.dedup();
        let sequences = match names[..] {
            [] => vec![OfSequence::of(None, report.clone())],
            [name] => vec![OfSequence::of(Some(name.to_owned()), report.clone())],
            _ => names
                .iter()
                .filter_map(|name| {
                    let found = of_sequence(report, predictions, &sequence_of, name)?;
                    Some(OfSequence::of(Some((*name).to_owned()), found))
                })
                .collect(),
        };
        Self {
            sequences,
            cohort,
            whole: Some(report),
        }
    }
}

/// The report with the sequence in its cohort's name, which tables show as the data set.
pub fn with_sequence(mut report: Report, sequence: Option<&str>) -> Report {
    if let Some(name) = sequence
        && !report.cohort.contains(name)
    {
        report.cohort = format!("{} {name}", report.cohort);
    }
    report
}

/// A report from the answers of one sequence.
fn of_sequence(
    report: &Report,
    predictions: &[Predictions],
    sequence_of: &BTreeMap<&str, &str>,
    name: &str,
) -> Option<Report> {
    let settings = ReportSettings {
        unit: report.settings.unit,
        bootstrap: report.settings.bootstrap,
        pooling: judged::pooling(report)?,
    };
    let belongs = |case: &str| {
        // A region's row bears its case's name and its own behind a colon.
        let of = sequence_of.get(case).or_else(|| {
            let (case, _) = case.split_once(':')?;
            sequence_of.get(case)
        });
        of == Some(&name)
    };
    let models = predictions.iter().map(|model| {
        let rows = model.rows().iter();
        let rows = rows
            .filter(|row| belongs(row.sample.case.as_str()))
            .cloned();
        let (name, classes) = (model.model(), model.classes().clone());
        Predictions::new(name, model.arm(), classes, rows.collect()).ok()
    });
    let models: Vec<Predictions> = models.collect::<Option<_>>()?;
    let cohort = format!("{} {name}", report.cohort);
    Report::from_predictions(&cohort, &models, &settings).ok()
}

/// The paper's order: T1 before T2, what is neither between them.
fn order(name: &str) -> (u8, String) {
    let lower = name.to_lowercase();
    let place = match lower.as_bytes() {
        [b't', b'1', ..] => 0,
        [b't', b'2', ..] => 2,
        _ => 1,
    };
    (place, lower)
}

/// Whether a sequence is weighted by T2: the one that the paper's Tables II and VII are of.
pub fn is_t2(sequence: Option<&str>) -> bool {
    sequence.is_some_and(|name| order(name).0 == 2)
}
