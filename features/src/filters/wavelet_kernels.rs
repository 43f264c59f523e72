//! Decomposition filters of the discrete wavelet families, by their usual names: `haar`, `db2`, `coif1` …
//!
//! Low-pass `h` and high-pass `g` stand in the order in which a convolution takes them (I. Daubechies, *Ten
//! Lectures on Wavelets*, SIAM 1992; in this order also `dec_lo` and `dec_hi` of `PyWavelets`). Both have unit
//! energy, the low-pass sums to √2, the high-pass to 0. In an orthogonal family of length `L` the high-pass
//! is the reversed low-pass with alternating signs: `g[k] = (-1)^(k+1) h[L-1-k]`. The tables are those of
//! `PyWavelets` 1.9.

mod biorthogonal;
mod coiflets;
mod daubechies;
mod meyer;
mod symlets;

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

    /// Filters of a biorthogonal family; the high-pass is the low-pass of the reconstruction with alternating
    /// signs.
    fn biorthogonal(low: &[f64], reconstruction: &[f64]) -> Self {
        let alternating = [-1.0, 1.0].into_iter().cycle();
        let high = reconstruction.iter().zip(alternating);
        Self {
            low: low.to_vec(),
            high: high.map(|(tap, sign)| sign * tap).collect(),
        }
    }
}

/// Orthogonal families: names and low-pass decomposition filters.
const ORTHOGONAL: [&[(&str, &[f64])]; 4] = [
    daubechies::LOW_PASS,
    symlets::LOW_PASS,
    coiflets::LOW_PASS,
    meyer::LOW_PASS,
];

/// The filters of a wavelet, or `None` when no wavelet has this name; [`names`] lists them.
pub fn decomposition_filters(name: &str) -> Option<DecompositionFilters> {
    let mut orthogonal = ORTHOGONAL.into_iter().flatten();
    if let Some((_, low)) = orthogonal.find(|(known, _)| *known == name) {
        return Some(DecompositionFilters::orthogonal(low));
    }
    let mut biorthogonal = biorthogonal::WAVELETS.iter();
    let found = biorthogonal.find(|wavelet| wavelet.names.contains(&name))?;
    let (low, dual) = (found.decomposition, found.reconstruction);
    Some(if name == found.names[0] {
        DecompositionFilters::biorthogonal(low, dual)
    } else {
        let reversed = |taps: &[f64]| taps.iter().rev().copied().collect::<Vec<_>>();
        DecompositionFilters::biorthogonal(&reversed(dual), &reversed(low))
    })
}

/// All names that [`decomposition_filters`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    let orthogonal = ORTHOGONAL.into_iter().flatten().map(|(name, _)| *name);
    let biorthogonal = (0..2).flat_map(|which| {
        let all = biorthogonal::WAVELETS.iter();
        all.map(move |wavelet| wavelet.names[which])
    });
    orthogonal.chain(biorthogonal)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of a few numbers with 16 digits.
    const ROUNDING: f64 = 1e-12;

    /// How well a family keeps its identities: the published numbers of symlets and of the spline wavelets have
    /// eleven digits, the Meyer wavelet is cut off.
    fn tolerance(name: &str) -> f64 {
        match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "sym" => 2e-11,
            "bior" | "rbio" => 2e-12,
            "dmey" => 3e-3,
            _ => ROUNDING,
        }
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    /// Checks that filters are orthogonal to the even shifts of others but for the shift 0.
    fn assert_biorthogonal(name: &str, a: &[f64], b: &[f64], aligned: f64) {
        for shift in (0..a.len()).step_by(2) {
            let expected = if shift == 0 { aligned } else { 0.0 };
            for (a, b) in [(a, b), (b, a)] {
                let found = dot(&a[shift..], b);
                assert!(
                    (found - expected).abs() < tolerance(name),
                    "{name}: {found:e}"
                );
            }
        }
    }

    #[test]
    fn low_pass_filters_sum_to_the_root_of_two_and_high_pass_filters_to_zero() {
        assert_eq!(names().count(), 76);
        for name in names() {
            let DecompositionFilters { low, high } = decomposition_filters(name).expect("a family");
            let sum: f64 = low.iter().sum();
            assert!((sum - 2.0_f64.sqrt()).abs() < ROUNDING, "{name}: {sum}");
            let sum: f64 = high.iter().sum();
            assert!(sum.abs() < tolerance(name), "{name}: {sum:e}");
        }
    }

    #[test]
    fn orthogonal_filters_are_orthonormal_to_their_even_shifts() {
        for (name, _) in ORTHOGONAL.into_iter().flatten() {
            let DecompositionFilters { low, high } = decomposition_filters(name).expect("a family");
            assert_biorthogonal(name, &low, &low, 1.0);
            assert_biorthogonal(name, &high, &high, 1.0);
            assert_biorthogonal(name, &low, &high, 0.0);
        }
    }

    #[test]
    fn biorthogonal_filters_are_orthonormal_to_those_of_their_reverse() {
        for wavelet in biorthogonal::WAVELETS {
            let [there, back] = wavelet
                .names
                .map(|name| decomposition_filters(name).expect("a family"));
            let name = wavelet.names[0];
            assert_biorthogonal(name, &there.low, &back.low, 1.0);
            assert_biorthogonal(name, &there.high, &back.high, 1.0);
            assert_biorthogonal(name, &there.low, &back.high, 0.0);
        }
    }

    #[test]
    fn high_pass_filters_take_away_polynomials() {
        // Vanishing moments: dbN and symN have N of them, coifN has 2 N, biorM.N has M.
        for (name, moments) in [
            ("haar", 1),
            ("db2", 2),
            ("db3", 3),
            ("db10", 5),
            ("sym4", 4),
            ("coif1", 2),
            ("coif2", 4),
            ("bior3.5", 3),
        ] {
            let high = decomposition_filters(name).expect("a family").high;
            for power in 0..moments {
                let polynomial: Vec<f64> = (0..high.len())
                    .map(|k| (k as f64 - 2.5).powi(power))
                    .collect();
                let scale = polynomial
                    .iter()
                    .fold(1.0, |most: f64, x| most.max(x.abs()));
                let found = dot(&high, &polynomial) / scale;
                assert!(found.abs() < 1e-11, "{name}, power {power}: {found:e}");
            }
        }
    }

    #[test]
    fn unknown_names_are_no_family() {
        assert_eq!(decomposition_filters("db"), None);
        assert_eq!(decomposition_filters("bior"), None);
    }
}
