//! Numbers in a fount of 3 by 5 pixels.

use super::canvas::Canvas;
use super::colours::Colour;

/// Width of a sign.
pub(super) const WIDTH: usize = 3;
/// Height of a sign.
pub(super) const HEIGHT: usize = 5;

/// What numbers are made of, five rows of three pixels each.
const SIGNS: [(char, [u8; HEIGHT]); 13] = [
    ('0', [0b111, 0b101, 0b101, 0b101, 0b111]),
    ('1', [0b010, 0b110, 0b010, 0b010, 0b111]),
    ('2', [0b111, 0b001, 0b111, 0b100, 0b111]),
    ('3', [0b111, 0b001, 0b011, 0b001, 0b111]),
    ('4', [0b101, 0b101, 0b111, 0b001, 0b001]),
    ('5', [0b111, 0b100, 0b111, 0b001, 0b111]),
    ('6', [0b111, 0b100, 0b111, 0b101, 0b111]),
    ('7', [0b111, 0b001, 0b010, 0b010, 0b010]),
    ('8', [0b111, 0b101, 0b111, 0b101, 0b111]),
    ('9', [0b111, 0b101, 0b111, 0b001, 0b111]),
    ('.', [0b000, 0b000, 0b000, 0b000, 0b010]),
    ('-', [0b000, 0b000, 0b111, 0b000, 0b000]),
    ('e', [0b000, 0b111, 0b111, 0b100, 0b111]),
];

/// A number with about four digits that count, short enough for a label.
pub(super) fn label(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        "0".into()
    } else if (1e-3..1e5).contains(&magnitude) {
        // Digits behind the point for four that count.
        let decimals = [1e3, 1e2, 1e1, 1.0, 0.1]
            .iter()
            .position(|power| magnitude >= *power)
            .unwrap_or(5);
        format!("{value:.decimals$}")
    } else {
        format!("{value:.2e}")
    }
}

/// Width of a text, in pixels of the picture; signs stand one pixel apart.
pub(super) fn width(text: &str, zoom: usize) -> usize {
    text.chars().count() * (WIDTH + 1) * zoom
}

/// Writes a text with its upper left corner at `row, column`.
pub(super) fn write(
    canvas: &mut Canvas,
    [row, column]: [usize; 2],
    text: &str,
    zoom: usize,
    colour: Colour,
) {
    for (place, sign) in text.chars().enumerate() {
        let Some((_, rows)) = SIGNS.iter().find(|(known, _)| *known == sign) else {
            continue;
        };
        let left = column + place * (WIDTH + 1) * zoom;
        for (r, bits) in rows.iter().enumerate() {
            for c in (0..WIDTH).filter(|c| bits >> (WIDTH - 1 - c) & 1 == 1) {
                let at = [row + r * zoom, left + c * zoom];
                canvas.fill(at, [zoom, zoom], colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (0.123_456, "0.1235"),
            (0.034_41, "0.03441"),
            (-12.345, "-12.35"),
            (123.456, "123.5"),
            (99_999.0, "99999"),
            (1e5, "1.00e5"),
            (-2.5e-7, "-2.50e-7"),
        ] {
            assert_eq!(label(value), expected);
        }
    }

    #[test]
    fn every_sign_of_a_label_has_a_form() {
        for value in [0.0, 1_234.5, -6.789, 1e-9, f64::MAX, f64::MIN_POSITIVE] {
            let text = label(value);
            assert!(
                text.chars()
                    .all(|sign| SIGNS.iter().any(|(known, _)| *known == sign)),
                "{text}"
            );
        }
    }
}
