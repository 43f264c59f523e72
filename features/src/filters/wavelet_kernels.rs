//! Decomposition filters of the discrete wavelet families, by their usual names: `haar`, `db2`, `coif1` …
//!
//! Low-pass `h` and high-pass `g` stand in the order in which a convolution takes them (I. Daubechies, *Ten
//! Lectures on Wavelets*, SIAM 1992; in this order also `dec_lo` and `dec_hi` of `PyWavelets`). Both have unit
//! energy, the low-pass sums to √2, the high-pass to 0. In an orthogonal family of length `L` the high-pass
//! is the reversed low-pass with alternating signs: `g[k] = (-1)^(k+1) h[L-1-k]`.

use std::f64::consts::FRAC_1_SQRT_2;

/// The pair of filters that splits a signal into its coarse and its fine part.
#[derive(Debug, Clone, PartialEq)]
pub struct DecompositionFilters {
    /// Low-pass, `L`.
    pub low: Vec<f64>,
    /// High-pass, `H`; as long as the low-pass.
    pub high: Vec<f64>,
}

impl DecompositionFilters {
    /// Filters of an orthogonal family, which its low-pass determines.
    fn orthogonal(low: &[f64]) -> Self {
        let alternating = [-1.0, 1.0].into_iter().cycle();
        let high = low.iter().rev().zip(alternating);
        Self {
            low: low.to_vec(),
            high: high.map(|(tap, sign)| sign * tap).collect(),
        }
    }
}

/// Orthogonal families: name and low-pass decomposition filter.
#[expect(
    clippy::unreadable_literal,
    reason = "constants with all digits of an f64 stay comparable with published tables"
)]
const ORTHOGONAL: [(&str, &[f64]); 4] = [
    ("haar", &[FRAC_1_SQRT_2, FRAC_1_SQRT_2]),
    (
        "db2",
        &[
            -0.12940952255126037,
            0.2241438680420134,
            0.8365163037378079,
            0.48296291314453416,
        ],
    ),
    (
        "db3",
        &[
            0.03522629188570953,
            -0.08544127388202666,
            -0.13501102001025458,
            0.45987750211849154,
            0.8068915093110925,
            0.33267055295008263,
        ],
    ),
    (
        "coif1",
        &[
            -0.015655728135791993,
            -0.07273261951252645,
            0.3848648468648578,
            0.8525720202116004,
            0.3378976624574818,
            -0.07273261951252645,
        ],
    ),
];

/// The filters of a wavelet, or `None` when no wavelet has this name; [`names`] lists them.
pub fn decomposition_filters(name: &str) -> Option<DecompositionFilters> {
    let mut orthogonal = ORTHOGONAL.iter();
    let (_, low) = orthogonal.find(|(known, _)| *known == name)?;
    Some(DecompositionFilters::orthogonal(low))
}

/// All names that [`decomposition_filters`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    ORTHOGONAL.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables are typed with 16 digits; sums of a few of them.
    const ROUNDING: f64 = 1e-12;

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn orthogonal_filters_are_orthonormal_to_their_even_shifts() {
        for (name, _) in ORTHOGONAL {
            let DecompositionFilters { low, high } = decomposition_filters(name).expect("a family");
            let sum: f64 = low.iter().sum();
            assert!((sum - 2.0_f64.sqrt()).abs() < ROUNDING, "{name}: {sum}");
            assert!(high.iter().sum::<f64>().abs() < ROUNDING, "{name}");
            for shift in (0..low.len()).step_by(2) {
                let expected = if shift == 0 { 1.0 } else { 0.0 };
                assert!(
                    (dot(&low[shift..], &low) - expected).abs() < ROUNDING,
                    "{name}"
                );
                assert!(
                    (dot(&high[shift..], &high) - expected).abs() < ROUNDING,
                    "{name}"
                );
                assert!(dot(&low[shift..], &high).abs() < ROUNDING, "{name}");
                assert!(dot(&high[shift..], &low).abs() < ROUNDING, "{name}");
            }
        }
    }

    #[test]
    fn high_pass_filters_take_away_polynomials() {
        // Vanishing moments: dbN has N of them, coifN has 2 N.
        for (name, moments) in [("haar", 1), ("db2", 2), ("db3", 3), ("coif1", 2)] {
            let high = decomposition_filters(name).expect("a family").high;
            for power in 0..moments {
                let polynomial: Vec<f64> = (0..high.len())
                    .map(|k| (k as f64 - 2.5).powi(power))
                    .collect();
                assert!(
                    dot(&high, &polynomial).abs() < 1e-11,
                    "{name}, power {power}"
                );
            }
        }
    }

    #[test]
    fn unknown_names_are_no_family() {
        assert_eq!(decomposition_filters("db"), None);
        for name in names() {
            assert!(decomposition_filters(name).is_some());
        }
    }
}
