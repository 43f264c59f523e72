//! `report.html` in a real browser, without a window: Debian's `chromium`, or what `RADUET_CHROMIUM` names.
//!
//! The page is looked at through a frame of the width of a desk and of a phone (`tests/report/harness.html`).
//! Where there is no browser, the test says so and passes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::program::succeed;

/// A browser that does not end by itself is ended after this.
const LONGEST: Duration = Duration::from_mins(1);

/// Names that would break out of text, attributes, lines and cells.
const HOSTILE: &str = "<img src=x onerror=hurt=1>'\"\u{202e}\u{5d0}&amp;<script>hurt=2</script>";

/// The browser, if there is one.
fn browser() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("RADUET_CHROMIUM") {
        return Some(path.into());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .flat_map(|folder| {
            ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
        })
        .find(|path| path.is_file())
}

/// What the browser says of a page, and every line of its console.
fn look(browser: &Path, folder: &Path, page: &Path, width: u32) -> (Value, Vec<String>) {
    let harness = include_str!("../report/harness.html")
        .replace("WIDTH", &width.to_string())
        .replace("PAGE", &format!("file://{}", page.display()));
    let file = folder.join(format!("harness{width}.html"));
    fs::write(&file, harness).unwrap();
    let (out, log) = (
        folder.join(format!("out{width}")),
        folder.join(format!("log{width}")),
    );
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--allow-file-access-from-files",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            "--virtual-time-budget=8000",
            "--window-size=1400,1000",
            "--dump-dom",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.join(format!("profile{width}")).display()
        ))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > LONGEST {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the browser did not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let dump = String::from_utf8_lossy(&fs::read(&out).unwrap()).into_owned();
    let log = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    let console = log.lines().filter(|line| line.contains("CONSOLE"));
    let result = dump
        .split_once("RESULT")
        .and_then(|(_, rest)| rest.split_once("END</body>"))
        .unwrap_or_else(|| panic!("no result: {dump:.400}\n{log:.2000}"));
    let json = result
        .0
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    (
        serde_json::from_str(&json).unwrap(),
        console.map(str::to_owned).collect(),
    )
}

/// Predictions of two models with names that mean harm, and one with an endless name.
fn hostile_predictions(here: &Path) {
    let classes = [format!("a{HOSTILE}"), format!("{HOSTILE}b"), "c".to_owned()];
    let mut out = csv::Writer::from_path(here.join("hostile.csv")).unwrap();
    let head = [
        "ID",
        "PatientID",
        "Slice",
        "Split",
        "model",
        "arm",
        "y_true",
    ]
    .map(str::to_owned);
    out.write_record(
        head.into_iter()
            .chain(classes.iter().map(|class| format!("p_{class}"))),
    )
    .unwrap();
    let endless = "x".repeat(5000);
    let models = [
        (HOSTILE, "deep"),
        (&*endless, "radiomics"),
        ("svc", "radiomics"),
    ];
    for (at, (model, arm)) in models.into_iter().enumerate() {
        for part in ["train", "valid", "test"] {
            for patient in 0..9 {
                for slice in 0..2 {
                    let truth = patient % 3;
                    let answer = (truth + usize::from((patient + slice + at) % (3 + at) == 0)) % 3;
                    let id = format!("{HOSTILE}{part}{patient}{endless}");
                    let mut row = vec![
                        id.clone(),
                        id,
                        slice.to_string(),
                        part.into(),
                        model.into(),
                        arm.into(),
                    ];
                    row.push(classes[truth].clone());
                    row.extend((0..3).map(|k| if k == answer { "0.6" } else { "0.2" }.to_owned()));
                    out.write_record(&row).unwrap();
                }
            }
        }
    }
    out.flush().unwrap();
}

#[test]
fn a_browser_finds_nothing_amiss_on_a_desk_and_on_a_phone() {
    let Some(browser) = browser() else {
        eprintln!(
            "SKIPPED report_in_browser: no chromium here (apt-get install chromium, or RADUET_CHROMIUM)"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    hostile_predictions(here);
    succeed(
        here,
        &[
            "evaluate",
            "hostile.csv",
            "--bootstrap",
            "50",
            "-o",
            "run",
            "-q",
        ],
    );
    let page = here.join("run/report.html");
    for width in [1280, 375] {
        let (found, console) = look(&browser, here, &page, width);
        assert_eq!(console, [""; 0], "at {width}");
        assert_eq!(found["fault"], Value::Null, "{found}");
        assert_eq!(found["window_width"], width, "{found}");
        for (page_width, wide) in [
            ("page_width", "wide"),
            ("page_width_unfolded", "wide_unfolded"),
        ] {
            assert!(
                found[page_width].as_u64().unwrap() <= u64::from(width),
                "{found}"
            );
            assert_eq!(found[wide], serde_json::json!([]), "at {width}");
        }
        assert_eq!(found["hurt"], Value::Null);
        assert_eq!(found["requests"], serde_json::json!([]));
        assert_eq!(
            (&found["dead"], &found["elsewhere"]),
            (&serde_json::json!([]), &serde_json::json!([]))
        );
        assert_eq!(found["contents"], 11);
        assert!(found["figures"].as_u64().unwrap() >= 1);
        let files = found["files"].as_array().unwrap();
        assert_eq!(files.len() as u64, found["figures"].as_u64().unwrap());
        assert!(
            files.iter().all(|bytes| bytes.as_u64().unwrap() > 20),
            "{found}"
        );
        assert!(
            found["images"]
                .as_array()
                .unwrap()
                .iter()
                .all(|drawn| drawn == true)
        );
        assert_sorted(&found["sorting"]);
        for state in ["open", "inside", "grown", "closed", "back"] {
            assert_eq!(found["enlarging"][state], true, "{state} at {width}");
        }
    }
}

/// First order, largest first, smallest first, first order again; each group by itself.
fn assert_sorted(states: &Value) {
    let column =
        |state: &Value| -> Vec<Vec<f64>> { serde_json::from_value(state.clone()).unwrap() };
    let first = column(&states[0]);
    assert!(first.iter().any(|group| group.len() > 1), "{states}");
    for (at, name) in [(1, "descending"), (2, "ascending")] {
        assert_eq!(states[at][0], name);
        for (group, before) in column(&states[at][1]).iter().zip(&first) {
            let mut expected = before.clone();
            expected.sort_by(f64::total_cmp);
            if name == "descending" {
                expected.reverse();
            }
            assert_eq!(group, &expected);
        }
    }
    assert_eq!(states[3][0], Value::Null);
    assert_eq!(column(&states[3][1]), first);
}
