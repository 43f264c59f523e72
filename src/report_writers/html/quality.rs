//! What a reader must know before trusting the figures, and what has no result.

use std::fmt::Write;
use std::path::Path;

use super::Page;
use super::markup::{self, text};
use crate::error::{Level, ToolError, Warning, shown_path};
use crate::figures::Section;
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
    let report = page.material.report;
    let found = |what: &str, count: usize| match count {
        0 => format!("no {what}"),
        n => format!("{n} {what}, listed below"),
    };
    let mut rows = vec![
        (
            "patients on two sides",
            format!(
                "{} shared between parts of a fold",
                report.split.shared_patients
            ),
        ),
        (
            "columns that give the class away",
            found("column separates a class by itself", report.leaks.len()),
        ),
    ];
    if page.facts.study.is_some() {
        rows.push((
            "cases and models without a result",
            found("failures", page.material.failures.len()),
        ));
    }
    rows.push((
        "doubts",
        found(
            "doubts",
            doubts::all(report, page.material.warnings)
                .iter()
                .filter(|warning| warning.level == Level::Warning)
                .count(),
        ),
    ));
    markup::facts(&rows)
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
