//! Argument definitions, and nothing else.

mod check;
mod evaluate;
mod figures;
mod guards;
mod images;
mod learners;
mod measuring;
mod networks;
mod pyradiomics;
mod report;
mod scan;
mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::settings::ProfileName;

pub use check::CheckArgs;
pub use evaluate::{EvaluateArgs, JudgedUnit};
pub use figures::FigureOptions;
pub use guards::GuardOptions;
pub use images::ImageArgs;
pub use learners::{
    Calibrate, ClassWeightRule, Impute, LearnerOptions, PredictArgs, Scale, TrainArgs, Tune,
};
pub use measuring::{ExtractArgs, FeatureOptions, ImageFormName, MapArgs, UnitName};
pub use networks::{DeepArgs, InputName, NetworkOptions};
pub use pyradiomics::{FormName, LogLevel, ModeName, PathForm, PyradiomicsArgs, words};
pub use report::ReportArgs;
pub use scan::{AUTO as SCAN_AUTO, ScanArgs};
pub use training::{
    AugmentName, LossWeightName, MonitorName, OptimiserName, SamplerName, ScheduleName,
    TestFlipsName, TrainingOptions,
};

/// Radiomics and deep learning on the same patients and the same split, in one report.
#[derive(Debug, Parser)]
#[command(name = "raduet", version, about, max_term_width = 100)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Threads to use (0: all cores); results do not depend on it
    #[arg(
        short = 'j',
        long,
        global = true,
        default_value_t = 0,
        value_parser = clap::value_parser!(u16).range(0..=1024),
        value_name = "N"
    )]
    pub jobs: u16,
    /// Say more (-v: every case as it is done)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but errors and the result
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print the result as JSON on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Where networks compute: cpu, cuda:N (an NVIDIA GPU), or auto (a GPU where there is one)
    #[arg(long, global = true, value_name = "DEVICE", default_value = "auto")]
    pub device: String,
    /// Bytes of memory a single image may take, such as 4G (default: half of this machine's)
    #[arg(long, global = true, value_name = "BYTES", value_parser = parse_bytes)]
    pub max_memory: Option<u64>,
}

/// What raduet can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The main job: features, learners and networks on one split, and one report
    Compare(Box<CompareArgs>),
    /// A feature table: a row for every slice or every case with a region of interest
    Extract(ExtractArgs),
    /// Whether a cohort can be measured: files, geometry, masks, grey levels, copies, leaks
    Check(CheckArgs),
    /// Feature maps of one image: a feature at every voxel of the region
    Map(MapArgs),
    /// PyRadiomics' own command line, taken as it is, with its columns in its order
    Pyradiomics(PyradiomicsArgs),
    /// Recognise how a folder is laid out and write it down as a manifest
    Scan(ScanArgs),
    /// A stratified split by patient, or folds, written as a file
    Split(SplitArgs),
    /// Classical learners on a feature table
    Train(Box<TrainArgs>),
    /// A saved learner's answers on a feature table
    Predict(PredictArgs),
    /// Deep networks on the slices
    Deep(Box<DeepArgs>),
    /// Metrics, intervals and tests from predictions of any origin
    Evaluate(EvaluateArgs),
    /// Render a finished run again: report, figures, tables, checklists
    Report(ReportArgs),
    /// List the features: name, IBSI id, unit, definition
    Features(FeaturesArgs),
    /// What this machine offers: processor, threads, GPU, versions
    Doctor,
}

/// Where the cases come from.
#[derive(Debug, Clone, Args)]
pub struct CohortArgs {
    /// Keep only cases of this sequence (T1post, T2W …)
    #[arg(long, value_name = "NAME")]
    pub sequence: Option<String>,
    /// Mask value, or name of a DICOM region, that is the region of interest where a mask holds several; `extract` also takes `all`
    #[arg(long, value_name = "VALUE|NAME|all", value_parser = parse_label)]
    pub label: Option<LabelArg>,
    /// Patients of the built-in phantom cohort
    #[arg(long, value_name = "N")]
    pub phantom_patients: Option<usize>,
    /// How images are read
    #[command(flatten)]
    pub images: ImageArgs,
}

/// Which region of a mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelArg {
    /// The one with this value.
    Value(i64),
    /// The one of this name.
    Name(String),
    /// Each label as a region of its own.
    All,
}

fn parse_label(text: &str) -> Result<LabelArg, String> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(LabelArg::All);
    }
    if let Ok(value) = text.parse() {
        return Ok(LabelArg::Value(value));
    }
    let is_number = text.parse::<f64>().is_ok();
    if text.trim().is_empty() || is_number {
        return Err("a whole number, the name of a region, or 'all'".to_owned());
    }
    Ok(LabelArg::Name(text.to_owned()))
}

/// How the patients are divided.
#[derive(Debug, Clone, Args)]
pub struct SplitOptions {
    /// Share of patients in the test part
    #[arg(long, value_name = "SHARE")]
    pub test: Option<f64>,
    /// Share of patients in the validation part
    #[arg(long, value_name = "SHARE")]
    pub val: Option<f64>,
    /// Cross-validation with this many folds in place of one test part
    #[arg(long, value_name = "K")]
    pub folds: Option<usize>,
    /// Where all randomness starts [default: 42]
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Take the split from this file
    #[arg(long = "split", value_name = "FILE", conflicts_with_all = ["test", "val", "folds"])]
    pub file: Option<PathBuf>,
    /// Take the parts the data set's authors published
    #[arg(long, conflicts_with_all = ["test", "val", "folds", "file"])]
    pub published: bool,
    /// What becomes of a patient whom the published parts put on two sides
    #[arg(long, value_enum, value_name = "RULE", default_value_t = SharedRule::Refuse)]
    pub shared_patients: SharedRule,
}

/// What becomes of a patient in several published parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SharedRule {
    /// Stop and name them
    Refuse,
    /// Leave them out
    Drop,
    /// Keep them in the part that is used latest: test, then validation
    Strictest,
}

/// Arguments of `raduet compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// A study file (.toml), a manifest (.csv) or a data set's folder; without it the built-in phantom cohort
    #[arg(value_name = "STUDY")]
    pub study: Option<PathBuf>,
    /// How much work to put in
    #[arg(long, value_enum)]
    pub preset: Option<PresetName>,
    /// Run one arm only
    #[arg(long, value_enum, value_name = "ARM")]
    pub only: Option<OnlyArm>,
    /// The learners
    #[command(flatten)]
    pub learners: LearnerOptions,
    /// Networks to train, comma separated
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub networks: Vec<String>,
    /// Folder for the results
    #[arg(short, long, default_value = "raduet-run", value_name = "DIR")]
    pub output: PathBuf,
    /// Go on where an interrupted run of the same study stopped
    #[arg(long)]
    pub resume: bool,
    /// Print what would run, on whom, and about how long it would take, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// The guards
    #[command(flatten)]
    pub guards: GuardOptions,
    /// The figures
    #[command(flatten)]
    pub figures: FigureOptions,
    /// Print the study file with every setting and what it means, and stop
    #[arg(long, conflicts_with = "dry_run")]
    pub print_config: bool,
    /// The cohort
    #[command(flatten)]
    pub cohort: CohortArgs,
    /// The split
    #[command(flatten)]
    pub split: SplitOptions,
    /// The features
    #[command(flatten)]
    pub features: FeatureOptions,
    /// The networks
    #[command(flatten)]
    pub deep: NetworkOptions,
}

/// How much work `compare` puts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PresetName {
    /// Minutes on two cores: small crops, few epochs
    Quick,
    /// The published recipe: whole slices at 256 x 256, up to 100 epochs
    Paper,
    /// An hour or a few on two cores: every learner, tuned, and small networks of every design; every table and figure
    Full,
}

/// One arm of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnlyArm {
    /// Features and classical learners
    Radiomics,
    /// Networks
    Deep,
}

/// Arguments of `raduet split`.
#[derive(Debug, Args)]
pub struct SplitArgs {
    /// A manifest (.csv), a data set's folder, or `phantom`
    #[arg(value_name = "MANIFEST|DIR")]
    pub input: PathBuf,
    /// File for the split
    #[arg(short, long, default_value = "split.json", value_name = "FILE")]
    pub output: PathBuf,
    /// The cohort
    #[command(flatten)]
    pub cohort: CohortArgs,
    /// The split
    #[command(flatten)]
    pub split: SplitOptions,
}

/// Arguments of `raduet features`.
#[derive(Debug, Args)]
pub struct FeaturesArgs {
    /// Whose features
    #[arg(long, value_enum, default_value_t = ProfileName::Pyradiomics, value_name = "PROFILE")]
    pub profile: ProfileName,
    /// One family only
    #[arg(long, value_name = "NAME")]
    pub family: Option<String>,
}

/// Reads `4G`, `512M`, `1073741824`.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let factor = match unit
        .trim()
        .to_ascii_uppercase()
        .trim_end_matches("IB")
        .trim_end_matches('B')
    {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1_u64 << 40,
        other => return Err(format!("unknown unit '{other}': use K, M, G or T")),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "a whole number with K, M, G or T".to_owned())?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "too large for this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bytes_take_units() {
        assert_eq!(parse_bytes("512"), Ok(512));
        assert_eq!(parse_bytes("4G"), Ok(4 << 30));
        assert_eq!(parse_bytes("2 MiB"), Ok(2 << 20));
        assert!(parse_bytes("4X").is_err());
        assert!(parse_bytes("99999999T").is_err());
    }
}
