//! Table 0: who took part, by part of the split, patients first. The page shows the same table.

use std::collections::{BTreeMap, BTreeSet};

use raduet_study::{ClassNames, Part, PatientId};

use super::sources::People;
use super::table::{Cell, Column, Group, Row, RowKind, Table, Unit};
use crate::io::cohort_csv::CohortRow;

/// Sites beyond these are counted together.
const SITES: usize = 12;

/// Heads of the test parts of folds; further folds have no column.
const FOLDS: [&str; 10] = [
    "Fold 1", "Fold 2", "Fold 3", "Fold 4", "Fold 5", "Fold 6", "Fold 7", "Fold 8", "Fold 9",
    "Fold 10",
];
const FOLD_KEYS: [&str; 10] = [
    "fold_1", "fold_2", "fold_3", "fold_4", "fold_5", "fold_6", "fold_7", "fold_8", "fold_9",
    "fold_10",
];

/// A column: its head, and the patients in it.
struct InPart<'a> {
    column: Column,
    cases: Vec<&'a CohortRow>,
}

/// The table; none without a case.
pub(super) fn table(facts: People<'_>, classes: &ClassNames) -> Option<Table> {
    if facts.rows.is_empty() {
        return None;
    }
    let parts = parts(facts);
    let mut columns = vec![
        Column::text("characteristic", "Characteristic"),
        Column::text("value", ""),
    ];
    columns.extend(parts.iter().map(|part| part.column));
    let mut groups = vec![counts(&parts)];
    let classes = classes.names().iter().map(String::as_str);
    let classes: Vec<&str> = classes.collect();
    groups.extend(shares("Class", "patients", &classes, &parts, |case| {
        Some(case.class.as_str())
    }));
    groups.extend(slices_by_class(&classes, &parts));
    groups.extend(ages(&parts));
    let sexes = known(facts, |case| case.sex.as_deref());
    groups.extend(shares("Sex", "patients", &sexes, &parts, |case| {
        case.sex.as_deref()
    }));
    let sites = known(facts, |case| case.site.as_deref());
    if sites.len() <= SITES {
        groups.extend(shares("Site", "patients", &sites, &parts, |case| {
            case.site.as_deref()
        }));
    } else {
        groups.push(Group {
            rows: vec![row("Sites", "", &parts, |part| Cell::Count {
                count: part
                    .cases
                    .iter()
                    .filter_map(|case| case.site.as_deref())
                    .collect::<BTreeSet<_>>()
                    .len(),
                of: None,
            })],
        });
    }
    let sequences = known(facts, |case| case.sequence.as_deref());
    if sequences.len() > 1 {
        groups.extend(shares("Sequence", "patients", &sequences, &parts, |case| {
            case.sequence.as_deref()
        }));
    }
    let folds = facts.split.folds.len();
    let mut notes = vec![format!(
        "Split {} ({}, seed {}); shares are of the patients of the column for whom it is known.",
        facts.split.id(),
        facts.split.rule,
        facts.split.seed
    )];
    if folds > FOLDS.len() {
        notes.push(format!(
            "{} further folds are not shown.",
            folds - FOLDS.len()
        ));
    }
    Some(Table {
        stem: "table_0".into(),
        number: "0".into(),
        title: if folds > 1 {
            format!("The cohort and the test parts of {folds} folds")
        } else {
            "The cohort by part of the split".into()
        },
        columns,
        groups,
        notes,
        intervals: None,
    })
}

/// The part of a case's patient in a fold.
fn part_of(facts: People<'_>, case: &CohortRow, fold: usize) -> Option<Part> {
    facts.split.folds.get(fold)?.part(&case.patient)
}

/// Everyone, then each part of one split, or the test part of each fold.
fn parts(facts: People<'_>) -> Vec<InPart<'_>> {
    let of = |key, title, belongs: &dyn Fn(&CohortRow) -> bool| InPart {
        column: Column::of(key, title, Unit::Count),
        cases: facts.rows.iter().filter(|case| belongs(case)).collect(),
    };
    let mut parts = vec![of("all", "All", &|_| true)];
    if facts.split.folds.len() == 1 {
        let named = [
            (Part::Train, "train", "Train"),
            (Part::Valid, "valid", "Validation"),
            (Part::Test, "test", "Test"),
        ];
        parts.extend(named.map(|(part, key, title)| {
            of(key, title, &|case| part_of(facts, case, 0) == Some(part))
        }));
    } else {
        let heads = FOLD_KEYS.iter().zip(FOLDS).take(facts.split.folds.len());
        parts.extend(heads.enumerate().map(|(fold, (key, title))| {
            of(key, title, &|case| {
                part_of(facts, case, fold) == Some(Part::Test)
            })
        }));
    }
    // A published split may have no validation part.
    parts.retain(|part| !part.cases.is_empty());
    parts
}

fn row(what: &str, value: &str, parts: &[InPart<'_>], cell: impl Fn(&InPart<'_>) -> Cell) -> Row {
    let mut cells = vec![Cell::text(what), Cell::text(value)];
    cells.extend(parts.iter().map(cell));
    let kind = RowKind::Reference;
    Row { cells, kind }
}

fn counts(parts: &[InPart<'_>]) -> Group {
    let count = |count: usize| Cell::Count { count, of: None };
    Group {
        rows: vec![
            row("Patients", "", parts, |part| {
                count(patients(&part.cases).len())
            }),
            row("Images", "", parts, |part| count(part.cases.len())),
            row("Slices", "", parts, |part| {
                count(part.cases.iter().map(|case| case.slices).sum())
            }),
        ],
    }
}

/// The patients of cases.
fn patients<'a>(cases: &[&'a CohortRow]) -> BTreeSet<&'a PatientId> {
    cases.iter().map(|case| &case.patient).collect()
}

/// The ages of patients, each that of the first case that tells one.
fn ages_of(cases: &[&CohortRow]) -> Vec<f64> {
    let mut ages: BTreeMap<&PatientId, f64> = BTreeMap::new();
    for case in cases {
        if let Some(age) = case.age {
            ages.entry(&case.patient).or_insert(age);
        }
    }
    ages.into_values().collect()
}

/// Values that occur, sorted.
fn known<'a>(facts: People<'a>, of: impl Fn(&'a CohortRow) -> Option<&'a str>) -> Vec<&'a str> {
    let values: BTreeSet<&str> = facts.rows.iter().filter_map(of).collect();
    values.into_iter().collect()
}

/// Patients with each value; a patient counts for every value that any of their cases has. Nothing where no value is
/// known.
fn shares(
    what: &str,
    unit: &str,
    values: &[&str],
    parts: &[InPart<'_>],
    of: impl Fn(&CohortRow) -> Option<&str>,
) -> Option<Group> {
    let with = |part: &InPart<'_>, value: Option<&str>| {
        let cases = part.cases.iter().filter(|case| match value {
            Some(value) => of(case) == Some(value),
            None => of(case).is_some(),
        });
        patients(&cases.copied().collect::<Vec<_>>()).len()
    };
    let rows = values.iter().enumerate().map(|(at, value)| {
        let what = if at == 0 {
            format!("{what}, {unit}")
        } else {
            String::new()
        };
        row(&what, value, parts, |part| Cell::Count {
            count: with(part, Some(value)),
            of: Some(with(part, None)),
        })
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then_some(Group { rows })
}

fn slices_by_class(classes: &[&str], parts: &[InPart<'_>]) -> Option<Group> {
    let slices = |part: &InPart<'_>, class: Option<&str>| {
        let cases = part.cases.iter();
        let cases = cases.filter(|case| class.is_none_or(|class| case.class == class));
        cases.map(|case| case.slices).sum::<usize>()
    };
    let rows = classes.iter().enumerate().map(|(at, class)| {
        let what = if at == 0 { "Class, slices" } else { "" };
        row(what, class, parts, |part| Cell::Count {
            count: slices(part, Some(class)),
            of: Some(slices(part, None)),
        })
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then_some(Group { rows })
}

/// Mean, standard deviation and range of the patients' ages; nothing where none is known.
fn ages(parts: &[InPart<'_>]) -> Option<Group> {
    let of = |part: &InPart<'_>| ages_of(&part.cases);
    if parts.iter().all(|part| of(part).is_empty()) {
        return None;
    }
    let number = |value: Option<f64>| match value {
        Some(value) if value.is_finite() => Cell::text(format!("{value:.1}")),
        _ => Cell::Undefined,
    };
    let line = |what: &str, value: &str, figure: &dyn Fn(&[f64]) -> Option<f64>| {
        row(what, value, parts, |part| number(figure(&of(part))))
    };
    Some(Group {
        rows: vec![
            line("Age, years", "mean", &|ages| mean(ages)),
            line("", "standard deviation", &|ages| deviation(ages)),
            line("", "lowest", &|ages| ages.iter().copied().reduce(f64::min)),
            line("", "highest", &|ages| ages.iter().copied().reduce(f64::max)),
            row("", "known for", parts, |part| Cell::Count {
                count: of(part).len(),
                of: Some(patients(&part.cases).len()),
            }),
        ],
    })
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// With n − 1; none for fewer than two.
fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use raduet_study::{CaseId, Fold, Split};

    use super::*;
    use crate::report_writers::tables::grid::{Form, Grid};

    /// Four patients, one with two images: ages 40, 50, 60 and unknown.
    fn facts() -> (Vec<CohortRow>, Split) {
        let case = |id: &str, patient: &str, class: &str, age, sex: Option<&str>| CohortRow {
            case: CaseId::new(id),
            patient: PatientId::new(patient),
            sequence: None,
            site: None,
            class: class.into(),
            age,
            sex: sex.map(str::to_owned),
            slices: 5,
        };
        let parts = [
            ("p1", Part::Train),
            ("p2", Part::Train),
            ("p3", Part::Valid),
            ("p4", Part::Test),
        ];
        let parts = parts.map(|(patient, part)| (PatientId::new(patient), part));
        let rows = vec![
            case("a", "p1", "low", None, Some("female")),
            case("b", "p1", "low", Some(40.0), Some("female")),
            case("c", "p2", "high", Some(50.0), Some("male")),
            case("d", "p3", "low", Some(60.0), None),
            case("e", "p4", "high", None, Some("female")),
        ];
        let split = Split {
            rule: "by hand".into(),
            seed: 7,
            folds: vec![Fold::new(parts).unwrap()],
        };
        (rows, split)
    }

    #[test]
    fn patients_are_counted_once_and_unknown_values_are_no_share() {
        let (rows, split) = facts();
        let people = People {
            rows: &rows,
            split: &split,
        };
        let classes = ClassNames::new(["low", "high"]).unwrap();
        let grid = Grid::of(&table(people, &classes).unwrap(), Form::Plain);
        assert_eq!(
            grid.head,
            ["Characteristic", "", "All", "Train", "Validation", "Test"]
        );
        let rows: Vec<String> = grid
            .groups
            .iter()
            .flatten()
            .map(|row| {
                let cells: Vec<&str> = row.cells.iter().map(|(text, _)| text.as_str()).collect();
                cells.join("|")
            })
            .collect();
        for expected in [
            "Patients||4|2|1|1",
            "Images||5|3|1|1",
            "Slices||25|15|5|5",
            "Class, patients|low|2 (50.0 %)|1 (50.0 %)|1 (100.0 %)|0 (0.0 %)",
            "Class, slices|low|15 (60.0 %)|10 (66.7 %)|5 (100.0 %)|0 (0.0 %)",
            "Age, years|mean|50.0|45.0|60.0|–",
            "|standard deviation|10.0|7.1|–|–",
            "|known for|3 (75.0 %)|2 (100.0 %)|1 (100.0 %)|0 (0.0 %)",
            "Sex, patients|female|2 (66.7 %)|1 (50.0 %)|0|1 (100.0 %)",
        ] {
            assert!(rows.contains(&expected.to_owned()), "{expected}: {rows:#?}");
        }
        assert!(!rows.iter().any(|row| row.starts_with("Site")));
    }
}
