//! Every setting of a study, fully expanded: what `run.json` prints and what makes two runs the same.
//!
//! A [`Settings`] starts as a [`preset`], a study file ([`mod@file`]) changes some of it, and the
//! command line has the last word.

pub mod file;
mod images;
mod keys;
mod learners;
pub mod nearest;
pub mod preset;
pub mod print;
mod training;

use std::path::PathBuf;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use images::{ImageSettings, LabelName};
pub use learners::{LearnerSettings, TuneName};
pub use training::overlay;

use crate::cli::{
    CohortArgs, FeatureOptions, InputName, LabelArg, NetworkOptions, SharedRule, SplitOptions,
};
use crate::error::{Code, Result, ToolError};

/// A study: who, how divided, how measured, who learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Shown in the report's head.
    pub name: String,
    /// Who takes part.
    pub cohort: CohortSettings,
    /// Who trains and who is tested.
    pub split: SplitSettings,
    /// What is measured on a slice.
    pub features: FeatureSettings,
    /// The radiomics arm.
    pub learners: LearnerSettings,
    /// The deep arm.
    pub networks: NetworkSettings,
    /// What is said in the end.
    pub report: ReportSettings,
}

/// Who takes part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortSettings {
    /// Manifest or folder; none for the built-in phantom cohort.
    pub path: Option<PathBuf>,
    /// Keep only this sequence.
    pub sequence: Option<String>,
    /// Mask value of the region, or its name.
    pub label: Option<LabelName>,
    /// Patients of the phantom cohort.
    pub phantom_patients: usize,
    /// How images are read.
    #[serde(default)]
    pub images: ImageSettings,
}

/// Who trains and who is tested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitSettings {
    /// Share of patients in the test part.
    pub test: f64,
    /// Share of patients in the validation part.
    pub valid: f64,
    /// Cross-validation in place of a test part.
    pub folds: Option<usize>,
    /// Where all randomness starts.
    pub seed: u64,
    /// A split made before.
    pub file: Option<PathBuf>,
    /// The parts the authors published.
    pub published: bool,
    /// What becomes of a patient in several published parts: `refuse`, `drop`, `strictest`.
    pub shared_patients: SharedPatientsName,
}

/// [`SharedRule`] as it stands in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "documented where the command line defines them"
)]
pub enum SharedPatientsName {
    Refuse,
    Drop,
    Strictest,
}

/// What is measured on a slice or a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureSettings {
    /// Whose names, defaults and values: `pyradiomics` or `ibsi`.
    pub profile: ProfileName,
    /// A parameter file of PyRadiomics.
    pub parameters: Option<PathBuf>,
    /// Settings by PyRadiomics' names, `key:value`; they win over the parameter file.
    pub set: Vec<String>,
    /// Settings that only the `ibsi` profile has.
    pub ibsi: IbsiSettings,
    /// Width of a grey-level bin in image units; where neither this nor `bin_count` is given, the parameter
    /// file's, else 25.
    pub bin_width: Option<f64>,
    /// Number of grey-level bins.
    pub bin_count: Option<usize>,
    /// Families by id; empty for all.
    pub families: Vec<String>,
    /// A slice with fewer pixels of the region is left out of both arms.
    pub min_pixels: usize,
    /// What becomes of NaN and infinite values inside the region: `refuse` or `drop`.
    #[serde(default)]
    pub nonfinite: NonfiniteName,
}

/// What becomes of NaN and infinite values inside a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum NonfiniteName {
    /// The case fails and says where they are
    #[default]
    Refuse,
    /// Their voxels are taken out of the region, with a warning
    Drop,
}

/// [`raduet_features::Profile`] as it stands in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ProfileName {
    /// PyRadiomics 3.0.1: same names, same values
    #[default]
    Pyradiomics,
    /// The standard's reference manual
    Ibsi,
}

/// Settings that only the `ibsi` profile has.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct IbsiSettings {
    /// Ways from matrices to values, by the standard's names (`3D:mrg`); empty for `2D:avg` of slices and
    /// `3D:mrg` of cases.
    pub aggregations: Vec<String>,
    /// Standard deviations from the mean beyond which intensities are left out.
    pub outliers: Option<f64>,
    /// Round intensities to whole numbers after resampling (CT).
    pub round: bool,
    /// Bins of the intensity-volume histogram: `discrete`, `continuous:2.5`, `arbitrary:1000`.
    pub ivh: String,
    /// Filters, such as `log:sigma=1.5`; the unfiltered image is always measured.
    pub filters: Vec<String>,
}

/// The deep arm; see the network room for what each does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct NetworkSettings {
    /// Off with `--only radiomics`.
    pub enabled: bool,
    /// Names from the registry, or `all`.
    pub names: Vec<String>,
    /// `whole`, `crop` or `masked`.
    pub input: InputModeName,
    /// Side of the square input in pixels.
    pub image_size: usize,
    /// Slices per step.
    pub batch_size: usize,
    /// AdamW's learning rate.
    pub learning_rate: f64,
    /// AdamW's decoupled weight decay.
    pub weight_decay: f64,
    /// At most this many epochs.
    pub epochs: usize,
    /// Stop after this many epochs below the best.
    pub patience: usize,
    /// Flips and rotations of training slices.
    pub augment: bool,
    /// Running statistics of batch normalisation begin as means over the first batches, for runs too
    /// short for them to settle.
    pub warm_start_statistics: bool,
    /// Settings by the names of the networks' room; they win over those above.
    pub set: Map<String, Value>,
    /// Weights to start from: a file, or a folder of files named by network.
    pub pretrained: Option<PathBuf>,
    /// Whose names the weights are written under beside their own: `torchvision`, `timm` or `authors`.
    pub export: Option<LayoutName>,
    /// For this many test slices pictures of where the network looks; with any, a table for all of them.
    pub grad_cam: usize,
    /// Whether the weights of the best epoch are written.
    pub keep_weights: bool,
}

/// [`InputName`] as it stands in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "documented where the command line defines them"
)]
pub enum InputModeName {
    Whole,
    Crop,
    Masked,
}

/// Whose names weights have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LayoutName {
    /// torchvision's
    Torchvision,
    /// timm's
    Timm,
    /// Those of the network's authors
    Authors,
}

/// What is said in the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportSettings {
    /// Bootstrap resamples behind each interval.
    pub bootstrap: usize,
    /// Confidence of the intervals.
    pub confidence: f64,
}

impl From<InputName> for InputModeName {
    fn from(name: InputName) -> Self {
        match name {
            InputName::Whole => Self::Whole,
            InputName::Crop => Self::Crop,
            InputName::Masked => Self::Masked,
        }
    }
}

impl From<SharedRule> for SharedPatientsName {
    fn from(rule: SharedRule) -> Self {
        match rule {
            SharedRule::Refuse => Self::Refuse,
            SharedRule::Drop => Self::Drop,
            SharedRule::Strictest => Self::Strictest,
        }
    }
}

/// Most resamples: their intervals no longer move, and more would only take memory.
const MOST_RESAMPLES: usize = 1_000_000;

impl ReportSettings {
    /// Checks both values.
    ///
    /// # Errors
    /// [`Code::Settings`].
    pub fn check(&self) -> Result<()> {
        if !(1..=MOST_RESAMPLES).contains(&self.bootstrap) {
            return Err(
                ToolError::new(Code::Settings, format!("bootstrap = {}", self.bootstrap))
                    .expected(format!("1 to {MOST_RESAMPLES} resamples"))
                    .remedy("correct the value"),
            );
        }
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return Err(ToolError::new(
                Code::Settings,
                format!("confidence = {}", self.confidence),
            )
            .expected("a share between 0 and 1, such as 0.95")
            .remedy("correct the value"));
        }
        Ok(())
    }
}

/// Takes over an option where it was given.
fn take<T>(setting: &mut T, option: Option<T>) {
    if let Some(value) = option {
        *setting = value;
    }
}

impl CohortSettings {
    /// The command line's word, where one region of each mask takes part.
    ///
    /// # Errors
    /// [`Code::Usage`] for `--label all`.
    pub fn apply_single(&mut self, args: &CohortArgs) -> Result<()> {
        if args.label == Some(LabelArg::All) {
            return Err(ToolError::new(Code::Usage, "--label all")
                .expected("the value of one region")
                .remedy("measure all labels with extract, or choose one"));
        }
        self.apply(args);
        Ok(())
    }

    /// The command line's word.
    pub fn apply(&mut self, args: &CohortArgs) {
        if args.sequence.is_some() {
            self.sequence.clone_from(&args.sequence);
        }
        self.apply_images(args);
        take(&mut self.phantom_patients, args.phantom_patients);
    }
}

impl SplitSettings {
    /// Refuses two ways to a split at once.
    ///
    /// # Errors
    /// [`Code::Settings`].
    pub fn check(&self) -> Result<()> {
        let ways = [
            ("folds", self.folds.is_some()),
            ("file", self.file.is_some()),
            ("published", self.published),
        ];
        let named: Vec<&str> = ways.iter().filter(|way| way.1).map(|way| way.0).collect();
        if named.len() > 1 {
            let found = format!("a split by {} at once", named.join(" and "));
            return Err(ToolError::new(Code::Settings, found).remedy("keep one of them"));
        }
        Ok(())
    }

    /// The command line's word.
    pub fn apply(&mut self, args: &SplitOptions) {
        take(&mut self.test, args.test);
        take(&mut self.valid, args.val);
        take(&mut self.seed, args.seed);
        // Each way to a split takes the place of the others: a study file's folds do not outlive `--test`.
        if args.test.is_some() || args.folds.is_some() || args.published || args.file.is_some() {
            self.folds = args.folds;
            self.file.clone_from(&args.file);
            self.published = args.published;
        }
        if args.shared_patients != SharedRule::Refuse {
            self.shared_patients = args.shared_patients.into();
        }
    }
}

impl FeatureSettings {
    /// The command line's word.
    pub fn apply(&mut self, args: &FeatureOptions) {
        if args.bin_width.is_some() || args.bin_count.is_some() {
            self.bin_width = args.bin_width;
            self.bin_count = args.bin_count;
        }
        take(&mut self.profile, args.profile);
        if args.params.is_some() {
            self.parameters.clone_from(&args.params);
        }
        self.set.extend(args.setting.iter().cloned());
        let ibsi = &mut self.ibsi;
        if !args.aggregation.is_empty() {
            ibsi.aggregations.clone_from(&args.aggregation);
        }
        if args.outliers.is_some() {
            ibsi.outliers = args.outliers;
        }
        ibsi.round |= args.round;
        take(&mut ibsi.ivh, args.ivh.clone());
        if !args.filter.is_empty() {
            ibsi.filters.clone_from(&args.filter);
        }
        if !args.family.is_empty() {
            self.families.clone_from(&args.family);
        }
        take(&mut self.min_pixels, args.min_pixels);
        take(&mut self.nonfinite, args.nonfinite);
    }
}

impl NetworkSettings {
    /// The command line's word.
    pub fn apply(&mut self, args: &NetworkOptions) {
        take(&mut self.image_size, args.img_size);
        take(&mut self.batch_size, args.batch_size);
        take(&mut self.learning_rate, args.lr);
        take(&mut self.weight_decay, args.weight_decay);
        take(&mut self.epochs, args.epochs);
        take(&mut self.patience, args.patience);
        take(&mut self.input, args.input.map(Into::into));
        self.apply_training(&args.training);
        if args.pretrained.is_some() {
            self.pretrained.clone_from(&args.pretrained);
        }
        if args.export.is_some() {
            self.export = args.export;
        }
        take(&mut self.grad_cam, args.grad_cam);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command, PresetName};

    fn split(arguments: &[&str], before: &SplitSettings) -> SplitSettings {
        let words = ["raduet", "split", "x"].iter().chain(arguments);
        let Command::Split(args) = Cli::parse_from(words).command else {
            unreachable!("the words name this command")
        };
        let mut settings = before.clone();
        settings.apply(&args.split);
        settings
    }

    #[test]
    fn the_last_way_to_a_split_replaces_the_others() {
        let plain = preset::settings(PresetName::Quick).split;
        let folds = SplitSettings {
            folds: Some(3),
            ..plain.clone()
        };
        assert_eq!(split(&["--test", "0.3"], &folds).folds, None);
        assert_eq!(split(&["--seed", "7"], &folds).folds, Some(3));
        let file = SplitSettings {
            file: Some("s.json".into()),
            ..plain
        };
        let folded = split(&["--folds", "4"], &file);
        assert_eq!((folded.folds, folded.file.clone()), (Some(4), None));
        assert!(folded.check().is_ok());
        assert!(
            SplitSettings {
                published: true,
                ..file
            }
            .check()
            .is_err()
        );
    }
}
