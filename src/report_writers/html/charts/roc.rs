//! Receiver operating characteristics of every class against the rest, on test slices.
//!
//! A sample is called positive from a threshold of its class's probability on; the curve joins the
//! (false positive rate, true positive rate) of every threshold, from nobody to everybody. Samples of
//! one and the same probability pass together, which counts ties half in the area under straight lines.

use std::fmt::Write;

use raduet_study::metrics::auc;
use raduet_study::{Arm, Label, Part, PredictionRow, Predictions};

use super::super::chosen::Chosen;
use super::super::markup::{self, text};
use super::unit_square::{HEIGHT, WIDTH, axes, line, x};
use super::{cut, svg};
use crate::report_writers::numbers::UNDEFINED;

/// Height of a line of the legend.
const LEGEND: f64 = 18.0;

/// The part of the page: one panel per class, all models shown in full in each.
pub(in super::super) fn part(predictions: &[Predictions], chosen: &Chosen<'_>) -> String {
    let models: Vec<&Predictions> = chosen
        .models
        .iter()
        .filter_map(|model| predictions.iter().find(|p| p.model() == model.model))
        .collect();
    let Some(first) = models.first() else {
        return markup::part("ROC curves", Chosen::nobody());
    };
    // Of two classes the second is the positive one; the other's curve is the same one turned.
    let all = first.classes().labels();
    let labels: Vec<Label> = all.skip(usize::from(first.classes().len() == 2)).collect();
    let panels: String = labels
        .into_iter()
        .map(|label| panel(&models, label))
        .collect();
    let body = format!(
        "<p>Every class against the rest, on test slices; the area under the curve stands beside the name.</p>\n<div class=\"panels\">\n{panels}</div>\n"
    );
    markup::part("ROC curves", &body)
}

fn panel(models: &[&Predictions], label: Label) -> String {
    let class = text(models[0].classes().name(label));
    let mut drawing = axes("false positive rate", "true positive rate");
    let mut told = Vec::new();
    for (place, model) in models.iter().enumerate() {
        let rows: Vec<&PredictionRow> = test_rows(model).collect();
        let points = curve(&rows, label);
        let style = style(model.arm(), place);
        if let Some(points) = &points {
            drawing.push_str(&line(&style, points));
        }
        let area = area(&rows, label).map_or_else(|| UNDEFINED.to_owned(), |a| format!("{a:.3}"));
        let base = HEIGHT + LEGEND * (place as f64 + 0.5);
        let _ = write!(
            drawing,
            "<line class=\"{style}\" x1=\"{:.1}\" y1=\"{base:.1}\" x2=\"{:.1}\" y2=\"{base:.1}\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\">{} {area}</text>\n",
            x(0.0),
            x(0.0) + 28.0,
            x(0.0) + 36.0,
            base + 4.0,
            text(&cut(model.model()))
        );
        told.push(format!("{} {area}", text(model.model())));
    }
    let title = format!(
        "ROC of {class} against the rest; areas: {}",
        told.join(", ")
    );
    let height = HEIGHT + LEGEND * models.len() as f64 + 4.0;
    format!(
        "<figure>\n<figcaption>{class}</figcaption>\n{}</figure>\n",
        svg("panel", WIDTH, height, &title, &drawing)
    )
}

/// Classes of the style sheet for the `place`-th of the models.
pub(super) fn style(arm: Arm, place: usize) -> String {
    format!("curve dash{} {}", place % 4, arm.name())
}

fn test_rows(model: &Predictions) -> impl Iterator<Item = &PredictionRow> {
    model.rows().iter().filter(|row| row.part == Part::Test)
}

/// The area as the metrics count it.
fn area(rows: &[&PredictionRow], label: Label) -> Option<f64> {
    let scores: Vec<f64> = rows.iter().map(|row| row.probabilities[label.0]).collect();
    let positive: Vec<bool> = rows.iter().map(|row| row.truth == label).collect();
    auc(&scores, &positive).ok()
}

/// The corners of the curve from (0, 0) to (1, 1), without those on a straight line; `None` without a
/// positive or without a negative.
fn curve(rows: &[&PredictionRow], label: Label) -> Option<Vec<(f64, f64)>> {
    let mut scored: Vec<(f64, bool)> = rows
        .iter()
        .map(|row| (row.probabilities[label.0], row.truth == label))
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = scored.iter().filter(|&&(_, positive)| positive).count() as u64;
    let negatives = scored.len() as u64 - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut yes, mut no) = (0_u64, 0_u64);
    let mut corners: Vec<(u64, u64)> = vec![(0, 0)];
    for tied in scored.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        for &(_, positive) in tied {
            if positive {
                yes += 1;
            } else {
                no += 1;
            }
        }
        if let [.., before, last] = corners[..] {
            // Whole numbers: the last corner is none where both steps have one slope.
            let (dx, dy) = (last.0 - before.0, last.1 - before.1);
            if dx * (yes - last.1) == dy * (no - last.0) {
                corners.pop();
            }
        }
        corners.push((no, yes));
    }
    let share = |n: u64, all: u64| n as f64 / all as f64;
    Some(
        corners
            .into_iter()
            .map(|(no, yes)| (share(no, negatives), share(yes, positives)))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use raduet_study::{CaseId, PatientId, SampleId};

    use super::*;

    fn row(p: f64, truth: usize) -> PredictionRow {
        PredictionRow {
            sample: SampleId::whole(CaseId::new("c")),
            patient: PatientId::new("p"),
            part: Part::Test,
            fold: 0,
            truth: Label(truth),
            probabilities: vec![1.0 - p, p],
        }
    }

    /// Sorted: 0.9 + | 0.8 + | 0.6 − | 0.5 + and − tied | 0.2 −, so with three of each the corners are
    /// (0, 0) (0, 2/3) (1/3, 2/3) (2/3, 1) (1, 1): (0, 1/3) lies on a straight line. The area is
    /// 1/3 · 2/3 + 1/3 · 5/6 + 1/3 · 1 = 5/6.
    #[test]
    fn corners_by_hand() {
        let rows = [
            row(0.5, 1),
            row(0.2, 0),
            row(0.9, 1),
            row(0.6, 0),
            row(0.8, 1),
            row(0.5, 0),
        ];
        let rows: Vec<&PredictionRow> = rows.iter().collect();
        let third = |n: u32| f64::from(n) / 3.0;
        let points = curve(&rows, Label(1)).expect("both kinds are there");
        let expected = [
            (0.0, 0.0),
            (0.0, third(2)),
            (third(1), third(2)),
            (third(2), 1.0),
            (1.0, 1.0),
        ];
        assert_eq!(points, expected);
        let trapezoids: f64 = points
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0) * f64::midpoint(pair[0].1, pair[1].1))
            .sum();
        let area = area(&rows, Label(1)).expect("both kinds are there");
        assert!((area - 5.0 / 6.0).abs() < 1e-15);
        assert!((trapezoids - area).abs() < 1e-15);
    }

    #[test]
    fn one_kind_alone_has_no_curve() {
        let rows = [row(0.5, 1), row(0.2, 1)];
        let rows: Vec<&PredictionRow> = rows.iter().collect();
        assert_eq!(curve(&rows, Label(1)), None);
        assert_eq!(area(&rows, Label(1)), None);
    }

    #[test]
    fn a_constant_answer_is_the_diagonal() {
        let rows = [row(0.5, 1), row(0.5, 0), row(0.5, 0)];
        let rows: Vec<&PredictionRow> = rows.iter().collect();
        assert_eq!(curve(&rows, Label(1)), Some(vec![(0.0, 0.0), (1.0, 1.0)]));
    }
}
