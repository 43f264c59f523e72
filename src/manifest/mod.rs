//! `data-manifest.toml`: which data the tool knows, where they come from, under which licence, how they
//! lie on disk, and their classes in order. No code, no absolute path.
//!
//! | key of a data set | meaning |
//! |---|---|
//! | `title`, `source`, `licence` | required |
//! | `doi`, `citation`, `notes` | for reports |
//! | `layout` | `csv` (a manifest), `cirrmri600` (its folders), `phantom` (made by the tool) |
//! | `patient_key`, `label_key` | columns that hold patient and class |
//! | `classes` | in their order |
//! | `labels` | codes in the source and the class each means |
//! | `files` | `name`, `content`, `osf_id`, `sha256` |
//! | `expected` | `name`, `cases`, `train`, `valid`, `test`, `per_class` (in the order of `classes`) |
//! | `seed` | of made data |

mod nearest;
mod reading;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Serialize;

pub use nearest::nearest;

use crate::error::{Code, Faults, ToolError};

/// The manifest that comes with the tool.
const BUILT_IN: &str = include_str!("../../data-manifest.toml");

/// Name of the file, for messages.
pub const FILE_NAME: &str = "data-manifest.toml";

/// Everything the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataManifest {
    /// Seed of a split when none is given.
    pub default_split_seed: u64,
    /// By short name.
    pub datasets: BTreeMap<String, Dataset>,
}

/// One data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dataset {
    /// What it is.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// SPDX name where there is one.
    pub licence: String,
    /// Digital object identifier.
    pub doi: Option<String>,
    /// What to cite.
    pub citation: Option<String>,
    /// How it lies on disk.
    pub layout: DataLayout,
    /// Column that holds the patient.
    pub patient_key: String,
    /// Column that holds the class.
    pub label_key: Option<String>,
    /// The classes in their order; empty where there are none.
    pub classes: Vec<String>,
    /// Class of each code of the source.
    pub labels: BTreeMap<String, String>,
    /// What is downloaded.
    pub files: Vec<DataFile>,
    /// How many cases there should be.
    pub expected: Vec<Expected>,
    /// Seed of made data.
    pub seed: Option<u64>,
    /// What its users should know.
    pub notes: Vec<String>,
}

/// How a data set lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DataLayout {
    /// A CSV manifest beside the images.
    Csv,
    /// The folders of CirrMRI600+.
    CirrMri600,
    /// Nowhere: the tool makes it.
    Phantom,
}

impl DataLayout {
    const NAMES: [(&'static str, Self); 3] = [
        ("csv", Self::Csv),
        ("cirrmri600", Self::CirrMri600),
        ("phantom", Self::Phantom),
    ];
}

/// A file to download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataFile {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: String,
    /// Its id at the Open Science Framework.
    pub osf_id: Option<String>,
    /// Its checksum in lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// How many cases a part of a data set should have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// Which part.
    pub name: String,
    /// All of them.
    pub cases: u64,
    /// In the published training part.
    pub train: Option<u64>,
    /// In the published validation part.
    pub valid: Option<u64>,
    /// In the published test part.
    pub test: Option<u64>,
    /// By class, in their order.
    pub per_class: Vec<u64>,
}

impl DataManifest {
    /// The manifest that comes with the tool.
    ///
    /// # Panics
    /// Never in a released tool: a test reads the same text.
    pub fn built_in() -> &'static Self {
        static PARSED: LazyLock<DataManifest> = LazyLock::new(|| {
            DataManifest::parse(BUILT_IN).unwrap_or_else(|faults| panic!("{faults}"))
        });
        &PARSED
    }

    /// Reads a manifest's text.
    ///
    /// # Errors
    /// `E_MANIFEST`, all faults at once, each with its place; unknown keys with the nearest known one.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        reading::parse(text)
    }

    /// A data set by its short name.
    ///
    /// # Errors
    /// `E_MANIFEST` with the nearest name.
    pub fn dataset(&self, name: &str) -> Result<&Dataset, ToolError> {
        self.datasets.get(name).ok_or_else(|| {
            let names = || self.datasets.keys().map(String::as_str);
            let list: Vec<_> = names().collect();
            let remedy = nearest(name, names()).map_or_else(
                || "see raduet data list".into(),
                |n| format!("did you mean '{n}'?"),
            );
            ToolError::new(Code::Manifest, format!("unknown data set '{name}'"))
                .expected(format!("one of {}", list.join(", ")))
                .remedy(remedy)
        })
    }
}
