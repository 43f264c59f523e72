//! Axes: from values to places, with round numbers at the ticks.

use super::font;
use super::scene::{Scene, Stroke, Type};
use super::style::{HAIR, NORMAL, Role, SMALL};

/// Values to places along one direction of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    /// First and last value.
    pub(crate) values: (f64, f64),
    /// Where they stand.
    pub(crate) places: (f64, f64),
}

impl Scale {
    /// Rules at about `count` values from the first height to the second, with labels below.
    pub(crate) fn rules(&self, scene: &mut Scene, (top, bottom): (f64, f64), count: usize) {
        let ticks = self.ticks(count);
        for (tick, label) in ticks.iter().zip(labels(&ticks)) {
            let x = self.at(*tick);
            scene.line((x, top), (x, bottom), Stroke::new(Role::Rule, HAIR));
            scene.text(
                (x, bottom + 4.0 + 0.72 * SMALL),
                label,
                Type::new(SMALL).middle(),
            );
        }
    }

    /// Where a value stands; values outside stand at the nearer end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let (first, last) = self.values;
        let (from, to) = self.places;
        let share = if last > first {
            ((value - first) / (last - first)).clamp(0.0, 1.0)
        } else {
            0.5
        };
        from + (to - from) * share
    }

    /// About `about` round numbers within the values.
    pub(crate) fn ticks(&self, about: usize) -> Vec<f64> {
        ticks(self.values, about)
    }
}

/// Round numbers (1, 2 or 5 times a power of ten apart) from the first to the last value, about `about` of them.
pub(crate) fn ticks((first, last): (f64, f64), about: usize) -> Vec<f64> {
    let span = last - first;
    if !(span > 0.0 && span.is_finite()) {
        return vec![first];
    }
    let step = step(span, about);
    // A hair beyond the ends, for multiples that rounding has moved.
    let (low, high) = ((first / step - 1e-9).ceil(), (last / step + 1e-9).floor());
    let mut found = Vec::new();
    let mut at = low;
    while at <= high {
        // Adding 0 turns −0 into 0.
        found.push(at * step + 0.0);
        at += 1.0;
    }
    found
}

fn step(span: f64, about: usize) -> f64 {
    let raw = span / about.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let rounded = [1.0, 2.0, 5.0, 10.0];
    let near = |factor: &&f64| **factor * power >= raw * 0.999;
    rounded.iter().find(near).unwrap_or(&10.0) * power
}

/// A range that holds the values with round ends.
pub(crate) fn round_range(low: f64, high: f64, about: usize) -> (f64, f64) {
    let span = high - low;
    if !span.is_finite() {
        return (0.0, 1.0);
    }
    if span <= 0.0 {
        let half = if low == 0.0 { 1.0 } else { low.abs() / 2.0 };
        return (low - half, high + half);
    }
    let step = step(span, about);
    (
        (low / step + 1e-9).floor() * step,
        (high / step - 1e-9).ceil() * step,
    )
}

/// Values as they stand at ticks: all with the decimals that the finest of them needs.
pub(crate) fn labels(values: &[f64]) -> Vec<String> {
    let largest = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let gap = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .fold(f64::INFINITY, f64::min);
    let gap = if gap.is_finite() { gap } else { largest };
    if largest >= 1e5 || (largest > 0.0 && gap < 1e-4) {
        return values.iter().map(|v| scientific(*v)).collect();
    }
    let fits = |decimals: usize| {
        let unit = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
        values
            .iter()
            .all(|v| ((v * unit).round() - v * unit).abs() < 1e-6 * unit.max(1.0) * gap.max(1e-9))
    };
    let decimals = (0..6).find(|decimals| fits(*decimals)).unwrap_or(6);
    values
        .iter()
        .map(|v| signed(format!("{v:.decimals$}")))
        .collect()
}

fn scientific(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    signed(format!("{value:.1e}").replace(".0e", "e"))
}

/// With a minus sign in place of a hyphen.
pub(crate) fn signed(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// The part of a picture that lies between two axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plot {
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

/// Which grid lines lie behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grid {
    None,
    Across,
    Both,
}

/// Length of a tick, and from it to its label.
const TICK: f64 = 2.5;
const GAP: f64 = 2.0;

impl Plot {
    /// A plot in a box (left, top, width, height).
    pub(crate) fn new([left, top, width, height]: [f64; 4], x: (f64, f64), y: (f64, f64)) -> Self {
        Self {
            x: Scale {
                values: x,
                places: (left, left + width),
            },
            y: Scale {
                values: y,
                places: (top + height, top),
            },
        }
    }

    /// Left, top, width, height.
    pub(crate) fn sides(&self) -> [f64; 4] {
        let ((left, right), (bottom, top)) = (self.x.places, self.y.places);
        [left, top, right - left, bottom - top]
    }

    pub(crate) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.at(x), self.y.at(y))
    }

    /// Points of a curve.
    pub(crate) fn line(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().map(|&(x, y)| self.at(x, y)).collect()
    }

    /// The parts of a curve that lie within the plot's heights, cut where it leaves them.
    pub(crate) fn pieces(&self, points: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let (low, high) = self.y.values;
        let inside = |y: f64| (low..=high).contains(&y);
        let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut open = false;
        for (at, &(x, y)) in points.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| points[before]);
            // Where the line from the point before meets the edge.
            let edge = before.and_then(|(x0, y0)| {
                let edge = if y0.min(y) < low { low } else { high };
                let share = (edge - y0) / (y - y0);
                share
                    .is_finite()
                    .then(|| self.at(x0 + share * (x - x0), edge))
            });
            match (open, inside(y)) {
                (true, false) => {
                    if let (Some(piece), Some(edge)) = (pieces.last_mut(), edge) {
                        piece.push(edge);
                    }
                    open = false;
                }
                (false, true) => {
                    pieces.push(edge.into_iter().filter(|_| at > 0).collect());
                    open = true;
                }
                (true, true) | (false, false) => {}
            }
            if open && let Some(piece) = pieces.last_mut() {
                piece.push(self.at(x, y));
            }
        }
        pieces
    }

    /// Frame, grid, ticks with labels and names of both axes. An empty name takes no room.
    pub(crate) fn axes(
        &self,
        scene: &mut Scene,
        [across, up]: [&str; 2],
        about: [usize; 2],
        grid: Grid,
    ) {
        let [left, top, width, height] = self.sides();
        let (right, bottom) = (left + width, top + height);
        let (xs, ys) = (self.x.ticks(about[0]), self.y.ticks(about[1]));
        let rule = Stroke::new(Role::Rule, HAIR);
        if grid == Grid::Both {
            for &value in &xs {
                let x = self.x.at(value);
                scene.line((x, top), (x, bottom), rule);
            }
        }
        if grid != Grid::None {
            for &value in &ys {
                let y = self.y.at(value);
                scene.line((left, y), (right, y), rule);
            }
        }
        let ink = Stroke::new(Role::Ink, HAIR);
        scene.line((left, top), (left, bottom), ink);
        scene.line((left, bottom), (right, bottom), ink);
        for (value, label) in xs.iter().zip(labels(&xs)) {
            let x = self.x.at(*value);
            scene.line((x, bottom), (x, bottom + TICK), ink);
            scene.text(
                (x, bottom + TICK + GAP + 0.72 * SMALL),
                label,
                Type::new(SMALL).middle(),
            );
        }
        let mut widest = 0.0_f64;
        for (value, label) in ys.iter().zip(labels(&ys)) {
            let y = self.y.at(*value);
            widest = widest.max(font::width(&label, SMALL, false));
            scene.line((left - TICK, y), (left, y), ink);
            scene.text(
                (left - TICK - GAP, y + 0.36 * SMALL),
                label,
                Type::new(SMALL).end(),
            );
        }
        if !across.is_empty() {
            let below = bottom + TICK + GAP + SMALL + 2.5 + 0.72 * NORMAL;
            scene.text(
                (left + width / 2.0, below),
                across,
                Type::new(NORMAL).middle(),
            );
        }
        if !up.is_empty() {
            let beside = left - TICK - GAP - widest - 4.0;
            scene.text(
                (beside, top + height / 2.0),
                up,
                Type::new(NORMAL).middle().turned(-90.0),
            );
        }
    }
}

/// Room that labels and the name take below a plot.
pub(crate) const BELOW: f64 = TICK + GAP + SMALL + 2.5 + NORMAL + 2.0;
/// Room that labels of some four signs and the name take on the left of a plot.
pub(crate) const BESIDE: f64 = 34.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_by_hand() {
        assert_eq!(
            ticks((0.0, 1.0), 5),
            [0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]
        );
        assert_eq!(ticks((-3.0, 8.0), 4), [0.0, 5.0]);
        assert_eq!(ticks((0.0, 10.0), 4), [0.0, 5.0, 10.0]);
        assert_eq!(ticks((2.0, 2.0), 4), [2.0]);
        assert_eq!(
            labels(&[0.0, 0.2, 0.600_000_000_000_000_1]),
            ["0.0", "0.2", "0.6"]
        );
        assert_eq!(labels(&[-5.0, 0.0, 5.0]), ["−5", "0", "5"]);
        assert_eq!(labels(&[0.0, 0.25, 0.5]), ["0.00", "0.25", "0.50"]);
        assert_eq!(labels(&[0.0, 100_000.0]), ["0", "1e5"]);
        assert_eq!(round_range(0.13, 0.87, 4), (0.0, 1.0));
        assert_eq!(round_range(3.0, 3.0, 4), (1.5, 4.5));
    }

    #[test]
    fn values_stand_where_their_share_says() {
        let plot = Plot::new([10.0, 20.0, 100.0, 50.0], (0.0, 2.0), (0.0, 1.0));
        assert_eq!(plot.at(0.5, 0.2), (35.0, 60.0));
        assert_eq!(plot.at(-1.0, 3.0), (10.0, 20.0));
        let sides = plot.sides().map(f64::to_bits);
        assert_eq!(sides, [10.0_f64, 20.0, 100.0, 50.0].map(f64::to_bits));
        // Falls through the lower edge at 1.5 and comes back at 1.75.
        let points = [
            (0.0, 1.0),
            (1.0, 0.5),
            (1.5, 0.0),
            (1.625, -1.0),
            (1.75, 0.0),
            (2.0, 1.0),
        ];
        let pieces = plot.pieces(&points);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0].last(), Some(&(85.0, 70.0)));
        assert_eq!(pieces[1].first(), Some(&(97.5, 70.0)));
    }
}
