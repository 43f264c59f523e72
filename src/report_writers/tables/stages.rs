//! Tables III and VIII: all models of an arm by stage, each class against the others.

use raduet_study::reference::MAJORITY;
use raduet_study::report::ModelReport;
use raduet_study::uncertainty::clopper_pearson;
use raduet_study::{Arm, Report};

use super::entries::{self, Entry};
use super::how;
use super::models::title;
use super::table::{Cell, Column, Group, Row, RowKind, Table, Unit};
use crate::report_writers::judged;

/// The table of these models. Its twin has the sensitivity of patients beside, with the exact interval.
pub(super) fn table(stem: &str, number: &str, arm: Arm, report: &Report, rows: &[Entry]) -> Table {
    let patients = judged::are_patients(report);
    let mut columns = vec![
        Column::text("class", "Class"),
        Column::text("model", "Model"),
        Column::figure("precision", "Prec", Unit::Percent),
        Column::figure("sensitivity", "Sens", Unit::Percent),
        Column::figure("specificity", "Spec", Unit::Percent),
        Column::figure("f1", "F1", Unit::Percent),
    ];
    // Rows that are no patients stand in the other columns already, and are no trials of an exact interval.
    if patients {
        columns.push(
            Column::figure("patients_sensitivity", "Patients' sens", Unit::Percent).in_twin(),
        );
    }
    let reference = report.model(MAJORITY).map(|_| entries::reference(MAJORITY));
    let of_class = |at: usize, name: &str| {
        let contenders = rows.iter().map(|entry| (entry, RowKind::Contender));
        let reference = reference.iter().map(|entry| (entry, RowKind::Reference));
        let rows = contenders.chain(reference).enumerate();
        let rows = rows.map(|(line, (entry, kind))| {
            let mut cells = vec![super::first_of_group(line, name), title(entry)];
            let figures = figures(report, super::found(report, entry), at);
            cells.extend(figures.into_iter().take(4 + usize::from(patients)));
            Row { cells, kind }
        });
        Group {
            rows: rows.collect(),
        }
    };
    let names = report.classes.names().iter().enumerate();
    let groups = names.map(|(at, name)| of_class(at, name)).collect();
    let what = super::of_whom(arm);
    Table {
        stem: stem.to_owned(),
        number: number.to_owned(),
        title: format!(
            "Performance of {what} by class: {} slices of {} test patients of {}, each class against the others",
            report.test_slices, report.test_patients, report.cohort
        ),
        columns,
        groups,
        notes: Vec::new(),
        intervals: Some(if patients {
            format!(
                "{}; the sensitivity of patients with the exact interval of Clopper and Pearson",
                how::of_slices(report)
            )
        } else {
            how::of_slices(report)
        }),
    }
}

fn figures(report: &Report, model: Option<&ModelReport>, class: usize) -> [Cell; 5] {
    let row = model.and_then(|model| model.slice.per_class.get(class));
    let Some((model, row)) = model.zip(row) else {
        return std::array::from_fn(|_| Cell::Undefined);
    };
    let (figures, intervals) = (&row.figures, &row.intervals);
    let patients = model.patient.confusion.get(class).and_then(|answers| {
        let (right, all) = (*answers.get(class)?, answers.iter().sum::<u64>());
        let confidence = report.settings.bootstrap.confidence;
        let exact = || clopper_pearson(right, all, confidence);
        (all > 0).then(|| Cell::value(Some(right as f64 / all as f64), Some(exact())))
    });
    [
        Cell::value(Some(figures.precision), intervals.precision),
        Cell::value(Some(figures.sensitivity), intervals.sensitivity),
        Cell::value(Some(figures.specificity), intervals.specificity),
        Cell::value(Some(figures.f1), intervals.f1),
        patients.unwrap_or(Cell::Undefined),
    ]
}
