//! `tables/`: the tables of the paper from any run, with who took part before them and the differences behind.
//!
//! The paper: Zeng et al., "Liver Cirrhosis Stage Estimation from MRI with Deep Learning".
//!
//! | table | what | made in |
//! |---|---|---|
//! | 0 | the cohort by part | `cohort` |
//! | I, II | networks with parameters on the first and the second (T2-weighted) sequence | `models` |
//! | III | networks by stage | `stages` |
//! | IV, V | variants of ResNet and of MambaVision | `variants` |
//! | VI, VII | learners on the first and the second sequence | `models` |
//! | VIII | learners by stage | `stages` |
//! | differences | every model against every other | `differences` |
//!
//! One description of a table ([`table`]) goes through three writers: `csv`, `markdown`, `latex`; each writes it in
//! the paper's shape and again with intervals. A table that a run cannot fill is left out. The majority row stands in
//! every table of models, though not in the paper's.

mod cohort;
mod csv;
mod differences;
pub mod entries;
mod grid;
mod how;
mod latex;
mod markdown;
mod models;
pub mod sources;
mod stages;
pub mod table;
mod variants;

pub use sources::{DESIGNS, OfSequence, People, Sources};

use raduet_study::report::ModelReport;
use raduet_study::{Arm, ClassNames, Report};

use crate::error::Result;
use entries::Entry;
use grid::Form;
use table::{Cell, Table};

/// Every table that these sources fill, in the paper's order.
pub fn all(sources: &Sources<'_>) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    if let (Some(people), Some(report)) = (sources.cohort, sources.whole) {
        tables.extend(cohort::table(people, &report.classes));
    }
    let overall = |arm: Arm| {
        let sequences = sources.sequences.iter().enumerate();
        sequences.filter_map(move |(at, of)| {
            let rows = rows(of, arm);
            let (stem, number) = place(sources, at, arm);
            (!rows.is_empty()).then(|| models::table(&stem, &number, arm, &of.report, rows))
        })
    };
    let by_stage = |arm, stem, number| {
        let of = sources.sequences.last()?;
        let rows = rows(of, arm);
        (!rows.is_empty()).then(|| stages::table(stem, number, arm, &of.report, rows))
    };
    tables.extend(overall(Arm::Deep));
    tables.extend(by_stage(Arm::Deep, "table_3", "III"));
    if let Some(of) = sources.sequences.last() {
        for (rows, (_, number, stem, design)) in of.variants.iter().zip(DESIGNS) {
            if !rows.is_empty() {
                tables.push(variants::table(stem, number, design, &of.report, rows));
            }
        }
    }
    tables.extend(overall(Arm::Radiomics));
    tables.extend(by_stage(Arm::Radiomics, "table_8", "VIII"));
    if let Some(report) = sources.whole {
        tables.extend(differences::table(report));
    }
    mark_substitutes(&mut tables);
    tables
}

/// Table 0 as printed cells, for the page: the table, its heads, its rows.
pub(super) fn cohort(
    people: People<'_>,
    classes: &ClassNames,
) -> Option<(Table, Vec<String>, Vec<Vec<String>>)> {
    let table = cohort::table(people, classes)?;
    let grid = grid::Grid::of(&table, Form::Plain);
    let rows = grid.groups.into_iter().flatten();
    let rows = rows.map(|row| row.cells.into_iter().map(|(text, _)| text).collect());
    Some((table, grid.head, rows.collect()))
}

/// Every file of the tables, by its name in the folder; none where there is no table.
///
/// # Errors
/// [`crate::error::Code::Internal`] when a writer fails, which it does not in memory.
pub fn files(sources: &Sources<'_>) -> Result<Vec<(String, Vec<u8>)>> {
    let tables = all(sources);
    let mut files = Vec::new();
    let mut stems = Vec::new();
    for table in &tables {
        let twin = table.intervals.is_some().then_some(Form::WithIntervals);
        for form in std::iter::once(Form::Plain).chain(twin) {
            let stem = match form {
                Form::Plain => table.stem.clone(),
                Form::WithIntervals => format!("{}_intervals", table.stem),
            };
            files.push((format!("{stem}.csv"), csv::file(table, form)?));
            let piece = markdown::piece(table, form);
            files.push((format!("{stem}.md"), piece.into_bytes()));
            let latex = latex::file(table, form);
            files.push((format!("{stem}.tex"), latex.into_bytes()));
            stems.push(stem);
        }
    }
    if !tables.is_empty() {
        let page = markdown::page(&tables);
        files.push(("tables.md".into(), page.into_bytes()));
        files.push(("tables.tex".into(), latex::document(&stems).into_bytes()));
    }
    Ok(files)
}

/// All tables as one Markdown page.
pub fn page(sources: &Sources<'_>) -> String {
    markdown::page(&all(sources))
}

/// The models of an arm, in a title.
fn of_whom(arm: Arm) -> &'static str {
    if arm == Arm::Deep {
        "networks"
    } else {
        "learners on radiomics features"
    }
}

/// The rows of an arm.
fn rows(of: &OfSequence, arm: Arm) -> &[Entry] {
    if arm == Arm::Deep {
        &of.networks
    } else {
        &of.learners
    }
}

/// Stem and number of the table of a sequence. The first sequence is the paper's T1W and the second its T2W, unless a
/// single one is weighted by T2; further ones bear their name.
fn place(sources: &Sources<'_>, at: usize, arm: Arm) -> (String, String) {
    let numbers = if arm == Arm::Deep {
        [("table_1", "I"), ("table_2", "II")]
    } else {
        [("table_6", "VI"), ("table_7", "VII")]
    };
    let name = sources.sequences[at].sequence.as_deref();
    let last = sources.sequences.len() - 1;
    let second = (at == last && last > 0) || (last == 0 && is_second(name));
    let (stem, number) = numbers[usize::from(second)];
    if at > 0 && at < last {
        let name = name.unwrap_or_default();
        let slug = name.chars().filter(char::is_ascii_alphanumeric);
        let slug: String = slug.collect::<String>().to_lowercase();
        return (format!("{stem}_{at}{slug}"), format!("{number}, {name}"));
    }
    (stem.to_owned(), number.to_owned())
}

fn is_second(sequence: Option<&str>) -> bool {
    sources::is_t2(sequence)
}

/// Says once below a table what the mark behind a name means.
fn mark_substitutes(tables: &mut [Table]) {
    for table in tables {
        let rows = table.groups.iter().flat_map(|group| &group.rows);
        let mut texts = rows
            .flat_map(|row| &row.cells)
            .filter_map(|cell| match cell {
                Cell::Text(text) => Some(text),
                _ => None,
            });
        if texts.any(|text| text.ends_with(" *")) {
            table.notes.push(
                "* from scratch: the paper begins with pretrained weights, and none were given for it \
                 (--pretrained DIR)"
                    .into(),
            );
        }
    }
}

/// A row's model in a report.
fn found<'a>(report: &'a Report, entry: &Entry) -> Option<&'a ModelReport> {
    report.model(entry.model.as_deref()?)
}

/// The name of a group, in its first row only.
fn first_of_group(at: usize, name: &str) -> Cell {
    if at == 0 {
        Cell::text(name)
    } else {
        Cell::Empty
    }
}
