//! Features that differ most between the classes: boxes by class with adjusted p.

use raduet_learners::explore::{BoxPlot, KruskalWallis, kruskal_wallis};
use raduet_study::ClassNames;
use raduet_study::uncertainty::holm;
use rayon::prelude::*;

use super::kit::axis::{Plot, labels, round_range};
use super::kit::font;
use super::kit::panels::Panels;
use super::kit::scene::{Paint, Scene, Shape, Stroke, Type};
use super::kit::style::{HAIR, Role, SMALL, TWO_COLUMNS};
use super::patients::Patients;
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::report_writers::numbers::p_value;

/// Features shown.
const MOST: usize = 12;
/// Half the width of a box, as a share of a class's room.
const HALF: f64 = 0.3;

/// How much a feature differs between classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Separation {
    /// Its position among the columns.
    pub(super) column: usize,
    /// The test, where there is one.
    pub(super) test: Option<KruskalWallis>,
    /// p after Holm's correction over all columns with a test.
    pub(super) adjusted: Option<f64>,
}

/// All columns, those that differ most first.
pub(super) fn separations(patients: &Patients) -> Vec<Separation> {
    let training = patients.training();
    let classes: Vec<usize> = training.iter().map(|row| row.label.0).collect();
    let columns = (0..patients.columns.len()).into_par_iter();
    let tests: Vec<Option<KruskalWallis>> = columns
        .map(|c| kruskal_wallis(&Patients::column(&training, c), &classes))
        .collect();
    let mut adjusted = holm(
        &tests
            .iter()
            .flatten()
            .map(|test| test.p)
            .collect::<Vec<_>>(),
    )
    .into_iter();
    let mut found: Vec<Separation> = tests
        .into_iter()
        .enumerate()
        .map(|(column, test)| Separation {
            column,
            adjusted: test.and_then(|_| adjusted.next()),
            test,
        })
        .collect();
    // By H where p is the same, as it is where it is too small to tell; equal ones in the table's order.
    let key = |s: &Separation| s.test.map_or((2.0, 0.0), |test| (test.p, -test.h));
    found.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    found
}

/// Adds the figure.
pub(super) fn draw(
    patients: &Patients,
    separations: &[Separation],
    classes: &ClassNames,
    drawn: &mut Drawn,
) {
    let tested = separations.iter().filter(|s| s.test.is_some());
    let shown: Vec<&Separation> = tested.clone().take(MOST).collect();
    if shown.is_empty() {
        drawn
            .left_out
            .push("box plots of features: the training patients are of one class".to_owned());
        return;
    }
    let training = patients.training();
    let count = tested.count();
    let caption = format!(
        "The {} of {count} features that differ most between the classes, in the training part ({}; of the first fold \
         where there are several), the mean of each patient's rows. Boxes: quartiles and median; whiskers: outermost values \
         within 1.5 quartile distances; dots: all others. p: Kruskal–Wallis, Holm over {count} features. They were \
         chosen as the smallest of all, on rows that models learn from: no proof of worth on other patients.",
        shown.len(),
        Patients::counted(&training),
    );
    let mut table = Table::new(&[
        "column",
        "class",
        "patients",
        "lower_whisker",
        "lower_quartile",
        "median",
        "upper_quartile",
        "upper_whisker",
        "outliers",
        "h",
        "p",
        "p_holm",
    ]);
    let mut boxes = Vec::new();
    for separation in &shown {
        let column = separation.column;
        let of_class = |class: usize| {
            let rows: Vec<_> = training
                .iter()
                .filter(|row| row.label.0 == class)
                .copied()
                .collect();
            BoxPlot::new(&Patients::column(&rows, column))
        };
        let of_classes: Vec<Option<BoxPlot>> = (0..classes.len()).map(of_class).collect();
        for (class, found) in classes.names().iter().zip(&of_classes) {
            let Some(found) = found else { continue };
            let outliers: Vec<String> = found
                .outliers
                .iter()
                .map(|&v| crate::io::cell::number(v))
                .collect();
            table.put(row![
                &patients.columns[column],
                class,
                found.count,
                found.whiskers[0],
                found.quartiles[0],
                found.quartiles[1],
                found.quartiles[2],
                found.whiskers[1],
                &outliers.join(" "),
                separation.test.map(|test| test.h),
                separation.test.map(|test| test.p),
                separation.adjusted,
            ]);
        }
        boxes.push((*separation, of_classes));
    }
    let scene = scene(&patients.columns, classes, &boxes);
    drawn.figures.push(Figure::new(
        "feature_boxes",
        Section::Features,
        "Features by class",
        caption,
        (scene, table),
    ));
}

fn scene(
    columns: &[String],
    classes: &ClassNames,
    boxes: &[(&Separation, Vec<Option<BoxPlot>>)],
) -> Scene {
    let room = 44.0;
    let widest = classes
        .names()
        .iter()
        .map(|name| font::width(name, SMALL, false))
        .fold(0.0, f64::max);
    let mut panels = Panels {
        width: TWO_COLUMNS,
        columns: boxes.len().min(4),
        beside: 30.0,
        below: 0.0,
        height: 70.0,
        above: 0.0,
    };
    let each = panels.plot_width() / classes.len() as f64;
    let upright = widest > each - 2.0;
    panels.below = if upright {
        widest.min(room) + 10.0
    } else {
        SMALL + 10.0
    };
    // The name of a feature takes a line above the one of its p.
    panels.above = SMALL + 1.0;
    let mut scene = Scene::new(TWO_COLUMNS, panels.total(boxes.len()) + 2.0);
    for (at, (separation, of_classes)) in boxes.iter().enumerate() {
        let sides = panels.sides(0.0, at);
        let [left, top, width, height] = sides;
        let middle = left + width / 2.0 - 12.0;
        let name = font::fitted(&columns[separation.column], width + 28.0, SMALL, true);
        let bold = Type::new(SMALL)
            .middle()
            .bold(super::kit::scene::Weight::Bold);
        scene.text((middle, top - 5.0 - SMALL), name, bold);
        let p = separation.adjusted.map(p_value).unwrap_or_default();
        scene.text(
            (middle, top - 4.0),
            format!("p {p}"),
            Type::new(SMALL).middle(),
        );
        let ends = of_classes
            .iter()
            .flatten()
            .flat_map(|b| b.whiskers.iter().chain(&b.outliers));
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(*v), h.max(*v))
        });
        let plot = Plot::new(
            sides,
            (0.0, classes.len() as f64),
            round_range(low, high, 3),
        );
        axis(&mut scene, &plot);
        for (class, found) in of_classes.iter().enumerate() {
            let x = plot.x.at(class as f64 + 0.5);
            let name = font::fitted(&classes.names()[class], room, SMALL, false);
            let below = top + height + 3.0;
            if upright {
                let set = Type::new(SMALL).end().turned(-90.0);
                scene.text((x + 0.36 * SMALL, below), name, set);
            } else {
                scene.text((x, below + 0.9 * SMALL), name, Type::new(SMALL).middle());
            }
            if let Some(found) = found {
                one(
                    &mut scene,
                    &plot,
                    x,
                    HALF * each,
                    found,
                    Role::Class(class).into(),
                );
            }
        }
    }
    scene
}

fn axis(scene: &mut Scene, plot: &Plot) {
    let [left, top, width, height] = plot.sides();
    let ticks = plot.y.ticks(5);
    for (tick, label) in ticks.iter().zip(labels(&ticks)) {
        let y = plot.y.at(*tick);
        scene.line((left, y), (left + width, y), Stroke::new(Role::Rule, HAIR));
        scene.text(
            (left - 3.0, y + 0.36 * SMALL),
            label,
            Type::new(SMALL - 0.5).end(),
        );
    }
    let ink = Stroke::new(Role::Ink, HAIR);
    scene.line((left, top), (left, top + height), ink);
    scene.line((left, top + height), (left + width, top + height), ink);
}

fn one(scene: &mut Scene, plot: &Plot, x: f64, half: f64, found: &BoxPlot, paint: Paint) {
    let y = |value: f64| plot.y.at(value);
    let ink = Stroke::new(Role::Ink, 1.5 * HAIR);
    let [lower, median, upper] = found.quartiles.map(y);
    for (from, to) in [(lower, y(found.whiskers[0])), (upper, y(found.whiskers[1]))] {
        scene.line((x, from), (x, to), ink);
        scene.line((x - half / 2.0, to), (x + half / 2.0, to), ink);
    }
    let sides = [x - half, upper, 2.0 * half, lower - upper];
    scene.shapes.push(Shape::Box {
        sides,
        fill: Some(paint.faint(0.75)),
        stroke: Some(ink),
    });
    scene.line(
        (x - half, median),
        (x + half, median),
        Stroke::new(Role::Ink, 1.4),
    );
    for &outlier in &found.outliers {
        scene.shapes.push(Shape::Disc {
            centre: (x, y(outlier)),
            radius: 0.9,
            fill: Some(Role::Ink.into()),
            stroke: None,
        });
    }
}
