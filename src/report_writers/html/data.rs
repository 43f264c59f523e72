//! Who took part, and who stood where.

use std::collections::{BTreeMap, BTreeSet};

use raduet_study::report::PartSummary;
use raduet_study::{Part, PatientId, Report};

use super::Page;
use super::markup::{self, Column, text};
use crate::figures::Section;
use crate::io::cohort_csv::CohortRow;
use crate::report_writers::numbers::UNDEFINED;

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let mut body = split(page.material.report);
    body.push_str(&cohort(page));
    body.push_str(&page.figures(Section::Data));
    body
}

fn split(report: &Report) -> String {
    let split = &report.split;
    let names: Vec<String> = report
        .classes
        .names()
        .iter()
        .map(|name| markup::name(name))
        .collect();
    let mut head = vec![("part", Column::Words)];
    if split.folds > 1 {
        head.push(("fold", Column::Number));
    }
    head.extend([("patients", Column::Number), ("slices", Column::Number)]);
    head.extend(names.iter().map(|name| (name.as_str(), Column::Number)));
    let rows: Vec<Vec<String>> = split
        .parts
        .iter()
        .map(|part| row(part, split.folds))
        .collect();
    let excluded = match split.excluded.len() {
        0 => String::new(),
        n => format!(" {n} patients of the cohort stand in no part."),
    };
    format!(
        "<p><strong>{} patients shared between parts.</strong> Made by: {}; seed {}; id <code>{}</code>.{excluded}</p>\n{}{}",
        split.shared_patients,
        text(&split.rule),
        split.seed,
        text(&split.id),
        markup::table("Patients by part and class", &head, &rows),
        markup::note(
            "Slices are those that a model answered; – where no model wrote rows of a part."
        )
    )
}

fn row(part: &PartSummary, folds: usize) -> Vec<String> {
    let mut row = vec![part.part.name().to_owned()];
    if folds > 1 {
        row.push(part.fold.to_string());
    }
    row.extend([counted(part.patients), counted(part.slices)]);
    row.extend(part.classes.iter().map(|class| {
        let slices = match class.slices {
            0 => String::new(),
            n => format!("<small>{n} slices</small>"),
        };
        // Of a part with patients, a class without any is told as it is.
        if part.patients == 0 {
            UNDEFINED.to_owned()
        } else {
            format!("{}{slices}", class.patients)
        }
    }));
    row
}

/// A count of what the predictions tell; none means that they do not speak of it.
fn counted(count: usize) -> String {
    match count {
        0 => UNDEFINED.to_owned(),
        n => n.to_string(),
    }
}

/// The cohort by part, where the run kept who took part: of folds as a whole.
fn cohort(page: &Page<'_>) -> String {
    let kept = page.material.kept;
    if kept.cohort.is_empty() {
        return String::new();
    }
    let mut groups: Vec<(&str, Vec<&CohortRow>)> = vec![("all", kept.cohort.iter().collect())];
    if let Some(fold) = kept.split.and_then(|split| split.folds.first())
        && page.material.report.split.folds == 1
    {
        for part in Part::ALL {
            let of_part = |row: &&CohortRow| fold.part(&row.patient) == Some(part);
            groups.push((part.name(), kept.cohort.iter().filter(of_part).collect()));
        }
    }
    let head: Vec<(&str, Column)> = [("", Column::Words)]
        .into_iter()
        .chain(groups.iter().map(|(name, _)| (*name, Column::Number)))
        .collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut put = |name: String, value: &dyn Fn(&[&CohortRow]) -> String| {
        let mut row = vec![name];
        row.extend(groups.iter().map(|(_, group)| value(group)));
        rows.push(row);
    };
    put("patients".into(), &|group| {
        patients(group).len().to_string()
    });
    put("cases".into(), &|group| group.len().to_string());
    put("slices".into(), &|group| {
        group
            .iter()
            .map(|row| row.slices)
            .sum::<usize>()
            .to_string()
    });
    let classes = page.material.report.classes.names();
    for class in classes {
        put(format!("patients, {}", markup::name(class)), &|group| {
            share(group, |row| row.class == *class)
        });
    }
    if kept.cohort.iter().any(|row| row.age.is_some()) {
        put("age in years, mean ± SD (range)".into(), &age);
    }
    for (what, value) in [
        (
            "sex",
            (|row| row.sex.as_deref()) as fn(&CohortRow) -> Option<&str>,
        ),
        ("site", |row| row.site.as_deref()),
        ("sequence", |row| row.sequence.as_deref()),
    ] {
        let found: BTreeSet<&str> = kept.cohort.iter().filter_map(value).collect();
        if found.len() > MOST_VALUES {
            let known = |group: &[&CohortRow]| {
                let found: BTreeSet<&str> = group.iter().filter_map(|row| value(row)).collect();
                found.len().to_string()
            };
            put(format!("different values of {what}"), &known);
            continue;
        }
        for one in found {
            put(
                format!("patients, {what} {}", markup::name(one)),
                &|group| share(group, |row| value(row) == Some(one)),
            );
        }
    }
    markup::part(
        "Cohort",
        &markup::of_class(
            "cohort",
            "Patients, cases and slices by part; shares are of the part's patients. Slices are those that both arms were given",
            &head,
            &rows,
        ),
    )
}

/// More different values than these are counted, not listed.
const MOST_VALUES: usize = 20;

fn patients<'a>(group: &[&'a CohortRow]) -> BTreeSet<&'a PatientId> {
    group.iter().map(|row| &row.patient).collect()
}

/// Patients with any case of a kind, and their share.
fn share(group: &[&CohortRow], is: impl Fn(&CohortRow) -> bool) -> String {
    let all = patients(group).len();
    let of_kind: Vec<&CohortRow> = group.iter().copied().filter(|row| is(row)).collect();
    let count = patients(&of_kind).len();
    if all == 0 {
        return UNDEFINED.to_owned();
    }
    format!(
        "{count} <small>{:.1} %</small>",
        100.0 * count as f64 / all as f64
    )
}

/// Mean, standard deviation (n − 1) and range over patients; a patient's age is that of the first case.
fn age(group: &[&CohortRow]) -> String {
    let mut of_patient: BTreeMap<&PatientId, f64> = BTreeMap::new();
    for row in group {
        if let Some(age) = row.age {
            of_patient.entry(&row.patient).or_insert(age);
        }
    }
    let ages: Vec<f64> = of_patient.into_values().collect();
    if ages.is_empty() {
        return UNDEFINED.to_owned();
    }
    let n = ages.len() as f64;
    let mean = ages.iter().sum::<f64>() / n;
    let squares: f64 = ages.iter().map(|age| (age - mean) * (age - mean)).sum();
    let deviation = if ages.len() > 1 {
        format!("{:.1}", (squares / (n - 1.0)).sqrt())
    } else {
        UNDEFINED.to_owned()
    };
    let (least, most) = ages
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &age| {
            (a.min(age), b.max(age))
        });
    format!(
        "{mean:.1} ± {deviation}<small>{least:.0} to {most:.0}, n = {}</small>",
        ages.len()
    )
}

#[cfg(test)]
mod tests {
    use raduet_study::CaseId;

    use super::*;

    #[test]
    fn ages_and_shares_are_of_patients_not_of_cases() {
        let row = |case: &str, patient: &str, age: f64, class: &str| CohortRow {
            case: CaseId::new(case),
            patient: PatientId::new(patient),
            sequence: None,
            site: None,
            class: class.into(),
            age: Some(age),
            sex: None,
            slices: 1,
        };
        // Two cases of one patient count once: mean of 50 and 70, SD sqrt(200).
        let rows = [
            row("a1", "a", 50.0, "x"),
            row("a2", "a", 50.0, "x"),
            row("b1", "b", 70.0, "y"),
        ];
        let group: Vec<&CohortRow> = rows.iter().collect();
        assert_eq!(age(&group), "60.0 ± 14.1<small>50 to 70, n = 2</small>");
        assert_eq!(
            share(&group, |row| row.class == "x"),
            "1 <small>50.0 %</small>"
        );
        assert_eq!(age(&[]), UNDEFINED);
    }
}
