//! Confusion matrices of the best of each arm: counts, and shares of the true class.

use raduet_study::report::{Level, LevelReport, ModelReport};
use raduet_study::{ClassNames, Report};

use super::kit::font;
use super::kit::marks::role_of;
use super::kit::panels::Panels;
use super::kit::scene::{Paint, Scene, Stroke, Type, Weight};
use super::kit::style::{self, HAIR, NORMAL, Role, SMALL, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::report_writers::Material;
use crate::report_writers::chosen::Chosen;
use crate::report_writers::judged::{self, Judged};

/// Opacity of a cell that holds its whole row; so much that dark text stays legible on it.
const FULL: f64 = 0.62;
/// Height of a cell: two lines of figures.
const CELL: f64 = 24.0;
/// Widest name of a class.
const LONGEST: f64 = 52.0;

/// Adds the figure.
pub(super) fn draw(material: &Material<'_>, drawn: &mut Drawn) {
    let report = material.report;
    let chosen = Chosen::of(report);
    if chosen.models.is_empty() {
        drawn
            .left_out
            .push(format!("confusion matrices: {}", Chosen::NOBODY));
        return;
    }
    let judged = Judged::of(material);
    let of: Vec<String> = judged
        .levels(report)
        .into_iter()
        .map(|level| judged.counted(report, level))
        .collect();
    let caption = format!(
        "Answers of {}: counts, and below them the share of the true class (the diagonal holds the sensitivity of each \
         class). The file holds every model.",
        of.join(" and of "),
    );
    let drawing = (scene(report, &chosen, judged), table(report, judged));
    drawn.figures.push(Figure::new(
        "confusion",
        Section::Comparison,
        "Confusion matrices",
        caption,
        drawing,
    ));
}

fn scene(report: &Report, chosen: &Chosen<'_>, judged: Judged) -> Scene {
    let (classes, levels) = (&report.classes, judged.levels(report));
    let many = classes.len() > 4;
    let count = chosen.models.len() * levels.len();
    let columns = if many { count.min(2) } else { count.min(4) };
    let width = if many {
        TWO_COLUMNS
    } else {
        style::of_panels(columns)
    };
    let widest = classes
        .names()
        .iter()
        .map(|name| font::width(name, SMALL, false))
        .fold(0.0, f64::max)
        .min(LONGEST);
    let mut panels = Panels {
        width,
        columns,
        beside: widest + 14.0,
        below: 0.0,
        above: SMALL + 3.0,
        height: CELL * classes.len() as f64,
    };
    // Names below cells stand upright where they are wider than these.
    let cell = panels.plot_width() / classes.len() as f64;
    let upright = widest > cell - 2.0;
    panels.below = if upright { widest + 16.0 } else { SMALL + 18.0 };
    let mut scene = Scene::new(width, panels.total(count) + 2.0);
    let mut place = 0;
    for level in levels {
        for model in &chosen.models {
            let sides = panels.sides(0.0, place);
            Panels::name(&mut scene, sides, &model.model);
            let set = Type::new(SMALL).middle().paint(Role::Quiet);
            let [left, top, wide, _] = sides;
            scene.text(
                (left + wide / 2.0, top - 5.5 - NORMAL),
                judged.noun(level),
                set,
            );
            matrix(
                &mut scene,
                sides,
                classes,
                model,
                judged::at(model, level),
                upright,
            );
            place += 1;
        }
    }
    scene
}

fn matrix(
    scene: &mut Scene,
    [left, top, width, height]: [f64; 4],
    classes: &ClassNames,
    model: &ModelReport,
    level: &LevelReport,
    upright: bool,
) {
    let k = classes.len() as f64;
    let (wide, high) = (width / k, height / k);
    for (i, row) in level.confusion.iter().enumerate() {
        let total: u64 = row.iter().sum();
        let y = top + high * i as f64;
        for (j, &count) in row.iter().enumerate() {
            let x = left + wide * j as f64;
            let share = if total > 0 {
                count as f64 / total as f64
            } else {
                0.0
            };
            let paint = Paint::from(role_of(model.arm)).faint(FULL * share);
            scene.fill([x, y, wide, high], paint);
            let bold = if i == j { Weight::Bold } else { Weight::Plain };
            let middle = (x + wide / 2.0, y + high / 2.0);
            scene.text(
                (middle.0, middle.1 - 1.0),
                count.to_string(),
                Type::new(NORMAL).middle().bold(bold),
            );
            if total > 0 {
                scene.text(
                    (middle.0, middle.1 + SMALL + 0.5),
                    format!("{:.0} %", 100.0 * share),
                    Type::new(SMALL - 0.5).middle(),
                );
            }
        }
        let name = font::fitted(&classes.names()[i], LONGEST, SMALL, false);
        let base = y + high / 2.0 + 0.36 * SMALL;
        scene.text((left - 3.0, base), name, Type::new(SMALL).end());
    }
    for line in 0..=classes.len() {
        let (x, y) = (left + wide * line as f64, top + high * line as f64);
        let rule = Stroke::new(Role::Quiet, HAIR);
        scene.line((x, top), (x, top + height), rule);
        scene.line((left, y), (left + width, y), rule);
    }
    let mut lowest = top + height + 3.0 + 0.72 * SMALL;
    for (j, name) in classes.names().iter().enumerate() {
        let name = font::fitted(name, LONGEST, SMALL, false);
        let x = left + wide * (j as f64 + 0.5);
        if upright {
            let set = Type::new(SMALL).end().turned(-90.0);
            scene.text((x + 0.36 * SMALL, top + height + 3.0), name, set);
        } else {
            scene.text((x, lowest), name, Type::new(SMALL).middle());
        }
    }
    if upright {
        let widest = classes.names().iter().map(|name| {
            let name = font::fitted(name, LONGEST, SMALL, false);
            font::width(&name, SMALL, false)
        });
        lowest = top + height + 3.0 + widest.fold(0.0, f64::max);
    }
    let quiet = Type::new(SMALL).middle().paint(Role::Quiet);
    scene.text((left + width / 2.0, lowest + SMALL + 2.0), "answer", quiet);
    let beside = left
        - 6.0
        - classes
            .names()
            .iter()
            .map(|name| font::width(name, SMALL, false).min(LONGEST))
            .fold(0.0, f64::max);
    scene.text(
        (beside, top + height / 2.0),
        "true class",
        quiet.turned(-90.0),
    );
}

fn table(report: &Report, judged: Judged) -> Table {
    let mut table = Table::new(&["model", "level", "counted", "true_class", "answer", "count"]);
    let names = report.classes.names();
    for model in &report.models {
        for level in [&model.slice, &model.patient] {
            let which = match level.level {
                Level::Slice => "slice",
                Level::Patient => "patient",
            };
            for (truth, counts) in names.iter().zip(&level.confusion) {
                for (answer, &count) in names.iter().zip(counts) {
                    let counted = judged.noun(level.level);
                    table.put(row![&model.model, which, counted, truth, answer, count]);
                }
            }
        }
    }
    table
}
