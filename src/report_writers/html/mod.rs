//! `report.html`: the whole study for a reader, in one file that fetches nothing.
//!
//! The page allows itself its own style sheet and its one script, by their hashes, and nothing else. Everything
//! can be read without the script. The same study gives the same bytes.
//!
//! | section | file |
//! |---|---|
//! | summary: verdict, the numbers behind it | `summary` |
//! | data: cohort and split | `data` |
//! | quality: failures, doubts, guards | `quality` |
//! | features | `features` |
//! | learners, networks | `models` |
//! | comparison: every model, the two arms, classes, all figures | `leaderboard`, `difference`, `pairs`, `classes`, `all_metrics` |
//! | calibration and use | `calibration` |
//! | explanation | `explanation` |
//! | checklists | `checklist` |
//! | reproduce: how it was made, definitions, methods | `reproduce` |

mod all_metrics;
mod calibration;
mod checklist;
mod classes;
mod data;
mod difference;
mod explanation;
mod features;
mod leaderboard;
mod markup;
mod models;
mod pairs;
mod quality;
mod reproduce;
mod sheet;
mod summary;

#[cfg(test)]
mod tests;

use std::fmt::Write;

use raduet_study::Arm;

use crate::report_writers::chosen::Chosen;
use crate::report_writers::judged::Judged;
use markup::text;

use super::methods::Methods;
use super::{Material, screen};
use crate::checklists::{Facts, Filled};
use crate::figures::{Drawn, Section};

/// Sections of the page: id, entry of the contents, heading.
pub const SECTIONS: [(&str, &str, &str); 11] = [
    ("summary", "Summary", "Summary"),
    ("data", "Data", "Data"),
    ("quality", "Quality", "Quality of the data"),
    ("features", "Features", "Features"),
    ("learners", "Learners", "Learners"),
    ("networks", "Networks", "Networks"),
    ("comparison", "Comparison", "Comparison"),
    ("calibration", "Calibration and use", "Calibration and use"),
    ("explanation", "Explanation", "Explanation"),
    ("checklists", "Checklists", "Checklists"),
    ("reproduce", "Reproduce", "Reproduce"),
];

/// Everything that sections speak of.
struct Page<'a> {
    material: &'a Material<'a>,
    facts: Facts<'a>,
    chosen: Chosen<'a>,
    judged: Judged,
    drawn: &'a Drawn,
    checklists: &'a [Filled],
    methods: &'a Methods,
}

impl Page<'_> {
    /// The figures of a section.
    fn figures(&self, section: Section) -> String {
        let figures = self.drawn.figures.iter();
        let of_section = figures.filter(|figure| figure.section == section);
        let drawn: String = of_section.map(markup::figure).collect();
        if drawn.is_empty() {
            return drawn;
        }
        format!("<div class=\"figures\">\n{drawn}</div>\n")
    }
}

/// The whole report.
pub fn page(
    material: &Material<'_>,
    drawn: &Drawn,
    checklists: &[Filled],
    methods: &Methods,
) -> String {
    let report = material.report;
    let page = Page {
        facts: Facts::of(material),
        chosen: Chosen::of(report),
        judged: Judged::of(material),
        material,
        drawn,
        checklists,
        methods,
    };
    let bodies = [
        summary::body(&page),
        data::body(&page),
        quality::body(&page),
        features::body(&page),
        models::learners(&page),
        models::networks(&page),
        comparison(&page),
        calibration::body(&page),
        explanation::body(&page),
        checklist::body(&page),
        reproduce::body(&page),
    ];
    let (mut contents, mut sections) = (String::new(), String::new());
    for ((id, entry, heading), body) in SECTIONS.iter().zip(bodies) {
        let _ = writeln!(contents, "<li><a href=\"#{id}\">{entry}</a></li>");
        let _ = write!(
            sections,
            "<section id=\"{id}\" aria-labelledby=\"{id}-heading\">\n<h2 id=\"{id}-heading\">{heading}</h2>\n{body}</section>\n"
        );
    }
    let head = text(&screen::head(report));
    let style = sheet::style();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{head}</title>\n<style>{style}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#summary\">Skip to the summary</a>\n<div class=\"sheet\">\n\
         <header>\n<p class=\"over\">{over}</p>\n<h1>{title}</h1>\n</header>\n\
         <nav aria-label=\"Contents\">\n<ol>\n{contents}</ol>\n</nav>\n\
         <main>\n{sections}</main>\n</div>\n<script>{script}</script>\n</body>\n</html>\n",
        policy = sheet::policy(&style),
        over = text(&material.provenance.program),
        title = title(&page),
        script = sheet::SCRIPT,
    )
}

/// What was compared, and on whom.
fn title(page: &Page<'_>) -> String {
    let arms = match (page.facts.has(Arm::Deep), page.facts.has(Arm::Radiomics)) {
        (true, false) => "Deep learning",
        (false, true) => "Radiomics",
        _ => "Deep learning and radiomics",
    };
    format!("{arms} on {}", text(&page.material.report.cohort))
}

fn comparison(page: &Page<'_>) -> String {
    let note = page.judged.note(page.material.report);
    let mut body = note.map_or_else(String::new, |note| markup::note(&markup::text(&note)));
    if page.drawn.figures.is_empty() {
        let sentences = page.drawn.left_out.iter().take(1);
        body.extend(sentences.map(|why| markup::note(&format!("Figures: {}.", markup::text(why)))));
    }
    body.push_str(&leaderboard::body(page));
    body.push_str(&page.figures(Section::Comparison));
    body.push_str(&difference::part(page));
    body.push_str(&pairs::part(page));
    body.push_str(&classes::part(page));
    body.push_str(&all_metrics::part(page));
    body.push_str(&markup::note(
        "The paper's tables stand in <code>tables/</code> as CSV, Markdown and LaTeX, with and without intervals.",
    ));
    body
}
