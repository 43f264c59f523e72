//! Settings of networks by the names of the networks' room, which checks them before anything is trained.
//!
//! ```toml
//! [networks]
//! names = ["resnet18"]
//! set = { optimiser = { kind = "sgd", nesterov = true }, schedule = { kind = "cosine" }, augment = "strong" }
//! ```
//!
//! On the command line `--set network.optimiser.kind=sgd` says the same; the common ones have options of their
//! own, see [`TrainingOptions`].

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::NetworkSettings;
use super::learners::value;
use crate::cli::TrainingOptions;
use crate::error::{Code, Result, ToolError};

/// What a setting of a network begins with on the command line.
const NETWORK: &str = "network.";

impl NetworkSettings {
    /// The command line's word on how to train.
    pub(super) fn apply_training(&mut self, args: &TrainingOptions) {
        let numbers = [
            ("optimiser.momentum", args.momentum),
            ("clip_norm", args.clip_grad),
            ("layer_decay", args.layer_decay),
            ("head_rate", args.head_rate),
            ("ema_decay", args.model_ema),
            ("loss.label_smoothing", args.smoothing),
            ("loss.focal", args.focal),
        ];
        let counts = [
            ("schedule.warmup_epochs", args.warmup_epochs),
            ("accumulate", args.grad_accum_steps),
            ("frozen_epochs", args.freeze_epochs),
            ("in_channels", args.in_chans),
        ];
        let words = [
            ("optimiser.kind", args.opt.map(word)),
            ("schedule.kind", args.sched.map(word)),
            ("loss.class_weight", args.loss_weight.map(word)),
            ("sampler", args.sampler.map(word)),
            ("augment", args.aug.map(word)),
            ("monitor", args.monitor.map(word)),
            ("test_flips", args.test_flips.map(word)),
        ];
        for (key, word) in words {
            self.put(key, word);
        }
        for (key, number) in numbers {
            self.put(key, number);
        }
        for (key, count) in counts {
            self.put(key, count);
        }
        self.put("augment.mixup", args.mixup);
    }

    fn put<T: Into<Value>>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.set.insert(key.to_owned(), value.into());
        }
    }

    /// Takes the words of `--set` that are about networks out of the list.
    ///
    /// # Errors
    /// [`Code::Usage`] for one in another form than the help says.
    pub fn take_words(&mut self, words: &[String]) -> Result<Vec<String>> {
        let mut others = Vec::new();
        for whole in words {
            let Some(word) = whole.strip_prefix(NETWORK) else {
                others.push(whole.clone());
                continue;
            };
            let Some((key, text)) = word.split_once('=') else {
                return Err(ToolError::new(Code::Usage, format!("--set {whole}"))
                    .expected("network.SETTING=VALUE, such as network.optimiser.kind=sgd"));
            };
            self.set.insert(key.trim().to_owned(), value(text));
        }
        Ok(others)
    }
}

/// A choice as it stands in files.
#[expect(
    clippy::needless_pass_by_value,
    reason = "goes to `Option::map` as it is"
)]
fn word(choice: impl ValueEnum) -> String {
    let name = choice
        .to_possible_value()
        .map(|value| value.get_name().to_owned());
    name.unwrap_or_default().replace('-', "_")
}

/// Puts settings over others. Keys are names, or names behind names with dots between.
///
/// # Errors
/// [`Code::Settings`] for a key that does not exist, with the nearest one that does.
pub fn overlay(base: &mut Value, changes: &Map<String, Value>) -> Result<()> {
    for (path, change) in changes {
        put(base, path, path, change)?;
    }
    Ok(())
}

fn put(base: &mut Value, path: &str, whole: &str, change: &Value) -> Result<()> {
    let (key, rest) = match path.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (path, None),
    };
    let known: Vec<String> = match base {
        Value::Object(map) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let Some(place) = base.get_mut(key) else {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let found = format!("unknown setting 'network.{whole}'");
        return Err(
            ToolError::new(Code::Settings, found).remedy(super::nearest::suggestion(key, &known))
        );
    };
    match (rest, change) {
        (Some(rest), _) => put(place, rest, whole, change),
        (None, Value::Object(changes)) if place.is_object() => {
            for (inner, change) in changes {
                put(place, inner, &format!("{whole}.{inner}"), change)?;
            }
            Ok(())
        }
        _ => {
            *place = change.clone();
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::PresetName;
    use crate::settings::preset;

    #[test]
    fn changes_reach_their_place_and_strangers_are_named() {
        let base = json!({"a": 1, "inner": {"b": 2, "c": [3]}, "none": null});
        let changed = |changes: Value| {
            let mut base = base.clone();
            let Value::Object(changes) = changes else {
                unreachable!("an object")
            };
            overlay(&mut base, &changes).map(|()| base)
        };
        let found = changed(json!({"a": 5, "inner.b": "x", "none": 0.5})).unwrap();
        assert_eq!(
            found,
            json!({"a": 5, "inner": {"b": "x", "c": [3]}, "none": 0.5})
        );
        let found = changed(json!({"inner": {"c": 7}})).unwrap();
        assert_eq!(
            found,
            json!({"a": 1, "inner": {"b": 2, "c": 7}, "none": null})
        );
        for wrong in [
            json!({"innr.b": 1}),
            json!({"a.b": 1}),
            json!({"inner": {"d": 1}}),
        ] {
            assert_eq!(changed(wrong).unwrap_err().code, Code::Settings);
        }
        let told = changed(json!({"innr.b": 1})).unwrap_err().to_string();
        assert!(told.contains("did you mean 'inner'"), "{told}");
    }

    #[test]
    fn words_about_networks_are_told_from_words_about_learners() {
        let mut settings = preset::settings(PresetName::Paper).networks;
        let words = [
            "network.loss.focal=2",
            "svc.C=10",
            "network.monitor=valid_loss",
        ];
        let others = settings.take_words(&words.map(str::to_owned)).unwrap();
        assert_eq!(others, ["svc.C=10"]);
        assert_eq!(settings.set["loss.focal"], json!(2));
        assert_eq!(settings.set["monitor"], json!("valid_loss"));
        assert!(settings.take_words(&["network.x".to_owned()]).is_err());
    }
}
