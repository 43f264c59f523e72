//! The rows of a table before their figures are known: which models, by which names.

use raduet_study::{Arm, Report};

/// A model of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in tables.
    pub title: String,
    /// Its name in the report; `None` for a row that the run could not fill.
    pub model: Option<String>,
    /// Learned numbers, where they are known.
    pub parameters: Option<usize>,
    /// Whether it begins with pretrained weights.
    pub is_pretrained: bool,
    /// Begun from scratch where pretrained weights were wanted and not there.
    pub is_substitute: bool,
}

/// The learners of a report in its order.
pub fn learners(report: &Report) -> Vec<Entry> {
    let names = of_arm(report, Arm::Radiomics);
    names
        .map(|name| Entry {
            title: learner_title(name),
            ..plain(name)
        })
        .collect()
}

/// The networks of a report in its order.
pub fn networks(report: &Report) -> Vec<Entry> {
    let mut entries: Vec<Entry> = of_arm(report, Arm::Deep).map(network).collect();
    // Where a network stands twice, its rows say how they begin.
    let titles: Vec<String> = entries.iter().map(|entry| entry.title.clone()).collect();
    for entry in &mut entries {
        if entry.is_pretrained && titles.iter().filter(|t| **t == entry.title).count() > 1 {
            entry.title.push_str(", pretrained");
        }
    }
    entries
}

/// The networks whose names begin so, each under its own title: variants of one design.
pub fn variants(report: &Report, beginning: &str) -> Vec<Entry> {
    of_arm(report, Arm::Deep)
        .filter(|name| name.starts_with(beginning))
        .map(network)
        .collect()
}

/// Every model's name with its title.
pub(super) fn titles(report: &Report) -> Vec<(&str, String)> {
    let titles = report.models.iter().map(|model| {
        let name = model.model.as_str();
        let title = match model.arm {
            Arm::Radiomics => learner_title(name),
            Arm::Deep => match name.strip_suffix(PRETRAINED) {
                Some(network) => format!("{}, pretrained", network_title(network)),
                None => network_title(name),
            },
            Arm::Reference => name.to_owned(),
        };
        (name, title)
    });
    titles.collect()
}

/// The row of what models are measured against.
pub fn reference(name: &str) -> Entry {
    plain(name)
}

fn of_arm(report: &Report, arm: Arm) -> impl Iterator<Item = &str> {
    let models = report.models.iter().filter(move |model| model.arm == arm);
    models.map(|model| model.model.as_str())
}

fn plain(name: &str) -> Entry {
    Entry {
        title: name.to_owned(),
        model: Some(name.to_owned()),
        parameters: None,
        is_pretrained: false,
        is_substitute: false,
    }
}

/// The mark of a network that begins with pretrained weights, behind its name.
const PRETRAINED: &str = ":pretrained";

/// Whether a network of this name in a report begins with pretrained weights.
pub(in crate::report_writers) fn is_pretrained(name: &str) -> bool {
    name.ends_with(PRETRAINED)
}

fn network(name: &str) -> Entry {
    let (network, is_pretrained) = match name.strip_suffix(PRETRAINED) {
        Some(network) => (network, true),
        None => (name, false),
    };
    Entry {
        title: network_title(network),
        is_pretrained,
        ..plain(name)
    }
}

#[cfg(feature = "deep")]
fn network_title(name: &str) -> String {
    raduet_deep::registry::find(name).map_or_else(|_| name.to_owned(), |e| e.title.to_owned())
}

#[cfg(not(feature = "deep"))]
fn network_title(name: &str) -> String {
    name.to_owned()
}

/// A learner's title, with its back end where that is not the default one.
#[cfg(feature = "learners")]
fn learner_title(name: &str) -> String {
    match raduet_learners::registry::find(name) {
        Ok(entry) if entry.default => entry.title.to_owned(),
        Ok(entry) => format!("{} ({})", entry.title, entry.backend),
        Err(_) => name.to_owned(),
    }
}

#[cfg(not(feature = "learners"))]
fn learner_title(name: &str) -> String {
    name.to_owned()
}

/// Fills in how many numbers each network learns for so many classes.
#[cfg(feature = "deep")]
pub fn count_parameters(entries: &mut [Entry], classes: usize) {
    for entry in entries {
        let name = entry.model.as_deref().unwrap_or_default();
        let network = name.strip_suffix(PRETRAINED).unwrap_or(name);
        // A model of other origin has no known size: its cell stays empty.
        let known = raduet_deep::registry::find(network);
        entry.parameters = known.and_then(|known| known.parameters(classes)).ok();
    }
}

/// Without networks in this build nobody knows their sizes.
#[cfg(not(feature = "deep"))]
pub fn count_parameters(_: &mut [Entry], _: usize) {}
