//! Arguments of the classical learners: `train`, `predict`, and the learners of `compare`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FigureOptions, SplitOptions};

/// Which learners, with what before and after them.
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of the command line"
)]
pub struct LearnerOptions {
    /// Learners to train, comma separated, or `all` back ends [default: the default back end of each but `quadratic_discriminant`]
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub learners: Vec<String>,
    /// A setting of a learner by scikit-learn's name, such as `random_forest.n_estimators=500`, or of the networks, such as network.loss.focal=2; may be given several times
    #[arg(long, value_name = "LEARNER.SETTING=VALUE", help_heading = "Learners")]
    pub set: Vec<String>,
    /// Search each learner's settings in folds of its training rows
    #[arg(long, value_enum, value_name = "EFFORT", help_heading = "Learners")]
    pub tune: Option<Tune>,
    /// Weigh the classes against each other
    #[arg(long, value_enum, value_name = "RULE", help_heading = "Learners")]
    pub class_weight: Option<ClassWeightRule>,
    /// Calibrate probabilities on answers out of fold within the training rows
    #[arg(long, value_enum, value_name = "METHOD", help_heading = "Learners")]
    pub calibrate: Option<Calibrate>,
    /// Say what each column is worth to each learner on the test rows (figures/importance.csv)
    #[arg(long, help_heading = "Learners")]
    pub importance: bool,
    /// Say what each column adds to each answer on the test rows: SHAP values of trees and linear learners (figures/shap.csv and one file a model)
    #[arg(long, help_heading = "Learners")]
    pub shap: bool,
    /// Say how each learner grows with the patients it learns from, in folds of its training rows (`figures/learning_curve.csv`)
    #[arg(long, help_heading = "Learners")]
    pub learning_curve: bool,
    /// Missing values, in place of refusing them
    #[arg(
        long,
        value_enum,
        value_name = "RULE",
        help_heading = "Before the learner, fitted on training rows"
    )]
    pub impute: Option<Impute>,
    /// Common scale of the columns [default: standard]
    #[arg(
        long,
        value_enum,
        value_name = "SCALE",
        help_heading = "Before the learner, fitted on training rows"
    )]
    pub scale: Option<Scale>,
    /// Take offsets and spreads of sites out of the columns (needs a site of every row)
    #[arg(long, help_heading = "Before the learner, fitted on training rows")]
    pub combat: bool,
    /// Keep one of the columns whose rank correlation is above this
    #[arg(
        long,
        value_name = "RHO",
        help_heading = "Before the learner, fitted on training rows"
    )]
    pub redundancy: Option<f64>,
    /// Choose columns by the class: `anova_f`, `kruskal_wallis`, `mutual_information`, mrmr, lasso, rfe (each with :K), boruta, stability
    #[arg(
        long,
        value_name = "METHOD[:K]",
        help_heading = "Before the learner, fitted on training rows"
    )]
    pub select: Option<String>,
    /// Principal components in place of columns: a number of them, or a share of the variance below 1
    #[arg(
        long,
        value_name = "N",
        help_heading = "Before the learner, fitted on training rows"
    )]
    pub pca: Option<f64>,
}

/// How much is tried of each learner's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tune {
    /// The settings as they are
    None,
    /// A small grid
    Light,
    /// Forty points drawn at random
    Full,
}

/// How classes are weighed against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClassWeightRule {
    /// Every class counts the same in total
    Balanced,
}

/// How probabilities are calibrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Calibrate {
    /// A sigmoid (Platt): right where few rows are at hand
    #[value(alias = "sigmoid")]
    Platt,
    /// A rising step function: for a thousand rows or more
    Isotonic,
    /// One number for all classes
    Temperature,
}

/// What becomes of missing feature values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Impute {
    /// The median of the training rows
    Median,
    /// The mean of the training rows
    Mean,
    /// Left to the learners that read them; the others get medians
    Keep,
}

/// A common scale of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scale {
    /// Mean 0, standard deviation 1
    Standard,
    /// Median 0, distance of the quartiles 1
    Robust,
    /// Least value 0, greatest 1
    MinMax,
    /// Ranks, spread evenly over 0 to 1
    Quantile,
    /// Ranks, spread like a normal variable
    QuantileNormal,
    /// As they are
    None,
}

/// Arguments of `raduet train`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct TrainArgs {
    /// A feature table (.csv, .parquet): ours, or another tool's with a patient and a class column
    #[arg(value_name = "FEATURES")]
    pub features: PathBuf,
    /// The learners
    #[command(flatten)]
    pub learners: LearnerOptions,
    /// What a column is, where its name does not say: id, patient, target, slice, split, fold, sequence, site
    #[arg(long, value_name = "ROLE=NAME", help_heading = "Columns")]
    pub column: Vec<String>,
    /// Columns that are no features, comma separated
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NAMES",
        help_heading = "Columns"
    )]
    pub exclude: Vec<String>,
    /// Learn from columns that copy the class, the patient or the row number all the same
    #[arg(long, help_heading = "Columns")]
    pub allow_leaks: bool,
    /// A control: exchange the classes of training patients at random; no learner may beat the majority then
    #[arg(long, conflicts_with = "repeats")]
    pub sanity: bool,
    /// Draw the split this many times; means and standard deviations over them stand in repeats.csv
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub repeats: u16,
    /// The figures
    #[command(flatten)]
    pub figures: FigureOptions,
    /// Go on where an interrupted run of the same study stopped
    #[arg(long)]
    pub resume: bool,
    /// Folder for the results
    #[arg(short, long, default_value = "raduet-train", value_name = "DIR")]
    pub output: PathBuf,
    /// Print what would run, on whom, and about how long it would take, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// The split [default: the table's own Split or Fold column, where it has one]
    #[command(flatten)]
    pub split: SplitOptions,
}

/// Arguments of `raduet predict`.
#[derive(Debug, Args)]
pub struct PredictArgs {
    /// A learner's model, as `train` and `compare` write it (models/*.json)
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// A feature table (.csv, .parquet) with the model's columns, in any order; others are passed over
    #[arg(value_name = "TABLE")]
    pub table: PathBuf,
    /// File for the answers, in the form of a run's predictions.csv; pooled by patient in FILE.patients.csv
    #[arg(short, long, default_value = "predictions.csv", value_name = "FILE")]
    pub output: PathBuf,
    /// What a column is, where its name does not say: id, patient, target, slice, split, fold, sequence, site
    #[arg(long, value_name = "ROLE=NAME")]
    pub column: Vec<String>,
}
