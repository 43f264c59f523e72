//! Whether a column differs between classes, by ranks.

use raduet_study::uncertainty::chi_squared_upper;

use crate::selection::kruskal_wallis_h;

/// The test of Kruskal and Wallis (1952, doi 10.1080/01621459.1952.10483441), corrected for ties.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KruskalWallis {
    /// H.
    pub h: f64,
    /// Classes that occur, less one.
    pub degrees: usize,
    /// Probability of such an H or a larger one where classes do not differ, by χ²: for small classes an
    /// approximation.
    pub p: f64,
}

/// The test of values whose classes are numbered; undefined values are left out. `None` with fewer than two classes, or
/// where all values are the same.
///
/// # Panics
/// When there are more or fewer values than classes.
pub fn kruskal_wallis(values: &[f64], classes: &[usize]) -> Option<KruskalWallis> {
    assert_eq!(values.len(), classes.len(), "a class for every value");
    let defined = values
        .iter()
        .zip(classes)
        .filter(|(value, _)| value.is_finite());
    let (values, classes): (Vec<f64>, Vec<usize>) = defined.map(|(v, c)| (*v, *c)).unzip();
    let mut present = classes.clone();
    present.sort_unstable();
    present.dedup();
    let classes: Vec<usize> = classes
        .iter()
        .map(|c| present.partition_point(|p| p < c))
        .collect();
    let varies = values.windows(2).any(|pair| pair[0] - pair[1] != 0.0);
    if present.len() < 2 || !varies {
        return None;
    }
    let mut counts = vec![0; present.len()];
    for &class in &classes {
        counts[class] += 1;
    }
    let h = kruskal_wallis_h(&values, &classes, &counts);
    let degrees = present.len() - 1;
    Some(KruskalWallis {
        h,
        degrees,
        p: chi_squared_upper(h, degrees),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_scipy() {
        let file = include_str!("../../../tests/reference/stats/explore.json");
        let file: serde_json::Value = serde_json::from_str(file).unwrap();
        let cases = file["kruskal_wallis"].as_array().unwrap();
        assert_eq!(cases.len(), 3);
        for case in cases {
            let values: Vec<f64> = serde_json::from_value(case["values"].clone()).unwrap();
            let classes: Vec<usize> = serde_json::from_value(case["classes"].clone()).unwrap();
            let found = kruskal_wallis(&values, &classes).unwrap();
            let (h, p) = (case["h"].as_f64().unwrap(), case["p"].as_f64().unwrap());
            assert!((found.h - h).abs() <= 1e-12 * h, "{case}: {found:?}");
            assert!((found.p - p).abs() <= 1e-11 * p, "{case}: {found:?}");
        }
    }

    #[test]
    fn nothing_to_compare_has_no_test() {
        assert_eq!(kruskal_wallis(&[1.0, 2.0], &[3, 3]), None);
        assert_eq!(kruskal_wallis(&[1.0, 1.0], &[0, 1]), None);
        assert_eq!(kruskal_wallis(&[1.0, f64::NAN], &[0, 1]), None);
        // Undefined values and the numbers of classes leave no trace.
        let plain = kruskal_wallis(&[1.0, 2.0, 3.0, 4.0], &[0, 0, 1, 1]).unwrap();
        let holes = kruskal_wallis(&[1.0, f64::NAN, 2.0, 3.0, 4.0], &[2, 4, 2, 7, 7]).unwrap();
        assert_eq!(plain, holes);
    }
}
