//! Files of weights to start from: where they lie, and what became of their tensors.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use raduet_deep::{KeyReport, Layout, LoadedWeights};
use serde_json::{Value, json};

use crate::error::{Code, Result, ToolError};
use crate::io::cell;
use crate::provenance::digest;
use crate::settings::{LayoutName, NetworkSettings};

/// How files of weights end, in the order they are looked for.
const ENDINGS: [&str; 4] = ["safetensors", "pth", "pth.tar", "pt"];
/// More bytes than the largest network has with all states of its training.
const LARGEST: u64 = 8 << 30;
/// Lines of the table on the screen; the file has all.
const SHOWN: usize = 12;

/// The file of a network: the one that the settings name, or the one in their folder that has its name.
///
/// # Errors
/// [`Code::Settings`] when there is none.
pub fn file(settings: &NetworkSettings, network: &str) -> Result<PathBuf> {
    let Some(path) = &settings.pretrained else {
        return Err(ToolError::new(
            Code::Settings,
            format!("{network}:pretrained without weights to start from"),
        )
        .remedy("name a file or a folder of files (--pretrained)"));
    };
    if !path.is_dir() {
        return Ok(path.clone());
    }
    in_folder(path, network).ok_or_else(|| {
        ToolError::new(Code::NotFound, format!("no weights of {network}"))
            .file(path)
            .expected(format!("{network}.safetensors or {network}.pth"))
            .remedy(format!(
                "put the file there, or train from scratch ({network}:scratch)"
            ))
    })
}

/// The file of a network in a folder.
pub fn in_folder(folder: &Path, network: &str) -> Option<PathBuf> {
    let files = ENDINGS.map(|ending| folder.join(format!("{network}.{ending}")));
    files.into_iter().find(|file| file.is_file())
}

/// A file's bytes.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotRegular`], [`Code::Read`].
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let unread = |fault: std::io::Error| {
        let code = match fault.kind() {
            std::io::ErrorKind::NotFound => Code::NotFound,
            _ => Code::Read,
        };
        ToolError::new(code, fault.to_string())
            .file(path)
            .remedy("check the path of the weights (--pretrained)")
    };
    let about = fs::metadata(path).map_err(unread)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(
            ToolError::new(Code::NotRegular, format!("{} bytes", about.len()))
                .file(path)
                .expected("a file of weights of at most 8 GiB")
                .remedy("name a file of weights"),
        );
    }
    fs::read(path).map_err(unread)
}

/// The network room's layout.
pub fn layout(name: LayoutName) -> Layout {
    match name {
        LayoutName::Torchvision => Layout::Torchvision,
        LayoutName::Timm => Layout::Timm,
        LayoutName::Authors => Layout::Authors,
    }
}

/// How an exported file ends.
pub fn ending(layout: Layout) -> &'static str {
    match layout {
        Layout::Torchvision => "torchvision.safetensors",
        Layout::Timm => "timm.safetensors",
        Layout::Authors => "authors.safetensors",
    }
}

/// What a training began with.
pub struct BegunWith {
    /// For `run.json`: the file, its digest, the counts.
    pub described: Value,
    /// What is not as in the file.
    pub notes: Vec<String>,
    /// A line for every tensor.
    pub csv: Vec<u8>,
}

impl BegunWith {
    /// Of a file that has been loaded.
    ///
    /// # Errors
    /// [`Code::Internal`] when the table cannot be written, which does not happen.
    pub fn new(path: &Path, bytes: &[u8], loaded: &LoadedWeights) -> Result<Self> {
        let count = |outcome| loaded.of(outcome).count();
        let described = json!({
            "file": path.file_name().unwrap_or_default().to_string_lossy(),
            "sha256": digest(bytes),
            "layout": loaded.layout.name(),
            "unwrapped": loaded.unwrapped,
            "loaded": count("loaded"),
            "fitted": count("fitted"),
            "kept": count("kept"),
            "unused": count("unused"),
        });
        Ok(Self {
            described,
            notes: loaded.sentences(),
            csv: csv(loaded)?,
        })
    }
}

fn csv(loaded: &LoadedWeights) -> Result<Vec<u8>> {
    let internal = |fault: String| ToolError::new(Code::Internal, fault);
    let mut out = csv::Writer::from_writer(Vec::new());
    let head = ["in_file", "in_network", "outcome", "reason"];
    out.write_record(head)
        .map_err(|fault| internal(fault.to_string()))?;
    for key in &loaded.keys {
        let row = [
            cell::text(&key.in_file),
            cell::text(key.in_network.as_deref().unwrap_or_default()),
            key.outcome.name().to_owned(),
            cell::text(key.outcome.reason()),
        ];
        out.write_record(&row)
            .map_err(|fault| internal(fault.to_string()))?;
    }
    out.into_inner()
        .map_err(|fault| internal(fault.to_string()))
}

/// For the screen: the first sentence, then a line for each tensor that is not as in the file.
pub fn table(loaded: &LoadedWeights) -> String {
    let mut text = loaded.sentences().swap_remove(0);
    let told: Vec<&KeyReport> = loaded
        .keys
        .iter()
        .filter(|key| key.outcome.name() != "loaded")
        .collect();
    for key in told.iter().take(SHOWN) {
        let name = key.in_network.as_deref().unwrap_or(&key.in_file);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n  {:8} {:40} {}",
            key.outcome.name(),
            name.escape_debug().to_string(),
            key.outcome.reason()
        );
    }
    if told.len() > SHOWN {
        let _ = write!(text, "\n  … and {} more", told.len() - SHOWN);
    }
    text
}
