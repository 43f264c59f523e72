//! Ctrl-C: the first asks for a stop at the next safe point, the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Code, Exit, ToolError};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen for Ctrl-C and for a request to terminate.
///
/// # Errors
/// [`Code::Internal`] when the operating system refuses.
pub fn listen() -> Result<(), ToolError> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(Exit::Interrupted.status().into());
        }
    })
    .map_err(|fault| {
        ToolError::new(Code::Internal, format!("cannot listen for Ctrl-C: {fault}"))
            .remedy("run without a handler for this signal")
    })
}

/// Whether a stop was asked for.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// An error as soon as a stop was asked for.
///
/// # Errors
/// [`Code::Interrupted`].
pub fn check() -> Result<(), ToolError> {
    if requested() {
        return Err(ToolError::new(Code::Interrupted, "stopped on request")
            .remedy("run the same command again to go on; compare, train and deep with --resume"));
    }
    Ok(())
}
