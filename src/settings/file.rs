//! `STUDY.toml`: changes to a preset.
//!
//! ```toml
//! name = "my cohort"
//! preset = "quick"            # quick, paper or full
//!
//! [cohort]
//! path = "manifest.csv"       # relative to this file
//! sequence = "T1post"
//!
//! [split]
//! test = 0.2
//!
//! [features]
//! bin_count = 32
//! ```
//!
//! The tables and keys are those of [`Settings`]. A key that does not exist is an error that names the
//! nearest one; all such faults are reported together.

use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::keys::{FREE, KEYS};
use super::nearest::{of_serde, suggestion};
use super::print::{NONE, is_table};
use super::{Settings, preset};
use crate::cases::PHANTOM;
use crate::cli::PresetName;
use crate::error::{Code, Faults, ToolError};
use crate::manifest::nearest;

/// A study file is a page of text; anything larger is something else.
const LARGEST: u64 = 1 << 20;

/// Presets by the name they have in a file.
const PRESETS: [(&str, PresetName); 3] = [
    ("quick", PresetName::Quick),
    ("paper", PresetName::Paper),
    ("full", PresetName::Full),
];

/// A preset's name in a file.
pub(super) fn preset_name(preset: PresetName) -> &'static str {
    let named = PRESETS.iter().find(|(_, known)| *known == preset);
    named.map_or("quick", |(name, _)| name)
}

/// Reads a study file on top of the preset it names. A `preset` given here wins over the file's.
///
/// # Errors
/// [`Faults`] with everything that is wrong with the file.
pub fn read(path: &Path, preset: Option<PresetName>) -> Result<Settings, Faults> {
    let text = text_of(path).map_err(|fault| fault.file(path))?;
    let mut settings = parse(&text, preset).map_err(|faults| located(&faults, path))?;
    if settings.cohort.path.as_deref() == Some(Path::new(PHANTOM)) {
        settings.cohort.path = None;
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    for inner in paths(&mut settings).into_iter().flatten() {
        *inner = folder.join(&*inner);
    }
    Ok(settings)
}

/// The settings that are paths.
fn paths(settings: &mut Settings) -> [&mut Option<PathBuf>; 4] {
    [
        &mut settings.cohort.path,
        &mut settings.split.file,
        &mut settings.features.parameters,
        &mut settings.networks.pretrained,
    ]
}

/// The settings with their paths as a study file in `folder` gives them: those within it relative to it, as they were given
/// there, and relative ones of the command line, which begin where the program runs, led there from the folder.
#[must_use]
pub fn seen_from(folder: &Path, mut settings: Settings) -> Settings {
    for inner in paths(&mut settings).into_iter().flatten() {
        *inner = led_from(folder, inner);
    }
    settings
}

fn led_from(folder: &Path, path: &Path) -> PathBuf {
    if let Ok(within) = path.strip_prefix(folder) {
        return within.to_owned();
    }
    let is_name = |part: Component<'_>| matches!(part, Component::Normal(_));
    if path.is_absolute() {
        path.to_owned()
    } else if folder.components().all(is_name) {
        let up = folder.components().map(|_| Component::ParentDir);
        up.chain(path.components()).collect()
    } else {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    }
}

fn located(faults: &Faults, path: &Path) -> Faults {
    let located = faults
        .list()
        .iter()
        .map(|fault| fault.clone().file(path))
        .collect();
    match Faults::check(located) {
        Err(faults) => faults,
        Ok(()) => unreachable!("faults are never empty"),
    }
}

fn text_of(path: &Path) -> Result<String, ToolError> {
    let unread = |fault: std::io::Error| {
        let code = match fault.kind() {
            std::io::ErrorKind::NotFound => Code::NotFound,
            _ => Code::Read,
        };
        ToolError::new(code, fault.to_string()).remedy("check the path of the study file")
    };
    let about = std::fs::metadata(path).map_err(unread)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(
            ToolError::new(Code::NotRegular, format!("{} bytes", about.len()))
                .expected("a text file of at most 1 MiB")
                .remedy("name a study file"),
        );
    }
    std::fs::read_to_string(path).map_err(unread)
}

/// The preset that a file names, where it is to be read and names one.
pub fn preset_of(path: &Path) -> Option<PresetName> {
    let table: toml::Table = text_of(path).ok()?.parse().ok()?;
    named_preset(table.get("preset")?.as_str()?)
}

fn named_preset(name: &str) -> Option<PresetName> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, preset)| *preset)
}

pub(super) fn parse(text: &str, preset: Option<PresetName>) -> Result<Settings, Faults> {
    let mut table: toml::Table = text.parse().map_err(|fault: toml::de::Error| {
        let line = fault
            .span()
            .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        ToolError::new(Code::Settings, format!("line {line}: {}", fault.message()))
            .remedy("mend the file's syntax (TOML)")
    })?;
    let from_file = match table.remove("preset") {
        Some(value) => {
            let found = value.as_str().unwrap_or_default();
            Some(named_preset(found).ok_or_else(|| {
                let names: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
                ToolError::new(Code::Settings, format!("preset: unknown value {value}"))
                    .expected("quick, paper or full")
                    .remedy(suggestion(found, &names))
            })?)
        }
        None => None,
    };
    let preset = preset.or(from_file).unwrap_or(PresetName::Quick);
    overlay(&preset::settings(preset), table)
}

/// Puts the file's values over the preset's.
fn overlay(base: &Settings, changes: toml::Table) -> Result<Settings, Faults> {
    let mut faults = Vec::new();
    let mut merged = object(base);
    merge(&mut merged, changes, "", &mut faults);
    let settings = Settings {
        name: section(&merged, "name", &base.name, &mut faults),
        cohort: section(&merged, "cohort", &base.cohort, &mut faults),
        split: section(&merged, "split", &base.split, &mut faults),
        features: section(&merged, "features", &base.features, &mut faults),
        learners: section(&merged, "learners", &base.learners, &mut faults),
        networks: section(&merged, "networks", &base.networks, &mut faults),
        report: section(&merged, "report", &base.report, &mut faults),
    };
    Faults::check(faults)?;
    Ok(settings)
}

fn object(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        // Settings are a struct of plain values: they always become an object.
        _ => Map::new(),
    }
}

/// Changes the values of a table of fixed keys. Whatever stands elsewhere is replaced as a whole.
fn merge(
    base: &mut Map<String, Value>,
    changes: toml::Table,
    within: &str,
    faults: &mut Vec<ToolError>,
) {
    for (key, change) in changes {
        let path = if within.is_empty() {
            key.clone()
        } else {
            format!("{within}.{key}")
        };
        let known: Vec<String> = base.keys().cloned().collect();
        let Some(place) = base.get_mut(&key) else {
            faults.push(unknown(&path, &key, &known));
            continue;
        };
        match (place, change) {
            (Value::Object(place), toml::Value::Table(change)) if is_table(&path) => {
                merge(place, change, &path, faults);
            }
            _ if is_table(&path) => faults.push(
                ToolError::new(Code::Settings, format!("'{path}' is a single value"))
                    .expected(format!("a table [{path}]"))
                    .remedy("write its settings under that heading"),
            ),
            (place, change) => *place = json(change, FREE.contains(&&*path)),
        }
    }
}

/// A value as JSON; inside free tables the word for no value is none.
fn json(value: toml::Value, is_free: bool) -> Value {
    match value {
        toml::Value::String(text) if is_free && text == NONE => Value::Null,
        toml::Value::Table(table) => {
            let pairs = table.into_iter();
            pairs
                .map(|(key, value)| (key, json(value, is_free)))
                .collect()
        }
        toml::Value::Array(values) => {
            let values = values.into_iter();
            values.map(|value| json(value, is_free)).collect()
        }
        plain => serde_json::to_value(plain).unwrap_or(Value::Null),
    }
}

/// A key that does not exist: the nearest beside it, or the table that it belongs to.
fn unknown(path: &str, word: &str, known: &[String]) -> ToolError {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let elsewhere = KEYS.iter().find_map(|key| {
        let (table, name) = key.path.rsplit_once('.')?;
        (name == word).then_some(table)
    });
    let remedy = match (nearest(word, known.iter().copied()), elsewhere) {
        (None, Some(table)) => format!("write it under [{table}]"),
        _ => suggestion(word, &known),
    };
    ToolError::new(Code::Settings, format!("unknown key '{path}'")).remedy(remedy)
}

fn section<T: DeserializeOwned + Serialize + Clone>(
    merged: &Map<String, Value>,
    key: &str,
    base: &T,
    faults: &mut Vec<ToolError>,
) -> T {
    let value = merged.get(key).cloned().unwrap_or(Value::Null);
    match serde_json::from_value(value.clone()) {
        Ok(value) => value,
        Err(fault) => {
            let before = faults.len();
            faults.extend(single_faults(key, &value, base));
            if faults.len() == before {
                // The values are right one by one, and wrong together.
                let found = format!("[{key}] {fault}");
                faults.push(
                    ToolError::new(Code::Settings, found).remedy(of_serde(&fault.to_string())),
                );
            }
            base.clone()
        }
    }
}

/// A fault for each setting of a section that is wrong by itself, with its name.
fn single_faults<T: DeserializeOwned + Serialize>(
    key: &str,
    value: &Value,
    base: &T,
) -> Vec<ToolError> {
    let (Value::Object(changed), Ok(Value::Object(good))) = (value, serde_json::to_value(base))
    else {
        return Vec::new();
    };
    let wrong = changed.iter().filter_map(|(inner, value)| {
        let mut single = good.clone();
        single.insert(inner.clone(), value.clone());
        let fault = serde_json::from_value::<T>(Value::Object(single)).err()?;
        let found = format!("{key}.{inner}: {fault}");
        Some(ToolError::new(Code::Settings, found).remedy(of_serde(&fault.to_string())))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_changes_the_preset_and_nothing_else() {
        let text =
            "name = 'x'\npreset = 'paper'\n[features]\nbin_count = 32\n[split]\ntest = 0.3\n";
        let settings = parse(text, None).unwrap();
        let mut expected = preset::settings(PresetName::Paper);
        expected.name = "x".into();
        expected.features.bin_count = Some(32);
        expected.split.test = 0.3;
        assert_eq!(settings, expected);
        assert_eq!(
            parse(text, Some(PresetName::Quick))
                .unwrap()
                .networks
                .image_size,
            64
        );
    }

    #[test]
    fn all_faults_come_at_once_with_the_nearest_name() {
        let text =
            "[featurs]\nx = 1\n[features]\nbinwidth = 3\nmin_pixels = 'many'\n[split]\nseed = -1\n";
        let faults = parse(text, None).unwrap_err();
        let lines = faults.to_string();
        assert_eq!(faults.list().len(), 4, "{lines}");
        assert!(
            lines.contains("unknown key 'featurs'; did you mean 'features'?"),
            "{lines}"
        );
        assert!(lines.contains("unknown key 'features.binwidth'; did you mean 'bin_width'?"));
    }

    #[test]
    fn nested_tables_keep_what_they_do_not_say_and_lost_keys_are_sent_home() {
        let settings = parse("[features.ibsi]\noutliers = 3.0\n", None).unwrap();
        let mut expected = preset::settings(PresetName::Quick);
        expected.features.ibsi.outliers = Some(3.0);
        assert_eq!(settings, expected);
        for (text, said) in [
            (
                "[features.ibsi]\noutlier = 3.0\n",
                "did you mean 'outliers'?",
            ),
            ("bin_count = 32\n", "write it under [features]"),
            ("features = 3\n", "a table [features]"),
            ("preset = 'ful'\n", "did you mean 'full'?"),
            ("[networks]\ninput = 'crob'\n", "did you mean 'crop'?"),
        ] {
            let told = parse(text, None).unwrap_err().to_string();
            assert!(told.contains(said), "{text}: {told}");
        }
    }

    #[test]
    fn paths_are_seen_from_the_study_file() {
        let led = |folder, path| led_from(Path::new(folder), Path::new(path));
        for (folder, path, seen) in [
            ("", "a/m.csv", "a/m.csv"),
            ("studies", "studies/m.csv", "m.csv"),
            ("studies", "studies/../m.csv", "../m.csv"),
            ("studies/one", "m.csv", "../../m.csv"),
            ("/data", "/data/m.csv", "m.csv"),
            ("/data", "/other/m.csv", "/other/m.csv"),
        ] {
            assert_eq!(led(folder, path), Path::new(seen), "{folder} {path}");
        }
        assert!(led("/data", "m.csv").is_absolute());
    }

    #[test]
    fn broken_syntax_names_its_line() {
        let faults = parse("name = 'x'\n[split\n", None).unwrap_err();
        assert!(faults.to_string().contains("line 2"), "{faults}");
    }
}
