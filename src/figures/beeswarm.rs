//! SHAP values of single rows: a swarm a column, coloured by how high the column's own value is.

use std::collections::BTreeMap;

use raduet_study::SampleId;

use super::kit::axis::{BELOW, Plot, round_range};
use super::kit::font;
use super::kit::key;
use super::kit::panels::Panels;
use super::kit::scene::{Scene, Shape, Stroke, Type};
use super::kit::style::{HAIR, NORMAL, Role, SMALL, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Figure, Section};
use crate::finished_run::{Exhibits, ShapRows};
use crate::io::feature_csv::FeatureFile;
use crate::io::png::viridis;
use crate::report_writers::Material;

/// Most columns, rows and classes shown.
const MOST_COLUMNS: usize = 12;
const MOST_ROWS: usize = 200;
const MOST_CLASSES: usize = 4;
/// Height of a column's swarm, and radius of a row's mark.
const ROW: f64 = 15.0;
const DOT: f64 = 1.1;
/// Room for names.
const NAMES: f64 = 120.0;

/// The figure, where the run has SHAP values of rows of `model`, and their features.
pub(super) fn figure(material: &Material<'_>, exhibits: &Exhibits, model: &str) -> Option<Figure> {
    let name = model.replace(':', "-");
    let first = format!("{name}-fold0");
    let rows = exhibits
        .shap_rows
        .iter()
        .find(|rows| rows.name == name || rows.name == first)?;
    let features = material.kept.features?;
    let swarm = Swarm::new(rows, features)?;
    let mut table = Table::new(&[
        "model",
        "class",
        "column",
        "ID",
        "Slice",
        "value",
        "rank_of_value",
        "shap",
    ]);
    for class in &swarm.classes {
        for &column in &swarm.columns {
            for dot in swarm.dots(class, column) {
                table.put(row![
                    model,
                    class,
                    &rows.columns[column],
                    dot.sample.case.as_str(),
                    dot.sample.slice.map(f64::from),
                    dot.value,
                    dot.rank,
                    dot.shap,
                ]);
            }
        }
    }
    let fold = if rows.name == first {
        " of the first fold"
    } else {
        ""
    };
    let caption = format!(
        "What each of the {} columns with the largest mean absolute SHAP value adds to the answers of {model}: a dot \
         each of {}{fold}, to the right where it speaks for the class.{} Colour: rank of the column's value among \
         these rows. SHAP values add up to class shares for single trees and forests, to raw scores for boosting and \
         linear learners.",
        swarm.columns.len(),
        if swarm.rows < swarm.all_rows {
            format!(
                "{} of {} test rows, evenly chosen",
                swarm.rows, swarm.all_rows
            )
        } else {
            format!("{} test rows", swarm.rows)
        },
        if swarm.classes.len() < swarm.all_classes {
            format!(
                " Shown are the first {} of {} classes.",
                swarm.classes.len(),
                swarm.all_classes
            )
        } else {
            String::new()
        },
    );
    let title = format!("SHAP values of {model}");
    let scene = swarm.scene(&rows.columns);
    Some(Figure::new(
        "contributions",
        Section::Explanation,
        title,
        caption,
        (scene, table),
    ))
}

/// One row's value of one column.
struct Dot<'a> {
    sample: &'a SampleId,
    value: f64,
    /// From 0 to 1 among the rows.
    rank: f64,
    shap: f64,
}

struct Swarm<'a> {
    shap: &'a ShapRows,
    classes: Vec<String>,
    /// Positions, the weightiest first.
    columns: Vec<usize>,
    rows: usize,
    /// How many rows and classes there are.
    all_rows: usize,
    all_classes: usize,
    /// Which samples are shown, and every value of the shown columns.
    chosen: BTreeMap<&'a SampleId, Vec<(f64, f64)>>,
}

impl<'a> Swarm<'a> {
    fn new(shap: &'a ShapRows, features: &FeatureFile) -> Option<Self> {
        if shap.rows.is_empty() {
            return None;
        }
        let mut classes: Vec<String> = Vec::new();
        for (_, class, _) in &shap.rows {
            if !classes.contains(class) {
                classes.push(class.clone());
            }
        }
        let all_classes = classes.len();
        classes.truncate(MOST_CLASSES);
        let weight = |column: usize| -> f64 {
            shap.rows
                .iter()
                .map(|(_, _, values)| values[column].abs())
                .sum()
        };
        let weights: Vec<f64> = (0..shap.columns.len()).map(weight).collect();
        let mut columns: Vec<usize> = (0..weights.len()).collect();
        columns.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]).then(a.cmp(&b)));
        columns.truncate(MOST_COLUMNS);
        let table = &features.table;
        let at: Option<Vec<usize>> = columns
            .iter()
            .map(|&c| table.column_index(&shap.columns[c]))
            .collect();
        let at = at?;
        let place: BTreeMap<&SampleId, usize> = table.samples().iter().zip(0..).collect();
        let samples: Vec<&SampleId> = {
            let all = shap
                .rows
                .iter()
                .filter(|(_, class, _)| *class == classes[0]);
            all.map(|(sample, ..)| sample).collect()
        };
        let kept = samples.len().min(MOST_ROWS);
        let values = |sample: &SampleId| {
            let row = table.row(*place.get(sample)?);
            Some(at.iter().map(|&column| row[column]).collect::<Vec<f64>>())
        };
        let chosen: Option<Vec<(&SampleId, Vec<f64>)>> = (0..kept)
            .map(|k| samples[k * samples.len() / kept])
            .map(|sample| Some((sample, values(sample)?)))
            .collect();
        let chosen = chosen?;
        let ranks: Vec<Vec<f64>> = (0..columns.len())
            .map(|column| ranks(&chosen.iter().map(|(_, v)| v[column]).collect::<Vec<_>>()))
            .collect();
        let with_ranks = chosen.iter().enumerate().map(|(row, (sample, values))| {
            let pairs = values.iter().enumerate().map(|(c, v)| (*v, ranks[c][row]));
            (*sample, pairs.collect())
        });
        Some(Self {
            shap,
            rows: kept,
            all_rows: shap.count,
            all_classes,
            chosen: with_ranks.collect(),
            columns,
            classes,
        })
    }

    fn dots(&self, class: &str, column: usize) -> Vec<Dot<'_>> {
        let place = self.columns.iter().position(|&c| c == column).unwrap_or(0);
        let of_class = self.shap.rows.iter().filter(|(_, of, _)| of == class);
        of_class
            .filter_map(|(sample, _, values)| {
                let (value, rank) = self.chosen.get(sample)?[place];
                Some(Dot {
                    sample,
                    value,
                    rank,
                    shap: values[column],
                })
            })
            .collect()
    }

    fn scene(&self, names: &[String]) -> Scene {
        let count = self.classes.len();
        let panels = Panels {
            width: TWO_COLUMNS - NAMES,
            columns: count,
            beside: 14.0,
            below: BELOW,
            height: ROW * self.columns.len() as f64,
            above: 0.0,
        };
        let head = 12.0;
        let mut scene = Scene::new(TWO_COLUMNS, head + panels.total(count) + 2.0);
        let key_left = TWO_COLUMNS - 150.0;
        key::bar(
            &mut scene,
            [key_left + 60.0, 2.0, 50.0, 5.0],
            ["low value", "high"],
        );
        let all = self.classes.iter().flat_map(|class| {
            self.columns
                .iter()
                .flat_map(|&column| self.dots(class, column))
                .map(|dot| dot.shap)
        });
        let (low, high) = all.fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
        let range = round_range(low, high, 4);
        for (at, class) in self.classes.iter().enumerate() {
            let [left, top, width, height] = panels.sides(head, at);
            let sides = [left + NAMES, top, width, height];
            Panels::name(&mut scene, sides, class);
            self.panel(&mut scene, sides, class, range);
        }
        let [_, top, ..] = panels.sides(head, 0);
        for (at, &column) in self.columns.iter().enumerate() {
            let y = top + ROW * (at as f64 + 0.5) + 0.36 * SMALL;
            let name = font::fitted(&names[column], NAMES - 2.0, SMALL, false);
            scene.text((NAMES, y), name, Type::new(SMALL).end());
        }
        scene
    }

    fn panel(&self, scene: &mut Scene, sides: [f64; 4], class: &str, range: (f64, f64)) {
        let [left, top, width, height] = sides;
        let plot = Plot::new(sides, range, (0.0, 1.0));
        let bottom = top + height;
        plot.x.rules(scene, (top, bottom), 3);
        let zero = plot.x.at(0.0);
        scene.line((zero, top), (zero, bottom), Stroke::new(Role::Ink, HAIR));
        let base = bottom + BELOW - 2.0;
        scene.text(
            (left + width / 2.0, base),
            "SHAP value",
            Type::new(NORMAL).middle(),
        );
        for (at, &column) in self.columns.iter().enumerate() {
            let middle = top + ROW * (at as f64 + 0.5);
            // How many dots stand at each place already: they pile up on both sides of the middle in turn.
            let mut piles: BTreeMap<i64, usize> = BTreeMap::new();
            for dot in self.dots(class, column) {
                let x = plot.x.at(dot.shap);
                #[expect(clippy::cast_possible_truncation, reason = "a place in a figure")]
                let pile = piles.entry((x / DOT).round() as i64).or_default();
                let step = pile.div_ceil(2) as f64;
                let side = if (*pile).is_multiple_of(2) { 1.0 } else { -1.0 };
                *pile += 1;
                let away = (step * DOT).min(ROW / 2.0 - DOT) * side;
                scene.shapes.push(Shape::Disc {
                    centre: (x, middle + away),
                    radius: DOT,
                    fill: Some(viridis(dot.rank).into()),
                    stroke: None,
                });
            }
        }
    }
}

/// Ranks from 0 to 1; undefined values count as lowest, and ties follow each other.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let key = |at: usize| {
        if values[at].is_finite() {
            values[at]
        } else {
            f64::NEG_INFINITY
        }
    };
    order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    let last = values.len().saturating_sub(1).max(1) as f64;
    let mut ranks = vec![0.0; values.len()];
    for (rank, at) in order.into_iter().enumerate() {
        ranks[at] = rank as f64 / last;
    }
    ranks
}
