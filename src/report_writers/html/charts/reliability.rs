//! Reliability diagrams: whether answers given with some confidence are right as often, on test slices.

use std::fmt::Write;

use raduet_study::metrics::ReliabilityBin;
use raduet_study::report::ModelReport;

use super::super::chosen::Chosen;
use super::super::markup::{self, text};
use super::unit_square::{HEIGHT, WIDTH, axes, line, x, y};
use super::{mark, svg};
use crate::report_writers::numbers::figure_plain;

/// Height of the tallest bar of the counts, as a share of the square.
const TALLEST: f64 = 0.16;
/// Radius of the mark of the fullest bin, and of an almost empty one.
const LARGEST: f64 = 7.0;
const SMALLEST: f64 = 2.0;

/// The part of the page: one panel per model shown in full.
pub(in super::super) fn part(chosen: &Chosen<'_>) -> String {
    if chosen.models.is_empty() {
        return markup::part("Reliability", Chosen::nobody());
    }
    let panels: String = chosen.models.iter().map(|model| panel(model)).collect();
    let body = format!(
        "<p>Confidence is the largest probability of an answer; on the diagonal it keeps its word. Bars and the size of the marks tell how many test slices stand behind a point.</p>\n<div class=\"panels\">\n{panels}</div>\n"
    );
    markup::part("Reliability", &body)
}

fn panel(model: &ModelReport) -> String {
    let bins: Vec<&ReliabilityBin> = model
        .slice
        .reliability
        .iter()
        .filter(|bin| bin.samples > 0)
        .collect();
    let fullest = bins.iter().map(|bin| bin.samples).max().unwrap_or(1) as f64;
    let mut drawing = axes("mean confidence", "share answered rightly");
    for bin in &bins {
        let top = y(TALLEST * bin.samples as f64 / fullest);
        let (left, right) = (x(bin.lower) + 1.0, x(bin.upper) - 1.0);
        let _ = writeln!(
            drawing,
            "<rect class=\"count\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            right - left,
            y(0.0) - top
        );
    }
    let points: Vec<(f64, f64)> = bins
        .iter()
        .filter_map(|bin| Some((bin.mean_confidence()?, bin.accuracy()?)))
        .collect();
    let arm = model.arm;
    drawing.push_str(&line(&super::roc::style(arm, 0), &points));
    for (bin, &(confidence, accuracy)) in bins.iter().zip(&points) {
        // The area of a mark goes with its samples.
        let radius = SMALLEST + (LARGEST - SMALLEST) * (bin.samples as f64 / fullest).sqrt();
        drawing.push_str(&mark(arm, x(confidence), y(accuracy), radius));
    }
    let error = figure_plain(model.slice.figure("ece"));
    let name = text(&model.model);
    let title = format!("Reliability diagram of {name} on test slices; calibration error {error}");
    format!(
        "<figure>\n<figcaption>{name}, calibration error {error}</figcaption>\n{}</figure>\n",
        svg("panel", WIDTH, HEIGHT, &title, &drawing)
    )
}
