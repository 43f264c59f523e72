//! A study file with every setting in it, each with its meaning: what `--print-config` prints, and what reads back to the
//! same settings.

use std::fmt::Write;

use serde_json::Value;

use super::Settings;
use super::keys::{KEYS, TABLES};
use crate::cli::PresetName;

/// The word for no value inside a table of free keys.
pub(super) const NONE: &str = "none";

/// The settings as the text of a study file.
pub fn text(settings: &Settings, preset: PresetName) -> String {
    let values = serde_json::to_value(settings).unwrap_or_default();
    let preset = super::file::preset_name(preset);
    let mut text = format!(
        "# A study of raduet with every setting: `raduet compare FILE` runs it.\n# A line may be left out: then the preset's \
         value holds. Lines that begin with '#' have no value. Relative paths begin at the folder of this file.\n\n# What the settings begin from: quick, paper or full. The \
         values below win over it.\npreset = \"{preset}\"\n"
    );
    let mut table = "";
    for key in &KEYS {
        let (within, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if within != table {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n[{within}]\n");
            table = within;
        }
        let _ = writeln!(text, "# {}", key.means);
        match inline(found(&values, key.path)) {
            Some(value) => {
                let _ = writeln!(text, "{name} = {value}");
            }
            None => {
                let _ = writeln!(text, "# {name} = {}", key.example);
            }
        }
    }
    text
}

/// The value of a path.
fn found<'v>(values: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(values, |value, name| &value[name])
}

/// A value in one line of TOML; nothing where there is none.
fn inline(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) => quoted(text),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inner).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let pairs = map
                .iter()
                .map(|(key, value)| format!("{} = {}", name(key), inner(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    })
}

/// A value inside another one.
fn inner(value: &Value) -> String {
    inline(value).unwrap_or_else(|| quoted(NONE))
}

fn name(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// A basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Whether a place of a study file is a table of fixed keys.
pub(super) fn is_table(path: &str) -> bool {
    TABLES.contains(&path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Map, json};

    use super::*;
    use crate::settings::{LayoutName, ProfileName, SharedPatientsName, TuneName, file, preset};

    const PRESETS: [PresetName; 3] = [PresetName::Quick, PresetName::Paper, PresetName::Full];

    fn paths(value: &Value, within: &str, into: &mut BTreeSet<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let path = if within.is_empty() {
                key.clone()
            } else {
                format!("{within}.{key}")
            };
            if is_table(&path) {
                paths(value, &path, into);
            } else {
                into.insert(path);
            }
        }
    }

    #[test]
    fn every_setting_is_described_once_and_nothing_else() {
        let settings = preset::settings(PresetName::Quick);
        let mut expected = BTreeSet::new();
        paths(&serde_json::to_value(settings).unwrap(), "", &mut expected);
        let described: BTreeSet<String> = KEYS.iter().map(|key| key.path.to_owned()).collect();
        assert_eq!(described.len(), KEYS.len());
        assert_eq!(described, expected);
    }

    #[test]
    fn every_preset_reads_back_to_itself_whatever_it_is_read_onto() {
        for preset in PRESETS {
            let settings = preset::settings(preset);
            let text = text(&settings, preset);
            assert_eq!(file::parse(&text, None).unwrap(), settings, "{text}");
            for other in PRESETS {
                assert_eq!(file::parse(&text, Some(other)).unwrap(), settings);
            }
        }
    }

    /// Every optional setting set, and words that need quoting.
    #[test]
    fn settings_that_say_everything_read_back_too() {
        let mut settings = preset::settings(PresetName::Quick);
        settings.name = "a \"b\"\n\\ # é".into();
        settings.cohort.path = Some("a b/manifest.csv".into());
        settings.cohort.sequence = Some("none".into());
        settings.cohort.label = Some(crate::settings::LabelName::Value(-1));
        settings.split.folds = Some(5);
        settings.split.file = Some("x.json".into());
        settings.split.shared_patients = SharedPatientsName::Strictest;
        settings.features.profile = ProfileName::Ibsi;
        settings.features.parameters = Some("p.yaml".into());
        settings.features.set = vec!["sigma:[1, 2]".into()];
        settings.features.bin_width = Some(1e-7);
        settings.features.bin_count = Some(7);
        settings.features.ibsi.outliers = Some(3.0);
        settings.features.ibsi.aggregations = vec!["3D:mrg".into()];
        settings.learners.tune = TuneName::Full;
        settings.learners.class_weight = Some(json!({"by_class": {"a b": 2.0}}));
        settings.learners.calibrate = Some(json!("sigmoid"));
        let forest = Map::from_iter([
            ("max_depth".to_owned(), Value::Null),
            ("n_estimators".to_owned(), json!(7)),
        ]);
        let name = "random_forest:smartcore".to_owned();
        settings.learners.set.insert(name, forest);
        let nested = json!({"spearman_clusters": {"threshold": 0.9}});
        settings
            .learners
            .preprocess
            .insert("redundancy".into(), nested);
        settings
            .networks
            .set
            .insert("clip_norm".into(), Value::Null);
        settings.networks.set.insert("loss.focal".into(), json!(2));
        settings.networks.pretrained = Some("w".into());
        settings.networks.export = Some(LayoutName::Timm);
        settings.networks.learning_rate = 1e-12;
        let text = text(&settings, PresetName::Full);
        assert_eq!(file::parse(&text, None).unwrap(), settings, "{text}");
    }
}
