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
    if !value.is_finite() {
        return String::new();
    }
    // Plain decimals where they are short, scientific where they would be a row of zeros.
    let magnitude = value.abs();
    if value == 0.0 || (1e-5..1e16).contains(&magnitude) {
        format!("{value}")
    } else {
        format!("{value:e}")
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
