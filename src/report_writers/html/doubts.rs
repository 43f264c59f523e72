//! What a reader must know before trusting the figures, and what has no result.

use std::fmt::Write;
use std::path::Path;

use super::markup::{self, text};
use crate::error::{Level, ToolError, Warning, shown_path};
use crate::report_writers::{Material, doubts};

/// The section; it says so where there is nothing to say.
pub(super) fn section(material: &Material<'_>) -> String {
    let doubts = doubts::all(material.report, material.warnings);
    let doubts: Vec<String> = doubts
        .iter()
        .filter(|warning| warning.level == Level::Warning)
        .map(warning)
        .collect();
    let failures: Vec<String> = material.failures.iter().map(failure).collect();
    let body = format!(
        "{}{}",
        list("Doubts", "No doubt was recorded.", &doubts),
        list("Failures", "No case and no model failed.", &failures)
    );
    markup::section("doubts", "Doubts and failures", &body)
}

fn list(heading: &str, none: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return format!("<p>{none}</p>\n");
    }
    let mut out = format!("<h3>{heading}</h3>\n<ul>\n");
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
