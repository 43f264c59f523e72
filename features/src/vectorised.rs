//! The widest vectors that the processor has, found while running.

use pulp::Arch;

/// Runs `work` compiled for the processor at hand. The closure, and what it calls, must be
/// `#[inline(always)]`: only what is inlined here is compiled anew.
///
/// The compiler neither reorders sums nor fuses products with them, so the result is the same, bit for bit, on
/// every processor.
#[inline]
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}
