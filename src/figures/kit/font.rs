//! The type of figures: Noto Sans, shipped by a package, so that widths and pixels are the same on every machine.
//!
//! In SVG the text stays text and is set in whatever sans-serif the page or the editor has; widths measured here
//! serve the layout. Signs that the font lacks are drawn as its box in pixels.

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// What a page is asked to set text in.
pub(crate) const FAMILIES: &str = "'Noto Sans','Helvetica Neue',Helvetica,Arial,sans-serif";

static PLAIN: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(notosans::REGULAR_TTF, 0).ok());
static BOLD: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(notosans::BOLD_TTF, 0).ok());

fn face(bold: bool) -> Option<&'static Face<'static>> {
    if bold { BOLD.as_ref() } else { PLAIN.as_ref() }
}

/// Points that a text takes.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let Some(face) = face(bold) else { return 0.0 };
    let units: f64 = text.chars().map(|sign| advance(face, sign)).sum();
    units * size / f64::from(face.units_per_em())
}

fn glyph(face: &Face<'_>, sign: char) -> GlyphId {
    face.glyph_index(sign).unwrap_or(GlyphId(0))
}

fn advance(face: &Face<'_>, sign: char) -> f64 {
    f64::from(face.glyph_hor_advance(glyph(face, sign)).unwrap_or(0))
}

/// The text, or as much of it as fits into `room` points, with an ellipsis in its middle: names often differ at
/// their ends.
pub(crate) fn fitted(text: &str, room: f64, size: f64, bold: bool) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let signs: Vec<char> = text.chars().collect();
    let shortened = |kept: usize| -> String {
        let head = signs[..kept.div_ceil(2)].iter();
        let tail = signs[signs.len() - kept / 2..].iter();
        head.chain(&['…']).chain(tail).collect()
    };
    // Longer beginnings are wider, so the longest that fits is found by halving.
    let (mut fits, mut fails) = (0, signs.len());
    while fails - fits > 1 {
        let middle = usize::midpoint(fits, fails);
        if width(&shortened(middle), size, bold) <= room {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    shortened(fits)
}

/// Feeds the outlines of a text from (0, 0) on, in points with y downwards, to `pen`.
pub(crate) fn outlines(text: &str, size: f64, bold: bool, pen: &mut impl OutlineBuilder) {
    let Some(face) = face(bold) else { return };
    let scale = size / f64::from(face.units_per_em());
    let mut at = 0.0;
    for sign in text.chars() {
        let mut placed = Placed {
            pen: &mut *pen,
            at: single(at),
            scale: single(scale),
        };
        let _ = face.outline_glyph(glyph(face, sign), &mut placed);
        at += advance(face, sign) * scale;
    }
}

/// Coordinates of a picture as the library takes them.
#[expect(
    clippy::cast_possible_truncation,
    reason = "pictures are some thousand pixels wide; single precision is what the library works in"
)]
pub(crate) fn single(value: f64) -> f32 {
    value as f32
}

/// A pen that turns a glyph's units into a place in the line.
struct Placed<'a, P> {
    pen: &'a mut P,
    at: f32,
    scale: f32,
}

impl<P> Placed<'_, P> {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (self.at + x * self.scale, -y * self.scale)
    }
}

impl<P: OutlineBuilder> OutlineBuilder for Placed<'_, P> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.pen.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.pen.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.pen.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2)) = (self.place(x1, y1), self.place(x2, y2));
        let (x, y) = self.place(x, y);
        self.pen.curve_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.pen.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The package holds the font, and signs that figures need are in it.
    #[test]
    fn the_font_has_what_figures_need() {
        for bold in [false, true] {
            let face = face(bold).expect("a font");
            for sign in "aZ09%−×≤≥±ρκχ²…–·→αβµü".chars() {
                assert!(face.glyph_index(sign).is_some(), "{sign}");
            }
        }
        assert!(width("abc", 10.0, true) > width("abc", 10.0, false));
    }

    #[test]
    fn long_names_lose_their_middle() {
        let name = "original_glcm_InverseDifferenceMomentNormalised";
        let short = fitted(name, 60.0, 7.0, false);
        assert!(width(&short, 7.0, false) <= 60.0);
        assert!(short.starts_with("orig") && short.ends_with("ised") && short.contains('…'));
        assert_eq!(fitted("short", 60.0, 7.0, false), "short");
        assert_eq!(fitted("any", 0.0, 7.0, false), "…");
    }
}
