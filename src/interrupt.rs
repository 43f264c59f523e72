//! Ctrl-C: the first asks for a stop at the next safe point, the second ends at once.
//!
//! Whoever asks does not wait for a long case: what has not stopped by itself within `GRACE` is ended. Nothing is
//! lost by that which a kill would not lose: journals end in whole records, files appear whole or not at all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::console;
use crate::error::{Code, Exit, ToolError};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// How long the work may take to come to a safe point: with what is left to do after it, less than two seconds.
const GRACE: Duration = Duration::from_millis(1400);

/// Starts to listen for Ctrl-C and for a request to terminate.
///
/// # Errors
/// [`Code::Internal`] when the operating system refuses.
pub fn listen() -> Result<(), ToolError> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(Exit::Interrupted.status().into());
        }
        let waited = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(GRACE);
            console::last_words(&stopped());
            std::process::exit(Exit::Interrupted.status().into());
        });
        // Without a thread to wait in, the work stops at its next safe point.
        drop(waited);
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
    if requested() { Err(stopped()) } else { Ok(()) }
}

fn stopped() -> ToolError {
    ToolError::new(Code::Interrupted, "stopped on request")
        .remedy("run the same command again to go on; compare, train and deep with --resume")
}
