//! Boxes with whiskers (Tukey 1977): quartiles by linear interpolation (type 7 of Hyndman and Fan), whiskers to the
//! outermost values within 1.5 quartile distances of the box, all others by themselves.

use crate::preprocess::statistics::{quantile, sorted};

/// How far whiskers may reach, in quartile distances.
const REACH: f64 = 1.5;

/// What a box shows of some values.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxPlot {
    /// Defined values.
    pub count: usize,
    /// Lower quartile, median, upper quartile.
    pub quartiles: [f64; 3],
    /// Ends of the whiskers.
    pub whiskers: [f64; 2],
    /// Values beyond the whiskers, ascending.
    pub outliers: Vec<f64>,
}

impl BoxPlot {
    /// The box of the defined values; `None` without any.
    pub fn new(values: &[f64]) -> Option<Self> {
        let defined: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let sorted = sorted(&defined);
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
        let reach = REACH * (quartiles[2] - quartiles[0]);
        let (low, high) = (quartiles[0] - reach, quartiles[2] + reach);
        let within = |v: &&f64| (low..=high).contains(*v);
        Some(Self {
            count: sorted.len(),
            quartiles,
            whiskers: [
                sorted.iter().find(within).copied().unwrap_or(first),
                sorted.iter().rev().find(within).copied().unwrap_or(last),
            ],
            outliers: sorted.iter().copied().filter(|v| !within(&v)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_by_hand() {
        let found = BoxPlot::new(&[1.0, 2.0, f64::NAN, 3.0, 4.0, 5.0, 20.0, -9.0]).unwrap();
        // Of −9 1 2 3 4 5 20: quartiles 1.5, 3, 4.5; whiskers may reach from −3 to 9.
        let expected = BoxPlot {
            count: 7,
            quartiles: [1.5, 3.0, 4.5],
            whiskers: [1.0, 5.0],
            outliers: vec![-9.0, 20.0],
        };
        assert_eq!(found, expected);
        assert_eq!(BoxPlot::new(&[f64::NAN]), None);
    }

    #[test]
    fn quartiles_numpy() {
        let file = include_str!("../../../tests/reference/stats/explore.json");
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        for case in file["kruskal_wallis"].as_array().unwrap() {
            let values: Vec<f64> = serde_json::from_value(case["values"].clone()).unwrap();
            let expected: [f64; 3] = serde_json::from_value(case["quartiles"].clone()).unwrap();
            let found = BoxPlot::new(&values).unwrap().quartiles;
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-13, "{case}");
            }
        }
    }
}
