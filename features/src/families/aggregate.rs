//! From values per direction to one value.

/// Mean of the values that are not NaN; NaN when there is none.
pub(crate) fn nan_mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let defined = values.into_iter().filter(|value| !value.is_nan());
    let (sum, n) = defined.fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
    sum / f64::from(n)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact in binary")]
mod tests {
    use super::nan_mean;

    #[test]
    fn undefined_values_do_not_count() {
        assert_eq!(nan_mean([1.0, f64::NAN, 3.0]), 2.0);
        assert!(nan_mean([f64::NAN]).is_nan());
        assert!(nan_mean([]).is_nan());
    }
}
