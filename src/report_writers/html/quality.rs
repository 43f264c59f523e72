//! What a reader must know before trusting the figures, and what has no result.

use std::fmt::Write;
use std::path::Path;

use raduet_study::Arm;
use serde_json::Value;

use super::Page;
use super::markup::{self, Column, text};
use crate::error::{Level, ToolError, Warning, shown_path};
use crate::figures::Section;
use crate::guards;
use crate::report_writers::doubts;

/// The section; it says so where there is nothing to say.
pub(super) fn body(page: &Page<'_>) -> String {
    let material = page.material;
    let doubts = doubts::all(material.report, material.warnings);
    let (shown, notes): (Vec<&Warning>, Vec<&Warning>) = doubts
        .iter()
        .partition(|warning| warning.level == Level::Warning);
    let failures: Vec<String> = material.failures.iter().map(failure).collect();
    let lines = |warnings: &[&Warning]| -> Vec<String> {
        warnings
            .iter()
            .map(|warning| self::warning(warning))
            .collect()
    };
    let mut body = guards(page);
    body.push_str(&list("Failures", "No case and no model failed.", &failures));
    body.push_str(&list("Doubts", "No doubt was recorded.", &lines(&shown)));
    if !notes.is_empty() {
        let items = items(&lines(&notes));
        body.push_str(&markup::details(&format!("{} notes", notes.len()), &items));
    }
    body.push_str(&page.figures(Section::Quality));
    body
}

/// What was looked for, and what was found.
fn guards(page: &Page<'_>) -> String {
    let (facts, report) = (&page.facts, page.material.report);
    let found = |count: usize, what: &str| match count {
        0 => "nothing".to_owned(),
        n => format!("{n} {what}, listed below"),
    };
    let mut rows = vec![[
        "patients in two parts of a fold".to_owned(),
        match report.split.shared_patients {
            0 => "nobody".to_owned(),
            n => format!("{n} patients"),
        },
    ]];
    let mut put = |what: &str, found: String| rows.push([what.to_owned(), found]);
    if facts.study.is_some() {
        let what = if facts.from_a_table() {
            "one patient under two names, the same measurements under two ids"
        } else {
            "one patient under two names, the same image under two ids"
        };
        let [one, two] = guards::found(page.material.warnings);
        let said = match (one, two) {
            (0, 0) => "nothing".to_owned(),
            (one, 0) => found(one, "on one side of the split"),
            (one, two) => format!(
                "{two} across the split, allowed by <code>--allow-leaks</code>, and {one} on one side, listed below"
            ),
        };
        put(what, said);
        if facts.has(Arm::Radiomics) {
            let said = found(report.leaks.len(), "columns separate a class by themselves");
            put("columns that give the class away", said);
        }
        put(
            "test rows answered more than once",
            answered_twice(page.material.kept.models),
        );
        put(
            "control with exchanged labels (<code>--sanity</code>)",
            match &report.control {
                None => "not asked for: another run is needed for it".to_owned(),
                Some(control) => {
                    let outcome = if control.passed { "passed" } else { "failed" };
                    format!("{outcome}: {}", text(&control.sentence))
                }
            },
        );
        let failures = page.material.failures.len();
        put(
            "cases and models without a result",
            found(failures, "failures"),
        );
    }
    let doubts = doubts::all(report, page.material.warnings);
    let doubts = doubts
        .iter()
        .filter(|warning| warning.level == Level::Warning);
    put(
        "whatever else was doubtful",
        found(doubts.count(), "in all"),
    );
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    markup::of_class(
        "guards",
        "What was looked for, and what was found",
        &[("looked for", Column::Words), ("found", Column::Words)],
        &rows,
    )
}

/// Of how many models and folds the test rows were answered another time than once, by the run's own count.
fn answered_twice(models: &Value) -> String {
    let counts: Vec<u64> = models
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|model| model["test_rows_read"]["answered"].as_u64())
        .collect();
    if counts.is_empty() {
        return "not counted".to_owned();
    }
    match counts.iter().filter(|count| **count != 1).count() {
        0 => format!("nothing: once by each of {} fitted models", counts.len()),
        n => format!("{n} of {} fitted models, listed below", counts.len()),
    }
}

/// More lines than these are folded, so that the page stays readable.
const MOST_LINES: usize = 12;

fn list(heading: &str, none: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return markup::part(heading, &format!("<p>{none}</p>\n"));
    }
    let (first, rest) = lines.split_at(lines.len().min(MOST_LINES));
    let mut body = items(first);
    if !rest.is_empty() {
        body.push_str(&markup::details(
            &format!("{} more", rest.len()),
            &items(rest),
        ));
    }
    markup::part(heading, &body)
}

fn items(lines: &[String]) -> String {
    let mut out = String::from("<ul>\n");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", text(line));
    }
    out.push_str("</ul>\n");
    out
}

fn failure(failure: &ToolError) -> String {
    let mut line = format!("[{}]", failure.code);
    if let Some(case) = &failure.case {
        let _ = write!(line, " case {case}:");
    }
    if let Some(file) = &failure.file {
        let _ = write!(line, " {}:", place(file));
    }
    if let Some(against) = &failure.against {
        let _ = write!(line, " against {}:", place(against));
    }
    let _ = write!(line, " {}", failure.found);
    if !failure.expected.is_empty() {
        let _ = write!(line, ", expected {}", failure.expected);
    }
    if !failure.remedy.is_empty() {
        let _ = write!(line, "; {}", failure.remedy);
    }
    line
}

fn warning(warning: &Warning) -> String {
    let mut line = format!("[{}]", warning.code);
    if let Some(case) = &warning.case {
        let _ = write!(line, " case {case}:");
    }
    if let Some(file) = &warning.file {
        let _ = write!(line, " {}:", place(file));
    }
    let _ = write!(line, " {}; {}", warning.found, warning.done);
    line
}

/// A path as the manifest gives it; of one that begins at the root only the name, since folders of a
/// machine speak of its people and differ from one to the next.
fn place(path: &Path) -> String {
    let name = if path.is_absolute() {
        path.file_name().map(Path::new)
    } else {
        None
    };
    shown_path(name.unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_from_the_root_is_told_by_its_name() {
        assert_eq!(place(Path::new("/data/people/P17.nii.gz")), "P17.nii.gz");
        assert_eq!(place(Path::new("img/P17.nii.gz")), "img/P17.nii.gz");
    }
}
