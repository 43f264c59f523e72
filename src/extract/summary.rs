//! One row for each case from the rows of its slices.
//!
//! For every feature: mean, standard deviation (n - 1; undefined for a single slice), 10th and 90th percentile
//! (linear interpolation) over the slices where it is defined, and the mean weighted by the area of the
//! region in the slice.

use raduet_features::extractor::ImageColumn;

use super::measure::MeasuredRow;

/// What the columns of a summary are called behind the feature's name.
const SUFFIXES: [&str; 5] = ["mean", "sd", "p10", "p90", "area_mean"];

/// The columns that a feature has in a summary.
pub(super) fn columns(of: &ImageColumn) -> [ImageColumn; SUFFIXES.len()] {
    SUFFIXES.map(|suffix| ImageColumn {
        name: format!("{}_{suffix}", of.name),
        ..of.clone()
    })
}

/// Summarises rows of one region, slices `step` mm apart; `rows` is not empty.
pub(super) fn summarise(rows: &[MeasuredRow], step: f64) -> MeasuredRow {
    let first = &rows[0];
    let mut values = Vec::with_capacity(first.values.len() * SUFFIXES.len());
    for column in 0..first.values.len() {
        let defined: Vec<(f64, f64)> = rows
            .iter()
            .filter_map(|row| row.values[column].map(|value| (value, row.size)))
            .collect();
        values.extend(statistics(&defined).map(|value| value.filter(|value| value.is_finite())));
    }
    let ranges = rows.iter().map(|row| row.range);
    MeasuredRow {
        slice: None,
        region: first.region,
        position_mm: None,
        voxels: rows.iter().map(|row| row.voxels).sum(),
        size: rows.iter().map(|row| row.size * step).sum(),
        range: ranges.fold(0.0, f64::max),
        levels: None,
        values,
    }
}

/// The five numbers of values with their areas.
fn statistics(defined: &[(f64, f64)]) -> [Option<f64>; 5] {
    if defined.is_empty() {
        return [None; 5];
    }
    let n = defined.len() as f64;
    let mean = defined.iter().map(|(value, _)| value).sum::<f64>() / n;
    let squares = defined
        .iter()
        .map(|(value, _)| (value - mean) * (value - mean));
    let deviation = (defined.len() > 1).then(|| (squares.sum::<f64>() / (n - 1.0)).sqrt());
    let mut sorted: Vec<f64> = defined.iter().map(|(value, _)| *value).collect();
    sorted.sort_by(f64::total_cmp);
    let area: f64 = defined.iter().map(|(_, area)| area).sum();
    let weighted = defined
        .iter()
        .map(|(value, area)| value * area)
        .sum::<f64>()
        / area;
    [
        Some(mean),
        deviation,
        Some(percentile(&sorted, 0.1)),
        Some(percentile(&sorted, 0.9)),
        Some(weighted),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the position lies between 0 and the last index"
)]
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::feature_csv::RegionKey;

    fn row(size: f64, values: &[Option<f64>]) -> MeasuredRow {
        MeasuredRow {
            slice: Some(0),
            region: RegionKey::default(),
            position_mm: None,
            voxels: 10,
            size,
            range: 1.0,
            levels: None,
            values: values.to_vec(),
        }
    }

    #[test]
    fn a_case_is_summarised_over_the_slices_where_a_feature_is_defined() {
        let rows = [
            row(1.0, &[Some(1.0), None]),
            row(1.0, &[Some(2.0), Some(5.0)]),
            row(2.0, &[Some(6.0), None]),
        ];
        let found = summarise(&rows, 2.5);
        let expected = [
            Some(3.0),
            // Squares 4, 1, 9 over two degrees of freedom.
            Some(7.0_f64.sqrt()),
            // Positions 0.2 and 1.8 of 1, 2, 6.
            Some(1.2),
            Some(5.2),
            // (1 + 2 + 12) / 4
            Some(3.75),
        ];
        for (found, expected) in found.values.iter().zip(expected) {
            let difference = found.zip(expected).map(|(a, b)| (a - b).abs());
            assert!(
                difference.is_some_and(|d| d < 1e-12),
                "{found:?} {expected:?}"
            );
        }
        // A single value has no spread.
        assert_eq!(
            found.values[5..],
            [Some(5.0), None, Some(5.0), Some(5.0), Some(5.0)]
        );
        assert_eq!(found.voxels, 30);
        assert!((found.size - 10.0).abs() < 1e-12);
    }
}
