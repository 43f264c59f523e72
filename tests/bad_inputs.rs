//! The corpus of bad inputs: every one ends in its code, in words that name file, cause and remedy, without a
//! panic, without a wait, and within 256 MiB; and what a good reader must accept is accepted.
//!
//! The files are made here from a few good ones, format by format (`bad_inputs/`). The same corpus runs once more
//! in a process that may not have more than 512 MiB of address space.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod bad_inputs {
    pub(crate) mod arrays;
    pub(crate) mod dicom;
    pub(crate) mod dicom_packed;
    pub(crate) mod dicom_series;
    pub(crate) mod metaimage;
    pub(crate) mod nifti;
    pub(crate) mod nrrd;
    pub(crate) mod png;
    pub(crate) mod rtstruct;
    pub(crate) mod seg;
    pub(crate) mod tables;
    pub(crate) mod texts;
    pub(crate) mod tiff;
}
mod nifti_files;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use raduet::error::{Code, Faults, ToolError};
use raduet::io::manifest_csv::read_manifest;
use raduet::io::{
    ByteBudget, GeometryRule, LabelChoice, ReadOptions, feature_table, predictions_csv, read_case,
    read_volume, split_file,
};
use raduet::params::Parameters;
use raduet::settings::file;
use raduet_testkit::process::kib;

/// Budget of every read.
const BUDGET: u64 = 16 << 20;
/// What the whole corpus may add to the address space.
const GROWTH_KIB: u64 = 256 << 10;
/// Far above the two seconds of the promise: a test must not fail because a machine is busy, but a file that
/// hangs must not pass.
const HANGS: Duration = Duration::from_secs(30);

/// The region that a case is read with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    Only,
    Labelled(i64),
    Named(&'static str),
}

/// Where a file is handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Image,
    /// The folder is the image.
    Folder,
    /// The first file is the image, the second its mask.
    Case(Region),
    Manifest,
    Features,
    Predictions,
    Split,
    Study,
    Params,
    #[cfg(feature = "learners")]
    Model,
}

/// One input: files of a folder of its own, the first of which is opened.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) door: Door,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// The code it is refused with, and words of the message; none where it must be read.
    pub(crate) refused: Option<(Code, &'static str)>,
}

impl Input {
    /// A single file that is refused.
    pub(crate) fn bad(
        door: Door,
        name: &str,
        file: &str,
        bytes: impl Into<Vec<u8>>,
        code: Code,
        says: &'static str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            door,
            files: vec![(file.to_owned(), bytes.into())],
            refused: Some((code, says)),
        }
    }

    /// A single file that is read.
    pub(crate) fn good(door: Door, name: &str, file: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            door,
            files: vec![(file.to_owned(), bytes.into())],
            refused: None,
        }
    }

    /// Another file beside it.
    pub(crate) fn with(mut self, file: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.push((file.to_owned(), bytes.into()));
        self
    }
}

fn options() -> ReadOptions {
    ReadOptions {
        budget: ByteBudget(BUDGET),
        ..ReadOptions::default()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "goes to `map_err` as it is")]
fn first(faults: Faults) -> ToolError {
    faults.list()[0].clone()
}

fn open(door: Door, paths: &[PathBuf]) -> Result<(), ToolError> {
    let path: &Path = &paths[0];
    match door {
        Door::Image => read_volume(path, &options()).map(drop),
        Door::Folder => read_volume(path.parent().unwrap(), &options()).map(drop),
        Door::Case(region) => {
            let rule = GeometryRule::default();
            let choice = match region {
                Region::Only => LabelChoice::Only,
                Region::Labelled(value) => LabelChoice::Value(value),
                Region::Named(name) => LabelChoice::Name(name.to_owned()),
            };
            read_case(path, &paths[1], &choice, rule, &options()).map(drop)
        }
        Door::Manifest => read_manifest(path).map(drop).map_err(first),
        Door::Features => feature_table::read(path).map(drop),
        Door::Predictions => {
            let bytes = std::fs::read(path).unwrap();
            predictions_csv::parse(&bytes)
                .map(drop)
                .map_err(|error| error.file(path))
        }
        Door::Split => split_file::read(path).map(drop),
        Door::Study => file::read(path, None).map(drop).map_err(first),
        Door::Params => Parameters::read(path, &[]).map(drop).map_err(first),
        #[cfg(feature = "learners")]
        Door::Model => raduet::io::model_file::read(path).map(drop),
    }
}

fn corpus() -> Vec<Input> {
    let mut inputs = Vec::new();
    inputs.extend(bad_inputs::nifti::inputs());
    inputs.extend(bad_inputs::nrrd::inputs());
    inputs.extend(bad_inputs::metaimage::inputs());
    inputs.extend(bad_inputs::dicom::inputs());
    inputs.extend(bad_inputs::dicom_packed::inputs());
    inputs.extend(bad_inputs::dicom_series::inputs());
    inputs.extend(bad_inputs::rtstruct::inputs());
    inputs.extend(bad_inputs::seg::inputs());
    inputs.extend(bad_inputs::png::inputs());
    inputs.extend(bad_inputs::tiff::inputs());
    inputs.extend(bad_inputs::arrays::inputs());
    inputs.extend(bad_inputs::tables::inputs());
    inputs.extend(bad_inputs::texts::inputs());
    inputs
}

#[cfg(target_os = "linux")]
#[test]
fn every_bad_input_is_refused_in_its_words_and_every_good_one_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let (mut bad, mut good) = (0, 0);
    let mut slowest = (Duration::ZERO, String::new());
    // Made before anything is measured: what packs to a bomb is large itself.
    let corpus = corpus();
    let before = kib("VmPeak:").unwrap();
    let resident = kib("VmHWM:").unwrap();
    for (number, input) in corpus.into_iter().enumerate() {
        let here = folder.path().join(number.to_string());
        std::fs::create_dir(&here).unwrap();
        let mut paths = Vec::new();
        for (name, bytes) in &input.files {
            let path = here.join(name);
            std::fs::write(&path, bytes).unwrap();
            paths.push(path);
        }
        let begun = Instant::now();
        let outcome = std::panic::catch_unwind(|| open(input.door, &paths));
        let took = begun.elapsed();
        if took > slowest.0 {
            slowest = (took, input.name.clone());
        }
        let name = &input.name;
        let Ok(outcome) = outcome else {
            wrong.push(format!("{name}: a panic"));
            continue;
        };
        if took > HANGS {
            wrong.push(format!("{name}: took {took:?}"));
        }
        match (outcome, input.refused) {
            (Ok(()), None) => good += 1,
            (Ok(()), Some((code, _))) => wrong.push(format!("{name}: read, not {code}")),
            (Err(error), None) => wrong.push(format!("{name}: refused: {error}")),
            (Err(error), Some((code, says))) => {
                bad += 1;
                let text = error.to_string();
                if error.code != code || !text.contains(says) {
                    wrong.push(format!("{name}: not {code} '{says}': {text}"));
                }
                if error.remedy.is_empty() || error.file.is_none() {
                    wrong.push(format!("{name}: no remedy or no file: {text}"));
                }
                if text.chars().any(char::is_control) {
                    wrong.push(format!("{name}: control characters: {text:?}"));
                }
            }
        }
        std::fs::remove_dir_all(&here).unwrap();
    }
    let growth = kib("VmPeak:").unwrap() - before;
    println!(
        "{bad} bad inputs, {good} good ones; slowest {:?} ({}); address space +{} MiB, resident +{} MiB",
        slowest.0,
        slowest.1,
        growth >> 10,
        (kib("VmHWM:").unwrap() - resident) >> 10
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(bad >= 500, "{bad} bad inputs");
    assert!(
        growth <= GROWTH_KIB,
        "the address space grew by {growth} KiB"
    );
}

/// The corpus once more where allocations beyond 512 MiB fail.
#[cfg(target_os = "linux")]
#[test]
fn the_corpus_fits_into_512_mib() {
    let program = std::env::current_exe().unwrap();
    let script = "ulimit -v 524288 && exec \"$0\" --exact \"$1\" --test-threads=1 --nocapture";
    let output = std::process::Command::new("sh")
        .args(["-c", script])
        .arg(program)
        .arg("every_bad_input_is_refused_in_its_words_and_every_good_one_read")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(told.contains("1 passed"), "{told}");
}
