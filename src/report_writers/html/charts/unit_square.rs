//! The square from (0, 0) to (1, 1) with its axes, for curves of one share against another.

use std::fmt::Write;

/// Side of the square.
const SIDE: f64 = 240.0;
/// Space for tick labels and names of the axes.
const LEFT: f64 = 56.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 42.0;
const RIGHT: f64 = 14.0;

/// Width of a panel.
pub(super) const WIDTH: f64 = LEFT + SIDE + RIGHT;
/// Height of a panel without a legend.
pub(super) const HEIGHT: f64 = TOP + SIDE + BOTTOM;

/// Where a share stands across.
pub(super) fn x(share: f64) -> f64 {
    LEFT + SIDE * share
}

/// Where a share stands up.
pub(super) fn y(share: f64) -> f64 {
    TOP + SIDE * (1.0 - share)
}

/// Axes with ticks every quarter, the diagonal, and names.
pub(super) fn axes(across: &str, up: &str) -> String {
    let mut out = format!(
        "<rect class=\"frame\" x=\"{:.1}\" y=\"{:.1}\" width=\"{SIDE:.1}\" height=\"{SIDE:.1}\"/>\n\
         <line class=\"guide\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>\n",
        x(0.0),
        y(1.0),
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
    for quarter in 0..=4 {
        let share = f64::from(quarter) / 4.0;
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{share:.2}</text>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{share:.2}</text>\n",
            x(share),
            y(0.0) + 15.0,
            x(0.0) - 5.0,
            y(share) + 4.0
        );
    }
    let middle = y(0.5);
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>\n\
         <text x=\"12\" y=\"{middle:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 12 {middle:.1})\">{up}</text>\n",
        x(0.5),
        y(0.0) + 34.0
    );
    out
}

/// A line through points of the square.
pub(super) fn line(class: &str, points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points
        .iter()
        .map(|&(across, up)| format!("{:.1},{:.1}", x(across), y(up)))
        .collect();
    format!(
        "<polyline class=\"{class}\" points=\"{}\"/>\n",
        points.join(" ")
    )
}
