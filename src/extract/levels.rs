//! Whether the bin width suits the intensities.

use raduet_features::Discretisation;

use crate::error::{Warning, WarningCode};

/// Fewer grey levels than this flatten texture features.
const FEW_LEVELS: f64 = 16.0;

/// How many levels a proposed bin width gives.
const PROPOSED_LEVELS: f64 = 32.0;

/// A doubt when a bin width leaves the median slice with few grey levels. `ranges` are the slices' largest
/// minus smallest intensities.
pub(super) fn doubt(discretisation: Discretisation, mut ranges: Vec<f64>) -> Option<Warning> {
    let Discretisation::PyRadiomicsFixedBinSize { width } = discretisation else {
        return None;
    };
    ranges.sort_by(f64::total_cmp);
    let median = *ranges.get(ranges.len() / 2)?;
    if median <= 0.0 || median / width >= FEW_LEVELS {
        return None;
    }
    let found = format!(
        "bin width {width} gives the median slice {:.0} grey levels (intensities span {median:.4})",
        (median / width).floor() + 1.0
    );
    let proposed = one_digit(median / PROPOSED_LEVELS);
    let advice = format!("measured as set; --bin-width {proposed} would give about 32");
    Some(Warning::new(WarningCode::Levels, found, advice))
}

/// One significant digit, so that a proposed width can be remembered.
fn one_digit(width: f64) -> String {
    format!("{width:.0e}")
        .parse::<f64>()
        .map_or_else(|_| width.to_string(), |w| w.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(width: f64, ranges: &[f64]) -> Option<String> {
        let rule = Discretisation::PyRadiomicsFixedBinSize { width };
        doubt(rule, ranges.to_vec()).map(|warning| warning.to_string())
    }

    #[test]
    fn few_levels_are_told_with_a_width_that_gives_more() {
        let told = found(25.0, &[10.0, 54.0, 400.0]).unwrap();
        assert!(
            told.contains("3 grey levels") && told.contains("--bin-width 2 "),
            "{told}"
        );
        let told = found(25.0, &[0.5]).unwrap();
        assert!(told.contains("--bin-width 0.02 "), "{told}");
        assert_eq!(found(25.0, &[10.0, 400.0, 500.0]), None);
        assert_eq!(found(25.0, &[0.0]), None);
        assert_eq!(found(25.0, &[]), None);
    }
}
