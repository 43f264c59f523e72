//! Whether the bin width suits the intensities.

use raduet_features::Discretisation;

use crate::error::{Warning, WarningCode};

/// Fewer grey levels than this flatten texture features.
const FEW_LEVELS: usize = 16;

/// How many levels a proposed bin width gives.
const PROPOSED_LEVELS: f64 = 32.0;

/// A doubt when a bin width leaves the median region with few grey levels. `found` holds the levels of each
/// region and its largest minus smallest intensity.
pub(super) fn doubt(
    discretisation: Option<Discretisation>,
    mut found: Vec<(usize, f64)>,
) -> Option<Warning> {
    let (Discretisation::PyRadiomicsFixedBinSize { width }
    | Discretisation::FixedBinSize { width, .. }) = discretisation?
    else {
        return None;
    };
    found.retain(|(_, range)| *range > 0.0);
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (_, median) = *found.get(found.len() / 2)?;
    let mut levels: Vec<usize> = found.iter().map(|(levels, _)| *levels).collect();
    levels.sort_unstable();
    let levels = levels[levels.len() / 2];
    if levels >= FEW_LEVELS {
        return None;
    }
    let text = format!(
        "bin width {width} gives the median region {levels} grey levels (intensities span {median:.4})"
    );
    let proposed = one_digit(median / PROPOSED_LEVELS);
    let advice = format!("measured as set; --bin-width {proposed} would give about 32");
    Some(Warning::new(WarningCode::Levels, text, advice))
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

    fn found(width: f64, regions: &[(usize, f64)]) -> Option<String> {
        let rule = Discretisation::PyRadiomicsFixedBinSize { width };
        doubt(Some(rule), regions.to_vec()).map(|warning| warning.to_string())
    }

    #[test]
    fn few_levels_are_told_with_a_width_that_gives_more() {
        let told = found(25.0, &[(1, 10.0), (3, 54.0), (17, 400.0)]).unwrap();
        assert!(
            told.contains(" 3 grey levels") && told.contains("--bin-width 2 "),
            "{told}"
        );
        let told = found(25.0, &[(1, 0.5)]).unwrap();
        assert!(told.contains("--bin-width 0.02 "), "{told}");
        assert_eq!(found(25.0, &[(1, 10.0), (17, 400.0), (21, 500.0)]), None);
        assert_eq!(found(25.0, &[(1, 0.0)]), None);
        assert_eq!(found(25.0, &[]), None);
        let count = Discretisation::PyRadiomicsFixedBinNumber { count: 8 };
        assert_eq!(doubt(Some(count), vec![(8, 10.0)]), None);
    }
}
