//! Messages by level: to the screen, and to a file that is appended to.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use crate::cli::{LogLevel, PyradiomicsArgs};
use crate::console::Console;
use crate::error::Result;
use crate::io::atomic::output_error;

/// Where messages go.
pub(super) struct Log {
    console: Console,
    shown: LogLevel,
    kept: LogLevel,
    file: Option<Mutex<File>>,
}

impl Log {
    /// Opens the file.
    ///
    /// # Errors
    /// `E_OUTPUT`.
    pub(super) fn open(args: &PyradiomicsArgs, console: Console) -> Result<Self> {
        let file = args.log_file.as_deref().map(append).transpose()?;
        Ok(Self {
            console,
            shown: match args.verbosity {
                0 | 1 => LogLevel::Critical,
                2 => LogLevel::Error,
                3 => LogLevel::Warning,
                4 => LogLevel::Info,
                _ => LogLevel::Debug,
            },
            kept: args.logging_level,
            file: file.map(Mutex::new),
        })
    }

    /// Says something.
    pub(super) fn say(&self, level: LogLevel, text: &str) {
        let letter = match level {
            LogLevel::Notset | LogLevel::Debug => 'D',
            LogLevel::Info => 'I',
            LogLevel::Warning => 'W',
            LogLevel::Error => 'E',
            LogLevel::Critical => 'C',
        };
        let line = format!("{letter}: raduet: {text}");
        if level >= self.shown {
            self.console.say(&line);
        }
        if let Some(file) = self.file.as_ref().filter(|_| level >= self.kept) {
            let mut file = file
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            // A log that cannot be written is no reason to lose the results.
            let _ = writeln!(file, "{line}");
        }
    }
}

/// Opens a file to write behind what it holds.
///
/// # Errors
/// `E_OUTPUT`.
pub(super) fn append(path: &Path) -> Result<File> {
    let file = File::options().create(true).append(true).open(path);
    file.map_err(|fault| output_error(path, &fault))
}
