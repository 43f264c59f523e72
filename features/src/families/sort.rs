//! Sorting many real numbers.

/// Sorts numbers as [`f64::total_cmp`] has them: many by their digits, from the last to the first, which takes
/// no comparisons.
pub(super) fn sort(x: &mut Vec<f64>) {
    /// Fewer numbers are sorted sooner than digits are counted.
    const MANY: usize = 1 << 12;
    const DIGIT: u32 = 11;
    const DIGITS: usize = u64::BITS.div_ceil(DIGIT) as usize;
    const KINDS: usize = 1 << DIGIT;
    const SIGN: u64 = 1 << 63;
    if x.len() < MANY || u32::try_from(x.len()).is_err() {
        x.sort_unstable_by(f64::total_cmp);
        return;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a digit lies below 2^11, its number below 6"
    )]
    let digit = |key: u64, at: usize| ((key >> (at as u32 * DIGIT)) as usize) % KINDS;
    // The order of the keys as whole numbers is that of the values.
    let key = |value: &f64| {
        let bits = value.to_bits();
        bits ^ if bits & SIGN == 0 { SIGN } else { u64::MAX }
    };
    let value = |key: &u64| f64::from_bits(key ^ if key & SIGN == 0 { u64::MAX } else { SIGN });
    let mut keys: Vec<u64> = x.iter().map(key).collect();
    let mut sorted = vec![0; keys.len()];
    let mut counts = vec![[0_u32; KINDS]; DIGITS];
    for key in &keys {
        for (at, counts) in counts.iter_mut().enumerate() {
            counts[digit(*key, at)] += 1;
        }
    }
    for (at, places) in counts.iter_mut().enumerate() {
        // A digit that all have in common, as the last ones of single precision, sorts nothing.
        if places[digit(keys[0], at)] as usize == keys.len() {
            continue;
        }
        let mut first = 0;
        for place in &mut *places {
            first += std::mem::replace(place, first);
        }
        for key in &keys {
            let place = &mut places[digit(*key, at)];
            sorted[*place as usize] = *key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut sorted);
    }
    x.clear();
    x.extend(keys.iter().map(value));
}

#[cfg(test)]
mod tests {
    use raduet_testkit::phantoms::Random;

    use super::sort;

    /// Few and many, of single and double precision, both signs of zero and infinity: the bits of the library's
    /// order.
    #[test]
    fn digits_give_the_order_of_comparisons() {
        let mut random = Random::new(3);
        for n in [0, 1, 100, 4095, 4096, 50_000] {
            for kind in 0..3 {
                let mut x: Vec<f64> = (0..n)
                    .map(|_| {
                        let number = f64::from(random.below(1 << 30)) - f64::from(1 << 29);
                        match (kind, random.below(50)) {
                            (_, 0) => -0.0,
                            (_, 1) => 0.0,
                            (_, 2) => f64::INFINITY.copysign(number),
                            (0, _) => number / 7.0,
                            (1, _) => f64::from(random.below(1 << 20)) / 64.0 - 900.0,
                            _ => number * 1e-310,
                        }
                    })
                    .collect();
                let mut expected = x.clone();
                expected.sort_unstable_by(f64::total_cmp);
                sort(&mut x);
                let bits = |x: &[f64]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&x), bits(&expected), "{n} {kind}");
            }
        }
    }
}
