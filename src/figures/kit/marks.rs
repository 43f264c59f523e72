//! Marks of points: shapes that stay apart without colour.

use raduet_study::Arm;

use super::scene::{Dash, Paint, Point, Scene, Shape, Stroke};
use super::style::{HAIR, Role};

/// A shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "learners"),
    expect(dead_code, reason = "the figures of learners use them all")
)]
pub(crate) enum Mark {
    Disc,
    Square,
    Diamond,
    Triangle,
    Down,
    Cross,
}

/// The shapes in the order in which classes take them.
#[cfg(feature = "learners")]
const SHAPES: [Mark; 6] = [
    Mark::Disc,
    Mark::Square,
    Mark::Triangle,
    Mark::Diamond,
    Mark::Down,
    Mark::Cross,
];

/// Half the side of a square, and half the diagonal of a diamond, of a disc's area: √π / 2 and √(π / 2).
const SQUARE: f64 = 0.886;
const TIP: f64 = 1.253;

impl Mark {
    /// The shape of a class, a part or a site by its position.
    #[cfg(feature = "learners")]
    pub(crate) fn of_class(at: usize) -> Self {
        SHAPES[at % SHAPES.len()]
    }

    /// The shape of an arm.
    pub(crate) fn of_arm(arm: Arm) -> Self {
        match arm {
            Arm::Deep => Self::Disc,
            Arm::Radiomics => Self::Square,
            Arm::Reference => Self::Diamond,
        }
    }

    /// Draws it with the area of a disc of `radius`, set off from what lies below.
    pub(crate) fn draw(self, scene: &mut Scene, at: Point, radius: f64, paint: impl Into<Paint>) {
        let paint = paint.into();
        let (x, y) = at;
        let stroke = Some(Stroke::new(Role::Paper, HAIR));
        let corners = |corners: &[(f64, f64)]| {
            corners
                .iter()
                .map(|(dx, dy)| (x + dx * radius, y + dy * radius))
                .collect()
        };
        let shape = match self {
            Self::Disc => {
                scene.shapes.push(Shape::Disc {
                    centre: at,
                    radius,
                    fill: Some(paint),
                    stroke,
                });
                return;
            }
            Self::Square => corners(&[
                (-SQUARE, -SQUARE),
                (SQUARE, -SQUARE),
                (SQUARE, SQUARE),
                (-SQUARE, SQUARE),
            ]),
            Self::Diamond => corners(&[(0.0, -TIP), (TIP, 0.0), (0.0, TIP), (-TIP, 0.0)]),
            Self::Triangle => corners(&[(0.0, -1.35), (1.2, 0.85), (-1.2, 0.85)]),
            Self::Down => corners(&[(0.0, 1.35), (1.2, -0.85), (-1.2, -0.85)]),
            Self::Cross => corners(&[
                (-0.4, -1.2),
                (0.4, -1.2),
                (0.4, -0.4),
                (1.2, -0.4),
                (1.2, 0.4),
                (0.4, 0.4),
                (0.4, 1.2),
                (-0.4, 1.2),
                (-0.4, 0.4),
                (-1.2, 0.4),
                (-1.2, -0.4),
                (-0.4, -0.4),
            ]),
        };
        scene.shapes.push(Shape::Path {
            points: shape,
            closed: true,
            fill: Some(paint),
            stroke,
        });
    }
}

/// The colour of an arm.
pub(crate) fn role_of(arm: Arm) -> Role {
    match arm {
        Arm::Deep => Role::Deep,
        Arm::Radiomics => Role::Radiomics,
        Arm::Reference => Role::Reference,
    }
}

/// The dash of an arm's lines: networks unbroken, learners dashed, references dotted.
pub(crate) fn dash_of(arm: Arm) -> Dash {
    match arm {
        Arm::Deep => &[],
        Arm::Radiomics => &[4.0, 1.8],
        Arm::Reference => &[1.0, 1.6],
    }
}

/// How the line of a model is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    pub(crate) role: Role,
    pub(crate) dash: Dash,
}

/// Dashes and colours of further models of an arm, in their order: none is that of an arm, and each pair differs in
/// print without colour.
const FURTHER: [(Dash, usize); 3] = [
    (&[6.0, 1.6, 1.2, 1.6], 2),
    (&[9.0, 2.0], 3),
    (&[6.0, 1.6, 1.2, 1.6, 1.2, 1.6], 6),
];

/// A line for each model: the first of an arm has its arm's, further ones their own.
pub(crate) fn lines(arms: impl Iterator<Item = Arm>) -> Vec<Line> {
    let (mut met, mut further) = (Vec::new(), FURTHER.iter().cycle());
    arms.map(|arm| {
        if !met.contains(&arm) {
            met.push(arm);
            let (role, dash) = (role_of(arm), dash_of(arm));
            return Line { role, dash };
        }
        let (dash, class) = *further.next().unwrap_or(&FURTHER[0]);
        let role = Role::Class(class);
        Line { role, dash }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many models as are ever drawn in one figure, by arm.
    #[test]
    fn no_two_models_of_a_figure_have_the_same_line() {
        let (deep, radiomics) = (Arm::Deep, Arm::Radiomics);
        for arms in [
            [radiomics; 4],
            [deep; 4],
            [deep, radiomics, radiomics, deep],
        ] {
            let lines = lines(arms.into_iter());
            for (at, line) in lines.iter().enumerate() {
                let others = &lines[at + 1..];
                let alike = |other: &Line| other.dash == line.dash || other.role == line.role;
                assert!(!others.iter().any(alike), "{arms:?}: {line:?}");
            }
        }
        assert_eq!(lines([radiomics].into_iter())[0].dash, dash_of(radiomics));
    }
}
