//! Study files that say everything, and runs that are only told of.

use std::fs;

use serde_json::Value;

use super::program::{run, succeed};

#[test]
fn a_printed_study_prints_itself_again() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for preset in ["quick", "paper", "full"] {
        let words = ["compare", "--print-config", "--preset", preset];
        let printed = succeed(here, &words).stdout;
        assert!(
            printed.contains(&format!("preset = \"{preset}\"")),
            "{printed}"
        );
        fs::write(here.join("study.toml"), &printed).unwrap();
        let again = succeed(here, &["compare", "study.toml", "--print-config"]).stdout;
        assert_eq!(printed, again);
    }
    // What the command line says stands in the file.
    let words = [
        "compare",
        "study.toml",
        "--print-config",
        "--sequence",
        "T2W",
        "--set",
        "svc.C=10",
        "--epochs",
        "3",
        "--folds",
        "5",
    ];
    let printed = succeed(here, &words).stdout;
    for line in [
        "sequence = \"T2W\"",
        "set = { svc = { C = 10 } }",
        "epochs = 3",
        "folds = 5",
        "# label = 1",
    ] {
        assert!(
            printed.lines().any(|found| found == line),
            "{line}: {printed}"
        );
    }
    assert_eq!(
        fs::read_dir(here).unwrap().count(),
        1,
        "something was begun"
    );
    let refused = run(here, &["compare", "--print-config", "--dry-run"]);
    assert_eq!(refused.status, 2);
}

/// Wherever the study file lies, its paths stand as they were given, and the printed study is the same one beside it.
#[test]
fn paths_are_printed_as_given() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("studies")).unwrap();
    let study = "[cohort]\npath = '../data/m.csv'\n[split]\nfile = 'split.json'\n";
    fs::write(here.join("studies/one.toml"), study).unwrap();
    let absolute = here.join("studies/one.toml");
    let mut texts = Vec::new();
    for file in ["studies/one.toml", absolute.to_str().unwrap()] {
        let printed = succeed(here, &["compare", file, "--print-config"]).stdout;
        for line in ["path = \"../data/m.csv\"", "file = \"split.json\""] {
            assert!(
                printed.lines().any(|found| found == line),
                "{line}: {printed}"
            );
        }
        fs::write(here.join("studies/all.toml"), &printed).unwrap();
        let again = succeed(here, &["compare", "studies/all.toml", "--print-config"]).stdout;
        assert_eq!(printed, again);
        texts.push(printed);
    }
    assert_eq!(texts[0], texts[1]);
    let words = [
        "compare",
        "studies/one.toml",
        "--print-config",
        "--params",
        "p.yaml",
    ];
    let printed = succeed(here, &words).stdout;
    assert!(printed.contains("parameters = \"../p.yaml\""), "{printed}");
}

#[cfg(feature = "deep")]
#[test]
fn networks_alone_print_their_study_too() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let words = [
        "deep",
        "m.csv",
        "--model",
        "resnet_micro",
        "--epochs",
        "3",
        "--print-config",
    ];
    let printed = succeed(here, &words).stdout;
    for line in [
        "path = \"m.csv\"",
        "names = [\"resnet_micro\"]",
        "epochs = 3",
        "preset = \"paper\"",
    ] {
        assert!(
            printed.lines().any(|found| found == line),
            "{line}: {printed}"
        );
    }
    fs::write(here.join("study.toml"), &printed).unwrap();
    let again = succeed(here, &["compare", "study.toml", "--print-config"]).stdout;
    assert_eq!(printed, again);
}

#[cfg(all(feature = "learners", feature = "deep"))]
#[test]
fn a_dry_run_tells_the_work_and_leaves_the_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("run")).unwrap();
    fs::write(here.join("run/report.html"), "of an earlier run").unwrap();
    let words = [
        "compare",
        "--phantom-patients",
        "30",
        "--learners",
        "svc,gaussian_nb",
        "--tune",
        "light",
        "--networks",
        "resnet_micro",
        "--img-size",
        "32",
        "-o",
        "run",
        "--dry-run",
    ];
    let told = succeed(here, &words).stdout;
    for part in [
        "30 cases of 30 patients",
        "0 patients shared between parts",
        "about",
        "rule: ",
        "kept",
        "nothing was written",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let json = succeed(here, &[&words[..], &["--json"]].concat()).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let models = json["models"].as_array().unwrap();
    assert_eq!(models.len(), 3);
    for model in models {
        assert!(model["work"]["seconds"].as_f64().unwrap() > 0.0, "{model}");
    }
    assert!(
        models[0]["fits"].as_u64().unwrap() > 1,
        "a search fits several times"
    );
    assert_eq!(models[2]["tried"]["name"], "resnet_micro");
    assert!(json["slices"].as_u64().unwrap() > 30);
    let left = fs::read(here.join("run/report.html")).unwrap();
    assert_eq!(left, b"of an earlier run");
    assert_eq!(fs::read_dir(here.join("run")).unwrap().count(), 1);

    succeed(
        here,
        &["extract", "phantom", "--phantom-patients", "30", "-q"],
    );
    let told = succeed(here, &["train", "features.csv", "--dry-run"]).stdout;
    assert!(
        told.contains("random_forest") && told.contains("about"),
        "{told}"
    );
    assert!(!here.join("raduet-train").exists());
}
