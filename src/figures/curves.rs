//! ROC and precision–recall curves of the best of each arm: every class against the others, and their mean, with
//! bands over patients.

use raduet_study::curves::{Band, Curves, ThresholdCurve};
use raduet_study::report::{Level, ModelReport};
use raduet_study::{ClassNames, Grading, Label, Predictions};
use rayon::prelude::*;

use super::kit::axis::{BELOW, BESIDE, Grid, Plot};
use super::kit::font;
use super::kit::legend::{self, Entry, Sample};
use super::kit::marks::{Line, lines};
use super::kit::panels::Panels;
use super::kit::scene::{Paint, Scene, Stroke, Type};
use super::kit::style::{BAND, CURVE, HAIR, ONE_COLUMN, Role, SMALL, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::report_writers::Material;
use crate::report_writers::chosen::Chosen;
use crate::report_writers::judged::{self, Judged};
use crate::report_writers::numbers::confidence;

/// Most panels in a row.
const MOST_IN_A_ROW: usize = 4;
/// Length of a line beside its area: a dash and what follows it.
const SAMPLE: f64 = 13.0;
/// Steps between two corners of PR: the line of Davis and Goadrich is no straight one.
const STEPS: usize = 8;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Roc,
    PrecisionRecall,
}

/// A model with its curves at one level.
struct Subject<'a> {
    model: &'a ModelReport,
    /// One a class.
    corners: Vec<Option<ThresholdCurve>>,
    curves: Curves,
    style: Line,
}

/// Adds the figures.
pub(super) fn draw(material: &Material<'_>, drawn: &mut Drawn) {
    let chosen = Chosen::of(material.report);
    let mut answers = chosen.answers(material.predictions);
    if answers.is_empty() {
        drawn
            .left_out
            .push(format!("ROC and PR curves: {}", Chosen::NOBODY));
        return;
    }
    answers.retain(|(_, answers)| answers.grading() != Grading::Answers);
    if answers.is_empty() {
        let why = "ROC and PR curves: the models gave answers without probabilities";
        drawn.left_out.push(why.to_owned());
        return;
    }
    let judged = Judged::of(material);
    let styles = lines(answers.iter().map(|(model, _)| model.arm));
    for level in judged.levels(material.report) {
        let noun = judged.noun(level);
        let subjects: Option<Vec<Subject<'_>>> = answers
            .par_iter()
            .zip(&styles)
            .map(|((model, answers), style)| subject(material, model, answers, level, *style))
            .collect();
        let Some(subjects) = subjects else {
            drawn.left_out.push(format!(
                "ROC and PR curves of {noun}: the report does not tell by which weights slices were pooled"
            ));
            continue;
        };
        let classes = &material.report.classes;
        let anything = subjects
            .iter()
            .any(|s| s.corners.iter().any(Option::is_some));
        if !anything {
            drawn.left_out.push(format!(
                "ROC and PR curves of {noun}: the test part is of one class"
            ));
            continue;
        }
        for kind in [Kind::Roc, Kind::PrecisionRecall] {
            drawn
                .figures
                .push(figure(material, judged, level, kind, classes, &subjects));
        }
    }
}

fn subject<'a>(
    material: &Material<'_>,
    model: &'a ModelReport,
    answers: &Predictions,
    level: Level,
    style: Line,
) -> Option<Subject<'a>> {
    let rows = judged::rows(material.report, answers, level)?;
    let classes = answers.classes();
    let bootstrap = material.report.settings.bootstrap;
    Some(Subject {
        model,
        corners: classes
            .labels()
            .map(|class| ThresholdCurve::new(rows.rows(), class))
            .collect(),
        curves: Curves::new(classes, rows.rows(), bootstrap).ok()?,
        style,
    })
}

/// Panels: each class, but of two only the second, then the mean of more than two.
fn panels(classes: &ClassNames) -> Vec<Option<Label>> {
    if classes.len() == 2 {
        return vec![Some(Label(1))];
    }
    classes.labels().map(Some).chain([None]).collect()
}

fn figure(
    material: &Material<'_>,
    judged: Judged,
    level: Level,
    kind: Kind,
    classes: &ClassNames,
    subjects: &[Subject<'_>],
) -> Figure {
    let report = material.report;
    let (id, name, axes) = match kind {
        Kind::Roc => ("roc", "ROC", ["False positive rate", "True positive rate"]),
        Kind::PrecisionRecall => ("pr", "Precision–recall", ["Recall", "Precision"]),
    };
    let whose = judged.noun(level);
    let counted = judged.counted(report, level);
    let id = match level {
        Level::Slice => format!("{id}_slices"),
        Level::Patient => id.to_owned(),
    };
    let shown = panels(classes);
    let guide = match kind {
        Kind::Roc => "Thin diagonal: chance.",
        Kind::PrecisionRecall => {
            "Thin horizontal line: the share of the class among the test part, the precision of calling everybody positive."
        }
    };
    let mean = if shown.len() > 1 {
        " Macro: mean over the classes at each place across."
    } else {
        ""
    };
    let caption = format!(
        "{name} curves of {counted}, each class against all others.{mean} Bands: pointwise {} % percentile \
         intervals of the height, {} resamples of patients with all their rows. {guide} The curves of all models can \
         be computed from predictions.csv.",
        confidence(report),
        report.settings.bootstrap.resamples,
    );
    let scene = scene(classes, level, kind, axes, &shown, subjects);
    let table = table(classes, kind, &shown, subjects);
    let title = format!("{name} curves of {whose}");
    Figure::new(id, Section::Comparison, title, caption, (scene, table))
}

fn scene(
    classes: &ClassNames,
    level: Level,
    kind: Kind,
    axes: [&str; 2],
    shown: &[Option<Label>],
    subjects: &[Subject<'_>],
) -> Scene {
    let columns = shown.len().min(MOST_IN_A_ROW);
    let columns = if shown.len() > MOST_IN_A_ROW {
        3
    } else {
        columns
    };
    let width = if columns == 1 {
        ONE_COLUMN
    } else {
        TWO_COLUMNS
    };
    let mut panels = Panels {
        width,
        columns,
        beside: BESIDE,
        below: BELOW,
        height: 0.0,
        above: 0.0,
    };
    panels.height = panels.plot_width();
    let entries: Vec<Entry> = subjects
        .iter()
        .map(|subject| Entry {
            sample: Sample::Line(subject.style.role.into(), subject.style.dash),
            name: subject.model.model.clone(),
        })
        .collect();
    let head = legend::height(&entries, width - BESIDE);
    let mut scene = Scene::new(width, head + panels.total(shown.len()) + 2.0);
    legend::draw(&mut scene, (BESIDE, 0.0), width - BESIDE, &entries);
    for (at, class) in shown.iter().enumerate() {
        let sides = panels.sides(head, at);
        let plot = Plot::new(sides, (0.0, 1.0), (0.0, 1.0));
        let up = if at % columns == 0 { axes[1] } else { "" };
        plot.axes(&mut scene, [axes[0], up], [4, 4], Grid::Both);
        Panels::name(
            &mut scene,
            sides,
            class.map_or("macro", |class| classes.name(class)),
        );
        guide(&mut scene, &plot, kind, *class, subjects);
        for subject in subjects {
            let role = subject.style.role;
            if let Some(band) = subject.band(kind, *class) {
                scene.area(outline(&plot, band), Paint::from(role).faint(BAND));
            }
        }
        areas(&mut scene, &plot, level, kind, *class, subjects);
        for subject in subjects {
            let points = subject.line(kind, *class);
            let stroke = subject.stroke();
            scene.path(plot.line(&points), stroke);
        }
    }
    scene
}

/// The area under each curve, in the corner that curves leave free.
fn areas(
    scene: &mut Scene,
    plot: &Plot,
    level: Level,
    kind: Kind,
    class: Option<Label>,
    subjects: &[Subject<'_>],
) {
    let ((left, bottom), (right, top)) = (plot.at(0.0, 0.0), plot.at(1.0, 1.0));
    let area = |subject: &Subject<'_>| {
        let figures = judged::at(subject.model, level);
        let of_class = class.and_then(|class| figures.discrimination.get(class.0));
        match (kind, class) {
            (Kind::Roc, Some(_)) => of_class.and_then(|found| found.auc),
            (Kind::Roc, None) => figures.figure("auc_ovr").and_then(|figure| figure.value),
            (Kind::PrecisionRecall, _) => of_class.and_then(|found| found.average_precision),
        }
    };
    let areas: Vec<(&Subject<'_>, f64)> = subjects
        .iter()
        .filter_map(|subject| Some((subject, area(subject)?)))
        .collect();
    // Good curves leave the lower corner free, bad ones the upper one on the other side.
    let low = areas.iter().all(|(_, value)| *value < 0.5);
    let first = if low {
        top + SMALL + 1.0
    } else {
        bottom - 3.0 - (SMALL + 1.0) * (areas.len().saturating_sub(1)) as f64
    };
    let on_the_right = (kind == Kind::Roc) != low;
    for (line, (subject, value)) in areas.into_iter().enumerate() {
        let y = first + (SMALL + 1.0) * line as f64;
        let set = Type::new(SMALL).paint(subject.style.role);
        let label = match kind {
            Kind::Roc => format!("AUC {value:.3}"),
            Kind::PrecisionRecall => format!("AP {value:.3}"),
        };
        // The line itself beside its area: in print colours do not tell whose it is.
        let (x, start, set) = if on_the_right {
            let end = right - 2.5;
            let width = font::width(&label, SMALL, false);
            (end - width - 2.0 - SAMPLE, end, set.end())
        } else {
            (left + 2.5, left + 2.5 + SAMPLE + 2.0, set)
        };
        scene.label((start, y), label, set);
        let middle = y - 0.36 * SMALL;
        scene.line((x, middle), (x + SAMPLE, middle), subject.stroke());
    }
}

/// Chance.
fn guide(
    scene: &mut Scene,
    plot: &Plot,
    kind: Kind,
    class: Option<Label>,
    subjects: &[Subject<'_>],
) {
    let stroke = Stroke::new(Role::Quiet, HAIR);
    match kind {
        Kind::Roc => scene.line(plot.at(0.0, 0.0), plot.at(1.0, 1.0), stroke),
        Kind::PrecisionRecall => {
            let curve = class.and_then(|class| subjects[0].corners[class.0].as_ref());
            if let Some(curve) = curve {
                let share = curve.positives as f64 / (curve.positives + curve.negatives) as f64;
                scene.line(plot.at(0.0, share), plot.at(1.0, share), stroke);
            }
        }
    }
}

/// The border of a band, there and back; empty without a band.
fn outline(plot: &Plot, band: &Band) -> Vec<(f64, f64)> {
    let ends = band.at.iter().zip(&band.ends);
    let upper = ends.clone().map(|(&at, ends)| plot.at(at, ends.1));
    upper
        .chain(ends.rev().map(|(&at, ends)| plot.at(at, ends.0)))
        .collect()
}

impl Subject<'_> {
    fn stroke(&self) -> Stroke {
        Stroke::new(self.style.role, CURVE).dashed(self.style.dash)
    }

    /// Heights on the grid, with ends; of the mean where no class is named.
    fn band(&self, kind: Kind, class: Option<Label>) -> Option<&Band> {
        match (kind, class) {
            (Kind::Roc, Some(class)) => self.curves.roc[class.0].as_ref(),
            (Kind::Roc, None) => self.curves.macro_roc.as_ref(),
            (Kind::PrecisionRecall, Some(class)) => self.curves.precision_recall[class.0].as_ref(),
            (Kind::PrecisionRecall, None) => self.curves.macro_precision_recall.as_ref(),
        }
    }

    /// Points of the curve.
    fn line(&self, kind: Kind, class: Option<Label>) -> Vec<(f64, f64)> {
        let Some(class) = class else {
            let band = self.band(kind, None);
            return band.map_or_else(Vec::new, |band| {
                band.at
                    .iter()
                    .copied()
                    .zip(band.height.iter().copied())
                    .collect()
            });
        };
        match (&self.corners[class.0], kind) {
            (None, _) => Vec::new(),
            (Some(curve), Kind::Roc) => curve.roc(),
            (Some(curve), Kind::PrecisionRecall) => bent(curve),
        }
    }
}

/// PR with places between its corners, where right and wrong answers grow in proportion.
fn bent(curve: &ThresholdCurve) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for pair in curve.corners.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let bends = b.true_positives > a.true_positives && b.false_positives > a.false_positives;
        let steps = if bends { STEPS } else { 1 };
        // Before the first corner nobody is called positive: the curve begins with what its line tends to.
        let first = usize::from(!points.is_empty());
        for step in first..=steps {
            let share = step as f64 / steps as f64;
            let mix = |from: u64, to: u64| from as f64 + share * (to - from) as f64;
            let right = mix(a.true_positives, b.true_positives);
            let wrong = mix(a.false_positives, b.false_positives);
            let recall = right / curve.positives as f64;
            if right + wrong > 0.0 {
                points.push((recall, right / (right + wrong)));
            } else {
                let right = b.true_positives as f64;
                points.push((recall, right / (right + b.false_positives as f64)));
            }
        }
    }
    points
}

fn table(
    classes: &ClassNames,
    kind: Kind,
    shown: &[Option<Label>],
    subjects: &[Subject<'_>],
) -> Table {
    let [x, y] = match kind {
        Kind::Roc => ["false_positive_rate", "true_positive_rate"],
        Kind::PrecisionRecall => ["recall", "precision"],
    };
    let mut table = Table::new(&[
        "model",
        "arm",
        "class",
        "line",
        "threshold",
        x,
        y,
        "lower",
        "upper",
    ]);
    for subject in subjects {
        let model = (subject.model.model.as_str(), subject.model.arm.name());
        for class in shown {
            let name = class.map_or("macro", |class| classes.name(class));
            let corners = class.and_then(|class| subject.corners[class.0].as_ref());
            if let Some(curve) = corners {
                let points = match kind {
                    Kind::Roc => curve.roc(),
                    Kind::PrecisionRecall => curve.precision_recall(),
                };
                // PR lacks the corner at which nobody is called positive.
                let skipped = curve.corners.len() - points.len();
                for (corner, (x, y)) in curve.corners[skipped..].iter().zip(points) {
                    table.put(row![
                        model.0,
                        model.1,
                        name,
                        "corner",
                        corner.threshold,
                        x,
                        y,
                        None,
                        None
                    ]);
                }
            }
            if let Some(band) = subject.band(kind, *class) {
                for (at, (&x, &y)) in band.at.iter().zip(&band.height).enumerate() {
                    let ends = band.ends.get(at);
                    table.put(row![
                        model.0,
                        model.1,
                        name,
                        "grid",
                        None,
                        x,
                        y,
                        ends.map(|ends| ends.0),
                        ends.map(|ends| ends.1),
                    ]);
                }
            }
        }
    }
    table
}
