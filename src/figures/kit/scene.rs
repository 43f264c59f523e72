//! A picture as a list of shapes: drawn once, written as SVG and as pixels from the same list.
//!
//! Coordinates are points, x to the right, y downwards, from the upper left corner.

use super::font;
use super::style::Role;
use crate::io::png::Picture;

/// A place.
pub(crate) type Point = (f64, f64);

/// What fills an area or a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Paint {
    pub(crate) colour: Colour,
    /// 0 to 1.
    pub(crate) opacity: f64,
}

/// A colour with a meaning, or one that stands for a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Colour {
    Role(Role),
    Fixed([u8; 3]),
}

impl Paint {
    /// The same, shining through.
    pub(crate) fn faint(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }
}

impl From<Role> for Paint {
    fn from(role: Role) -> Self {
        Self {
            colour: Colour::Role(role),
            opacity: 1.0,
        }
    }
}

impl From<[u8; 3]> for Paint {
    fn from(colour: [u8; 3]) -> Self {
        Self {
            colour: Colour::Fixed(colour),
            opacity: 1.0,
        }
    }
}

/// Lengths of strokes and gaps; empty for an unbroken line.
pub(crate) type Dash = &'static [f64];

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) paint: Paint,
    pub(crate) width: f64,
    pub(crate) dash: Dash,
}

impl Stroke {
    pub(crate) fn new(paint: impl Into<Paint>, width: f64) -> Self {
        Self {
            paint: paint.into(),
            width,
            dash: &[],
        }
    }

    pub(crate) fn dashed(self, dash: Dash) -> Self {
        Self { dash, ..self }
    }
}

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) bold: bool,
    pub(crate) anchor: Anchor,
    /// Degrees clockwise about its place.
    pub(crate) angle: f64,
    pub(crate) paint: Paint,
}

impl Type {
    /// Ink, from the left.
    pub(crate) fn new(size: f64) -> Self {
        Self {
            size,
            bold: false,
            anchor: Anchor::Start,
            angle: 0.0,
            paint: Role::Ink.into(),
        }
    }

    pub(crate) fn middle(self) -> Self {
        Self {
            anchor: Anchor::Middle,
            ..self
        }
    }

    pub(crate) fn end(self) -> Self {
        Self {
            anchor: Anchor::End,
            ..self
        }
    }

    pub(crate) fn bold(self, bold: Weight) -> Self {
        Self {
            bold: bold == Weight::Bold,
            ..self
        }
    }

    pub(crate) fn turned(self, angle: f64) -> Self {
        Self { angle, ..self }
    }

    pub(crate) fn paint(self, paint: impl Into<Paint>) -> Self {
        Self {
            paint: paint.into(),
            ..self
        }
    }
}

/// Weight of type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Plain,
    Bold,
}

/// One thing in a picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A line through points, perhaps closed and filled.
    Path {
        points: Vec<Point>,
        closed: bool,
        fill: Option<Paint>,
        stroke: Option<Stroke>,
    },
    /// Left, top, width, height.
    Box {
        sides: [f64; 4],
        fill: Option<Paint>,
        stroke: Option<Stroke>,
    },
    Disc {
        centre: Point,
        radius: f64,
        fill: Option<Paint>,
        stroke: Option<Stroke>,
    },
    /// The place is on the base line.
    Text { at: Point, text: String, set: Type },
    /// Left, top, width, height; pixels are not smoothed.
    Pixels { sides: [f64; 4], picture: Picture },
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scene {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) shapes: Vec<Shape>,
}

impl Scene {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.path(vec![from, to], stroke);
    }

    /// A line through points.
    pub(crate) fn path(&mut self, points: Vec<Point>, stroke: Stroke) {
        self.shapes.push(Shape::Path {
            points,
            closed: false,
            fill: None,
            stroke: Some(stroke),
        });
    }

    /// A filled polygon.
    pub(crate) fn area(&mut self, points: Vec<Point>, fill: impl Into<Paint>) {
        self.shapes.push(Shape::Path {
            points,
            closed: true,
            fill: Some(fill.into()),
            stroke: None,
        });
    }

    /// A filled box.
    pub(crate) fn fill(&mut self, sides: [f64; 4], fill: impl Into<Paint>) {
        self.shapes.push(Shape::Box {
            sides,
            fill: Some(fill.into()),
            stroke: None,
        });
    }

    /// The outline of a box.
    pub(crate) fn frame(&mut self, sides: [f64; 4], stroke: Stroke) {
        self.shapes.push(Shape::Box {
            sides,
            fill: None,
            stroke: Some(stroke),
        });
    }

    pub(crate) fn text(&mut self, at: Point, text: impl Into<String>, set: Type) {
        self.shapes.push(Shape::Text {
            at,
            text: text.into(),
            set,
        });
    }

    /// A text on a ground of its own, over lines that would cross it.
    pub(crate) fn label(&mut self, (x, y): Point, text: impl Into<String>, set: Type) {
        let text = text.into();
        let width = font::width(&text, set.size, set.bold);
        let left = match set.anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        let ground = Paint::from(Role::Paper).faint(0.8);
        let (high, below) = (0.8 * set.size, 0.2 * set.size);
        self.fill([left - 1.0, y - high, width + 2.0, high + below], ground);
        self.text((x, y), text, set);
    }

    pub(crate) fn pixels(&mut self, sides: [f64; 4], picture: Picture) {
        self.shapes.push(Shape::Pixels { sides, picture });
    }
}
