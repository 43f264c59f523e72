//! Argument definitions, and nothing else.

mod check;
mod evaluate;
mod guards;
mod images;
mod learners;
mod pyradiomics;
mod report;
mod scan;
mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::settings::{LayoutName, NonfiniteName, ProfileName};

pub use check::CheckArgs;
pub use evaluate::{EvaluateArgs, JudgedUnit};
pub use guards::GuardOptions;
pub use images::ImageArgs;
pub use learners::{
    Calibrate, ClassWeightRule, Impute, LearnerOptions, PredictArgs, Scale, TrainArgs, Tune,
};
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

/// How slices or cases are measured.
#[derive(Debug, Clone, Args)]
pub struct FeatureOptions {
    /// Whose names, defaults and values [default: pyradiomics]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub profile: Option<ProfileName>,
    /// A parameter file of PyRadiomics (.yaml, .json), taken unchanged
    #[arg(short = 'p', long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// A setting by PyRadiomics' name, which wins over the file; may be given several times
    #[arg(short = 's', long, value_name = "KEY:VALUE")]
    pub setting: Vec<String>,
    /// Profile ibsi: aggregations by the standard's names (2D:avg, 2D:mrg, 2.5D:dmrg, 2.5D:vmrg, 3D:avg, 3D:mrg), comma separated
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        help_heading = "Profile ibsi"
    )]
    pub aggregation: Vec<String>,
    /// Profile ibsi: leave out intensities further from the mean than this many standard deviations
    #[arg(long, value_name = "SIGMA", help_heading = "Profile ibsi")]
    pub outliers: Option<f64>,
    /// Profile ibsi: round intensities to whole numbers after resampling (CT)
    #[arg(long, help_heading = "Profile ibsi")]
    pub round: bool,
    /// Profile ibsi: bins of the intensity-volume histogram, discrete, continuous:WIDTH or arbitrary:COUNT [default: discrete]
    #[arg(long, value_name = "BINS", help_heading = "Profile ibsi")]
    pub ivh: Option<String>,
    /// Profile ibsi: a filter beside the unfiltered image, such as log:sigma=1.5; may be given several times
    #[arg(long, value_name = "FILTER", help_heading = "Profile ibsi")]
    pub filter: Vec<String>,
    /// Width of a grey-level bin, in image units [default: the parameter file's, else 25]
    #[arg(long, value_name = "WIDTH", conflicts_with = "bin_count")]
    pub bin_width: Option<f64>,
    /// Number of grey-level bins, in place of a width
    #[arg(long, value_name = "N")]
    pub bin_count: Option<usize>,
    /// Feature families, comma separated [default: those of the slice, or all of the case; see `raduet features`]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub family: Vec<String>,
    /// A slice needs at least this many pixels of the region [default: 2]
    #[arg(long, value_name = "PIXELS")]
    pub min_pixels: Option<usize>,
    /// What becomes of NaN and infinite values inside the region [default: refuse]
    #[arg(long, value_enum, value_name = "RULE")]
    pub nonfinite: Option<NonfiniteName>,
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

/// Arguments of `raduet extract`.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// A manifest (.csv), a data set's folder, or `phantom`
    #[arg(value_name = "MANIFEST|DIR")]
    pub input: PathBuf,
    /// File for the feature table, .csv or .parquet
    #[arg(short, long, default_value = "features.csv", value_name = "FILE")]
    pub output: PathBuf,
    /// What a row stands for
    #[arg(long, value_enum, default_value_t = UnitName::Slice, value_name = "UNIT")]
    pub by: UnitName,
    /// One row a case: mean, standard deviation, 10th and 90th percentile and area-weighted mean over its slices
    #[arg(long, conflicts_with = "lesions")]
    pub summarise: bool,
    /// Measure each connected part of the region as a lesion of its own
    #[arg(long)]
    pub lesions: bool,
    /// Print the plan and stop
    #[arg(long)]
    pub dry_run: bool,
    /// The cohort
    #[command(flatten)]
    pub cohort: CohortArgs,
    /// The features
    #[command(flatten)]
    pub features: FeatureOptions,
}

/// Arguments of `raduet map`.
#[derive(Debug, Args)]
pub struct MapArgs {
    /// The image
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// Its mask
    #[arg(value_name = "MASK")]
    pub mask: PathBuf,
    /// Folder for the maps: an image file and a picture for each image and feature
    #[arg(short, long, default_value = "raduet-maps", value_name = "DIR")]
    pub output: PathBuf,
    /// Mask value, or name of a DICOM region, that is the region of interest where a mask holds several
    #[arg(long, value_name = "VALUE|NAME", value_parser = parse_label)]
    pub label: Option<LabelArg>,
    /// Format of the maps
    #[arg(long, value_enum, default_value_t = ImageFormName::Nifti, value_name = "FORMAT")]
    pub format: ImageFormName,
    /// Write the image and the region as they were read, too, on the image's grid
    #[arg(long)]
    pub with_inputs: bool,
    /// How images are read
    #[command(flatten)]
    pub images: ImageArgs,
    /// A parameter file of PyRadiomics (.yaml, .json) with its voxelSetting
    #[arg(short = 'p', long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// A setting by PyRadiomics' name, such as kernelRadius:2; may be given several times
    #[arg(short = 's', long, value_name = "KEY:VALUE")]
    pub setting: Vec<String>,
    /// Feature families, comma separated [default: the file's, else all but those of form]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub family: Vec<String>,
    /// Features, comma separated, such as `glcm_Contrast` [default: all of the families]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub feature: Vec<String>,
    /// Width of a grey-level bin, in image units [default: the parameter file's, else 25]
    #[arg(long, value_name = "WIDTH", conflicts_with = "bin_count")]
    pub bin_width: Option<f64>,
    /// Number of grey-level bins, in place of a width
    #[arg(long, value_name = "N")]
    pub bin_count: Option<usize>,
    /// Write 64-bit numbers in place of 32-bit ones
    #[arg(long)]
    pub double: bool,
}

/// Formats that images are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImageFormName {
    /// NIfTI-1, compressed (.nii.gz)
    Nifti,
    /// NRRD, compressed (.nrrd)
    Nrrd,
}

/// What a row of a feature table stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnitName {
    /// A slice that holds part of the region
    Slice,
    /// The region as a whole
    Case,
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

/// Options of the networks, by timm's names.
#[derive(Debug, Clone, Args)]
pub struct NetworkOptions {
    /// Side of the square network input, in pixels
    #[arg(long, value_name = "PIXELS")]
    pub img_size: Option<usize>,
    /// Slices per step
    #[arg(short = 'b', long, value_name = "N")]
    pub batch_size: Option<usize>,
    /// Learning rate
    #[arg(long, value_name = "RATE")]
    pub lr: Option<f64>,
    /// Weight decay
    #[arg(long, value_name = "RATE")]
    pub weight_decay: Option<f64>,
    /// At most this many epochs
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Stop after this many epochs below the best
    #[arg(long, value_name = "N")]
    pub patience: Option<usize>,
    /// What the network sees
    // An id of its own: `input` is the cohort's, where a command takes both.
    #[arg(
        id = "input_mode",
        long = "input-mode",
        value_enum,
        value_name = "MODE"
    )]
    pub input: Option<InputName>,
    /// Weights to start from, .safetensors or .pth, or a folder of files named by network
    #[arg(long, value_name = "FILE|DIR")]
    pub pretrained: Option<PathBuf>,
    /// Write the weights under these names too, so that PyTorch loads them
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub export: Option<LayoutName>,
    /// Pictures of where the network looks (Grad-CAM) for this many test slices
    #[arg(long, value_name = "N")]
    pub grad_cam: Option<usize>,
    /// How to train
    #[command(flatten)]
    pub training: TrainingOptions,
}

/// What a network sees of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InputName {
    /// The whole slice
    Whole,
    /// The region's bounding box with a margin
    Crop,
    /// The bounding box, blank outside the region
    Masked,
}

/// Arguments of `raduet deep`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct DeepArgs {
    /// A manifest (.csv), a data set's folder, or `phantom`
    #[arg(value_name = "MANIFEST|DIR", required_unless_present = "describe")]
    pub input: Option<PathBuf>,
    /// Networks to train, comma separated
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "resnet18",
        value_name = "NAMES"
    )]
    pub model: Vec<String>,
    /// Folder for the results
    #[arg(short, long, default_value = "raduet-deep", value_name = "DIR")]
    pub output: PathBuf,
    /// The paper's Tables I to V: all of its networks, T1W and T2W, from scratch and, with --pretrained, from
    /// pretrained weights
    #[arg(long, conflicts_with = "model")]
    pub tables: bool,
    /// With --tables: small pictures, one short epoch, no weights kept; shows that everything runs
    #[arg(long, requires = "tables")]
    pub smoke: bool,
    /// Go on where an interrupted run of the same study stopped
    #[arg(long)]
    pub resume: bool,
    /// The guards
    #[command(flatten)]
    pub guards: GuardOptions,
    /// The cohort
    #[command(flatten)]
    pub cohort: CohortArgs,
    /// The split
    #[command(flatten)]
    pub split: SplitOptions,
    /// The networks
    #[command(flatten)]
    pub deep: NetworkOptions,
    /// A setting of the networks by its name in run.json, such as network.optimiser.nesterov=true; may be given several times
    #[arg(long, value_name = "network.SETTING=VALUE", help_heading = "Training")]
    pub set: Vec<String>,
    /// Print what would run, try a few cases and one batch of each network, say about how long it would take, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Learn one batch of each network by heart in N steps, to see that it can learn, and stop
    #[arg(long, value_name = "N", conflicts_with = "dry_run", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub overfit_batch: Option<u32>,
    /// List the networks: parameters, multiply-adds, tensors (-v), and stop
    #[arg(long, conflicts_with_all = ["dry_run", "overfit_batch"])]
    pub describe: bool,
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
