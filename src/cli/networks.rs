//! Arguments of the networks: what every study sets, by timm's names, and `raduet deep`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{CohortArgs, GuardOptions, SplitOptions, TrainingOptions};
use crate::settings::LayoutName;

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
    #[arg(long, conflicts_with_all = ["model", "sanity"])]
    pub tables: bool,
    /// With --tables: small pictures, one short epoch, no weights kept; shows that everything runs
    #[arg(long, requires = "tables")]
    pub smoke: bool,
    /// Print the study file of the same run, with every setting and what it means (raduet compare FILE), and stop
    #[arg(long, conflicts_with_all = ["dry_run", "tables"])]
    pub print_config: bool,
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
