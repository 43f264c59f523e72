//! Legends: what lines, marks and areas stand for.

use super::font;
use super::marks::Mark;
use super::scene::{Dash, Paint, Scene, Stroke, Type};
use super::style::{CURVE, MARK, SMALL};

/// What stands before a name.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    not(feature = "learners"),
    expect(dead_code, reason = "the figures of learners use them all")
)]
pub(crate) enum Sample {
    Line(Paint, Dash),
    Mark(Mark, Paint),
    Area(Paint),
}

/// An entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) sample: Sample,
    pub(crate) name: String,
}

/// Length of a sample, from it to its name, from one entry to the next, from line to line.
const SAMPLE: f64 = 16.0;
const GAP: f64 = 3.0;
const APART: f64 = 10.0;
pub(crate) const LINE: f64 = 10.0;

/// How many lines entries take in a width.
fn lines<'a>(entries: &'a [Entry], width: f64) -> Vec<Vec<&'a Entry>> {
    let mut lines: Vec<Vec<&'a Entry>> = Vec::new();
    let mut at = f64::INFINITY;
    for entry in entries {
        let wide = length(entry);
        if at + wide > width {
            lines.push(Vec::new());
            at = 0.0;
        }
        if let Some(line) = lines.last_mut() {
            line.push(entry);
        }
        at += wide + APART;
    }
    lines
}

fn length(entry: &Entry) -> f64 {
    before(entry.sample) + GAP + font::width(&entry.name, SMALL, false)
}

fn before(sample: Sample) -> f64 {
    match sample {
        Sample::Line(..) => SAMPLE,
        Sample::Mark(..) | Sample::Area(_) => 7.0,
    }
}

/// Height of a legend.
pub(crate) fn height(entries: &[Entry], width: f64) -> f64 {
    LINE * lines(entries, width).len() as f64
}

/// Entries side by side from (left, top), in as many lines as they need.
pub(crate) fn draw(scene: &mut Scene, (left, top): (f64, f64), width: f64, entries: &[Entry]) {
    for (row, line) in lines(entries, width).into_iter().enumerate() {
        let middle = top + LINE * (row as f64 + 0.5);
        let mut x = left;
        for entry in line {
            let wide = before(entry.sample);
            match entry.sample {
                Sample::Line(paint, dash) => scene.line(
                    (x, middle),
                    (x + wide, middle),
                    Stroke::new(paint, CURVE).dashed(dash),
                ),
                Sample::Mark(mark, paint) => {
                    mark.draw(scene, (x + wide / 2.0, middle), MARK, paint);
                }
                Sample::Area(paint) => scene.fill([x, middle - 3.0, wide, 6.0], paint),
            }
            let room = width - wide - GAP;
            scene.text(
                (x + wide + GAP, middle + 0.36 * SMALL),
                font::fitted(&entry.name, room, SMALL, false),
                Type::new(SMALL),
            );
            x += length(entry) + APART;
        }
    }
}
