//! The screen: progress and messages on standard error, data on standard output.
//!
//! The only file that prints. A broken pipe on standard output is not an error: the reader has seen
//! enough.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::error::{Faults, Level, ToolError, Warning};

/// Off a terminal, progress is a line this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// More faults than this are counted, not shown: nobody reads on.
const SHOWN_FAULTS: usize = 40;

/// More warnings than this are counted, not shown.
const SHOWN_WARNINGS: usize = 12;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors and results only.
    Quiet,
    /// Progress, warnings and results.
    Normal,
    /// Every case as well.
    Verbose,
}

/// Where messages go.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    verbosity: Verbosity,
}

impl Console {
    /// A console that says as much as asked for.
    pub fn new(verbosity: Verbosity) -> Self {
        Self { verbosity }
    }

    /// Something to know, on standard error.
    pub fn say(self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            to_stderr(text);
        }
    }

    /// Something to know when one looks closely.
    pub fn detail(self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            to_stderr(text);
        }
    }

    /// Whether every case is spoken of.
    pub fn is_verbose(self) -> bool {
        self.verbosity >= Verbosity::Verbose
    }

    /// A failure; always said.
    pub fn error(self, error: &ToolError) {
        to_stderr(&error.to_string());
    }

    /// Faults found together; always said, a long list cut with its count.
    pub fn faults(self, faults: &Faults) {
        let list = faults.list();
        for fault in list.iter().take(SHOWN_FAULTS) {
            to_stderr(&fault.to_string());
        }
        if list.len() > SHOWN_FAULTS {
            to_stderr(&format!(
                "… and {} more of {} faults",
                list.len() - SHOWN_FAULTS,
                list.len()
            ));
        }
    }

    /// Says what is doubtful and what failed, the count last. Long lists are cut on the screen, never in
    /// the files, whose names begin with `beside`.
    pub fn doubts(self, failures: &[ToolError], warnings: &[Warning], beside: &str) {
        let shown = || {
            warnings
                .iter()
                .filter(|warning| warning.level == Level::Warning)
        };
        for warning in shown().take(SHOWN_WARNINGS) {
            self.say(&warning.to_string());
        }
        let more = shown().count().saturating_sub(SHOWN_WARNINGS);
        if more > 0 {
            self.say(&format!(
                "… and {more} more warning(s), all in {beside}warnings.csv"
            ));
        }
        for failure in failures {
            self.error(failure);
        }
        if !failures.is_empty() {
            to_stderr(&format!(
                "{} failure(s), all in {beside}failures.csv",
                failures.len()
            ));
        }
    }

    /// A result, on standard output.
    pub fn print(self, text: &str) {
        let mut out = std::io::stdout().lock();
        // Nobody reads on: there is nothing left to do for this line.
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// A job of `total` steps: a bar on a terminal, a line every ten seconds elsewhere.
    pub fn job(self, what: impl Into<String>, total: usize) -> Job {
        let what = what.into();
        let on_terminal = std::io::stderr().is_terminal() && self.verbosity >= Verbosity::Normal;
        let bar = on_terminal.then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{msg:28} {wide_bar} {pos}/{len} {eta}")
            {
                bar.set_style(style);
            }
            bar.set_message(what.clone());
            bar
        });
        Job {
            console: self,
            what,
            total,
            done: AtomicU64::new(0),
            spoken: Mutex::new(Instant::now()),
            bar,
        }
    }
}

/// Progress of one job; may be advanced from any thread.
#[derive(Debug)]
pub struct Job {
    console: Console,
    what: String,
    total: usize,
    done: AtomicU64,
    spoken: Mutex<Instant>,
    bar: Option<ProgressBar>,
}

impl Job {
    /// One more step is done.
    pub fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        // Whoever does not get the lock leaves the line to the thread that has it.
        let Ok(mut spoken) = self.spoken.try_lock() else {
            return;
        };
        if spoken.elapsed() >= LINE_EVERY {
            *spoken = Instant::now();
            self.console
                .say(&format!("{}: {done} of {}", self.what, self.total));
        }
    }

    /// Where the step in progress stands: shown with the bar, or as a line every ten seconds.
    pub fn status(&self, text: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} {}", self.what, text()));
            return;
        }
        let Ok(mut spoken) = self.spoken.try_lock() else {
            return;
        };
        if spoken.elapsed() >= LINE_EVERY {
            *spoken = Instant::now();
            self.console.say(&format!("{}: {}", self.what, text()));
        }
    }

    /// A remark shown with the bar, or on the next line.
    pub fn remark(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("{} {text}", self.what)),
            None => self.console.detail(&format!("{}: {text}", self.what)),
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A reader that has gone away is no reason to stop: what was said to nobody is lost.
fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// The reason why the program ends, from a thread that ends it.
pub(crate) fn last_words(error: &ToolError) {
    to_stderr(&error.to_string());
}

/// Makes a bug say one line on standard error, for the report that its user is asked to write.
pub fn hear_bugs() {
    std::panic::set_hook(Box::new(|bug| {
        let message = bug.to_string().replace('\n', ": ");
        to_stderr(&format!("internal: {message}"));
    }));
}
