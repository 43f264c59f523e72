//! `raduet deep` beyond the default recipe: options, rehearsals, histories, and a run that is killed.

use std::fs;
use std::time::{Duration, Instant};

use super::program::{command, run, succeed};

/// Everything that keeps a state or draws random numbers, by options and by `--set`.
const EVERYTHING: [&str; 48] = [
    "deep",
    "phantom",
    "--phantom-patients",
    "24",
    "--model",
    "mobilenet_v3_small",
    "--img-size",
    "32",
    "-b",
    "16",
    "--epochs",
    "6",
    "--opt",
    "sgd",
    "--lr",
    "0.01",
    "--set",
    "network.optimiser.nesterov=true",
    "--sched",
    "cosine",
    "--warmup-epochs",
    "1",
    "--clip-grad",
    "1",
    "--grad-accum-steps",
    "2",
    "--layer-decay",
    "0.9",
    "--head-rate",
    "2",
    "--freeze-epochs",
    "1",
    "--model-ema",
    "0.9",
    "--loss-weight",
    "balanced",
    "--smoothing",
    "0.1",
    "--sampler",
    "by-patient",
    "--aug",
    "strong",
    "--mixup",
    "0.2",
    "--monitor",
    "valid-loss",
    "--test-flips",
    "horizontal",
];

/// What two runs of the same study share.
const SAME: [&str; 6] = [
    "predictions.csv",
    "models/mobilenet_v3_small.safetensors",
    "models/mobilenet_v3_small.history.csv",
    "models/mobilenet_v3_small.history.json",
    "logs/mobilenet_v3_small/events.out.tfevents.raduet",
    "leaderboard.csv",
];

fn everything(extra: &[&'static str]) -> Vec<&'static str> {
    EVERYTHING.iter().chain(extra).copied().collect()
}

#[cfg(unix)]
#[test]
fn a_killed_run_of_every_option_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    succeed(here, &everything(&["-q", "-o", "whole"]));
    let mut child = command(here, &everything(&["-q", "-o", "killed"]))
        .spawn()
        .unwrap();
    let checkpoint = here.join("killed/.raduet-state/mobilenet_v3_small-fold0.checkpoint");
    let begun = Instant::now();
    while !checkpoint.exists() {
        assert!(begun.elapsed() < Duration::from_mins(2), "no checkpoint");
        assert!(child.try_wait().unwrap().is_none(), "ended before the kill");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!here.join("killed/report.html").exists());
    succeed(here, &everything(&["-q", "-o", "killed", "--resume"]));
    for name in SAME {
        let of = |run: &str| fs::read(here.join(run).join(name)).unwrap();
        assert!(of("whole") == of("killed"), "{name} differs");
    }

    let text = fs::read_to_string(here.join("killed/run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&text).unwrap();
    let epochs = run["measured"]["models"][0]["epochs"].as_array().unwrap();
    assert_eq!(epochs.len(), 6);
    assert!(
        epochs
            .iter()
            .all(|e| e["images_per_second"].as_f64().unwrap() > 0.0)
    );
    let history = fs::read_to_string(here.join("whole/models/mobilenet_v3_small.history.csv"));
    assert_eq!(history.unwrap().lines().count(), 7);
    // Every option has reached the network's settings.
    for (at, expected) in [
        ("/optimiser/kind", "sgd"),
        ("/optimiser/nesterov", "true"),
        ("/schedule/kind", "cosine"),
        ("/schedule/warmup_epochs", "1"),
        ("/clip_norm", "1.0"),
        ("/accumulate", "2"),
        ("/layer_decay", "0.9"),
        ("/head_rate", "2.0"),
        ("/frozen_epochs", "1"),
        ("/ema_decay", "0.9"),
        ("/loss/class_weight", "balanced"),
        ("/loss/label_smoothing", "0.1"),
        ("/sampler", "by_patient"),
        ("/augment/erase", "0.1"),
        ("/augment/mixup", "0.2"),
        ("/monitor", "valid_loss"),
        ("/test_flips", "horizontal"),
    ] {
        let models = run.to_string();
        let found = find_model(&run).and_then(|settings| settings.pointer(at));
        let found = found
            .unwrap_or_else(|| panic!("{at} in {models}"))
            .to_string();
        assert_eq!(found.trim_matches('"'), expected, "{at}");
    }
}

/// The settings of the network, wherever `run.json` lists its models.
fn find_model(value: &serde_json::Value) -> Option<&serde_json::Value> {
    match value {
        serde_json::Value::Object(map) => {
            let is_model = map
                .get("name")
                .is_some_and(|name| name == "mobilenet_v3_small");
            match map.get("settings") {
                Some(settings) if is_model => Some(settings),
                _ => map.values().find_map(find_model),
            }
        }
        serde_json::Value::Array(list) => list.iter().find_map(find_model),
        _ => None,
    }
}

const SMALL: [&str; 10] = [
    "deep",
    "phantom",
    "--phantom-patients",
    "24",
    "--model",
    "mobilenet_v3_small",
    "--img-size",
    "32",
    "-b",
    "8",
];

#[test]
fn networks_are_tried_and_described_without_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let small = |extra: &[&'static str]| -> Vec<&'static str> {
        SMALL.iter().chain(extra).copied().collect()
    };
    let json = |extra: &[&'static str]| -> serde_json::Value {
        serde_json::from_str(&succeed(here, &small(extra)).stdout).unwrap()
    };
    let estimate = &json(&["--dry-run", "--json"]);
    let tried = &estimate["models"][0]["tried"];
    assert!(tried["kept_bytes"].as_u64().unwrap() > 4 * 1_520_931);
    assert!(estimate["models"][0]["work"]["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(estimate["models"][0]["fits"], 1);
    assert_eq!(tried["parameters"], 1_520_931);
    assert_eq!(tried["images"], serde_json::json!([8, 3, 32, 32]));
    assert!(tried["seconds_per_batch"].as_f64().unwrap() > 0.0);
    let learned = &json(&["--overfit-batch", "30", "--lr", "0.002", "--json"])[0];
    let loss = |key: &str| learned[key].as_f64().unwrap();
    assert!(loss("learned_loss") < 0.2 * loss("loss"), "{learned}");
    assert!(
        succeed(here, &small(&["--dry-run"]))
            .stdout
            .contains("1520931 parameters")
    );

    let described = succeed(
        here,
        &["deep", "--describe", "--model", "resnet18", "--json"],
    )
    .stdout;
    let described: serde_json::Value = serde_json::from_str(&described).unwrap();
    assert_eq!(described[0]["parameters"], 11_178_051);
    assert_eq!(described[0]["image_size"], 256);
    assert!(
        !here.join("raduet-deep").exists(),
        "a rehearsal writes nothing"
    );
}

#[test]
fn settings_of_networks_are_checked_before_an_image_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (words, said) in [
        (
            &["--set", "network.optimizer.kind=sgd"][..],
            "did you mean 'optimiser'",
        ),
        (&["--set", "network.loss.focal=-1"], "loss.focal"),
        (&["--set", "svc.C=1"], "network.SETTING=VALUE"),
        (&["--smoothing", "1"], "loss.label_smoothing"),
        (&["--set", "network.image_size=64"], "--img-size"),
    ] {
        let arguments: Vec<&str> = SMALL.iter().chain(words).copied().collect();
        let outcome = run(here, &arguments);
        assert_eq!(outcome.status, 2, "{words:?}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains(said),
            "{words:?}: {}",
            outcome.stderr
        );
    }
    let outcome = run(here, &["deep", "--describe", "--model", "resnet19"]);
    assert_eq!(outcome.status, 2);
    assert!(
        outcome.stderr.contains("did you mean"),
        "{}",
        outcome.stderr
    );
}
