//! A position table for images of another size: bicubic interpolation of its grid (R. G. Keys, *Cubic convolution
//! interpolation for digital image processing*, IEEE TASSP 29 (1981) 1153-1160, with a = -3/4 as in PyTorch), pixel
//! centres at half-integers, borders repeated, nothing smoothed when shrinking: what the authors' programs do.
//!
//! The table (1, L + 1, D) has a row for every patch of a square grid, row by row, and in their middle, at L / 2, one for
//! the class token, which is kept as it is.

/// Keys' a.
const A: f64 = -0.75;

/// The side n with n² = count.
fn side(count: usize) -> Option<usize> {
    let side = count.isqrt();
    (side > 0 && side * side == count).then_some(side)
}

/// The numbers of a table (old rows, D) for so many rows; `None` unless both are squares and one more.
pub(crate) fn resize(table: &[f32], [old, new]: [usize; 2], channels: usize) -> Option<Vec<f32>> {
    let [from, to] = [side(old.checked_sub(1)?)?, side(new.checked_sub(1)?)?];
    if table.len() != old * channels {
        return None;
    }
    let class_row = from * from / 2;
    let patch = |row: usize, column: usize| {
        let at = row * from + column;
        let row = if at < class_row { at } else { at + 1 };
        &table[row * channels..(row + 1) * channels]
    };
    let weights: Vec<[(usize, f64); 4]> = (0..to).map(|k| weights(k, from, to)).collect();
    let mut resized = Vec::with_capacity(new * channels);
    for row in &weights {
        for column in &weights {
            let mut sums = vec![0.0_f64; channels];
            for (r, down) in row {
                for (c, across) in column {
                    for (sum, v) in sums.iter_mut().zip(patch(*r, *c)) {
                        *sum += down * across * f64::from(*v);
                    }
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
            resized.extend(sums.iter().map(|sum| *sum as f32));
        }
    }
    let class_row = &table[class_row * channels..(class_row + 1) * channels];
    let at = to * to / 2 * channels;
    resized.splice(at..at, class_row.iter().copied());
    Some(resized)
}

/// The four places around output k and their weights.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place inside the grid"
)]
fn weights(k: usize, from: usize, to: usize) -> [(usize, f64); 4] {
    let place = (k as f64 + 0.5) * (from as f64 / to as f64) - 0.5;
    let first = place.floor();
    let t = place - first;
    let near = |d: f64| ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0;
    let far = |d: f64| ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A;
    let weights = [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)];
    let last = (from - 1) as f64;
    std::array::from_fn(|i| {
        let at = (first + i as f64 - 1.0).clamp(0.0, last) as usize;
        (at, weights[i])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.nn.functional.interpolate` of the table by hand, bicubic: see `weights_make.py`.
    #[test]
    fn tables_torch() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/reference/torch/weights.json"
        );
        let table: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let table = &table["position_table"];
        let numbers = |value: &serde_json::Value| -> Vec<f32> {
            let bits = value.as_array().unwrap().iter();
            let bits = bits.map(|v| u32::try_from(v.as_u64().unwrap()).unwrap());
            bits.map(f32::from_bits).collect()
        };
        let size = |value: &serde_json::Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let (old, channels) = (size(&table["rows"]), size(&table["channels"]));
        let from = numbers(&table["numbers"]);
        let cases = table["resized"].as_object().unwrap();
        assert_eq!(cases.len(), 3);
        for (rows, expected) in cases {
            let rows: usize = rows.parse().unwrap();
            let found = resize(&from, [old, rows], channels).unwrap();
            let expected = numbers(expected);
            assert_eq!(found.len(), expected.len());
            for (f, e) in found.iter().zip(&expected) {
                // PyTorch works in f32 and rounds about ten times.
                assert!((f - e).abs() < 2e-6, "{rows}: {f} {e}");
            }
        }
    }

    #[test]
    fn a_table_of_the_same_size_stays_and_odd_ones_are_refused() {
        let table: Vec<f32> = (0..20).map(|k| k as f32).collect();
        assert_eq!(resize(&table, [10, 10], 2).unwrap(), table);
        assert!(resize(&table, [10, 7], 2).is_none());
        assert!(resize(&table, [20, 10], 1).is_none());
        assert!(resize(&table, [10, 10], 3).is_none());
        assert!(resize(&table, [10, 1], 2).is_none());
        assert!(resize(&[], [0, 5], 2).is_none());
    }
}
