//! Whether probabilities mean what they say: how often answers are right, by how sure they were.

use raduet_study::Report;
use raduet_study::metrics::ReliabilityBin;
use raduet_study::report::{Level, LevelReport};
use raduet_study::uncertainty::{Interval, clopper_pearson};

use super::kit::axis::{BELOW, BESIDE, Plot, Scale};
use super::kit::marks::{Mark, role_of};
use super::kit::panels::Panels;
use super::kit::scene::{Scene, Stroke, Type};
use super::kit::style::{self, HAIR, MARK, NORMAL, Role, SMALL};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::report_writers::Material;
use crate::report_writers::chosen::Chosen;
use crate::report_writers::judged::{self, Judged};
use crate::report_writers::numbers::confidence;

/// Height of the counts below a diagram, and from one to the other.
const COUNTS: f64 = 26.0;
const APART: f64 = 6.0;
/// Room for the level above the model's name.
const ABOVE: f64 = 9.0;

/// Adds the figure.
pub(super) fn draw(material: &Material<'_>, drawn: &mut Drawn) {
    let report = material.report;
    let chosen = Chosen::of(report);
    if chosen.models.is_empty() {
        drawn
            .left_out
            .push(format!("reliability diagrams: {}", Chosen::NOBODY));
        return;
    }
    // Answers without probabilities have no bins.
    let any = chosen
        .models
        .iter()
        .any(|model| !model.patient.reliability.is_empty());
    if !any {
        drawn
            .left_out
            .push("reliability diagrams: the models gave no probabilities".to_owned());
        return;
    }
    let judged = Judged::of(material);
    let bars = if judged.patients {
        format!(
            " Bars: exact {} % intervals (Clopper–Pearson) of a bin's share of patients; slices of one patient are no \
             trials of their own and have none.",
            confidence(report)
        )
    } else {
        format!(
            " Bins have no intervals: {} of one patient are no trials of their own.",
            judged.noun(Level::Patient)
        )
    };
    let caption = format!(
        "How often answers are right, by their probability (the largest of each row, in bins of width 1/15): below the \
         diagonal they were surer than right.{bars} Below: how many rows lie in each bin. ECE: expected calibration \
         error. The file holds every model.",
    );
    let drawing = (scene(report, &chosen, judged), table(report, judged));
    drawn.figures.push(Figure::new(
        "calibration",
        Section::Calibration,
        "Reliability diagrams",
        caption,
        drawing,
    ));
}

fn scene(report: &Report, chosen: &Chosen<'_>, judged: Judged) -> Scene {
    let levels = judged.levels(report);
    let count = chosen.models.len() * levels.len();
    let columns = count.min(4);
    let width = style::of_panels(columns);
    let mut panels = Panels {
        width,
        columns,
        beside: BESIDE,
        below: BELOW + COUNTS + APART,
        height: 0.0,
        above: ABOVE,
    };
    panels.height = panels.plot_width();
    let mut scene = Scene::new(width, panels.total(count) + 2.0);
    let mut place = 0;
    for level in levels {
        for model in &chosen.models {
            let sides = panels.sides(0.0, place);
            let [left, top, wide, high] = sides;
            Panels::name(&mut scene, sides, &model.model);
            let above = Type::new(SMALL).middle().paint(Role::Quiet);
            scene.text(
                (left + wide / 2.0, top - 5.5 - NORMAL),
                judged.noun(level),
                above,
            );
            let figures = judged::at(model, level);
            let first = place % columns == 0;
            diagram(
                &mut scene,
                sides,
                figures,
                &|bin| exact(report, judged, level, bin),
                role_of(model.arm),
                Mark::of_arm(model.arm),
                first,
            );
            bars(
                &mut scene,
                [left, top + high + APART, wide, COUNTS],
                figures,
                first,
            );
            place += 1;
        }
    }
    scene
}

/// Share of right answers in each bin at its mean probability.
fn diagram(
    scene: &mut Scene,
    sides: [f64; 4],
    level: &LevelReport,
    exact: &dyn Fn(&ReliabilityBin) -> Option<Interval>,
    role: Role,
    mark: Mark,
    first: bool,
) {
    let plot = Plot::new(sides, (0.0, 1.0), (0.0, 1.0));
    let [left, top, _, high] = sides;
    let rule = Stroke::new(Role::Rule, HAIR);
    for quarter in [0.25, 0.5, 0.75] {
        scene.line(plot.at(0.0, quarter), plot.at(1.0, quarter), rule);
        scene.line(plot.at(quarter, 0.0), plot.at(quarter, 1.0), rule);
    }
    scene.frame(sides, Stroke::new(Role::Ink, HAIR));
    let quiet = Stroke::new(Role::Quiet, HAIR).dashed(&[2.5, 1.8]);
    scene.line(plot.at(0.0, 0.0), plot.at(1.0, 1.0), quiet);
    ticks(scene, &plot.y, left, first);
    if first {
        let set = Type::new(NORMAL).middle().turned(-90.0);
        scene.text((left - 22.0, top + high / 2.0), "Share right", set);
    }
    for bin in level.reliability.iter().filter(|bin| bin.samples > 0) {
        let n = bin.samples as f64;
        let (x, y) = plot.at(bin.confidence_sum / n, bin.correct as f64 / n);
        if let Some(exact) = exact(bin) {
            let (low, up) = (plot.y.at(exact.lower), plot.y.at(exact.upper));
            scene.line((x, low), (x, up), Stroke::new(role, 1.5 * HAIR));
        }
        mark.draw(scene, (x, y), MARK, role);
    }
    if let Some(error) = level.figure("ece").and_then(|figure| figure.value) {
        let label = format!("ECE {error:.3}");
        scene.label((left + 3.0, top + SMALL + 2.0), label, Type::new(SMALL));
    }
}

/// The exact interval of a bin's share; of patients only, since rows of one patient are no trials of their own.
fn exact(report: &Report, judged: Judged, level: Level, bin: &ReliabilityBin) -> Option<Interval> {
    let confidence = report.settings.bootstrap.confidence;
    (level == Level::Patient && judged.patients)
        .then(|| clopper_pearson(bin.correct, bin.samples, confidence))
}

/// Rows of each bin.
fn bars(scene: &mut Scene, sides: [f64; 4], level: &LevelReport, first: bool) {
    let [left, top, wide, high] = sides;
    let most = level
        .reliability
        .iter()
        .map(|bin| bin.samples)
        .max()
        .unwrap_or(0)
        .max(1);
    let plot = Plot::new(sides, (0.0, 1.0), (0.0, most as f64));
    for bin in level.reliability.iter().filter(|bin| bin.samples > 0) {
        let (from, to) = (plot.x.at(bin.lower), plot.x.at(bin.upper));
        let y = plot.y.at(bin.samples as f64);
        scene.fill(
            [from + 0.4, y, to - from - 0.8, top + high - y],
            Role::Quiet,
        );
    }
    let ink = Stroke::new(Role::Ink, HAIR);
    scene.line((left, top + high), (left + wide, top + high), ink);
    let set = Type::new(SMALL).end();
    scene.text((left - 4.5, top + 0.72 * SMALL), most.to_string(), set);
    scene.text((left - 4.5, top + high), "0", set);
    if first {
        let set = Type::new(NORMAL).middle().turned(-90.0);
        scene.text((left - 22.0, top + high / 2.0), "Rows", set);
    }
    for (tick, label) in TICKS {
        let x = plot.x.at(tick);
        scene.line((x, top + high), (x, top + high + 2.5), ink);
        scene.text(
            (x, top + high + 4.5 + 0.72 * SMALL),
            label,
            Type::new(SMALL).middle(),
        );
    }
    let base = top + high + BELOW - 2.0;
    scene.text(
        (left + wide / 2.0, base),
        "Probability of the answer",
        Type::new(NORMAL).middle(),
    );
}

/// Ticks of a probability; every other one has a label.
const TICKS: [(f64, &str); 5] = [(0.0, "0"), (0.25, ""), (0.5, "0.5"), (0.75, ""), (1.0, "1")];

fn ticks(scene: &mut Scene, scale: &Scale, left: f64, labelled: bool) {
    for (tick, label) in TICKS {
        let y = scale.at(tick);
        scene.line((left - 2.5, y), (left, y), Stroke::new(Role::Ink, HAIR));
        if labelled && !label.is_empty() {
            let set = Type::new(SMALL).end();
            scene.text((left - 4.5, y + 0.36 * SMALL), label, set);
        }
    }
}

fn table(report: &Report, judged: Judged) -> Table {
    let mut table = Table::new(&[
        "model",
        "level",
        "counted",
        "lower",
        "upper",
        "samples",
        "mean_confidence",
        "accuracy",
        "exact_lower",
        "exact_upper",
    ]);
    for model in &report.models {
        for level in [&model.slice, &model.patient] {
            let which = match level.level {
                Level::Slice => "slice",
                Level::Patient => "patient",
            };
            for bin in level.reliability.iter().filter(|bin| bin.samples > 0) {
                let n = bin.samples as f64;
                let exact = exact(report, judged, level.level, bin);
                table.put(row![
                    &model.model,
                    which,
                    judged.noun(level.level),
                    bin.lower,
                    bin.upper,
                    bin.samples,
                    bin.confidence_sum / n,
                    bin.correct as f64 / n,
                    exact.map(|exact| exact.lower),
                    exact.map(|exact| exact.upper),
                ]);
            }
        }
    }
    table
}
