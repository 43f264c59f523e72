//! The discrete wavelets that `PyWavelets` knows by name.

/// What to say about another name.
pub(super) const EXPECTED: &str =
    "a discrete wavelet: haar, dmey, db1-38, sym2-20, coif1-17, bior1.1-6.8 or rbio1.1-6.8";

/// Orders of the biorthogonal wavelets and their reverse.
const BIORTHOGONAL: [&str; 15] = [
    "1.1", "1.3", "1.5", "2.2", "2.4", "2.6", "2.8", "3.1", "3.3", "3.5", "3.7", "3.9", "4.4",
    "5.5", "6.8",
];

/// Whether `PyWavelets` has a discrete wavelet of this name.
pub(super) fn is_known(name: &str) -> bool {
    let numbered = |prefix: &str, first: u32, last: u32| {
        name.strip_prefix(prefix)
            .is_some_and(|order| (first..=last).any(|known| known.to_string() == order))
    };
    let biorthogonal = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|order| BIORTHOGONAL.contains(&order))
    };
    ["haar", "dmey"].contains(&name)
        || numbered("db", 1, 38)
        || numbered("sym", 2, 20)
        || numbered("coif", 1, 17)
        || biorthogonal("bior")
        || biorthogonal("rbio")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_count() {
        for name in [
            "haar", "dmey", "db1", "db38", "sym20", "coif1", "coif17", "bior6.8", "rbio3.9",
        ] {
            assert!(is_known(name), "{name}");
        }
        for name in [
            "db0", "db39", "db01", "sym1", "coif18", "bior1.2", "morl", "Haar", "", "db",
        ] {
            assert!(!is_known(name), "{name}");
        }
    }
}
