//! `raduet report`: a finished run rendered again from its folder alone.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::program::{run, succeed};
use super::results::files;

/// Predictions of two models on four patients of every part.
fn predictions() -> String {
    let mut csv = String::from("ID,PatientID,Slice,Split,model,arm,y_true,p_mild,p_severe\n");
    for (model, arm) in [("forest", "radiomics"), ("net", "deep")] {
        for part in ["train", "valid", "test"] {
            for patient in 0..4 {
                for slice in 0..2 {
                    let class = ["mild", "severe"][patient % 2];
                    let p = f64::from(u8::try_from((patient * 3 + slice) % 7).unwrap()) / 7.0;
                    writeln!(
                        csv,
                        "{part}{patient},{part}{patient},{slice},{part},{model},{arm},{class},{p},{}",
                        1.0 - p
                    )
                    .unwrap();
                }
            }
        }
    }
    csv
}

fn evaluated(here: &Path) -> std::path::PathBuf {
    fs::write(here.join("p.csv"), predictions()).unwrap();
    succeed(
        here,
        &["evaluate", "p.csv", "--bootstrap", "50", "-o", "run", "-q"],
    );
    here.join("run")
}

#[test]
fn a_run_rendered_again_has_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = evaluated(here);
    let before = files(&run);
    let said = succeed(here, &["report", "run"]);
    assert!(
        said.stderr.contains("nothing has changed"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.contains("forest"), "{}", said.stdout);
    assert!(files(&run) == before);

    for name in [
        "report.html",
        "report.md",
        "leaderboard.csv",
        "figures/roc.csv",
    ] {
        fs::remove_file(run.join(name)).unwrap();
    }
    fs::write(run.join("figures/pr.csv"), "spoiled").unwrap();
    let said = succeed(here, &["report", "run"]);
    assert!(
        said.stderr.contains("5 file(s) written anew"),
        "{}",
        said.stderr
    );
    assert!(files(&run) == before);
}

#[test]
fn what_is_no_finished_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let said = run(here, &["report", "nowhere"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("no run.json in it"), "{}", said.stderr);

    let folder = evaluated(here);
    // One row changed: figures would no longer be those of the answers.
    let whole = fs::read_to_string(folder.join("predictions.csv")).unwrap();
    fs::write(
        folder.join("predictions.csv"),
        whole.replacen("0.1", "0.2", 1),
    )
    .unwrap();
    fs::remove_file(folder.join("metrics.json")).unwrap();
    let page = fs::read(folder.join("report.html")).unwrap();
    let said = run(here, &["report", "run"]);
    assert_eq!(said.status, 2);
    for told in [
        "error[E_CHANGED] run/predictions.csv: changed since the run",
        "error[E_CHANGED] run/metrics.json: missing",
        "raduet evaluate",
    ] {
        assert!(said.stderr.contains(told), "{told}: {}", said.stderr);
    }
    assert!(page == fs::read(folder.join("report.html")).unwrap());

    fs::write(folder.join("run.json"), "{}").unwrap();
    let said = run(here, &["report", "run"]);
    assert_eq!(said.status, 2);
    assert!(
        said.stderr.contains("no record of a run"),
        "{}",
        said.stderr
    );

    fs::create_dir_all(folder.join(".raduet-state")).unwrap();
    let said = run(here, &["report", "run"]);
    assert_eq!(said.status, 2);
    assert!(said.stderr.contains("--resume"), "{}", said.stderr);
}
