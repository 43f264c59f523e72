//! The four sections of a parameter file, read together.

use super::faults::Collected;
use super::keys::{Key, SETTINGS, Shape, VOXEL_SETTINGS};
use super::overrides::Override;
use super::settings::{PyRadiomicsSettings, VoxelSettings};
use super::yaml::{Node, Value};
use super::{ImageChoice, ImageType, Parameters, feature_classes, image_types};
use crate::settings::nearest::suggestion;

/// The sections' names.
const SECTIONS: [&str; 4] = ["setting", "voxelSetting", "featureClass", "imageType"];

/// Reads a document and what the command line puts in its settings' place.
pub(super) fn read(root: &Node, overrides: &[Override], collected: &mut Collected) -> Parameters {
    let entries = collected.table(root, "the file");
    for (name, key, _) in &entries {
        if !SECTIONS.contains(&name.as_str()) {
            let remedy = section_of(name).map_or_else(
                || suggestion(name, &SECTIONS),
                |section| format!("write it below '{section}'"),
            );
            collected.fault(key, format!("unknown section '{name}'"), "", remedy);
        }
    }
    let section = |wanted: &str| {
        let mut entries = entries.iter();
        entries
            .find(|(name, ..)| name == wanted)
            .map(|(.., value)| *value)
    };
    let mut settings = PyRadiomicsSettings::default();
    let mut voxel = VoxelSettings::default();
    let mut given = Vec::new();
    if let Some(node) = section("setting") {
        let good = apply(SETTINGS, &mut settings, node, "setting", collected);
        given.extend(good.into_iter().map(|(key, _)| key.name));
    }
    if let Some(node) = section("voxelSetting") {
        let good = apply(VOXEL_SETTINGS, &mut voxel, node, "voxelSetting", collected);
        given.extend(good.into_iter().map(|(key, _)| key.name));
    }
    for change in overrides {
        let known = SETTINGS.iter().map(|key| key.name);
        let known = known.chain(VOXEL_SETTINGS.iter().map(|key| key.name));
        given.extend(known.filter(|name| *name == change.name));
    }
    for change in overrides {
        put(change, &mut settings, &mut voxel, collected);
    }
    let classes = section("featureClass").map(|node| {
        not_empty(node, "featureClass", collected);
        feature_classes::read(node, collected)
    });
    let images = section("imageType").map(|node| {
        not_empty(node, "imageType", collected);
        image_types::read(node, &settings, collected)
    });
    let all = || {
        feature_classes::CLASSES
            .iter()
            .map(super::ClassChoice::whole)
    };
    Parameters {
        classes: classes
            .filter(|classes| !classes.is_empty())
            .unwrap_or_else(|| all().collect()),
        images: images
            .filter(|images| !images.is_empty())
            .unwrap_or_else(|| vec![ImageChoice::plain(ImageType::Original, &settings)]),
        settings,
        voxel,
        given,
    }
}

/// PyRadiomics refuses a heading without anything below it, so no file in use depends on a meaning.
fn not_empty(node: &Node, section: &str, collected: &mut Collected) {
    if node.value == Value::Null {
        let found = format!("{section}: nothing below it");
        collected.fault(
            node,
            found,
            "a table 'name: value'",
            "take the heading away",
        );
    }
}

/// Puts a table's values where its keys say. Returns the rows that were good, with their values.
pub(super) fn apply<'a, S>(
    keys: &'static [Key<S>],
    target: &mut S,
    node: &'a Node,
    section: &str,
    collected: &mut Collected,
) -> Vec<(&'static Key<S>, &'a Node)> {
    let mut good = Vec::new();
    for (name, at, value) in collected.table(node, section) {
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
            let remedy = section_of(&name).map_or_else(
                || suggestion(&name, &known),
                |section| format!("write it below '{section}'"),
            );
            collected.fault(at, format!("{section}: unknown key '{name}'"), "", remedy);
            continue;
        };
        match (key.set)(target, value) {
            Ok(()) => good.push((key, value)),
            Err(expected) => {
                let found = format!("{section}: {name}: {}", value.shown());
                collected.fault(value, found, expected, "correct the value");
            }
        }
    }
    good
}

/// The section that a key belongs to.
fn section_of(name: &str) -> Option<&'static str> {
    if SETTINGS.iter().any(|key| key.name == name) {
        Some("setting")
    } else if VOXEL_SETTINGS.iter().any(|key| key.name == name) {
        Some("voxelSetting")
    } else {
        None
    }
}

/// Puts one value of the command line in its place.
fn put(
    change: &Override,
    settings: &mut PyRadiomicsSettings,
    voxel: &mut VoxelSettings,
    collected: &mut Collected,
) {
    let Override { text, name, value } = change;
    let outcome = if let Some(key) = SETTINGS.iter().find(|key| key.name == name) {
        set(key, settings, value)
    } else if let Some(key) = VOXEL_SETTINGS.iter().find(|key| key.name == name) {
        set(key, voxel, value)
    } else {
        let known: Vec<&str> = SETTINGS.iter().map(|key| key.name).collect();
        let found = format!("--setting {text}: unknown key '{name}'");
        collected.fault(value, found, "", suggestion(name, &known));
        return;
    };
    if let Err(expected) = outcome {
        let found = format!("--setting {text}: {}", value.shown());
        collected.fault(value, found, expected, "correct the value");
    }
}

/// As in a file, and two forms of PyRadiomics' command line besides: one value for a list, 1 and 0 for
/// true and false.
fn set<S>(key: &Key<S>, target: &mut S, value: &Node) -> Result<(), String> {
    let listed =
        key.shape == Shape::Several && !matches!(value.value, Value::List(_) | Value::Null);
    if listed {
        let list = Node {
            line: value.line,
            value: Value::List(vec![value.clone()]),
        };
        return (key.set)(target, &list);
    }
    (key.set)(target, value).or_else(|expected| {
        let switch = match value.value {
            Value::Whole(1) => true,
            Value::Whole(0) => false,
            _ => return Err(expected),
        };
        let value = Node {
            line: value.line,
            value: Value::Switch(switch),
        };
        (key.set)(target, &value).map_err(|_| expected)
    })
}
