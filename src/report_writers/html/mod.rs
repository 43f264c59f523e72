//! `report.html`: the whole comparison for a reader, in one file that fetches nothing and runs nothing.
//!
//! The page forbids itself every resource but its own styles, so that a name from a manifest could not
//! load or run anything even if it slipped through the escaping. The same study gives the same bytes.
//!
//! | in reading order | file |
//! |---|---|
//! | head, verdict, every model | `leaderboard` |
//! | patient accuracy with intervals | `charts::forest` |
//! | best network against best learner | `difference` |
//! | curves, answers and confidence of the best | `charts::roc`, `confusion`, `charts::reliability` |
//! | figures by class, every figure | `classes`, `figures` |
//! | who stood where | `division` |
//! | doubts, failures, origin, definitions | `doubts`, `origin` |

mod charts;
mod chosen;
mod classes;
mod confusion;
mod difference;
mod division;
mod doubts;
mod figures;
mod leaderboard;
mod markup;
mod origin;
mod style;

#[cfg(test)]
mod tests;

use raduet_study::Report;

use chosen::Chosen;
use markup::text;

use super::{Material, screen};

/// What the page may load: its own styles.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The sentences of the final screen, the arms' conclusion set off.
fn verdict(report: &Report) -> String {
    let conclusion = report
        .comparison
        .as_ref()
        .map(|comparison| comparison.verdict.as_str());
    let paragraph = |sentence: String| {
        let body = match conclusion.and_then(|end| Some((sentence.strip_suffix(end)?, end))) {
            Some((grounds, end)) => format!("{}<strong>{}</strong>", text(grounds), text(end)),
            None => text(&sentence),
        };
        format!("<p class=\"verdict\">{body}</p>\n")
    };
    screen::sentences(report)
        .into_iter()
        .map(paragraph)
        .collect()
}

/// The whole report.
pub fn page(material: &Material<'_>) -> String {
    let report = material.report;
    let chosen = Chosen::of(report);
    let head = text(&screen::head(report));
    let sections = [
        leaderboard::section(report, &chosen),
        charts::forest::section(report, &chosen),
        difference::section(report),
        charts::roc::section(material.predictions, &chosen),
        confusion::section(&chosen),
        charts::reliability::section(&chosen),
        classes::section(report, &chosen),
        figures::section(&chosen),
        division::section(report),
        doubts::section(material),
        origin::section(material),
    ]
    .concat();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{head}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<h1>{head}</h1>\n{verdict}</header>\n\
         {sections}</main>\n</body>\n</html>\n",
        style = style::SHEET,
        verdict = verdict(report),
    )
}
