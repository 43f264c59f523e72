//! Questions that items of the lists ask, each answered once for all lists.
//!
//! A question is a function from what a run knows to an [`Answer`]. One that has no function of its own, such
//! as `author`, is left to the author.

mod data;
mod evaluation;
mod features;
mod models;

pub(crate) use features::{bins, number, spacing};

use super::{Answer, Facts, Place, Status};

/// What a question is answered by.
pub(super) type Rule = fn(&Facts<'_>) -> Answer;

/// Every question but `author`.
pub(super) fn rules() -> impl Iterator<Item = (&'static str, Rule)> {
    [
        data::RULES,
        features::RULES,
        models::RULES,
        evaluation::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The answer to a question.
pub(super) fn answer(question: &str, facts: &Facts<'_>) -> Answer {
    rules()
        .find(|(name, _)| *name == question)
        .map_or_else(|| author(""), |(_, rule)| rule(facts))
}

fn new(status: Status, says: String, places: &[Place]) -> Answer {
    Answer {
        met: (status == Status::Answered).then_some(true),
        status,
        says,
        places: places.to_vec(),
    }
}

/// In full.
fn answered(says: impl Into<String>, places: &[Place]) -> Answer {
    new(Status::Answered, says.into(), places)
}

/// In part.
fn partly(says: impl Into<String>, places: &[Place]) -> Answer {
    new(Status::Partly, says.into(), places)
}

/// Left to the author, with what helps.
fn author(says: impl Into<String>) -> Answer {
    new(Status::Author, says.into(), &[])
}

/// Does not apply to this run.
fn without(says: impl Into<String>) -> Answer {
    new(Status::NotApplicable, says.into(), &[])
}

/// Left to the author, since predictions do not tell it.
fn untold() -> Answer {
    author("predictions alone do not tell")
}

/// A setting in a word, without the marks of JSON around text.
fn word(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// `1 site`, `4 sites`.
fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

impl Answer {
    /// The run knows that a scored item is not met.
    fn unmet(mut self) -> Self {
        self.met = Some(false);
        self
    }

    /// With more places.
    fn and(mut self, places: Vec<Place>) -> Self {
        self.places.extend(places);
        self
    }
}

/// Where all settings stand.
const SETTINGS: Place = Place::File("run.json");
/// The methods in words.
const METHODS: Place = Place::File("methods.md");
