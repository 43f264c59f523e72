//! The direction of dependencies between the rooms, as ARCHITECTURE.md draws it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Normal dependencies of every package of the workspace, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    let metadata: Value =
        serde_json::from_slice(&output.stdout).expect("cargo describes the workspace");
    let name = |of: &Value| of["name"].as_str().expect("a name").to_owned();
    let list = |of: &Value| of.as_array().expect("a list").clone();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let all = list(&package["dependencies"]);
            let normal = all.iter().filter(|dependency| dependency["kind"].is_null());
            (name(package), normal.map(name).collect())
        })
        .collect()
}

fn ours(names: &BTreeSet<String>) -> BTreeSet<&str> {
    names
        .iter()
        .map(String::as_str)
        .filter(|name| name.starts_with("raduet"))
        .collect()
}

#[test]
fn rooms_depend_on_each_other_in_one_direction() {
    let dependencies = dependencies();
    let arrows: [(&str, &[&str]); 6] = [
        ("raduet-features", &[]),
        ("raduet-study", &[]),
        ("raduet-testkit", &[]),
        ("raduet-learners", &["raduet-study"]),
        ("raduet-deep", &["raduet-study"]),
        (
            "raduet",
            &[
                "raduet-deep",
                "raduet-features",
                "raduet-learners",
                "raduet-study",
            ],
        ),
    ];
    let names: BTreeSet<&str> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        arrows.iter().map(|(name, _)| *name).collect(),
        "packages of the workspace"
    );
    for (room, allowed) in arrows {
        assert_eq!(
            ours(&dependencies[room]),
            allowed.iter().copied().collect(),
            "{room} depends on"
        );
    }
}

#[test]
fn heavy_libraries_live_in_one_room_each() {
    let dependencies = dependencies();
    let homes = [
        ("candle-core", "raduet-deep"),
        ("linfa", "raduet-learners"),
        ("smartcore", "raduet-learners"),
        ("libsvm-rs", "raduet-learners"),
        ("nifti", "raduet"),
        ("parquet", "raduet"),
        ("saphyr-parser", "raduet"),
        ("clap", "raduet"),
    ];
    for (library, home) in homes {
        for (room, names) in &dependencies {
            assert_eq!(names.contains(library), room == home, "{library} in {room}");
        }
    }
}

/// Extracting features needs neither learners nor networks, and these rooms touch no file.
#[test]
fn the_pure_rooms_stay_light() {
    let dependencies = dependencies();
    let features = [
        "ndarray",
        "ndarray-stats",
        "pulp",
        "rayon",
        "rustfft",
        "thiserror",
    ]
    .map(str::to_owned);
    assert_eq!(dependencies["raduet-features"], BTreeSet::from(features));
    let study = ["rayon", "serde", "thiserror"].map(str::to_owned);
    assert!(dependencies["raduet-study"].is_subset(&BTreeSet::from(study)));
}
