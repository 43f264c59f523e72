//! What models go by.

use super::Page;
use crate::figures::Section;

/// Files of the run that explain models, and what they are.
const FILES: [(&str, &str); 5] = [
    (
        "figures/importance.csv",
        "permutation importance of every column on the test rows",
    ),
    (
        "figures/shap.csv",
        "mean absolute SHAP values by class and column",
    ),
    (
        "figures/shap_",
        "SHAP values of every test row, a file a learner",
    ),
    (
        "figures/learning_curve.csv",
        "log losses by the number of patients learned from",
    ),
    (
        "figures/grad_cam/",
        "where networks look: pictures of test slices, a folder a network",
    ),
];

/// The section.
pub(super) fn body(page: &Page<'_>) -> String {
    let figures = page.figures(Section::Explanation);
    let found: Vec<String> = FILES
        .iter()
        .filter(|(beginning, _)| page.facts.wrote_any(beginning))
        .map(|(beginning, what)| {
            let any = if beginning.strip_suffix(".csv").is_some() {
                ""
            } else {
                "…"
            };
            format!("<li><code>{beginning}{any}</code> {what}</li>\n")
        })
        .collect();
    if found.is_empty() {
        let asked = "<p>Nothing was asked for. <code>--importance</code>, <code>--shap</code> and <code>--learning-curve</code> explain learners, <code>--grad-cam N</code> networks.</p>\n";
        return format!("{asked}{figures}");
    }
    format!(
        "{figures}<p>All of it stands in the run's folder:</p>\n<ul>\n{}</ul>\n",
        found.concat()
    )
}
