//! Model files: the same bits come back, they begin with what people read, and whatever is wrong is refused.

use raduet_learners::{FittedPipeline, LearnError, Training};

use crate::common::{every_entry, fit, noise, saved};
use crate::{assert_distributions, bits};

#[test]
fn a_saved_model_predicts_the_same_bits() {
    every_entry(|id| {
        let data = noise(50, 5, 3, 12);
        let fitted = fit(id, &data, 3);
        let json = fitted.to_json().unwrap();
        let read = FittedPipeline::from_json(&json).unwrap();
        assert_eq!(
            bits(&data.predict(&fitted)),
            bits(&data.predict(&read)),
            "{id}"
        );
        assert_eq!(read.to_json().unwrap(), json, "{id}: written anew");
        assert_eq!(read.settings(), fitted.settings(), "{id}");
        assert_eq!((read.seed(), read.training().rows), (3, 50), "{id}");
    });
}

#[test]
fn hostile_files_are_refused() {
    every_entry(|id| {
        let data = noise(30, 3, 3, 16);
        let json = fit(id, &data, 1).to_json().unwrap();
        let read = |what: &str, text: &str| match FittedPipeline::from_json(text) {
            Ok(read) => Some(read),
            Err(error) => {
                let known = matches!(error, LearnError::Saved { .. });
                assert!(known, "{id}: {what}: {error}");
                None
            }
        };
        saved::damages(&json, |what, text| {
            assert!(read(what, text).is_none(), "{id}: {what} was read");
        });
        // The frame of the mutations is that of real files, or they would all be refused for it.
        let unchanged = saved::signed(&serde_json::from_str(&json).unwrap());
        assert!(read("unchanged", &unchanged).is_some(), "{id}");
        saved::mutations(&json, |what, text| {
            // A change that a checked model survives must still predict distributions.
            let Some(read) = read(what, text) else { return };
            let rows: Vec<usize> = (0..30).collect();
            if let Ok(answer) = read.predict_proba(&data.table(), &rows) {
                assert_distributions(&format!("{id}: {what}"), &answer, 3);
            }
        });
    });
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let data = noise(30, 3, 3, 16);
    let json = fit("gaussian_nb", &data, 1).to_json().unwrap();
    let told = |text: &str| FittedPipeline::from_json(text).unwrap_err().to_string();
    let damaged = told(&json.replacen("\"seed\": 1", "\"seed\": 2", 1));
    assert!(damaged.contains("checksum"), "{damaged}");
    let at = json.rfind("0.").unwrap();
    let damaged = told(&[&json[..at], "1.", &json[at + 2..]].concat());
    assert!(damaged.contains("checksum"), "{damaged}");
    for (version, text) in [
        (1, r#"{"format":"raduet-pipeline","version":1}"#.to_owned()),
        (3, json.replacen("\"version\": 2", "\"version\": 3", 1)),
    ] {
        let other = told(&text);
        assert!(other.contains(&format!("version {version}")), "{other}");
        assert!(other.contains("raduet-model version 2"), "{other}");
    }
}

#[test]
fn a_file_begins_with_what_people_read() {
    let data = noise(30, 3, 3, 16);
    let training = Training::of(&data.samples());
    let fitted = fit("gaussian_nb", &data, 1)
        .with_training(training.clone())
        .unwrap();
    let json = fitted.to_json().unwrap();
    let lines: Vec<&str> = json.lines().collect();
    for (number, expected) in [
        (1, "  \"format\": \"raduet-model\","),
        (2, "  \"version\": 2,"),
        (5, "    \"learner\": \"gaussian_nb\","),
    ] {
        assert_eq!(lines[number], expected);
    }
    let hash = training.sha256.clone().unwrap();
    assert!(lines.iter().any(|line| line.contains(&hash)));
    assert!(lines.contains(&"  \"classes\": [\"stage 0\",\"stage 1\",\"stage 2\"],"));
    let read = FittedPipeline::from_json(&json).unwrap();
    assert_eq!(read.training(), &training);
    let other = Training {
        rows: 29,
        ..training
    };
    assert!(read.with_training(other).is_err());
}
