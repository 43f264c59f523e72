//! What a run left beside its answers for its figures to show: what models go by, how networks learned, where they
//! look, and slices with the outlines of their regions.
//!
//! | file | what is read |
//! |---|---|
//! | `figures/importance.csv`, `figures/shap.csv`, `figures/shap_MODEL.csv`, `figures/learning_curve.csv` | what columns are worth; learning curves |
//! | `models/MODEL.history.json` | epochs |
//! | `models/MODEL.attention.csv`, `figures/grad_cam/MODEL/*.png` | where networks look |
//! | `figures/masks/index.csv`, `figures/masks/*.png` | slices with outlines |
//!
//! A file that is not there, or that cannot be read for what it is, gives no exhibit.

use std::collections::BTreeMap;

use csv::StringRecord;
use raduet_study::{CaseId, SampleId};
use serde::Deserialize;

use crate::error::Result;
use crate::io::{cell, png};
use crate::run_folder::{GRAD_CAM, MASKS};

/// Most pictures of a network that are kept.
const MOST_LOOKED: usize = 8;
/// Most rows of SHAP values that are kept of a model, evenly chosen.
const MOST_SHAP_ROWS: usize = 400;

/// Everything that figures show beyond answers and features.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exhibits {
    /// What each column is worth to each learner on each fold.
    pub importances: Vec<Worth>,
    /// Mean absolute SHAP values of each class.
    pub contributions: Vec<Worth>,
    /// SHAP values of single rows, one entry a model and fold.
    pub shap_rows: Vec<ShapRows>,
    /// Log losses by the number of patients learned from.
    pub learning: Vec<Learned>,
    /// Epochs of every network.
    pub histories: Vec<History>,
    /// Where networks look.
    pub looked: Vec<Looked>,
    /// Slices with the outlines of their regions.
    pub masks: Vec<Tile>,
}

/// What a column is worth to a learner.
#[derive(Debug, Clone, PartialEq)]
pub struct Worth {
    /// The learner.
    pub model: String,
    /// The fold.
    pub fold: usize,
    /// The class, where it is of one.
    pub class: Option<String>,
    /// The column.
    pub column: String,
    /// The rise of the log loss, or the mean absolute SHAP value.
    pub value: f64,
    /// Standard deviation over shuffles, where there were any.
    pub sd: Option<f64>,
}

/// SHAP values of single rows of one class of one model's file.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapRows {
    /// The model's name in file names.
    pub name: String,
    /// The columns.
    pub columns: Vec<String>,
    /// How many rows there are; fewer may be kept.
    pub count: usize,
    /// Which row, which class, its values.
    pub rows: Vec<(SampleId, String, Vec<f64>)>,
}

/// A size of a learning curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The learner.
    pub model: String,
    /// The fold.
    pub fold: usize,
    /// Patients learned from, in the mean.
    pub patients: f64,
    /// Log loss of the patients learned from: mean, standard deviation over folds.
    pub learned: Option<(f64, f64)>,
    /// The same of patients held out.
    pub held_out: Option<(f64, f64)>,
}

/// A network's epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The network's name in file names.
    pub name: String,
    /// In order.
    pub epochs: Vec<Epoch>,
}

/// An epoch; what is undefined is missing.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Mean loss of the training samples.
    pub train_loss: Option<f64>,
    /// Share of them answered rightly.
    pub train_accuracy: Option<f64>,
    /// Mean cross-entropy of the validation samples.
    pub valid_loss: Option<f64>,
    /// Share of them answered rightly.
    pub valid_accuracy: Option<f64>,
    /// Mean sensitivity of their classes.
    pub valid_balanced_accuracy: Option<f64>,
    /// Whether no epoch before was better.
    pub best: bool,
}

/// Pictures of where a network looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// The network's name in file names.
    pub name: String,
    /// At most eight, evenly chosen.
    pub tiles: Vec<Tile>,
}

/// A picture with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The picture.
    pub picture: png::Picture,
    /// Which case and slice.
    pub sample: SampleId,
    /// Whose.
    pub patient: String,
    /// The true class.
    pub truth: String,
    /// The class asked about with its probability, of a network's picture.
    pub asked: Option<(String, f64)>,
    /// Share of the attention inside the region, of a network's picture; pixels of the region, of a slice.
    pub figure: Option<f64>,
}

impl Exhibits {
    /// Reads what `content` gives of `files`, names within the run's folder.
    ///
    /// # Errors
    /// Those of `content`.
    pub fn read<'a>(
        files: impl Iterator<Item = &'a str>,
        mut content: impl FnMut(&str) -> Result<Option<Vec<u8>>>,
    ) -> Result<Self> {
        let mut exhibits = Self::default();
        let mut pictures: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut looked_at: BTreeMap<String, Vec<StringRecord>> = BTreeMap::new();
        for file in files {
            let mut lines = || content(file).map(|bytes| lines_of(bytes.as_deref()));
            if file == "figures/importance.csv" {
                exhibits.importances = lines()?.iter().filter_map(importance).collect();
            } else if file == "figures/shap.csv" {
                exhibits.contributions = lines()?.iter().filter_map(contribution).collect();
            } else if file == "figures/learning_curve.csv" {
                exhibits.learning = lines()?.iter().filter_map(learned).collect();
            } else if let Some(name) = between(file, "figures/shap_", ".csv") {
                let rows = content(file)?.and_then(|bytes| shap_rows(name, &bytes));
                exhibits.shap_rows.extend(rows);
            } else if let Some(name) = between(file, "models/", ".attention.csv") {
                looked_at.insert(name.to_owned(), lines()?);
            } else if let Some(name) = between(file, "models/", ".history.json") {
                let epochs = content(file)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
                exhibits.histories.extend(epochs.map(|epochs| History {
                    name: name.to_owned(),
                    epochs,
                }));
            } else if let Some(name) = between(file, &format!("{GRAD_CAM}/"), ".png")
                && let Some((model, _)) = name.rsplit_once('/')
            {
                pictures.entry(model.to_owned()).or_default().push(file);
            } else if file == format!("{MASKS}/index.csv") {
                for line in lines()? {
                    let picture = text(&line, PICTURE_MASK).unwrap_or_default();
                    let bytes = content(&format!("{MASKS}/{picture}"))?;
                    exhibits
                        .masks
                        .extend(bytes.and_then(|bytes| mask(&line, &bytes)));
                }
            }
        }
        for (name, files) in pictures {
            let lines = looked_at.remove(&name).unwrap_or_default();
            let tiles = looked(&files, &lines, &mut content)?;
            if !tiles.is_empty() {
                exhibits.looked.push(Looked { name, tiles });
            }
        }
        Ok(exhibits)
    }
}

fn between<'a>(file: &'a str, beginning: &str, end: &str) -> Option<&'a str> {
    file.strip_prefix(beginning)?.strip_suffix(end)
}

/// The lines below the head of a table.
fn lines_of(bytes: Option<&[u8]>) -> Vec<StringRecord> {
    let mut reader = csv::Reader::from_reader(bytes.unwrap_or_default());
    reader
        .records()
        .filter_map(std::result::Result::ok)
        .collect()
}

fn text(line: &StringRecord, at: usize) -> Option<String> {
    line.get(at).map(|cell| cell::original(cell).into_owned())
}

/// A finite number; an undefined one is an empty cell.
fn number(line: &StringRecord, at: usize) -> Option<f64> {
    let number: f64 = line.get(at)?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Case and slice in the columns in which all these tables have them.
fn sample(line: &StringRecord) -> SampleId {
    let case = CaseId::new(text(line, 0).unwrap_or_default());
    match line.get(2).and_then(|slice| slice.parse().ok()) {
        Some(slice) => SampleId::slice(case, slice),
        None => SampleId::whole(case),
    }
}

/// model, fold, column, `log_loss_rise`, sd.
fn importance(line: &StringRecord) -> Option<Worth> {
    Some(Worth {
        model: text(line, 0)?,
        fold: line.get(1)?.parse().ok()?,
        class: None,
        column: text(line, 2)?,
        value: number(line, 3)?,
        sd: number(line, 4),
    })
}

/// model, fold, class, column, `mean_absolute_shap`.
fn contribution(line: &StringRecord) -> Option<Worth> {
    Some(Worth {
        model: text(line, 0)?,
        fold: line.get(1)?.parse().ok()?,
        class: Some(text(line, 2)?),
        column: text(line, 3)?,
        value: number(line, 4)?,
        sd: None,
    })
}

/// model, fold, share, patients, then mean and standard deviation of both losses.
fn learned(line: &StringRecord) -> Option<Learned> {
    let pair = |at: usize| number(line, at).zip(number(line, at + 1));
    Some(Learned {
        model: text(line, 0)?,
        fold: line.get(1)?.parse().ok()?,
        patients: number(line, 3)?,
        learned: pair(4),
        held_out: pair(6),
    })
}

/// ID, `PatientID`, Slice, class, base, then a column each.
fn shap_rows(name: &str, bytes: &[u8]) -> Option<ShapRows> {
    const KEYS: usize = 5;
    let mut reader = csv::Reader::from_reader(bytes);
    let head = reader.headers().ok()?.clone();
    let columns: Vec<String> = (KEYS..head.len())
        .filter_map(|at| text(&head, at))
        .collect();
    let lines: Vec<StringRecord> = reader
        .records()
        .filter_map(std::result::Result::ok)
        .collect();
    // All classes of a row follow each other.
    let of_row: Vec<&[StringRecord]> = lines
        .chunk_by(|a, b| a.get(0) == b.get(0) && a.get(2) == b.get(2))
        .collect();
    let kept = of_row.len().min(MOST_SHAP_ROWS);
    let chosen = (0..kept).map(|k| of_row[k * of_row.len() / kept]);
    let rows = chosen.flatten().filter_map(|line| {
        let values: Option<Vec<f64>> = (KEYS..head.len()).map(|at| number(line, at)).collect();
        Some((sample(line), text(line, 3)?, values?))
    });
    Some(ShapRows {
        name: name.to_owned(),
        columns,
        count: of_row.len(),
        rows: rows.collect(),
    })
}

/// Columns of the picture's name in the tables of attention and of masks.
const PICTURE_LOOKED: usize = 8;
const PICTURE_MASK: usize = 5;

/// ID, `PatientID`, Slice, `y_true`, `y_asked`, `p_asked`, `share_inside_mask`, another share, picture.
fn looked(
    files: &[&str],
    lines: &[StringRecord],
    content: &mut impl FnMut(&str) -> Result<Option<Vec<u8>>>,
) -> Result<Vec<Tile>> {
    let kept = files.len().min(MOST_LOOKED);
    let chosen = (0..kept).map(|k| files[k * files.len() / kept]);
    let mut tiles = Vec::new();
    for file in chosen {
        let name = file.rsplit('/').next().unwrap_or_default();
        let line = lines
            .iter()
            .find(|line| line.get(PICTURE_LOOKED) == Some(name));
        let Some((line, bytes)) = line.zip(content(file)?) else {
            continue;
        };
        tiles.extend(png::decode(&bytes).and_then(|picture| {
            Some(Tile {
                picture,
                sample: sample(line),
                patient: text(line, 1)?,
                truth: text(line, 3)?,
                asked: Some((text(line, 4)?, number(line, 5)?)),
                figure: number(line, 6),
            })
        }));
    }
    Ok(tiles)
}

/// ID, `PatientID`, Slice, Target, `ROIPixels`, picture.
fn mask(line: &StringRecord, bytes: &[u8]) -> Option<Tile> {
    Some(Tile {
        picture: png::decode(bytes)?,
        sample: sample(line),
        patient: text(line, 1)?,
        truth: text(line, 3)?,
        asked: None,
        figure: number(line, 4),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_and_what_is_broken_is_none() {
        let files = BTreeMap::from([
            (
                "figures/importance.csv",
                "model,fold,column,log_loss_rise,sd\nsvc,0,a,0.5,0.1\nsvc,0,b,,\n",
            ),
            (
                "figures/shap_svc.csv",
                "ID,PatientID,Slice,class,base,a\nc,p,3,mild,0,0.25\nc,p,3,severe,0,-0.25\n",
            ),
            (
                "models/net.history.json",
                "[{\"epoch\":1,\"train_loss\":2.0,\"train_accuracy\":0.5,\"valid_loss\":null,\
                 \"valid_accuracy\":0.5,\"valid_balanced_accuracy\":0.5,\"best\":true}]",
            ),
            ("models/other.history.json", "{"),
            ("figures/grad_cam/net/c-slice3.png", "no picture"),
            ("figures/masks/index.csv", "\u{0}"),
        ]);
        let content = |name: &str| Ok(files.get(name).map(|text| text.as_bytes().to_vec()));
        let found = Exhibits::read(files.keys().copied(), content).unwrap();
        assert_eq!(found.importances.len(), 1);
        assert_eq!(found.importances[0].sd, Some(0.1));
        let rows = &found.shap_rows[0].rows;
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].1.as_str(), rows[1].2[0]), ("severe", -0.25));
        assert_eq!(found.histories.len(), 1);
        assert_eq!(found.histories[0].epochs[0].valid_loss, None);
        assert!(found.looked.is_empty() && found.masks.is_empty());
    }
}
