//! From the tool's settings to the networks' room's.

use raduet_deep::{AugmentSettings, InputMode, RunningStatistics, TrainSettings};
use serde_json::{Value, json};

use crate::error::{Code, Result, ToolError};
use crate::settings::{InputModeName, NetworkSettings, overlay};

/// Recipes of random changes by name, for the setting `augment`.
const AUGMENTS: [(&str, AugmentSettings); 2] = [
    ("none", AugmentSettings::OFF),
    ("strong", AugmentSettings::STRONG),
];

/// What is not set for the networks alone, and what says it.
const FIXED: [(&str, &str); 3] = [
    ("model", "the names of the networks"),
    ("seed", "the split's seed"),
    ("image_size", "image_size itself (--img-size)"),
];

/// The settings of one network.
///
/// # Errors
/// [`Code::Settings`] for a setting that does not exist or has another kind of value.
pub(super) fn train_settings(
    name: &str,
    settings: &NetworkSettings,
    seed: u64,
) -> Result<TrainSettings> {
    let base = TrainSettings {
        model: name.to_owned(),
        image_size: settings.image_size,
        input: match settings.input {
            InputModeName::Whole => InputMode::Whole,
            InputModeName::Crop => InputMode::Crop,
            InputModeName::Masked => InputMode::Masked,
        },
        batch_size: settings.batch_size,
        learning_rate: settings.learning_rate,
        weight_decay: settings.weight_decay,
        epochs: settings.epochs,
        patience: settings.patience,
        seed,
        running_statistics: if settings.warm_start_statistics {
            RunningStatistics::WarmStart
        } else {
            RunningStatistics::Momentum
        },
        augment: if settings.augment {
            AugmentSettings::default()
        } else {
            AugmentSettings::OFF
        },
        ..TrainSettings::default()
    };
    let unwritten = |fault: serde_json::Error| ToolError::new(Code::Internal, fault.to_string());
    let mut expanded = serde_json::to_value(&base).map_err(unwritten)?;
    let mut changes = settings.set.clone();
    if let Some(Value::String(word)) = changes.get("augment") {
        let recipe = if word == "paper" {
            Some(AugmentSettings::default())
        } else {
            let known = AUGMENTS.iter().find(|(name, _)| name == word);
            known.map(|(_, recipe)| *recipe)
        };
        let Some(recipe) = recipe else {
            return Err(
                ToolError::new(Code::Settings, format!("network.augment = '{word}'"))
                    .expected("none, paper, strong, or a table of its settings")
                    .remedy("correct the value"),
            );
        };
        // In its place in the list: what comes behind it changes single values of it.
        changes.insert("augment".into(), json!(recipe));
    }
    for (fixed, instead) in FIXED {
        if changes.contains_key(fixed) {
            return Err(ToolError::new(
                Code::Settings,
                format!("network.{fixed} is set elsewhere"),
            )
            .remedy(format!("use {instead}")));
        }
    }
    overlay(&mut expanded, &changes)?;
    serde_json::from_value(expanded).map_err(|fault| {
        ToolError::new(Code::Settings, format!("settings of {name}: {fault}"))
            .remedy("correct the value")
    })
}

#[cfg(test)]
mod tests {
    use raduet_deep::{Monitor, OptimiserKind, PlateauSettings};

    use super::*;
    use crate::cli::PresetName;
    use crate::settings::preset;

    /// The published recipe is the networks' room's default, setting for setting.
    #[test]
    fn the_paper_preset_is_the_papers_recipe() {
        let settings = preset::settings(PresetName::Paper).networks;
        let expanded = train_settings("resnet18", &settings, 42).unwrap();
        assert_eq!(expanded, TrainSettings::default());
        assert_eq!(
            expanded.plateau,
            PlateauSettings {
                factor: 0.1,
                patience: 5
            }
        );
    }

    #[test]
    fn settings_win_over_presets_in_their_order() {
        let mut settings = preset::settings(PresetName::Paper).networks;
        for (key, value) in [
            ("optimiser.kind", json!("sgd")),
            ("monitor", json!("valid_loss")),
            ("augment", json!("strong")),
            ("augment.rotation", json!(5.0)),
            ("clip_norm", json!(1)),
            ("schedule", json!({"kind": "cosine", "warmup_epochs": 2})),
        ] {
            settings.set.insert(key.into(), value);
        }
        let expanded = train_settings("resnet18", &settings, 1).unwrap();
        assert_eq!(expanded.optimiser.kind, OptimiserKind::Sgd);
        assert_eq!(expanded.monitor, Monitor::ValidLoss);
        assert_eq!(
            expanded.augment,
            AugmentSettings {
                rotation: 5.0,
                ..AugmentSettings::STRONG
            }
        );
        assert_eq!(expanded.clip_norm, Some(1.0));
        assert_eq!(expanded.schedule.warmup_epochs, 2);
        for (key, value) in [
            ("optimizer.kind", json!("sgd")),
            ("optimiser.kind", json!("sdg")),
            ("augment", json!("weak")),
            ("seed", json!(1)),
        ] {
            let mut settings = preset::settings(PresetName::Paper).networks;
            settings.set.insert(key.into(), value);
            let refused = train_settings("resnet18", &settings, 1).unwrap_err();
            assert_eq!(refused.code, Code::Settings, "{key}");
        }
    }
}
