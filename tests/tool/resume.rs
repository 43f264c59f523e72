//! A comparison stopped at any step goes on to the same bytes.
//!
//! Stops are of three kinds: a request (SIGINT), a death (SIGKILL), and an output that refuses a file. The last is the same
//! at every trial and reaches the steps that are too short to be hit by a signal.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::program::{Finished, command, finished, succeed};
use super::results::{assert_same, contents};

/// Both arms, everything that is said beside the answers, two networks.
const STUDY: &str = r#"
name = "stopped"

[cohort]
phantom_patients = 24

[split]
test = 0.25
valid = 0.25

[features]
bin_count = 32

[learners]
names = ["decision_tree", "logistic_regression", "gaussian_nb"]
importance = 2
shap = true
learning_curve = true

[networks]
names = ["resnet_micro", "convnext_micro"]
image_size = 32
epochs = 4
grad_cam = 2

[report]
bootstrap = 200
"#;

/// How a run is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Interrupt,
    Kill,
}

/// Nothing here takes longer, whatever else the machine does.
const PATIENCE: Duration = Duration::from_mins(5);

fn start(here: &Path, output: &str, extra: &[&str]) -> Child {
    let words = ["compare", "study.toml", "-q", "-o", output];
    let words: Vec<&str> = words.iter().chain(extra).copied().collect();
    command(here, &words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a condition on the run's folder; false when the run has ended before.
fn wait_for(child: &mut Child, holds: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "the run does not get there");
        if child.try_wait().unwrap().is_some() {
            return holds();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

fn stop(child: &Child, signal: Signal) {
    let signal = match signal {
        Signal::Interrupt => "-INT",
        Signal::Kill => "-KILL",
    };
    // A run that has just ended cannot be stopped: what it left is compared all the same.
    let _ = std::process::Command::new("kill")
        .args([signal, &child.id().to_string()])
        .stderr(Stdio::null())
        .status();
}

/// The status a run ended with; none for a death by signal.
fn status(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), stderr)
}

fn lines(path: &Path) -> usize {
    fs::read(path).map_or(0, |bytes| bytes.split(|&byte| byte == b'\n').count() - 1)
}

/// A folder with the study and the results of a run that nobody has stopped.
struct Bench {
    folder: tempfile::TempDir,
    quiet: BTreeMap<String, Vec<u8>>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("study.toml"), STUDY).unwrap();
        succeed(
            folder.path(),
            &["compare", "study.toml", "-q", "-o", "quiet"],
        );
        let quiet = contents(&folder.path().join("quiet"));
        Self { folder, quiet }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Goes on with a stopped run and holds its results against the quiet run's.
    fn resume(&self, output: &str) {
        let here = self.folder.path();
        succeed(
            here,
            &["compare", "study.toml", "-q", "-o", output, "--resume"],
        );
        assert_same(&self.quiet, &contents(&self.path(output)));
    }

    /// Stops a run as soon as a state file has so many lines, or is there at all; then goes on.
    fn stopped_at(&self, output: &str, file: &str, least: usize, signal: Signal) {
        let state = self.path(output).join(".raduet-state").join(file);
        let mut child = start(self.folder.path(), output, &["-j", "1"]);
        let there = wait_for(&mut child, || match least {
            0 => state.exists(),
            least => lines(&state) >= least,
        });
        assert!(there, "{output}: the run ended before {file}");
        stop(&child, signal);
        let (status, told) = status(child);
        match signal {
            Signal::Interrupt => assert_eq!(status, Some(130), "{output}: {told}"),
            Signal::Kill => assert_eq!(status, None, "{output}: {told}"),
        }
        assert!(
            !self.path(output).join("run.json").exists(),
            "{output}: it was complete"
        );
        self.resume(output);
    }

    /// Lets the output refuse one file of the report; then goes on.
    fn refused(&self, output: &str, file: &str) {
        let mut child = start(self.folder.path(), output, &["-j", "1"]);
        let key = self.path(output).join(".raduet-state/key");
        assert!(wait_for(&mut child, || key.exists()), "{output}");
        // A folder stands where the file should.
        fs::create_dir_all(self.path(output).join(file)).unwrap();
        let (status, told) = status(child);
        assert_eq!(status, Some(4), "{output}: {told}");
        fs::remove_dir(self.path(output).join(file)).unwrap();
        self.resume(output);
    }
}

/// Cases are journalled under a key: its line comes first.
const KEY: usize = 1;

#[test]
fn a_run_stopped_at_any_step_resumes_to_the_same_bytes() {
    let bench = Bench::new();
    let network = "resnet_micro-fold0.checkpoint";
    bench.stopped_at("cases", "cases.journal", KEY + 3, Signal::Kill);
    bench.stopped_at("models", "models.journal", KEY + 1, Signal::Interrupt);
    bench.stopped_at("network", network, 0, Signal::Kill);
    bench.refused("report", "report.html");
    if std::env::var_os("RADUET_FULL_TESTS").is_none() {
        return;
    }
    bench.stopped_at("cases-int", "cases.journal", KEY + 10, Signal::Interrupt);
    bench.stopped_at("models-kill", "models.journal", KEY + 2, Signal::Kill);
    bench.stopped_at("network-int", network, 0, Signal::Interrupt);
    let second = "convnext_micro-fold0.checkpoint";
    bench.stopped_at("second", second, 0, Signal::Kill);
    bench.stopped_at("between", "models.journal", KEY + 4, Signal::Kill);
    for (at, file) in [
        "predictions.csv",
        "split.json",
        "metrics.json",
        "leaderboard.csv",
        "cohort.csv",
        "tables/table_0.csv",
        "tables/tables.tex",
        "run.json",
        "models/resnet_micro.safetensors",
        "models/gaussian_nb.json",
    ]
    .into_iter()
    .enumerate()
    {
        bench.refused(&format!("refused-{at}"), file);
    }
}

/// Killed again and again, a little later each time, a run ends with the same bytes.
#[test]
fn a_run_killed_again_and_again_gets_there() {
    let bench = Bench::new();
    let here = bench.folder.path();
    let full = std::env::var_os("RADUET_FULL_TESTS").is_some();
    let (first, more) = if full { (20, 20) } else { (150, 350) };
    let mut wait = Duration::from_millis(first);
    let mut deaths = 0;
    loop {
        let mut child = start(here, "killed", &["--resume"]);
        let begun = Instant::now();
        while begun.elapsed() < wait && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop(&child, Signal::Kill);
        let (status, told) = status(child);
        match status {
            None => deaths += 1,
            Some(0) => break,
            Some(other) => panic!("status {other}: {told}"),
        }
        wait += Duration::from_millis(more);
        assert!(deaths < 2000, "it never ends");
    }
    assert!(deaths > 0, "it was never killed");
    assert_same(&bench.quiet, &contents(&bench.path("killed")));
}

/// Learners alone on a feature table.
#[test]
fn a_stopped_training_of_learners_resumes_to_the_same_bytes() {
    let bench = Bench::new();
    let here = bench.folder.path();
    let words = |output: &'static str| {
        let learners = "decision_tree,random_forest,logistic_regression,svc,gradient_boosting";
        [
            "train",
            "quiet/features.csv",
            "--folds",
            "3",
            "--learners",
            learners,
            "-j",
            "1",
            "-q",
            "-o",
            output,
        ]
    };
    succeed(here, &words("whole"));
    let mut child = command(here, &words("stopped"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let journal = bench.path("stopped/.raduet-state/models.journal");
    assert!(wait_for(&mut child, || lines(&journal) > KEY + 2));
    stop(&child, Signal::Interrupt);
    let stopped: Finished = finished(child.wait_with_output().unwrap());
    assert_eq!(stopped.status, 130, "{}", stopped.stderr);
    succeed(here, &[&words("stopped")[..], &["--resume"]].concat());
    assert_same(
        &contents(&bench.path("whole")),
        &contents(&bench.path("stopped")),
    );
}
