//! How images are read: what a file alone does not decide.

use serde::{Deserialize, Serialize};

use crate::cli::{CohortArgs, ImageArgs, LabelArg};
use crate::io::{ByteBudget, GeometryRule, LabelChoice, Misfit, ReadOptions, Unpacking};

/// Which region of a mask: its value or number, or its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LabelName {
    /// A label value, or the number of a region.
    Value(i64),
    /// The name of a region of a structure set or segmentation.
    Name(String),
}

impl LabelName {
    /// The same for the readers.
    pub fn choice(&self) -> LabelChoice {
        match self {
            Self::Value(value) => LabelChoice::Value(*value),
            Self::Name(name) => LabelChoice::Name(name.clone()),
        }
    }

    /// The command line's choice; none for all labels.
    pub fn of(label: &LabelArg) -> Option<Self> {
        match label {
            LabelArg::Value(value) => Some(Self::Value(*value)),
            LabelArg::Name(name) => Some(Self::Name(name.clone())),
            LabelArg::All => None,
        }
    }
}

/// How images are read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ImageSettings {
    /// The DICOM series of folders that hold several, by UID.
    pub series: Option<String>,
    /// The volume of files that hold several, from 0.
    pub volume: Option<u64>,
    /// Whether a mask on another grid is brought onto the image's.
    pub resample_mask: bool,
    /// Whether headers may name data outside their own folder.
    pub allow_external_data: bool,
}

impl ImageSettings {
    /// The command line's word.
    pub fn apply(&mut self, args: &ImageArgs) {
        if args.series.is_some() {
            self.series.clone_from(&args.series);
        }
        self.volume = args.volume.or(self.volume);
        self.resample_mask |= args.resample_mask;
        self.allow_external_data |= args.allow_external_data;
    }

    /// What readers are told.
    pub fn options(&self, budget: ByteBudget) -> ReadOptions {
        ReadOptions {
            budget,
            volume: self.volume,
            external_data: self.allow_external_data,
            spacing: None,
            series: self.series.clone(),
            unpacking: Unpacking::default(),
        }
    }

    /// How masks are held against images.
    pub fn rule(&self) -> GeometryRule {
        GeometryRule {
            otherwise: if self.resample_mask {
                Misfit::Resample
            } else {
                Misfit::Refuse
            },
            ..GeometryRule::default()
        }
    }
}

impl From<&ImageArgs> for ImageSettings {
    fn from(args: &ImageArgs) -> Self {
        let mut settings = Self::default();
        settings.apply(args);
        settings
    }
}

impl super::CohortSettings {
    /// The command line's word about the images and the region.
    pub(super) fn apply_images(&mut self, args: &CohortArgs) {
        self.images.apply(&args.images);
        if let Some(label) = args.label.as_ref().and_then(LabelName::of) {
            self.label = Some(label);
        }
    }
}
