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

/// A page without figures says so, and a later report draws them.
#[test]
fn figures_may_be_left_out_and_drawn_later() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("p.csv"), predictions()).unwrap();
    let evaluate = [
        "evaluate",
        "p.csv",
        "--bootstrap",
        "50",
        "-o",
        "run",
        "-q",
        "--no-figures",
    ];
    succeed(here, &evaluate);
    let page = fs::read_to_string(here.join("run/report.html")).unwrap();
    assert!(!page.contains("<svg") && page.contains("as asked for (--no-figures)"));
    assert!(!here.join("run/figures").exists());
    succeed(here, &["report", "run", "-q"]);
    let page = fs::read_to_string(here.join("run/report.html")).unwrap();
    assert!(page.contains("<svg") && here.join("run/figures/forest.png").exists());
}

/// Slices judged as they are are called slices, in every form.
#[test]
fn slices_that_are_judged_one_by_one_are_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("p.csv"), predictions()).unwrap();
    let unit = ["--unit", "slice", "--bootstrap", "50"];
    succeed(
        here,
        &[&["evaluate", "p.csv", "-o", "run", "-q"][..], &unit].concat(),
    );
    let read = |name: &str| fs::read_to_string(here.join("run").join(name)).unwrap();
    let page = read("report.html");
    assert!(page.contains("Slice accuracy of every model"));
    assert!(page.contains("Every one of the 8 test slices was judged by itself"));
    assert!(!page.contains("by their pooled slices"));
    assert!(read("report.md").contains("judged by itself, as was asked for"));
    assert!(read("methods.md").contains("judged by itself, as was asked for"));
    assert!(!read("tables/table_3_intervals.md").contains("Clopper"));
    assert!(!here.join("run/figures/roc_slices.svg").exists());
}
