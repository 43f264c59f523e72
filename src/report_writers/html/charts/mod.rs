//! Figures as inline SVG: one a file. Colours come from the style sheet; arms differ by shape and dash
//! too, for print and for eyes that see other colours.
//!
//! Coordinates are user units, origin top left; they are written with one decimal, so that the bytes
//! do not hang on the last bit of a sum.

pub(super) mod intervals;

use raduet_study::Arm;

/// Longest name in a chart, in characters: the tables have it in full.
const LONGEST_NAME: usize = 24;

/// A drawing with its name for those who hear it. `title` and `body` are safe already.
fn svg(class: &str, width: f64, height: f64, title: &str, body: &str) -> String {
    format!(
        "<svg class=\"{class}\" role=\"img\" viewBox=\"0 0 {width:.0} {height:.0}\" aria-label=\"{title}\">\n<title>{title}</title>\n{body}</svg>\n"
    )
}

/// A name cut to fit, not yet escaped.
fn cut(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(LONGEST_NAME - 1).collect();
    short.push('…');
    short
}

/// The mark of an arm around a point: a disc, a square, a diamond.
fn mark(arm: Arm, x: f64, y: f64, radius: f64) -> String {
    let class = arm.name();
    // A diamond of the same area as the disc.
    let tip = radius * std::f64::consts::FRAC_PI_2.sqrt();
    match arm {
        Arm::Deep => {
            format!(
                "<circle class=\"mark {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>\n"
            )
        }
        Arm::Radiomics => format!(
            "<rect class=\"mark {class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{side:.1}\" height=\"{side:.1}\"/>\n",
            x - radius,
            y - radius,
            side = 2.0 * radius
        ),
        Arm::Reference => format!(
            "<path class=\"mark {class}\" d=\"M{x:.1} {:.1}L{:.1} {y:.1}L{x:.1} {:.1}L{:.1} {y:.1}Z\"/>\n",
            y - tip,
            x + tip,
            y + tip,
            x - tip
        ),
    }
}
