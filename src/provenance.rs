//! What stands behind a result: version, settings, inputs, seed, and what the run took.
//!
//! Everything but [`Measured`] is the same for two runs of the same study.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::arms::ModelSeconds;
use crate::io::fingerprint;

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// SHA-256 of a file in hexadecimal digits, read in pieces.
///
/// # Errors
/// The operating system's.
pub fn digest_of_file(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    fingerprint::in_pieces(path, |piece| hasher.update(piece))?;
    Ok(hexadecimal(&hasher.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The head of every output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Program and version.
    pub program: String,
    /// The command that was run.
    pub command: String,
    /// Every setting, expanded.
    pub settings: Value,
    /// SHA-256 of the settings.
    pub settings_sha256: String,
    /// SHA-256 of the manifest, or of the recipe where the cohort is made.
    pub cohort_sha256: String,
}

impl Provenance {
    /// Describes a run about to begin.
    pub fn new(command: &str, settings: Value, cohort_sha256: String) -> Self {
        let settings_sha256 = digest(settings.to_string().as_bytes());
        let program = concat!("raduet ", env!("CARGO_PKG_VERSION")).to_owned();
        Self {
            program,
            command: command.to_owned(),
            settings,
            settings_sha256,
            cohort_sha256,
        }
    }

    /// What makes two runs ask the same of a case: program and settings, whoever else takes part.
    pub fn question(&self) -> String {
        let parts = [&*self.program, &*self.command, &self.settings_sha256];
        digest(parts.join("\n").as_bytes())
    }

    /// What makes two runs the same: program, settings and cohort.
    pub fn key(&self) -> String {
        let parts = [
            &*self.program,
            &self.command,
            &self.settings_sha256,
            &self.cohort_sha256,
        ];
        digest(parts.join("\n").as_bytes())
    }
}

/// What a run took: the only part of `run.json` in which two runs of the same study differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Start in seconds since 1970-01-01 UTC.
    pub started_unix: u64,
    /// Seconds per stage, and in all.
    pub seconds: BTreeMap<String, f64>,
    /// Seconds of every model on every fold.
    pub models: Vec<ModelTime>,
    /// Threads that worked.
    pub threads: usize,
    /// Where networks computed, where the tool was built with them.
    pub device: Option<String>,
    /// Largest resident memory, where the system tells it.
    pub peak_memory_bytes: Option<u64>,
}

/// What one model took on one fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelTime {
    /// Its name.
    pub name: String,
    /// The fold.
    pub fold: usize,
    /// Seconds by the clock, while other models may have worked beside it.
    #[serde(flatten)]
    pub seconds: ModelSeconds,
}

/// Takes the times of a run's stages.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    started_unix: u64,
    seconds: BTreeMap<String, f64>,
}

impl Clock {
    /// Starts now.
    #[expect(
        clippy::new_without_default,
        reason = "starting a clock is an act, not a default"
    )]
    pub fn new() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Self {
            started: Instant::now(),
            started_unix: since.as_secs(),
            seconds: BTreeMap::new(),
        }
    }

    /// Runs a stage and adds its time under its name.
    pub fn time<T>(&mut self, stage: &str, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let result = work();
        *self.seconds.entry(stage.to_owned()).or_default() += begun.elapsed().as_secs_f64();
        result
    }

    /// The times so far.
    pub fn measured(&self) -> Measured {
        let mut seconds = self.seconds.clone();
        seconds.insert("all".into(), self.started.elapsed().as_secs_f64());
        Measured {
            started_unix: self.started_unix,
            seconds,
            models: Vec::new(),
            threads: rayon::current_num_threads(),
            device: device(),
            peak_memory_bytes: peak_memory(),
        }
    }
}

#[cfg(feature = "deep")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "a build without networks has no device"
)]
fn device() -> Option<String> {
    Some(raduet_deep::device::describe())
}

#[cfg(not(feature = "deep"))]
fn device() -> Option<String> {
    None
}

/// The high-water mark of resident memory, from the process table of Linux.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_fips_180_example() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(b"abc"), expected);
    }

    #[test]
    fn the_key_changes_with_settings_and_cohort() {
        let key = |x: u32, cohort: &str| {
            Provenance::new("compare", serde_json::json!({ "x": x }), cohort.into()).key()
        };
        assert_eq!(key(1, "a"), key(1, "a"));
        assert_ne!(key(1, "a"), key(2, "a"));
        assert_ne!(key(1, "a"), key(1, "b"));
    }
}
