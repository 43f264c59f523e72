//! Memory that is asked for before it is used: a refusal is an error of the file, not the end of the program.

use bytemuck::Pod;

use crate::error::{Code, Result, ToolError};

/// An empty vector with room for `n` elements.
///
/// # Errors
/// `E_TOO_LARGE` when the system has no room.
pub(crate) fn reserved<T>(n: usize) -> Result<Vec<T>> {
    let mut room = Vec::new();
    room.try_reserve_exact(n).map_err(|_| {
        ToolError::new(
            Code::TooLarge,
            format!("no memory for {n} numbers of {} bytes", size_of::<T>()),
        )
        .remedy("close other programs or use a machine with more memory")
    })?;
    Ok(room)
}

/// So many zeros. They cost memory only where something is written over them.
///
/// # Errors
/// `E_TOO_LARGE` when the system has no room.
pub(crate) fn zeroed<T: Pod>(n: usize) -> Result<Vec<T>> {
    /// Bytes that the system is asked for first: only that way of asking takes no for an answer, but what was
    /// asked for once has to be zeroed by hand.
    const LARGE: usize = 1 << 28;
    if n.saturating_mul(size_of::<T>()) > LARGE {
        drop(reserved::<T>(n)?);
    }
    Ok(vec![T::zeroed(); n])
}
