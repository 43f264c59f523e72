//! What each epoch came to, for tables, programs and TensorBoard. Nothing in it depends on the clock: what the
//! epochs took stands in `run.json` under `measured`, the one part in which two runs differ.

use std::fmt::Write;

use raduet_deep::EpochRecord;
use serde_json::json;

use crate::io::tensorboard::EventFile;

/// A network's history in each form.
pub(super) struct HistoryFiles {
    /// One row per epoch.
    pub(super) csv: String,
    /// One object per epoch.
    pub(super) json: String,
    /// TensorBoard's event file.
    pub(super) events: Vec<u8>,
}

/// The figures of an epoch with their names in tables and in TensorBoard.
fn figures(epoch: &EpochRecord) -> [(&'static str, &'static str, Option<f64>); 7] {
    [
        ("train_loss", "loss/train", Some(epoch.train_loss)),
        (
            "train_accuracy",
            "accuracy/train",
            Some(epoch.train_accuracy),
        ),
        ("valid_loss", "loss/valid", Some(epoch.valid_loss)),
        (
            "valid_accuracy",
            "accuracy/valid",
            Some(epoch.valid_accuracy),
        ),
        (
            "valid_balanced_accuracy",
            "balanced_accuracy/valid",
            Some(epoch.valid_balanced_accuracy),
        ),
        ("valid_macro_auc", "macro_auc/valid", epoch.valid_macro_auc),
        ("learning_rate", "learning_rate", Some(epoch.learning_rate)),
    ]
}

impl HistoryFiles {
    /// All forms of a history.
    pub(super) fn of(epochs: &[EpochRecord]) -> Self {
        Self {
            csv: csv(epochs),
            json: format!("{}\n", json!(epochs)),
            events: events(epochs),
        }
    }
}

fn csv(epochs: &[EpochRecord]) -> String {
    let mut text = String::from(
        "epoch,train_loss,train_accuracy,valid_loss,valid_accuracy,valid_balanced_accuracy,valid_macro_auc,\
         learning_rate,best\n",
    );
    for epoch in epochs {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", epoch.epoch);
        for (_, _, figure) in figures(epoch) {
            let _ = match figure {
                Some(figure) => write!(text, ",{figure}"),
                None => write!(text, ","),
            };
        }
        let _ = writeln!(text, ",{}", epoch.best);
    }
    text
}

fn events(epochs: &[EpochRecord]) -> Vec<u8> {
    let mut file = EventFile::new();
    for epoch in epochs {
        let scalars: Vec<(&str, f64)> = figures(epoch)
            .into_iter()
            .filter_map(|(_, tag, figure)| Some((tag, figure?)))
            .collect();
        file.scalars(epoch.epoch as u64, &scalars);
    }
    file.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_the_figures_and_what_is_undefined_is_empty() {
        let epoch = EpochRecord {
            epoch: 1,
            train_loss: 1.5,
            train_accuracy: 0.25,
            valid_loss: 1.25,
            valid_accuracy: 0.5,
            valid_balanced_accuracy: 0.75,
            valid_macro_auc: None,
            learning_rate: 1e-4,
            best: true,
        };
        let files = HistoryFiles::of(std::slice::from_ref(&epoch));
        let names = figures(&epoch).map(|(name, _, _)| name).join(",");
        let lines: Vec<&str> = files.csv.lines().collect();
        assert_eq!(lines[0], format!("epoch,{names},best"));
        assert_eq!(lines[1], "1,1.5,0.25,1.25,0.5,0.75,,0.0001,true");
        let read: Vec<EpochRecord> = serde_json::from_str(&files.json).unwrap();
        assert_eq!(read, [epoch]);
    }
}
