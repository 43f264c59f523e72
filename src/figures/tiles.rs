//! Sheets of slices: the outlines of regions, and where networks look.

use super::kit::font;
use super::kit::scene::{Scene, Type};
use super::kit::style::{Role, SMALL, TWO_COLUMNS};
use super::table::{Table, row};
use super::{Drawn, Figure, Section, stem};
use crate::finished_run::{Exhibits, Looked, Tile};
use crate::io::png::Picture;

/// Space between tiles.
const GAP: f64 = 5.0;
/// Longest side of a picture as it is set into a figure.
const MOST_PIXELS: usize = 256;

/// Adds the figures.
pub(super) fn draw(exhibits: &Exhibits, drawn: &mut Drawn) {
    if exhibits.masks.is_empty() {
        drawn.left_out.push(
            "mask check sheet: the run kept no slices (only `compare` and `deep` read images)"
                .to_owned(),
        );
    } else {
        drawn.figures.push(masks(&exhibits.masks));
    }
    if exhibits.looked.is_empty() {
        drawn
            .left_out
            .push("Grad-CAM: not asked for (--grad-cam)".to_owned());
    }
    let mut ids: Vec<String> = Vec::new();
    for looked in &exhibits.looked {
        let mut id = format!("attention_{}", stem(&looked.name));
        while ids.contains(&id) {
            id.push_str("_b");
        }
        ids.push(id.clone());
        drawn.figures.push(attention(id, looked));
    }
}

fn slice(tile: &Tile) -> Option<f64> {
    tile.sample.slice.map(f64::from)
}

fn masks(tiles: &[Tile]) -> Figure {
    let mut table = Table::new(&["ID", "PatientID", "Slice", "Target", "ROIPixels"]);
    for tile in tiles {
        table.put(row![
            tile.sample.case.as_str(),
            &tile.patient,
            slice(tile),
            &tile.truth,
            tile.figure
        ]);
    }
    let scene = sheet(tiles, 6, |tile| {
        let pixels = tile
            .figure
            .map(|pixels| format!(" · {pixels:.0} px"))
            .unwrap_or_default();
        let slice = tile
            .sample
            .slice
            .map(|slice| format!("slice {slice}"))
            .unwrap_or_default();
        [
            tile.patient.clone(),
            format!("{slice}{pixels}"),
            tile.truth.clone(),
        ]
    });
    let caption = format!(
        "The slice with the largest region of {} patients, evenly chosen by id, with the outline of the region. Grey runs \
         over the middle 99 % of the slice's intensities. Below: patient, slice and pixels of the region, class.",
        tiles.len(),
    );
    Figure::new(
        "mask_check",
        Section::Quality,
        "Mask check sheet",
        caption,
        (scene, table),
    )
}

fn attention(id: String, looked: &Looked) -> Figure {
    let head = [
        "ID",
        "PatientID",
        "Slice",
        "y_true",
        "y_asked",
        "p_asked",
        "share_inside_mask",
    ];
    let mut table = Table::new(&head);
    for tile in &looked.tiles {
        let asked = tile.asked.as_ref();
        table.put(row![
            tile.sample.case.as_str(),
            &tile.patient,
            slice(tile),
            &tile.truth,
            asked.map_or("", |(class, _)| class.as_str()),
            asked.map(|(_, p)| *p),
            tile.figure,
        ]);
    }
    let scene = sheet(&looked.tiles, 4, |tile| {
        let slice = tile
            .sample
            .slice
            .map(|slice| format!(" · slice {slice}"))
            .unwrap_or_default();
        let asked = tile.asked.as_ref();
        let asked = asked
            .map(|(class, p)| format!("asked {class} ({p:.2})"))
            .unwrap_or_default();
        let inside = tile
            .figure
            .map(|share| format!(" · {:.0} % inside", 100.0 * share));
        [
            format!("{}{slice}", tile.patient),
            format!("true {}", tile.truth),
            format!("{asked}{}", inside.unwrap_or_default()),
        ]
    });
    let caption = format!(
        "Grad-CAM of {} on {} test slices, evenly chosen: what speaks for the class asked about, from none (dark) to most \
         (bright) of each slice, with the outline of the region. Below: patient and slice, true class, class asked about \
         with its probability, and the share of the attention inside the region. All slices stand in \
         models/{}.attention.csv.",
        looked.name,
        looked.tiles.len(),
        looked.name,
    );
    let title = format!("Where {} looks", looked.name);
    Figure::new(id, Section::Explanation, title, caption, (scene, table))
}

/// Tiles in rows of `columns`, each with its lines below.
fn sheet(tiles: &[Tile], columns: usize, lines: impl Fn(&Tile) -> [String; 3]) -> Scene {
    let side = (TWO_COLUMNS - GAP * (columns - 1) as f64) / columns as f64;
    let words = 3.0 * (SMALL + 1.0) + 2.0;
    let row = side + words + GAP;
    let rows = tiles.len().div_ceil(columns);
    let mut scene = Scene::new(TWO_COLUMNS, row * rows as f64 - GAP + 2.0);
    for (at, tile) in tiles.iter().enumerate() {
        let (left, top) = (
            (side + GAP) * (at % columns) as f64,
            row * (at / columns) as f64,
        );
        let picture = coarse(&tile.picture);
        let (wide, high) = (picture.width() as f64, picture.height() as f64);
        let scale = side / wide.max(high);
        let (wide, high) = (wide * scale, high * scale);
        scene.fill([left, top, side, side], Role::Shade);
        let corner = (left + (side - wide) / 2.0, top + (side - high) / 2.0);
        scene.pixels([corner.0, corner.1, wide, high], picture);
        for (line, text) in lines(tile).iter().enumerate() {
            let y = top + side + (SMALL + 1.0) * (line + 1) as f64;
            let set = Type::new(SMALL);
            let set = if line == 0 {
                set
            } else {
                set.paint(Role::Quiet)
            };
            scene.text((left, y), font::fitted(text, side, SMALL, false), set);
        }
    }
    scene
}

/// A picture of the size it is printed at, with steps of four grey levels: half the bytes, and no eye tells.
fn coarse(picture: &Picture) -> Picture {
    let small = picture.shrunk(MOST_PIXELS);
    let rgb = small.rgb().iter().map(|byte| byte & 0xfc).collect();
    Picture::new(small.width(), small.height(), rgb).unwrap_or(small)
}
