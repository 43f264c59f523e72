//! Columns that say the same as another one: equal up to offset and scale, sign included.
//!
//! Two columns are duplicates when |r| is 1 within rounding: half the mean squared difference of their
//! standardised values, which is 1 − |r|, is at most `TOLERANCE`. Both must be undefined in the same
//! rows. The first by name stays.

use raduet_study::random::Stream;
use serde::{Deserialize, Serialize};

use crate::preprocess::record::Dropped;
use crate::preprocess::statistics::squares;
use crate::preprocess::working::Working;

/// Largest 1 − |r|: what decimal numbers of six digits leave.
const TOLERANCE: f64 = 1e-12;

/// What becomes of duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// They stay.
    #[default]
    Keep,
    /// All but the first by name are dropped.
    Drop,
}

/// Drops all but the first of each set of duplicates; `true` where a column stays.
pub(crate) fn fit(work: &mut Working) -> Vec<bool> {
    // Columns that lie close together lie close together in any direction; so only those whose
    // products with one random direction are close need to be compared.
    let mut stream = Stream::new(0, "direction of duplicates", 0);
    let direction: Vec<f64> = work.order().iter().map(|_| stream.normal()).collect();
    let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
    let products = work.map(|_, values| {
        let pairs = standardised(values).into_iter().zip(&direction);
        let defined = pairs.filter(|(z, _)| !z.is_nan());
        defined.map(|(z, d)| z * d).sum::<f64>().abs() / length
    });
    // Both of length 1: |⟨a − b, d⟩| ≤ ‖a − b‖ = √(2 (1 − |r|)); as much again for rounding.
    let reach = 2.0 * (2.0 * TOLERANCE).sqrt();
    let mut order: Vec<usize> = (0..products.len()).collect();
    order.sort_by(|&a, &b| products[a].total_cmp(&products[b]));
    let mut first: Vec<Option<usize>> = vec![None; products.len()];
    let near = order.chunk_by(|&a, &b| products[b] - products[a] <= reach);
    for group in near.filter(|group| group.len() > 1) {
        let mut group = group.to_vec();
        group.sort_unstable();
        let values: Vec<Vec<f64>> = group
            .iter()
            .map(|&place| standardised(&work.column(place)))
            .collect();
        for later in 1..group.len() {
            let same = (0..later).find(|&earlier| {
                first[group[earlier]].is_none() && equal(&values[earlier], &values[later])
            });
            first[group[later]] = same.map(|earlier| group[earlier]);
        }
    }
    let names: Vec<String> = work.columns.iter().map(|c| c.fitted.name.clone()).collect();
    work.retain(|place| {
        first[place].map(|stays| Dropped::Duplicate {
            of: names[stays].clone(),
        })
    });
    first.iter().map(Option::is_none).collect()
}

/// Mean 0 and length 1 of the defined values; the others stay undefined.
fn standardised(values: &[f64]) -> Vec<f64> {
    let defined: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let (mean, squares) = squares(&defined);
    let length = squares.sqrt();
    values.iter().map(|x| (x - mean) / length).collect()
}

/// Whether 1 − |r| is at most the tolerance.
fn equal(a: &[f64], b: &[f64]) -> bool {
    let (mut same, mut opposite) = (0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        if x.is_nan() != y.is_nan() {
            return false;
        }
        if !x.is_nan() {
            same += (x - y) * (x - y);
            opposite += (x + y) * (x + y);
        }
    }
    0.5 * f64::min(same, opposite) <= TOLERANCE
}
