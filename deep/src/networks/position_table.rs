//! Position tables at another image size.

use crate::ops::class_token::middle;
use crate::ops::interpolate::{Filter, Interpolation, Smoothing};

/// Side of a square grid of so many tokens.
fn side(tokens: usize) -> Option<usize> {
    let side = tokens.isqrt();
    (side > 0 && side * side == tokens).then_some(side)
}

/// A table of positions (L + 1, D), the class token's in the middle of a square grid's, made for `rows`
/// positions instead: the grid's numbers by cubic interpolation as in timm (smoothing when the grid
/// shrinks), the class token's as they are. `None` when either is no square and one.
pub(crate) fn resize_position_table(
    table: &[f32],
    channels: usize,
    rows: usize,
) -> Option<Vec<f32>> {
    if channels == 0 || !table.len().is_multiple_of(channels) {
        return None;
    }
    let before = (table.len() / channels).checked_sub(1)?;
    let after = rows.checked_sub(1)?;
    let (from, to) = (side(before)?, side(after)?);
    let at = middle(before) * channels;
    let (token, end) = (&table[at..at + channels], &table[at + channels..]);
    let grid = [&table[..at], end].concat();
    let interpolation = Interpolation {
        from: [from; 2],
        to: [to; 2],
        filter: Filter::Cubic,
        smoothing: Smoothing::Yes,
    };
    let resized = if from == to {
        grid
    } else {
        interpolation.numbers(&grid, channels)
    };
    let (start, end) = resized.split_at(middle(after) * channels);
    Some([start, token, end].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_table_timm() {
        let text = include_str!("../../../tests/reference/torch/interpolate.json");
        let reference: serde_json::Value = serde_json::from_str(text).unwrap();
        let tables = reference["tables"].as_array().unwrap();
        assert_eq!(tables.len(), 3);
        for table in tables {
            let size = |key: &str| usize::try_from(table[key].as_u64().unwrap()).unwrap();
            let (from, to) = (size("from"), size("to"));
            let numbers: Vec<f32> = (0..(from * from + 1) * 3)
                .map(|i| ((37 * i) % 101) as f32 / 50.0 - 1.0)
                .collect();
            let found = resize_position_table(&numbers, 3, to * to + 1).unwrap();
            let expected = table["y"].as_array().unwrap();
            assert_eq!(found.len(), expected.len());
            for (f, e) in found.iter().zip(expected) {
                assert!(
                    (f64::from(*f) - e.as_f64().unwrap()).abs() < 1e-6,
                    "{f} {e}"
                );
            }
        }
    }

    #[test]
    fn tables_that_are_no_squares_are_refused() {
        let table = [0.5_f32; 15]; // 5 rows of 3: a grid of 2 x 2
        assert_eq!(resize_position_table(&table, 3, 5).unwrap(), table);
        assert!(resize_position_table(&table, 3, 7).is_none());
        assert!(resize_position_table(&table, 3, 0).is_none());
        assert!(resize_position_table(&table[..12], 3, 5).is_none());
        assert!(resize_position_table(&table, 4, 5).is_none());
        assert!(resize_position_table(&table[..3], 3, 5).is_none());
        assert!(resize_position_table(&[], 3, 5).is_none());
        assert!(resize_position_table(&table, 0, 5).is_none());
    }
}
