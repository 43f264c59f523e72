//! A scene as pixels, for programs that take no SVG: 300 dots an inch of its printed size.

use tiny_skia::{
    Color, FillRule, FilterQuality, LineCap, LineJoin, Mask, Paint as Brush, PathBuilder, Pixmap,
    PixmapPaint, StrokeDash, Transform,
};
use ttf_parser::OutlineBuilder;

use super::font::{self, single};
use super::scene::{Anchor, Colour, Paint, Point, Scene, Shape, Stroke, Type};
use super::style::Role;
use crate::io::png::Picture;

/// Dots an inch, what journals ask of figures.
pub(crate) const DOTS_AN_INCH: f64 = 300.0;
/// Dots a point.
const SCALE: f64 = DOTS_AN_INCH / 72.0;
/// No picture has more pixels; a larger one is not drawn.
const MOST_PIXELS: f64 = 67_108_864.0;

/// The picture on paper; `None` where it would have no or too many pixels.
pub(super) fn pixels(scene: &Scene) -> Option<Picture> {
    let [width, height] = size(scene)?;
    let mut map = Pixmap::new(width, height)?;
    let [red, green, blue] = Role::Paper.light();
    map.fill(Color::from_rgba8(red, green, blue, u8::MAX));
    for shape in &scene.shapes {
        put(&mut map, shape);
    }
    // The ground is opaque, so no pixel is left to shine through.
    let rgb = map.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]);
    Picture::new(width as usize, height as usize, rgb.collect())
}

/// Dots across and down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and the bound"
)]
fn size(scene: &Scene) -> Option<[u32; 2]> {
    let [width, height] = [scene.width, scene.height].map(|side| (side * SCALE).ceil());
    let drawn = width >= 1.0 && height >= 1.0 && width * height <= MOST_PIXELS;
    drawn.then_some([width as u32, height as u32])
}

fn transform() -> Transform {
    Transform::from_scale(single(SCALE), single(SCALE))
}

fn brush(paint: Paint) -> Brush<'static> {
    let [red, green, blue] = match paint.colour {
        Colour::Role(role) => role.light(),
        Colour::Fixed(fixed) => fixed,
    };
    let mut brush = Brush::default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a byte"
    )]
    let alpha = (paint.opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
    brush.set_color_rgba8(red, green, blue, alpha);
    brush.anti_alias = true;
    brush
}

fn pen(stroke: Stroke) -> tiny_skia::Stroke {
    let lengths: Vec<f32> = stroke.dash.iter().map(|length| single(*length)).collect();
    tiny_skia::Stroke {
        width: single(stroke.width),
        line_cap: LineCap::Butt,
        line_join: LineJoin::Round,
        dash: if lengths.is_empty() {
            None
        } else {
            StrokeDash::new(lengths, 0.0)
        },
        ..tiny_skia::Stroke::default()
    }
}

fn put(map: &mut Pixmap, shape: &Shape) {
    match shape {
        Shape::Path {
            points,
            closed,
            fill,
            stroke,
        } => draw(map, way(points, *closed), *fill, *stroke),
        Shape::Box {
            sides: [x, y, width, height],
            fill,
            stroke,
        } => {
            let corners = [
                (*x, *y),
                (x + width, *y),
                (x + width, y + height),
                (*x, y + height),
            ];
            draw(map, way(&corners, true), *fill, *stroke);
        }
        Shape::Disc {
            centre: (x, y),
            radius,
            fill,
            stroke,
        } => {
            let disc = PathBuilder::from_circle(single(*x), single(*y), single(*radius));
            draw(map, disc, *fill, *stroke);
        }
        Shape::Text { at, text, set } => words(map, *at, text, set),
        Shape::Pixels { sides, picture } => set_in(map, *sides, picture),
    }
}

fn draw(
    map: &mut Pixmap,
    path: Option<tiny_skia::Path>,
    fill: Option<Paint>,
    stroke: Option<Stroke>,
) {
    let Some(path) = path else { return };
    if let Some(paint) = fill {
        map.fill_path(&path, &brush(paint), FillRule::Winding, transform(), None);
    }
    if let Some(stroke) = stroke {
        map.stroke_path(&path, &brush(stroke.paint), &pen(stroke), transform(), None);
    }
}

fn way(points: &[Point], closed: bool) -> Option<tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for (at, &(x, y)) in points.iter().enumerate() {
        let (x, y) = (single(x), single(y));
        if at == 0 {
            builder.move_to(x, y);
        } else {
            builder.line_to(x, y);
        }
    }
    if closed {
        builder.close();
    }
    builder.finish()
}

/// Collects outlines of letters.
struct Letters(PathBuilder);

impl OutlineBuilder for Letters {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

fn words(map: &mut Pixmap, (x, y): Point, text: &str, set: &Type) {
    let mut letters = Letters(PathBuilder::new());
    font::outlines(text, set.size, set.bold, &mut letters);
    let Some(path) = letters.0.finish() else {
        return;
    };
    let share = match set.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5,
        Anchor::End => 1.0,
    };
    let back = -share * font::width(text, set.size, set.bold);
    let place = transform()
        .pre_translate(single(x), single(y))
        .pre_rotate(single(set.angle))
        .pre_translate(single(back), 0.0);
    map.fill_path(&path, &brush(set.paint), FillRule::Winding, place, None);
}

fn set_in(map: &mut Pixmap, [x, y, width, height]: [f64; 4], picture: &Picture) {
    let size = u32::try_from(picture.width())
        .ok()
        .zip(u32::try_from(picture.height()).ok());
    let Some(mut pixels) = size.and_then(|(width, height)| Pixmap::new(width, height)) else {
        return;
    };
    let from = picture.rgb().chunks_exact(3);
    for (to, from) in pixels.data_mut().chunks_exact_mut(4).zip(from) {
        to[..3].copy_from_slice(from);
        to[3] = u8::MAX;
    }
    let place = transform().pre_translate(single(x), single(y)).pre_scale(
        single(width / picture.width() as f64),
        single(height / picture.height() as f64),
    );
    let paint = PixmapPaint {
        quality: FilterQuality::Nearest,
        ..PixmapPaint::default()
    };
    map.draw_pixmap(0, 0, pixels.as_ref(), &paint, place, None::<&Mask>);
}
