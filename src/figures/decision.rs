//! Decision curves: what acting on a class's probability is worth, against acting on everyone and on nobody.

use raduet_study::decision::DecisionCurve;
use raduet_study::report::{Level, ModelReport};
use raduet_study::{Label, Report};

use super::kit::axis::{BELOW, BESIDE, Grid, Plot};
use super::kit::legend::{self, Entry, Sample};
use super::kit::marks::lines;
use super::kit::panels::Panels;
use super::kit::scene::{Dash, Scene, Stroke};
use super::kit::style::{CURVE, HAIR, ONE_COLUMN, Role, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::report_writers::Material;
use crate::report_writers::chosen::Chosen;
use crate::report_writers::judged::Judged;

/// How far below zero a panel shows, as a share of the largest benefit there can be.
const BELOW_ZERO: f64 = 0.35;
/// Dash of acting on everyone.
const EVERYONE: Dash = &[1.2, 1.6];

/// Adds the figure.
pub(super) fn draw(material: &Material<'_>, drawn: &mut Drawn) {
    let report = material.report;
    let chosen = Chosen::of(report);
    let models: Vec<&ModelReport> = chosen
        .models
        .iter()
        .filter(|model| !model.patient.decision.is_empty())
        .copied()
        .collect();
    if models.is_empty() {
        let why = if chosen.models.is_empty() {
            Chosen::NOBODY
        } else {
            "the models gave no probabilities"
        };
        drawn.left_out.push(format!("decision curves: {why}"));
        return;
    }
    let judged = Judged::of(material);
    let caption = format!(
        "Net benefit among {} of acting from a threshold of a class's probability on, each class against \
         all others: true positives less false positives, these weighed by the odds of the threshold, per {} \
         (Vickers and Elkin 2006). Acting on nobody has 0. A model is of use where it lies above both that and acting \
         on everyone.",
        judged.counted(report, Level::Patient),
        judged.single(),
    );
    let drawing = (scene(report, &models), table(report, &models));
    drawn.figures.push(Figure::new(
        "decision_curves",
        Section::Calibration,
        format!("Decision curves of {}", judged.noun(Level::Patient)),
        caption,
        drawing,
    ));
}

/// Classes shown: of two only the second, whose complement the first is.
fn shown(report: &Report) -> Vec<Label> {
    let classes = &report.classes;
    classes
        .labels()
        .filter(|label| classes.len() != 2 || label.0 == 1)
        .collect()
}

fn curve(model: &ModelReport, class: Label) -> Option<&DecisionCurve> {
    model.patient.decision.get(class.0)
}

fn scene(report: &Report, models: &[&ModelReport]) -> Scene {
    let shown = shown(report);
    let columns = shown.len().min(3);
    let width = if columns == 1 {
        ONE_COLUMN
    } else {
        TWO_COLUMNS
    };
    let panels = Panels {
        width,
        columns,
        beside: BESIDE,
        below: BELOW,
        height: 105.0,
        above: 0.0,
    };
    let styles = lines(models.iter().map(|model| model.arm));
    let lines = models.iter().zip(&styles).map(|(model, style)| Entry {
        sample: Sample::Line(style.role.into(), style.dash),
        name: model.model.clone(),
    });
    let everyone = Entry {
        sample: Sample::Line(Role::Ink.into(), EVERYONE),
        name: "everyone".to_owned(),
    };
    let entries: Vec<Entry> = lines.chain([everyone]).collect();
    let head = legend::height(&entries, width - BESIDE);
    let mut scene = Scene::new(width, head + panels.total(shown.len()) + 2.0);
    legend::draw(&mut scene, (BESIDE, 0.0), width - BESIDE, &entries);
    for (at, &class) in shown.iter().enumerate() {
        let sides = panels.sides(head, at);
        let prevalence = curve(models[0], class).map_or(0.5, |curve| curve.prevalence);
        let most = prevalence.max(0.05) * 1.1;
        let plot = Plot::new(sides, (0.0, 1.0), (-BELOW_ZERO * most, most));
        let up = if at % columns == 0 { "Net benefit" } else { "" };
        plot.axes(
            &mut scene,
            ["Threshold probability", up],
            [4, 4],
            Grid::Both,
        );
        Panels::name(&mut scene, sides, report.classes.name(class));
        scene.line(
            plot.at(0.0, 0.0),
            plot.at(1.0, 0.0),
            Stroke::new(Role::Ink, HAIR),
        );
        if let Some(curve) = curve(models[0], class) {
            let stroke = Stroke::new(Role::Ink, CURVE).dashed(EVERYONE);
            put(&mut scene, &plot, &curve.thresholds, &curve.all, stroke);
        }
        for (model, style) in models.iter().zip(&styles) {
            let Some(curve) = curve(model, class) else {
                continue;
            };
            let stroke = Stroke::new(style.role, CURVE).dashed(style.dash);
            put(&mut scene, &plot, &curve.thresholds, &curve.model, stroke);
        }
    }
    scene
}

fn put(scene: &mut Scene, plot: &Plot, thresholds: &[f64], benefit: &[f64], stroke: Stroke) {
    let points: Vec<(f64, f64)> = thresholds
        .iter()
        .copied()
        .zip(benefit.iter().copied())
        .collect();
    for piece in plot.pieces(&points) {
        scene.path(piece, stroke);
    }
}

fn table(report: &Report, models: &[&ModelReport]) -> Table {
    let mut table = Table::new(&[
        "model",
        "arm",
        "class",
        "threshold",
        "net_benefit",
        "net_benefit_everyone",
    ]);
    for model in models {
        for class in shown(report) {
            let Some(curve) = curve(model, class) else {
                continue;
            };
            let lines = curve.thresholds.iter().zip(&curve.model).zip(&curve.all);
            for ((&threshold, &benefit), &all) in lines {
                table.put(row![
                    &model.model,
                    model.arm.name(),
                    &curve.class,
                    threshold,
                    benefit,
                    all,
                ]);
            }
        }
    }
    table
}
