//! Wide vectors where the processor has them, found while running.

use pulp::Arch;
#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

/// Runs `work` compiled for the processor at hand. The closure, and what it calls, must be
/// `#[inline(always)]`: only what is inlined here is compiled anew.
///
/// The compiler neither reorders sums nor fuses products with them, so the result is the same, bit for bit, on
/// every processor.
///
/// AVX2 even where there is AVX-512, with which whole extractions take 4 to 8 % longer (Zen 4).
#[inline]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = V3::try_new() {
        return avx2.vectorize(work);
    }
    Arch::new().dispatch(work)
}
