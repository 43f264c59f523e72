//! Text cells of CSV files that a spreadsheet would take for a formula.
//!
//! A text cell that begins with `=`, `+`, `-`, `@`, tab or carriage return gets a leading `'`, which
//! spreadsheets show as text. Numbers are written as numbers, minus sign included: they never pass here
//! when the writer knows them as numbers, and text that reads as a number is left alone.

use std::borrow::Cow;

/// Whether a spreadsheet would run this text.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err()
}

/// A text cell, made harmless.
///
/// ```
/// use raduet::io::csv_text::text_cell;
///
/// assert_eq!(text_cell("=1+1"), "'=1+1");
/// assert_eq!(text_cell("-12.5"), "-12.5");
/// assert_eq!(text_cell("P17"), "P17");
/// ```
pub fn text_cell(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}
