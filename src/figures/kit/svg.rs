//! A scene as SVG 1.1: self-contained, no style sheet, no script. Colours are attributes with a class beside them
//! (see [`super::style`]); coordinates have two decimals, so that bytes do not hang on the last bit of a sum.

use std::fmt::Write;

use super::font::FAMILIES;
use super::scene::{Anchor, Colour, Paint, Point, Scene, Shape, Stroke, Type};
use super::style::{Role, hexadecimal};
use crate::io::png;
use crate::report_writers::escape;

/// How every figure of ours begins.
pub(crate) const SVG_HEAD: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"raduet-figure\"";

/// Points of a line that lie nearer to the last one drawn than this are left out: a tenth of a dot in print.
const NEAR: f64 = 0.02;

/// The picture with its name and what it shows, for those who hear it.
pub(super) fn write(scene: &Scene, title: &str, description: &str) -> String {
    let (title, description) = (safe(title), safe(description));
    let (width, height) = (number(scene.width), number(scene.height));
    let mut out = format!(
        "{SVG_HEAD} xmlns:xlink=\"http://www.w3.org/1999/xlink\" role=\"img\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FAMILIES}\">\n\
         <title>{title}</title>\n<desc>{description}</desc>\n"
    );
    let _ = writeln!(
        out,
        "<rect{} width=\"{width}\" height=\"{height}\"/>",
        look(Some(Role::Paper.into()), None)
    );
    for shape in &scene.shapes {
        put(&mut out, shape);
    }
    out.push_str("</svg>\n");
    out
}

/// Text from outside: no markup, nothing that XML does not allow, nothing that turns the direction of writing.
pub(super) fn safe(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|sign| match sign {
            '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            sign => sign,
        })
        .collect();
    escape::html(&text)
}

// Writing to a String cannot fail.
fn put(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Path {
            points,
            closed,
            fill,
            stroke,
        } => {
            let way = way(points);
            // The band of a curve that has no place: browsers take a way without a beginning for an error.
            if way.is_empty() {
                return;
            }
            let _ = writeln!(
                out,
                "<path d=\"{way}{}\"{}/>",
                if *closed { "Z" } else { "" },
                look(*fill, *stroke)
            );
        }
        Shape::Box {
            sides: [x, y, width, height],
            fill,
            stroke,
        } => {
            let _ = writeln!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}/>",
                number(*x),
                number(*y),
                number(*width),
                number(*height),
                look(*fill, *stroke)
            );
        }
        Shape::Disc {
            centre: (x, y),
            radius,
            fill,
            stroke,
        } => {
            let _ = writeln!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>",
                number(*x),
                number(*y),
                number(*radius),
                look(*fill, *stroke)
            );
        }
        Shape::Text { at, text, set } => words(out, *at, text, set),
        Shape::Pixels {
            sides: [x, y, width, height],
            picture,
        } => {
            let address = png::data_uri(picture);
            let _ = writeln!(
                out,
                "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
                 image-rendering=\"pixelated\" xlink:href=\"{address}\"/>",
                number(*x),
                number(*y),
                number(*width),
                number(*height),
            );
        }
    }
}

fn words(out: &mut String, (x, y): Point, text: &str, set: &Type) {
    let (x, y) = (number(x), number(y));
    let anchor = match set.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if set.bold { " font-weight=\"700\"" } else { "" };
    let _ = write!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\"{anchor}{weight}{}",
        number(set.size),
        look(Some(set.paint), None)
    );
    if set.angle.abs() > 0.0 {
        let _ = write!(out, " transform=\"rotate({} {x} {y})\"", number(set.angle));
    }
    let _ = writeln!(out, ">{}</text>", safe(text));
}

fn way(points: &[Point]) -> String {
    let mut out = String::new();
    let mut last: Option<Point> = None;
    for (at, &(x, y)) in points.iter().enumerate() {
        let near = last.is_some_and(|(a, b)| (a - x).abs() < NEAR && (b - y).abs() < NEAR);
        if near && at + 1 < points.len() {
            continue;
        }
        out.push(if last.is_none() { 'M' } else { 'L' });
        let _ = write!(out, "{} {}", number(x), number(y));
        last = Some((x, y));
    }
    out
}

/// Class and attributes of a shape's inside and outline.
fn look(fill: Option<Paint>, stroke: Option<Stroke>) -> String {
    let mut classes = Vec::new();
    let mut attributes = String::new();
    match fill {
        Some(paint) => colour("fill", paint, &mut classes, &mut attributes),
        None => attributes.push_str(" fill=\"none\""),
    }
    if let Some(stroke) = stroke {
        colour("stroke", stroke.paint, &mut classes, &mut attributes);
        let _ = write!(
            attributes,
            " stroke-width=\"{}\" stroke-linejoin=\"round\"",
            number(stroke.width)
        );
        if !stroke.dash.is_empty() {
            let lengths: Vec<String> = stroke.dash.iter().map(|length| number(*length)).collect();
            let _ = write!(attributes, " stroke-dasharray=\"{}\"", lengths.join(" "));
        }
    }
    if classes.is_empty() {
        attributes
    } else {
        format!(" class=\"{}\"{attributes}", classes.join(" "))
    }
}

fn colour(attribute: &str, paint: Paint, classes: &mut Vec<String>, attributes: &mut String) {
    let value = match paint.colour {
        Colour::Role(role) => {
            classes.push(format!("{}-{}", &attribute[..1], role.name()));
            role.light()
        }
        Colour::Fixed(fixed) => fixed,
    };
    let _ = write!(attributes, " {attribute}=\"{}\"", hexadecimal(value));
    if paint.opacity < 1.0 {
        let _ = write!(
            attributes,
            " {attribute}-opacity=\"{}\"",
            number(paint.opacity)
        );
    }
}

/// At most two decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [1.0, 0.5, -0.001, 12.346, 100.0].map(number),
            ["1", "0.5", "0", "12.35", "100"]
        );
    }

    #[test]
    fn a_way_without_points_is_not_drawn() {
        let mut scene = Scene::new(10.0, 10.0);
        scene.area(Vec::new(), Role::Ink);
        assert!(!write(&scene, "t", "d").contains("<path"));
        scene.area(vec![(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)], Role::Ink);
        assert!(write(&scene, "t", "d").contains("Z\""));
    }

    #[test]
    fn what_xml_forbids_is_replaced() {
        assert_eq!(
            safe("<a>\u{0}\u{fffe}\u{202e}'\""),
            "&lt;a&gt;\u{fffd}\u{fffd}\u{fffd}&#39;&quot;"
        );
    }
}
