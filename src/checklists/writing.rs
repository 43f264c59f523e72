//! A checklist as Markdown and as CSV.

use std::fmt::Write;

use super::{Answer, Filled, Place, Score, Status, grade};
use crate::error::{Result, ToolError};
use crate::io::cell;
use crate::report_writers::escape::markdown as escaped;

impl Place {
    /// In words: `report.html#data`, `run.json`.
    pub fn text(self) -> String {
        match self {
            Self::Section(id) => format!("report.html#{id}"),
            Self::File(name) => name.to_owned(),
        }
    }
}

impl Score {
    /// In words: `41.2 to 78.0 %`.
    pub fn text(self) -> String {
        format!(
            "{:.1} to {:.1} % ({} to {}): from none to all of the {} open items met",
            self.lowest,
            self.highest,
            grade(self.lowest),
            grade(self.highest),
            self.open
        )
    }
}

impl Answer {
    /// What a scored item is by what the run knows.
    pub fn mark(&self) -> &'static str {
        match (self.status, self.met) {
            (Status::NotApplicable, _) => "does not apply",
            (_, Some(true)) => "yes",
            (_, Some(false)) => "no",
            (_, None) => "open",
        }
    }
}

/// How many items stand how: `21 answered, 14 partly, …`.
pub(super) fn summary(filled: &Filled) -> String {
    let counts = Status::ALL.map(|status| format!("{} {}", filled.count(status), status.name()));
    counts.join(", ")
}

pub(super) fn markdown(filled: &Filled) -> String {
    let mut out = format!(
        "# {}\n\n{}\n\n{}.",
        filled.list.name,
        escaped(filled.list.source),
        summary(filled)
    );
    if let Some(score) = filled.score {
        let _ = write!(out, " Score: {}.", score.text());
    }
    out.push_str(
        " Items are named in short; the published wording decides. Places are files of this run.\n",
    );
    let scored = filled.score.is_some();
    out.push_str(if scored {
        "\n| no. | category | item | weight | met | status | in this run | where |\n|---|---|---|---:|---|---|---|---|"
    } else {
        "\n| no. | category | item | status | in this run | where |\n|---|---|---|---|---|---|"
    });
    for (item, answer) in &filled.rows {
        let _ = write!(
            out,
            "\n| {} | {} | {} |",
            item.number, item.category, item.text
        );
        if let Some(weight) = item.weight {
            let _ = write!(out, " {weight:.4} | {} |", answer.mark());
        }
        let places = answer.places.iter();
        let places: Vec<String> = places.map(|place| format!("`{}`", place.text())).collect();
        let _ = write!(
            out,
            " {} | {} | {} |",
            answer.status.name(),
            escaped(&answer.says),
            places.join(", ")
        );
    }
    out.push('\n');
    out
}

pub(super) fn csv(filled: &Filled) -> Result<Vec<u8>> {
    let internal = |fault: csv::Error| ToolError::internal(fault.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "number",
        "category",
        "item",
        "weight",
        "met",
        "status",
        "in_this_run",
        "where",
    ])
    .map_err(internal)?;
    for (item, answer) in &filled.rows {
        let places: Vec<String> = answer.places.iter().map(|place| place.text()).collect();
        let scored = item.weight.is_some();
        out.write_record([
            item.number.to_owned(),
            item.category.to_owned(),
            item.text.to_owned(),
            item.weight.map(|w| format!("{w:.4}")).unwrap_or_default(),
            if scored {
                answer.mark().to_owned()
            } else {
                String::new()
            },
            answer.status.name().to_owned(),
            cell::text(&answer.says),
            places.join("; "),
        ])
        .map_err(internal)?;
    }
    out.into_inner()
        .map_err(|fault| ToolError::internal(fault.to_string()))
}
