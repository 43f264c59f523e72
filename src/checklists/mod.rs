//! Reporting checklists, filled in as far as a run can know.
//!
//! | list | items | source |
//! |---|---|---|
//! | CLEAR | 58 | Kocak et al. 2023, doi 10.1186/s13244-023-01415-8 |
//! | METRICS | 30 with weights, in 9 categories | Kocak et al. 2024, doi 10.1186/s13244-023-01572-w |
//! | IBSI | 76, of parts 104 | reference manual 1, chapter on reporting guidelines (arXiv 1612.07003) |
//! | TRIPOD+AI | 27, of parts 52 | Collins et al. 2024, doi 10.1136/bmj-2023-078378 |
//!
//! Items are numbered as published and named in words of our own; the published wording decides. A list is a
//! file in `lists/`: number, category, item, and the name of the question that answers it (`answers`).
//! What a tool cannot know is left to the author; nothing is answered by silence.

mod answers;
mod facts;
mod score;
mod writing;

#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::report_writers::Material;
pub(crate) use answers::{bins, number, spacing};
pub use facts::Facts;
pub use score::{Score, grade};

/// The folder of checklists in that of a run.
pub const FOLDER: &str = "checklists";

/// How far a run answers an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// In full: a reader finds it in the run.
    Answered,
    /// In part: the author adds to it.
    Partly,
    /// Not at all: only the author knows.
    Author,
    /// The item speaks of something that this run does not have.
    NotApplicable,
}

impl Status {
    /// All, in the order of summaries.
    pub const ALL: [Self; 4] = [
        Self::Answered,
        Self::Partly,
        Self::Author,
        Self::NotApplicable,
    ];

    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Partly => "partly",
            Self::Author => "left to the author",
            Self::NotApplicable => "does not apply",
        }
    }
}

/// Where in the run something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A section of `report.html`, by its id.
    Section(&'static str),
    /// A file of the run.
    File(&'static str),
}

/// What the run says about an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// How far.
    pub status: Status,
    /// What it says, or what is left to say.
    pub says: String,
    /// Where it stands.
    pub places: Vec<Place>,
    /// Whether a scored item is met, where the run knows.
    pub met: Option<bool>,
}

/// An item as a list has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// The published number, such as `12a`.
    pub number: &'static str,
    /// Its category.
    pub category: &'static str,
    /// The item in a few words.
    pub text: &'static str,
    /// Name of the question in `answers`.
    pub question: &'static str,
    /// Published weight; METRICS only.
    pub weight: Option<f64>,
}

/// A list of items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Checklist {
    /// Name of its files: `clear`.
    pub id: &'static str,
    /// Its name: `CLEAR`.
    pub name: &'static str,
    /// Title and source.
    pub source: &'static str,
    table: &'static str,
}

/// Every list, in reading order.
pub const LISTS: [Checklist; 4] = [
    Checklist {
        id: "clear",
        name: "CLEAR",
        source: "CheckList for EvaluAtion of Radiomics research, 58 items. Kocak et al., Insights into Imaging 14:75, 2023, doi:10.1186/s13244-023-01415-8",
        table: include_str!("lists/clear.tsv"),
    },
    Checklist {
        id: "metrics",
        name: "METRICS",
        source: "METhodological RadiomICs Score, 30 weighted items. Kocak et al., Insights into Imaging 15:8, 2024, doi:10.1186/s13244-023-01572-w",
        table: include_str!("lists/metrics.tsv"),
    },
    Checklist {
        id: "ibsi",
        name: "IBSI reporting items",
        source: "Image Biomarker Standardisation Initiative, reference manual, reporting guidelines, items 1 to 76. Zwanenburg et al., arXiv:1612.07003",
        table: include_str!("lists/ibsi.tsv"),
    },
    Checklist {
        id: "tripod_ai",
        name: "TRIPOD+AI",
        source: "Transparent reporting of a multivariable prediction model, 27 items. Collins et al., BMJ 385:e078378, 2024, doi:10.1136/bmj-2023-078378",
        table: include_str!("lists/tripod_ai.tsv"),
    },
];

impl Checklist {
    /// Its items in the published order.
    pub fn items(&self) -> impl Iterator<Item = Item> {
        self.table.lines().map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            Item {
                number: cell(),
                category: cell(),
                text: cell(),
                question: cell(),
                weight: cell().parse().ok(),
            }
        })
    }

    /// The list with what a run says.
    pub fn fill(&self, facts: &Facts<'_>) -> Filled {
        let rows: Vec<(Item, Answer)> = self
            .items()
            .map(|item| (item, answers::answer(item.question, facts)))
            .collect();
        Filled {
            score: Score::of(&rows),
            rows,
            list: *self,
        }
    }
}

/// A list that a run has filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// Which.
    pub list: Checklist,
    /// Every item with its answer.
    pub rows: Vec<(Item, Answer)>,
    /// What the items are worth together, where they have weights.
    pub score: Option<Score>,
}

impl Filled {
    /// How many items have a status.
    pub fn count(&self, status: Status) -> usize {
        let rows = self.rows.iter();
        rows.filter(|(_, answer)| answer.status == status).count()
    }
}

/// Every list, filled in.
pub fn fill(material: &Material<'_>) -> Vec<Filled> {
    let facts = Facts::of(material);
    LISTS.iter().map(|list| list.fill(&facts)).collect()
}

/// Every list as Markdown and CSV, with their names.
///
/// # Errors
/// [`crate::error::Code::Internal`] when a writer fails, which it does not in memory.
pub fn files(filled: &[Filled]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for list in filled {
        let name = |ending: &str| format!("{FOLDER}/{}.{ending}", list.list.id);
        files.push((name("md"), writing::markdown(list).into_bytes()));
        files.push((name("csv"), writing::csv(list)?));
    }
    Ok(files)
}
