//! `methods.md` and `citations.bib`: what this run did, in the past tense, and whom to cite for it.
//!
//! Every sentence speaks of something that was done with this run's settings; nothing else is said. A method is
//! cited where a sentence names it, and the bibliography holds what is cited and no more.

mod deep;
mod judging;
mod radiomics;

use std::fmt::Write;

use raduet_study::{Arm, Part};

use super::Material;
use super::escape::markdown as escaped;
use super::judged::Judged;
use crate::checklists::Facts;

/// Every work that may be cited, one a line.
const LIBRARY: &str = include_str!("library.bib");

/// A paragraph with its heading. Citations stand as `[@key]`, as Pandoc reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// What it is about.
    pub heading: &'static str,
    /// Its sentences, as Markdown: names from outside are escaped.
    pub text: String,
}

/// The methods of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Methods {
    /// In the order of the work.
    pub paragraphs: Vec<Paragraph>,
}

impl Methods {
    /// What a run did.
    pub fn of(material: &Material<'_>) -> Self {
        let facts = Facts::of(material);
        let paragraphs = [
            ("Data", data(&facts)),
            ("Features", radiomics::features(&facts)),
            ("Learners", radiomics::learners(&facts)),
            ("Networks", deep::networks(&facts)),
            (
                "Statistics",
                judging::statistics(&facts, Judged::of(material)),
            ),
            ("Explanation", judging::explanation(&facts)),
            ("Reporting", judging::reporting(&facts)),
        ];
        let written = paragraphs.into_iter().filter(|(_, text)| !text.is_empty());
        Self {
            paragraphs: written
                .map(|(heading, text)| Paragraph { heading, text })
                .collect(),
        }
    }

    /// The methods as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = String::from(
            "# Methods\n\nWhat this run did, from its own settings. Citations are keys of `citations.bib`. What was done before and beside it is the author's to add.\n",
        );
        for paragraph in &self.paragraphs {
            let _ = write!(out, "\n## {}\n\n{}\n", paragraph.heading, paragraph.text);
        }
        out
    }

    /// The works that the methods cite, in the order of their first mention.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys = Vec::new();
        for paragraph in &self.paragraphs {
            for part in paragraph.text.split('@').skip(1) {
                let end = part.find([']', ';', ' ']).unwrap_or(part.len());
                let key = &part[..end];
                if entry(key).is_some() && !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    /// What is cited, as BibTeX.
    pub fn bibliography(&self) -> String {
        let entries = self.keys().into_iter().filter_map(entry);
        entries.fold(String::new(), |mut out, entry| {
            out.push_str(&entry.replace(", title=", ",\n  title="));
            out.push_str("\n\n");
            out
        })
    }
}

/// The entry of a key.
fn entry(key: &str) -> Option<&'static str> {
    LIBRARY.lines().find(|line| {
        let head = line
            .split_once('{')
            .and_then(|(_, rest)| rest.split_once(','));
        head.is_some_and(|(found, _)| found == key)
    })
}

/// A list in words: `a, b and c`.
fn listed<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

fn data(facts: &Facts<'_>) -> String {
    let report = facts.report;
    let classes: Vec<String> = report.classes.names().iter().map(|c| escaped(c)).collect();
    let mut text = match facts.kept.cohort.len() {
        0 => String::new(),
        cases => {
            let slices: usize = facts.kept.cohort.iter().map(|row| row.slices).sum();
            let patients: std::collections::BTreeSet<_> =
                facts.kept.cohort.iter().map(|row| &row.patient).collect();
            format!(
                "The cohort '{}' had {} ({}, {}) of the classes {}. ",
                escaped(&report.cohort),
                plural(patients.len(), "patient", "patients"),
                plural(cases, "case", "cases"),
                plural(slices, "slice", "slices"),
                listed(&classes)
            )
        }
    };
    let split = &report.split;
    if facts.kept.split.is_some() {
        let _ = write!(
            text,
            "Patients were divided by: {}, seed {}; no patient stood in two parts{}. ",
            escaped(&split.rule),
            split.seed,
            if split.folds > 1 {
                format!(" of any of the {} folds", split.folds)
            } else {
                String::new()
            }
        );
    }
    if split.folds == 1 {
        let _ = write!(
            text,
            "{} were for training, {} for choosing and {} for testing. ",
            facts.patients(Part::Train),
            facts.patients(Part::Valid),
            facts.patients(Part::Test)
        );
    }
    if report.control.is_some() {
        text.push_str(
            "As a control, the classes of training and validation patients were exchanged at random among these; figures of this run are no result. ",
        );
    }
    if facts.has(Arm::Radiomics) && facts.has(Arm::Deep) && facts.study.is_some() {
        text.push_str("Both arms were given the same slices and the same split. ");
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_work_has_a_key_of_its_own_and_balanced_braces() {
        let mut keys: Vec<&str> = Vec::new();
        for line in LIBRARY.lines() {
            let (_, rest) = line.split_once('{').unwrap();
            let (key, _) = rest.split_once(',').unwrap();
            assert!(!keys.contains(&key), "{key} twice");
            keys.push(key);
            assert_eq!(
                line.matches('{').count(),
                line.matches('}').count(),
                "{key}"
            );
            assert!(line.contains("title=") && line.contains("year="), "{key}");
        }
        // Each of them is cited somewhere in this module, and nothing is cited that is not there.
        let code = [
            include_str!("deep.rs"),
            include_str!("judging.rs"),
            include_str!("radiomics.rs"),
        ]
        .concat();
        for key in &keys {
            assert!(code.contains(&format!("@{key}")), "{key} is never cited");
        }
        for part in code.split('@').skip(1) {
            let key: String = part
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            assert!(keys.contains(&&*key), "@{key} is no work of the library");
        }
    }

    #[test]
    fn citations_are_those_of_the_text() {
        let methods = Methods {
            paragraphs: vec![Paragraph {
                heading: "Statistics",
                text: "Tests were exact [@mcnemar1947; @holm1979], twice [@mcnemar1947]; mail a@b."
                    .into(),
            }],
        };
        assert_eq!(methods.keys(), ["mcnemar1947", "holm1979"]);
        let bibliography = methods.bibliography();
        assert_eq!(
            bibliography.matches("@article").count(),
            2,
            "{bibliography}"
        );
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
