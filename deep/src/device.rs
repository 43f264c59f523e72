//! Where the numbers are worked out, in words for the provenance of results.

/// The processor, its vector instructions as far as they matter here, and the number of threads.
///
/// Bits are the same on any number of threads, but not on processors of other vector widths, whose
/// matrix products add in another order.
pub fn describe() -> String {
    format!(
        "cpu ({}), {} threads",
        vectors(),
        rayon::current_num_threads()
    )
}

/// The widest instructions that the matrix products use.
#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "avx-512"
    } else if std::arch::is_x86_feature_detected!("fma") {
        "avx2 and fma"
    } else {
        "x86-64"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    std::env::consts::ARCH
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_processor_and_threads() {
        let text = super::describe();
        assert!(
            text.starts_with("cpu (") && text.ends_with(" threads"),
            "{text}"
        );
    }
}
