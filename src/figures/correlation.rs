//! Which features say the same: Spearman's correlation of all pairs, alike ones together.

use raduet_learners::explore::{by_likeness, spearman};

use super::kit::font;
use super::kit::key;
use super::kit::scene::{Scene, Stroke, Type};
use super::kit::style::{HAIR, Role, SMALL, TWO_COLUMNS};
use super::patients::{Patient, Patients};
use super::separation::Separation;
use super::table::{Cell, Table};
use super::{Drawn, Figure, Section};
use crate::io::png::Picture;

/// Most columns shown: those that differ most between classes.
const MOST: usize = 200;
/// Most columns whose names are written: beyond it letters would be too small to read.
const MOST_NAMED: usize = 56;
/// Room for names.
const NAMES: f64 = 120.0;
/// Decimals of the file.
const DECIMALS: f64 = 1e6;

/// Adds the figure.
pub(super) fn draw(patients: &Patients, separations: &[Separation], drawn: &mut Drawn) {
    let training = patients.training();
    let defined = |column: usize| {
        let values = Patients::column(&training, column);
        values.iter().all(|v| v.is_finite()) && values.windows(2).any(|w| w[0] - w[1] != 0.0)
    };
    let mut columns: Vec<usize> = separations
        .iter()
        .map(|s| s.column)
        .filter(|&c| defined(c))
        .collect();
    let usable = columns.len();
    columns.truncate(MOST);
    columns.sort_unstable();
    if columns.len() < 2 || training.len() < 3 {
        drawn.left_out.push("correlation map: fewer than two features that vary and are defined for every training patient".to_owned());
        return;
    }
    let values: Vec<Vec<f64>> = columns
        .iter()
        .map(|&c| Patients::column(&training, c))
        .collect();
    let rho = spearman(&values);
    let order = by_likeness(&rho, columns.len());
    let names: Vec<&str> = order
        .iter()
        .map(|&at| patients.columns[columns[at]].as_str())
        .collect();
    let rho = |i: usize, j: usize| rho[order[i] * columns.len() + order[j]];
    let mut table = Table::new(&[&["column"], &names[..]].concat());
    for (i, name) in names.iter().enumerate() {
        let cells =
            (0..names.len()).map(|j| Cell::Number((rho(i, j) * DECIMALS).round() / DECIMALS));
        table.put(
            &[Cell::Text(name)]
                .into_iter()
                .chain(cells)
                .collect::<Vec<_>>(),
        );
    }
    let scene = scene(&names, rho);
    let caption = caption(&training, names.len(), usable, patients.columns.len());
    drawn.figures.push(Figure::new(
        "feature_correlation",
        Section::Features,
        "Correlation of features",
        caption,
        (scene, table),
    ));
}

fn caption(training: &[&Patient], shown: usize, usable: usize, all: usize) -> String {
    let which = if shown < usable {
        format!("the {shown} of {usable} features that differ most between the classes")
    } else {
        format!("{shown} of {all} features: those that vary and are defined for every patient")
    };
    let named = if shown > MOST_NAMED {
        " Their names stand in the file, in this order."
    } else {
        ""
    };
    format!(
        "Spearman's correlation of {which}; the training part ({}; of the first fold where there are several), the mean of \
         each patient's rows. Ordered by average linkage on 1 − |ρ|, so that features that say the same stand \
         together.{named}",
        Patients::counted(training),
    )
}

fn scene(names: &[&str], rho: impl Fn(usize, usize) -> f64) -> Scene {
    let p = names.len();
    let named = p <= MOST_NAMED;
    let left = if named { NAMES } else { 24.0 };
    let side = (TWO_COLUMNS - NAMES - 60.0).min(TWO_COLUMNS - left - 4.0);
    let top = 14.0;
    let mut scene = Scene::new(
        TWO_COLUMNS,
        top + side + 4.0 + if named { 0.0 } else { 10.0 },
    );
    if let Some(picture) = Picture::of_cells(p, p, |i, j| diverging(rho(i, j))) {
        scene.pixels([left, top, side, side], picture);
    }
    scene.frame([left, top, side, side], Stroke::new(Role::Ink, HAIR));
    let cell = side / p as f64;
    if named {
        let size = SMALL.min(0.95 * cell);
        for (at, name) in names.iter().enumerate() {
            let y = top + cell * (at as f64 + 0.5) + 0.36 * size;
            let name = font::fitted(name, NAMES - 4.0, size, false);
            scene.text((left - 3.0, y), name, Type::new(size).end());
        }
    } else {
        for at in (0..p).step_by(20) {
            let (along, number) = (cell * (at as f64 + 0.5), (at + 1).to_string());
            let set = Type::new(SMALL);
            scene.text(
                (left - 3.0, top + along + 0.36 * SMALL),
                number.clone(),
                set.end(),
            );
            scene.text((left + along, top + side + 9.0), number, set.middle());
        }
    }
    key::of(
        &mut scene,
        [left + 20.0, 2.0, 70.0, 5.0],
        ["−1", "1   Spearman's ρ"],
        |share| diverging(2.0 * share - 1.0),
    );
    scene
}

/// Blue for −1 over white for 0 to vermilion for 1 (Okabe and Ito's two, which every common colour vision tells
/// apart).
fn diverging(rho: f64) -> [u8; 3] {
    let end = if rho < 0.0 {
        [0.0, 114.0, 178.0]
    } else {
        [213.0, 94.0, 0.0]
    };
    let share = rho.abs().min(1.0);
    end.map(|channel: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between two bytes"
        )]
        let byte = (255.0 + (channel - 255.0) * share).round() as u8;
        byte
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_at_the_ends_and_in_the_middle() {
        assert_eq!(diverging(-1.0), [0, 114, 178]);
        assert_eq!(diverging(0.0), [255, 255, 255]);
        assert_eq!(diverging(1.0), [213, 94, 0]);
    }
}
