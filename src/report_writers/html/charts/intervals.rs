//! Rows of a value with its interval over a shared axis: the form of forest plots.

use std::fmt::Write;

use raduet_study::Arm;
use raduet_study::uncertainty::Interval;

use super::super::markup::text;
use super::{cut, mark, svg};

const WIDTH: f64 = 760.0;
/// Where the axis begins and ends, between names on the left and figures on the right.
const LEFT: f64 = 200.0;
const RIGHT: f64 = 600.0;
const ROW: f64 = 24.0;
/// Radius of the mark of a value; half the height of the ends of the outer interval.
const MARK: f64 = 6.0;
const CAP: f64 = 4.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 44.0;

/// One line of the chart: a value. Texts are as they come from outside.
#[derive(Debug)]
pub(in super::super) struct Row {
    /// Whose colour and shape.
    pub(in super::super) arm: Arm,
    /// Whether the name is set apart.
    pub(in super::super) strong: bool,
    /// On the left.
    pub(in super::super) name: String,
    /// The value, where it has one.
    pub(in super::super) value: Option<f64>,
    /// Drawn thick.
    pub(in super::super) interval: Option<Interval>,
    /// Drawn thin behind it.
    pub(in super::super) outer: Option<Interval>,
    /// On the right.
    pub(in super::super) figures: String,
}

/// The axis below the rows.
#[derive(Debug)]
pub(in super::super) struct Axis {
    /// First and last value.
    pub(in super::super) range: (f64, f64),
    /// Values with their labels.
    pub(in super::super) ticks: Vec<(f64, String)>,
    /// What it measures.
    pub(in super::super) name: String,
    /// A value to hold every row against, with its label.
    pub(in super::super) guide: (f64, String),
}

impl Axis {
    /// Values outside the range stand at its end.
    fn x(&self, value: f64) -> f64 {
        let (first, last) = self.range;
        let share = ((value - first) / (last - first)).clamp(0.0, 1.0);
        LEFT + (RIGHT - LEFT) * share
    }
}

/// The chart.
pub(in super::super) fn chart(title: &str, axis: &Axis, rows: &[Row]) -> String {
    let floor = TOP + ROW * rows.len() as f64;
    let mut out = String::new();
    for (value, label) in &axis.ticks {
        let x = axis.x(*value);
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP:.1}\" x2=\"{x:.1}\" y2=\"{floor:.1}\"/>\n\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            floor + 16.0,
            text(label)
        );
    }
    let (value, label) = &axis.guide;
    let x = axis.x(*value);
    let _ = write!(
        out,
        "<line class=\"guide\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{floor:.1}\"/>\n\
         <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
        TOP - 6.0,
        TOP - 10.0,
        text(label),
        f64::midpoint(LEFT, RIGHT),
        floor + 36.0,
        text(&axis.name)
    );
    for (place, row) in rows.iter().enumerate() {
        out.push_str(&line(axis, row, TOP + ROW * (place as f64 + 0.5)));
    }
    svg("wide", WIDTH, floor + BOTTOM, title, &out)
}

fn line(axis: &Axis, row: &Row, y: f64) -> String {
    let base = y + 4.0;
    let Row {
        arm,
        strong,
        name,
        value,
        interval,
        outer,
        figures,
    } = row;
    let class = if *strong { " class=\"strong\"" } else { "" };
    let mut out = format!(
        "<text{class} x=\"{:.1}\" y=\"{base:.1}\" text-anchor=\"end\">{}</text>\n",
        LEFT - 12.0,
        text(&cut(name))
    );
    let arm_class = arm.name();
    if let Some(outer) = outer {
        let (first, last) = (axis.x(outer.lower), axis.x(outer.upper));
        let (above, below) = (y - CAP, y + CAP);
        let _ = writeln!(
            out,
            "<path class=\"outer {arm_class}\" d=\"M{first:.1} {above:.1}V{below:.1}M{first:.1} {y:.1}H{last:.1}M{last:.1} {above:.1}V{below:.1}\"/>",
        );
    }
    if let Some(interval) = interval {
        let _ = writeln!(
            out,
            "<line class=\"interval {arm_class}\" x1=\"{:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>",
            axis.x(interval.lower),
            axis.x(interval.upper)
        );
    }
    if let Some(value) = value {
        out.push_str(&mark(*arm, axis.x(*value), y, MARK));
    }
    let _ = writeln!(
        out,
        "<text{class} x=\"{:.1}\" y=\"{base:.1}\">{}</text>",
        RIGHT + 14.0,
        text(figures)
    );
    out
}
