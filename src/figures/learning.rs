//! How learners grow with the patients they learn from.

use super::kit::axis::{BELOW, BESIDE, Grid, Plot, round_range};
use super::kit::legend::{self, Entry, Sample};
use super::kit::marks::Mark;
use super::kit::panels::Panels;
use super::kit::scene::{Dash, Paint, Scene, Stroke};
use super::kit::style::{BAND, CURVE, Role, TWO_COLUMNS, of_panels};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::finished_run::{Exhibits, Learned};

/// Dash of the patients learned from.
const LEARNED: Dash = &[1.2, 1.6];
/// Most learners in one figure; others follow in further ones.
const AT_ONCE: usize = 12;
/// A loss so many times that of answering the classes' shares is not drawn: one learner that is sure and wrong would
/// flatten all others. The file has it.
const MOST_LOSS: f64 = 5.0;

/// Adds the figure.
pub(super) fn draw(exhibits: &Exhibits, drawn: &mut Drawn) {
    let sizes: Vec<&Learned> = exhibits
        .learning
        .iter()
        .filter(|size| size.fold == 0)
        .collect();
    if sizes.is_empty() {
        drawn
            .left_out
            .push("learning curves: not asked for (--learning-curve)".to_owned());
        return;
    }
    let mut models: Vec<&str> = sizes.iter().map(|size| size.model.as_str()).collect();
    models.dedup();
    for (at, models) in models.chunks(AT_ONCE).enumerate() {
        let id = match at {
            0 => "learning_curves".to_owned(),
            at => format!("learning_curves_{}", at + 1),
        };
        let sizes: Vec<&Learned> = sizes
            .iter()
            .filter(|size| models.contains(&&*size.model))
            .copied()
            .collect();
        let caption = format!(
            "Log loss of patients by the number of patients learned from, in folds within the training rows (of the first \
             fold where there are several): held out (line, with one standard deviation over these folds) and learned \
             from (dotted). Where the line still falls at its end, more patients may help.{}",
            higher(&sizes),
        );
        drawn.figures.push(Figure::new(
            id,
            Section::Learners,
            "Learning curves",
            caption,
            (scene(models, &sizes), table(&sizes)),
        ));
    }
}

/// What stands at the upper edge since it is higher.
fn higher(sizes: &[&Learned]) -> String {
    let too_high = |size: &&&Learned| highest(size) > MOST_LOSS;
    let mut models: Vec<&str> = sizes
        .iter()
        .filter(too_high)
        .map(|size| &*size.model)
        .collect();
    models.dedup();
    if models.is_empty() {
        return String::new();
    }
    format!(
        " The axis ends at {MOST_LOSS:.0}; losses of {} above it stand at its end, with their values in the file.",
        models.join(", ")
    )
}

/// The highest end of what is drawn of a size.
fn highest(size: &Learned) -> f64 {
    let ends = [
        size.learned.map(|(mean, _)| mean),
        size.held_out.map(|(mean, sd)| mean + sd),
    ];
    ends.into_iter().flatten().fold(0.0, f64::max)
}

fn scene(models: &[&str], sizes: &[&Learned]) -> Scene {
    let columns = models.len().min(4);
    let panels = Panels {
        width: of_panels(columns),
        columns,
        beside: BESIDE,
        below: BELOW,
        height: 80.0,
        above: 0.0,
    };
    let ink = Paint::from(Role::Radiomics);
    let entry = |dash, name: &str| Entry {
        sample: Sample::Line(ink, dash),
        name: name.to_owned(),
    };
    let entries = [entry(&[], "held out"), entry(LEARNED, "learned from")];
    let head = legend::LINE;
    let mut scene = Scene::new(panels.width, head + panels.total(models.len()) + 2.0);
    legend::draw(&mut scene, (BESIDE, 0.0), TWO_COLUMNS, &entries);
    let most = sizes.iter().map(|size| highest(size)).fold(0.0, f64::max);
    let patients = sizes.iter().map(|size| size.patients).fold(1.0, f64::max);
    let (x, y) = (
        round_range(0.0, patients, 4),
        round_range(0.0, most.min(MOST_LOSS), 4),
    );
    for (at, model) in models.iter().enumerate() {
        let sides = panels.sides(head, at);
        let plot = Plot::new(sides, x, y);
        let up = if at % columns == 0 { "Log loss" } else { "" };
        plot.axes(&mut scene, ["Patients", up], [3, 4], Grid::Across);
        Panels::name(&mut scene, sides, model);
        let of_model: Vec<&&Learned> = sizes.iter().filter(|size| size.model == *model).collect();
        let held = |part: fn(f64, f64) -> f64| -> Vec<(f64, f64)> {
            let points = of_model.iter().filter_map(|size| {
                let (mean, sd) = size.held_out?;
                Some(plot.at(size.patients, part(mean, sd)))
            });
            points.collect()
        };
        let mut band = held(|mean, sd| mean + sd);
        band.extend(held(|mean, sd| mean - sd).into_iter().rev());
        scene.area(band, ink.faint(BAND));
        let line = held(|mean, _| mean);
        for &point in &line {
            Mark::Square.draw(&mut scene, point, 1.8, ink);
        }
        scene.path(line, Stroke::new(ink, CURVE));
        let learned = of_model.iter().filter_map(|size| {
            let (mean, _) = size.learned?;
            Some(plot.at(size.patients, mean))
        });
        scene.path(learned.collect(), Stroke::new(ink, CURVE).dashed(LEARNED));
    }
    scene
}

fn table(sizes: &[&Learned]) -> Table {
    let mut table = Table::new(&[
        "model",
        "patients",
        "learned_log_loss",
        "held_out_log_loss",
        "held_out_sd",
    ]);
    for size in sizes {
        table.put(row![
            &size.model,
            size.patients,
            size.learned.map(|(mean, _)| mean),
            size.held_out.map(|(mean, _)| mean),
            size.held_out.map(|(_, sd)| sd),
        ]);
    }
    table
}
