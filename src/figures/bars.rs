//! What columns are worth: horizontal bars, the longest on top.

use super::kit::axis::{BELOW, Plot, round_range};
use super::kit::font;
use super::kit::scene::{Paint, Scene, Stroke, Type};
use super::kit::style::{HAIR, NORMAL, Role, SMALL};

/// A bar of one part, or of several one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) parts: Vec<f64>,
    /// Half the length of the line at its end.
    pub(super) spread: Option<f64>,
}

impl Bar {
    fn end(&self) -> f64 {
        self.parts.iter().sum()
    }
}

const ROW: f64 = 10.0;
/// Most room for names, as a share of the width.
const NAMES: f64 = 0.5;

/// Bars below `top`; gives the height they took.
pub(super) fn draw(
    scene: &mut Scene,
    top: f64,
    bars: &[Bar],
    paints: &[Paint],
    across: &str,
) -> f64 {
    let width = scene.width;
    let widest = bars
        .iter()
        .map(|bar| font::width(&bar.name, SMALL, false))
        .fold(0.0, f64::max);
    let names = (widest + 1.0).min(NAMES * width);
    let low = bars
        .iter()
        .map(|bar| bar.end() - bar.spread.unwrap_or(0.0))
        .fold(0.0, f64::min);
    let high = bars
        .iter()
        .map(|bar| bar.end() + bar.spread.unwrap_or(0.0))
        .fold(0.0, f64::max);
    let range = round_range(low, high, 4);
    let height = ROW * bars.len() as f64;
    let left = names + 6.0;
    let plot = Plot::new([left, top, width - left - 10.0, height], range, (0.0, 1.0));
    let bottom = top + height;
    plot.x.rules(scene, (top, bottom), 4);
    for (at, bar) in bars.iter().enumerate() {
        let y = top + ROW * (at as f64 + 0.5);
        let name = font::fitted(&bar.name, names, SMALL, false);
        scene.text((left - 4.0, y + 0.36 * SMALL), name, Type::new(SMALL).end());
        let mut from = 0.0;
        for (part, paint) in bar.parts.iter().zip(paints) {
            let (a, b) = (plot.x.at(from), plot.x.at(from + part));
            scene.fill(
                [a.min(b), y - 0.34 * ROW, (b - a).abs(), 0.68 * ROW],
                *paint,
            );
            from += part;
        }
        if let Some(spread) = bar.spread {
            let (a, b) = (plot.x.at(bar.end() - spread), plot.x.at(bar.end() + spread));
            scene.line((a, y), (b, y), Stroke::new(Role::Ink, 1.5 * HAIR));
        }
    }
    let zero = plot.x.at(0.0);
    scene.line((zero, top), (zero, bottom), Stroke::new(Role::Ink, HAIR));
    let middle = left + (width - left - 10.0) / 2.0;
    let base = bottom + BELOW - 2.0;
    scene.text((middle, base), across, Type::new(NORMAL).middle());
    height + BELOW
}
