//! Arguments of `raduet evaluate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::FigureOptions;

/// Arguments of `raduet evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Predictions (.csv) of any program: a patient, the true class, and a probability a class (of two classes one is
    /// enough, in a column named by its class) or the class answered.
    /// Several files are compared on the samples that all of them answer
    #[arg(value_name = "PREDICTIONS", required = true)]
    pub predictions: Vec<PathBuf>,
    /// What is judged: patients, pooled from their slices, or slices as they are; intervals and tests are over
    /// patients either way
    #[arg(long, value_enum, default_value_t = JudgedUnit::Patient, value_name = "UNIT")]
    pub unit: JudgedUnit,
    /// Bootstrap resamples behind each interval
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "N")]
    pub bootstrap: u32,
    /// Which column says what, where its name does not tell: id, patient, slice, split, fold, model, arm, truth,
    /// answer or score; may be given several times
    #[arg(long, value_name = "ROLE=NAME")]
    pub column: Vec<String>,
    /// Where all randomness starts
    #[arg(long, default_value_t = 42, value_name = "SEED")]
    pub seed: u64,
    /// Folder for the report, not that of another command's run; without it only the screen
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// The figures
    #[command(flatten)]
    pub figures: FigureOptions,
}

/// What is judged at the level of patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JudgedUnit {
    /// Patients, by the mean of their slices' probabilities
    Patient,
    /// Slices, each by itself
    Slice,
}
