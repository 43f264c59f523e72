//! Networks by themselves: weights in and out, and where they look.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::program::{run, succeed};

const SMALL: [&str; 16] = [
    "deep",
    "phantom",
    "--phantom-patients",
    "12",
    "--img-size",
    "32",
    "--epochs",
    "1",
    "-b",
    "16",
    "--test",
    "0.25",
    "--val",
    "0.25",
    "--input-mode",
    "crop",
];

fn small<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    SMALL.iter().copied().chain(extra.iter().copied()).collect()
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn exported_weights_begin_another_training_and_attention_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let network = ["--model", "mobilenet_v3_small"];
    let first = [&network[..], &["--export", "timm", "-o", "a", "-q"]].concat();
    succeed(here, &small(&first));
    // The exported file, found in a folder by its name.
    fs::create_dir(here.join("weights")).unwrap();
    let exported = here.join("a/models/mobilenet_v3_small.timm.safetensors");
    fs::copy(
        exported,
        here.join("weights/mobilenet_v3_small.safetensors"),
    )
    .unwrap();

    let second = ["--pretrained", "weights", "--grad-cam", "3", "-o", "b"];
    let screen = succeed(here, &small(&[&network[..], &second].concat()));
    let said =
        "mobilenet_v3_small:pretrained: pretrained weights in timm's layout: 244 tensors loaded";
    assert!(screen.stderr.contains(said), "{}", screen.stderr);
    let b = here.join("b");
    let run: Value = serde_json::from_str(&text(&b, "run.json")).unwrap();
    let pretrained = &run["models"][0]["settings"]["pretrained"];
    assert_eq!(pretrained["layout"], "timm");
    assert_eq!(pretrained["loaded"], 244);
    assert_eq!(run["models"][0]["name"], "mobilenet_v3_small:pretrained");
    let keys = text(&b, "models/mobilenet_v3_small-pretrained.weights.csv");
    assert_eq!(keys.lines().count(), 245);
    assert!(keys.contains("conv_stem.weight,features.0.0.weight,loaded,"));

    let attention = text(&b, "models/mobilenet_v3_small-pretrained.attention.csv");
    let mut rows = csv::Reader::from_reader(attention.as_bytes());
    let head = rows.headers().unwrap().clone();
    let at = head.iter().position(|c| c == "share_inside_mask").unwrap();
    let shares: Vec<f64> = rows
        .records()
        .filter_map(|row| row.unwrap()[at].parse().ok())
        .collect();
    assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(!shares.is_empty(), "{attention}");
    let pictures = b.join("figures/grad_cam/mobilenet_v3_small-pretrained");
    let pictures: Vec<_> = fs::read_dir(pictures).unwrap().collect();
    assert_eq!(pictures.len(), 3);
    for picture in pictures {
        let bytes = fs::read(picture.unwrap().path()).unwrap();
        assert!(bytes.starts_with(b"\x89PNG"));
    }

    // A new run takes them away again.
    succeed(here, &small(&[&network[..], &["-o", "b", "-q"]].concat()));
    assert!(
        !b.join("models/mobilenet_v3_small-pretrained.weights.csv")
            .exists()
    );
    let left = fs::read_dir(b.join("figures/grad_cam/mobilenet_v3_small-pretrained"));
    assert_eq!(left.map_or(0, Iterator::count), 0);
}

#[test]
fn weights_that_cannot_be_begun_with_are_named_before_work() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let fit = |extra: &[&str]| run(here, &small(extra));
    let absent = fit(&["--model", "resnet18:pretrained"]);
    assert_eq!(absent.status, 2);
    assert!(absent.stderr.contains("--pretrained"), "{}", absent.stderr);
    fs::create_dir(here.join("weights")).unwrap();
    let absent = fit(&["--model", "resnet18", "--pretrained", "weights"]);
    assert!(
        absent.stderr.contains("resnet18.safetensors"),
        "{}",
        absent.stderr
    );
    // A pickle that would run a command is refused by name; the model fails, and with it the run.
    let hostile = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00.\x80\x02cos\nsystem\n(X\x04\x00\x00\x00touctR.";
    fs::write(here.join("weights/resnet18.pth"), hostile).unwrap();
    let refused = fit(&["--model", "resnet18", "--pretrained", "weights", "-o", "c"]);
    assert_eq!(refused.status, 3);
    assert!(refused.stderr.contains("os.system"), "{}", refused.stderr);
}

/// All 22 trainings of the paper's tables, each for an epoch.
#[test]
fn the_papers_tables_by_one_command() {
    if std::env::var_os("RADUET_FULL_TESTS").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let words = ["deep", "phantom", "--tables", "--smoke", "-o", "t", "-q"];
    let screen = succeed(here, &words).stdout;
    for number in 1..=5 {
        let table = text(here, &format!("t/tables/table_{number}.csv"));
        assert!(table.contains("majority class"), "{table}");
    }
    for table in [
        "Table I.",
        "Table II.",
        "Table III.",
        "Table IV.",
        "Table V.",
    ] {
        assert!(screen.contains(table), "{screen}");
    }
    assert!(screen.contains("| VGG-19 \\* | 139.58 |"), "{screen}");
}
