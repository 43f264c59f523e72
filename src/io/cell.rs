//! Cells of the tables the tool writes.
//!
//! A text cell that a spreadsheet would run as a formula gets a leading `'`, which spreadsheets show as
//! text. Numbers are written as numbers, minus sign included.

use std::borrow::Cow;

/// Whether a spreadsheet would run this text: it begins like a formula and is no number.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err()
}

/// Whether a text begins with quotes, if any, and then like a formula: one more quote is put in front of it, and one
/// taken away on the way back, so that a text that had a quote of its own keeps it.
fn is_quotable(text: &str) -> bool {
    is_formula(text.trim_start_matches('\''))
}

/// A text cell, made harmless.
///
/// ```
/// use raduet::io::cell;
///
/// assert_eq!(cell::text("=1+1"), "'=1+1");
/// assert_eq!(cell::text("-12.5"), "-12.5");
/// assert_eq!(cell::text("P17"), "P17");
/// ```
pub fn text(content: &str) -> String {
    if is_quotable(content) {
        format!("'{content}")
    } else {
        content.to_owned()
    }
}

/// What [`text`] was given.
pub fn original(cell: &str) -> Cow<'_, str> {
    match cell.strip_prefix('\'') {
        Some(rest) if is_quotable(rest) => Cow::Borrowed(rest),
        _ => Cow::Borrowed(cell),
    }
}

/// A number as the shortest decimal that reads back to the same bits; empty where undefined.
pub fn number(value: f64) -> String {
    with_number(value, str::to_owned)
}

/// Hands over what [`number`] writes, without asking for memory.
pub(crate) fn with_number<T>(value: f64, take: impl FnOnce(&str) -> T) -> T {
    if !value.is_finite() {
        return take("");
    }
    // Plain decimals from 1e-5 up to 1e16, scientific where they would be a row of zeros; whole numbers as such.
    let mut room = zmij::Buffer::new();
    let text = room.format_finite(value);
    match text.as_bytes() {
        [.., b'.', b'0'] => take(&text[..text.len() - 2]),
        _ if value.abs() < 1.0 => take(text),
        _ => match text.split_once('+') {
            Some((digits, power)) => take(&[digits, power].concat()),
            None => take(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_come_back() {
        for content in [
            "=1+1", "-5 to 3", "-5", "@home", "plain", "'quoted", "'=1", "''@x", "'-5", "",
        ] {
            assert_eq!(original(&text(content)), content);
        }
    }

    /// As many digits as the standard library's, in the same form.
    #[test]
    fn numbers_are_the_shortest_decimals() {
        let plain = |value: f64| value == 0.0 || (1e-5..1e16).contains(&value.abs());
        let mut bits = 1_u64;
        for power in 0..200_000 {
            // Any bits; whole numbers; decimals around the changes of form.
            bits = bits
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let near = f64::from(power % 999) * 10_f64.powi(power % 50 - 25);
            for value in [f64::from_bits(bits), (bits >> 20) as f64, near, -near] {
                let expected = match value {
                    value if !value.is_finite() => String::new(),
                    value if plain(value) => format!("{value}"),
                    value => format!("{value:e}"),
                };
                let found = number(value);
                // Of two decimals equally near, either may be taken.
                assert_eq!(found.len(), expected.len(), "{found} {expected}");
                assert_eq!(found.contains('e'), expected.contains('e'), "{found}");
                if value.is_finite() {
                    assert_eq!(found.parse::<f64>().unwrap().to_bits(), value.to_bits());
                }
            }
        }
    }

    #[test]
    fn numbers_read_back_to_the_bit() {
        for value in [0.1 + 0.2, -0.0, 1e22, -1e-300, 123_456.789, f64::MAX, 3.0] {
            assert_eq!(
                number(value).parse::<f64>().unwrap().to_bits(),
                value.to_bits()
            );
        }
        assert_eq!(number(f64::NAN), "");
        assert_eq!(number(-2.5), "-2.5");
        assert_eq!(number(1e-300), "1e-300");
    }
}
