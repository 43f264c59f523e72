//! How networks learned: loss and accuracy by epoch, of what they learned from and of the validation part.

use super::kit::axis::{BELOW, BESIDE, Grid, Plot, round_range};
use super::kit::legend::{self, Entry, Sample};
use super::kit::panels::Panels;
use super::kit::scene::{Dash, Paint, Scene, Stroke};
use super::kit::style::{CURVE, HAIR, Role, TWO_COLUMNS, of_panels};
use super::table::{Table, row};
use super::{Drawn, Figure, Section};
use crate::finished_run::{Epoch, Exhibits, History};

/// A panel's name and range, and what is read off an epoch: in validation and in training.
type Curves = (&'static str, (f64, f64), [fn(&Epoch) -> Option<f64>; 2]);

/// Networks of one figure, two in a row.
const AT_ONCE: usize = 8;
/// Dash of what is learned from.
const LEARNED: Dash = &[1.2, 1.6];

/// Adds the figures.
pub(super) fn draw(exhibits: &Exhibits, drawn: &mut Drawn) {
    let histories: Vec<&History> = exhibits
        .histories
        .iter()
        .filter(|history| !history.epochs.is_empty())
        .collect();
    if histories.is_empty() {
        drawn
            .left_out
            .push("training curves: the run has no network".to_owned());
    }
    for (at, some) in histories.chunks(AT_ONCE).enumerate() {
        let id = if at == 0 {
            "training".to_owned()
        } else {
            format!("training_{}", at + 1)
        };
        let caption = "Loss and accuracy by epoch: of the training slices as they were met, augmented where the recipe \
                       does so, while weights moved (dotted), and of the validation slices (line; losses of the two need not agree in scale \
                       where training smooths labels or weighs classes). Vertical line: the epoch that was kept."
            .to_owned();
        drawn.figures.push(Figure::new(
            id,
            Section::Networks,
            "Training curves",
            caption,
            (scene(some), table(some)),
        ));
    }
}

/// The epoch whose state was kept: the last that none before was better than.
fn kept(epochs: &[Epoch]) -> Option<usize> {
    epochs
        .iter()
        .rev()
        .find(|epoch| epoch.best)
        .map(|epoch| epoch.epoch)
}

fn scene(histories: &[&History]) -> Scene {
    let columns = if histories.len() == 1 { 2 } else { 4 };
    let panels = Panels {
        width: of_panels(columns),
        columns,
        beside: BESIDE,
        below: BELOW,
        height: 70.0,
        above: 0.0,
    };
    let (deep, head) = (Paint::from(Role::Deep), legend::LINE);
    let entry = |dash, name: &str| Entry {
        sample: Sample::Line(deep, dash),
        name: name.to_owned(),
    };
    let entries = [entry(&[], "validation"), entry(LEARNED, "training")];
    let mut scene = Scene::new(panels.width, head + panels.total(2 * histories.len()) + 2.0);
    legend::draw(&mut scene, (BESIDE, 0.0), TWO_COLUMNS, &entries);
    for (at, history) in histories.iter().enumerate() {
        let epochs = &history.epochs;
        let last = epochs.iter().map(|epoch| epoch.epoch).max().unwrap_or(1) as f64;
        let losses = epochs
            .iter()
            .flat_map(|epoch| [epoch.train_loss, epoch.valid_loss])
            .flatten();
        let most = losses.fold(0.0, f64::max);
        let curves: [Curves; 2] = [
            (
                "Loss",
                round_range(0.0, if most > 0.0 { most } else { 1.0 }, 4),
                [|epoch| epoch.valid_loss, |epoch| epoch.train_loss],
            ),
            (
                "Accuracy",
                (0.0, 1.0),
                [|epoch| epoch.valid_accuracy, |epoch| epoch.train_accuracy],
            ),
        ];
        for (which, (up, range, of)) in curves.into_iter().enumerate() {
            let sides = panels.sides(head, 2 * at + which);
            let plot = Plot::new(sides, (0.0, last.max(1.0)), range);
            plot.axes(&mut scene, ["Epoch", up], [3, 4], Grid::Across);
            Panels::name(&mut scene, sides, &history.name);
            if let Some(kept) = kept(epochs) {
                let (x, bottom) = plot.at(kept as f64, range.0);
                let (_, top) = plot.at(0.0, range.1);
                scene.line((x, bottom), (x, top), Stroke::new(Role::Ink, 1.5 * HAIR));
            }
            for (of, dash) in of.into_iter().zip([&[][..], LEARNED]) {
                let points = epochs
                    .iter()
                    .filter_map(|epoch| Some((epoch.epoch as f64, of(epoch)?)));
                let points: Vec<(f64, f64)> = points.collect();
                scene.path(plot.line(&points), Stroke::new(deep, CURVE).dashed(dash));
            }
        }
    }
    scene
}

fn table(histories: &[&History]) -> Table {
    let mut table = Table::new(&[
        "model",
        "epoch",
        "train_loss",
        "valid_loss",
        "train_accuracy",
        "valid_accuracy",
        "kept",
    ]);
    for history in histories {
        let kept = kept(&history.epochs);
        for epoch in &history.epochs {
            table.put(row![
                &history.name,
                epoch.epoch,
                epoch.train_loss,
                epoch.valid_loss,
                epoch.train_accuracy,
                epoch.valid_accuracy,
                if kept == Some(epoch.epoch) {
                    "yes"
                } else {
                    "no"
                },
            ]);
        }
    }
    table
}
