//! Counting the multiply-adds of a forward pass: operations say what they cost while somebody counts.
//!
//! Convolutions, products of matrices and scans count, everything else is small beside them; this is what
//! torchvision's tables count as `_ops`.

use std::cell::Cell;

thread_local! {
    /// The count on this thread; none while nobody counts.
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// An operation of so many multiply-adds is about to run. Called on the thread that walks through the network.
pub(crate) fn multiply_adds(factors: &[usize]) {
    COUNT.with(|count| {
        if let Some(so_far) = count.get() {
            let more: u64 = factors.iter().map(|factor| *factor as u64).product();
            count.set(Some(so_far + more));
        }
    });
}

/// What `work` does, and the multiply-adds of the operations in it.
pub(crate) fn counted<R>(work: impl FnOnce() -> R) -> (R, u64) {
    COUNT.with(|count| count.set(Some(0)));
    let result = work();
    let total = COUNT.with(Cell::take);
    (result, total.unwrap_or(0))
}
