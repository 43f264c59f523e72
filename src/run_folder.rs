//! The folder of a run: its results, and while it runs, its state.
//!
//! `.raduet-state/` holds what a stopped run needs to go on: the run's key, the journal of measured cases, the
//! journal of finished models, the checkpoint of the network in training. It is removed when the run
//! is complete. A lock on its file `lock` keeps two processes out of one folder; it is the operating
//! system's and ends with the process, however that ends.

use std::fs;
use std::path::{Path, PathBuf};

use crate::checklists;
use crate::error::{Code, Result, ToolError};
use crate::figures;
use crate::io::atomic::{output_error, prepare_folder, sweep, write_file};
use crate::io::fault;
use crate::lock::{Afterwards, Lock};

/// A name that nobody else gives a folder: what lies in it is removed with the run.
const STATE: &str = ".raduet-state";
const KEY: &str = "key";
const LOCK: &str = "lock";

/// Whether an earlier, unfinished run is continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From nothing; the state of an earlier run is removed.
    Anew,
    /// Where an earlier run of the same study stopped.
    Resume,
}

/// An output folder that this process owns.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    key: String,
    _lock: Lock,
}

impl RunFolder {
    /// Takes the folder, and tries whether it can be written before work begins.
    ///
    /// # Errors
    /// [`Code::Output`] when it cannot be written; [`Code::OutputTaken`] when another process works in it;
    /// [`Code::Settings`] when an unfinished run of another study is to be resumed.
    pub fn open(path: &Path, key: &str, start: Start) -> Result<Self> {
        prepare_folder(path)?;
        let state = path.join(STATE);
        refuse_foreign(&state)?;
        prepare_folder(&state)?;
        let lock = Lock::take(&state.join(LOCK), Afterwards::Keep)?;
        let key_file = state.join(KEY);
        let before = fs::read_to_string(&key_file).ok();
        match (start, before.as_deref()) {
            (Start::Resume, Some(before)) if before != key => {
                return Err(ToolError::new(
                    Code::Settings,
                    "the unfinished run here has other settings",
                )
                .file(path)
                .expected("the settings, cohort and version it was begun with")
                .remedy("use those, or leave out --resume to begin anew"));
            }
            (Start::Resume, Some(_)) => {}
            (Start::Anew, _) | (Start::Resume, None) => {
                clear(&state)?;
                remove_results(path)?;
            }
        }
        if before.is_some() {
            sweep_all(path)?;
        }
        write_file(&key_file, key.as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
            key: key.to_owned(),
            _lock: lock,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What makes two runs the same.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A file of the state.
    pub fn state(&self, name: &str) -> PathBuf {
        self.path.join(STATE).join(name)
    }

    /// Writes a result, whole or not at all. `name` may lie in a folder of the run.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|fault| output_error(folder, &fault))?;
        }
        write_file(&path, bytes)
    }

    /// Removes a result that this run does not have, such as the failures of an earlier one.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn remove(&self, name: &str) -> Result<()> {
        remove_file(&self.path.join(name))
    }

    /// The run is complete: its state goes.
    ///
    /// # Errors
    /// [`Code::Output`].
    pub fn finish(self) -> Result<()> {
        let state = self.path.join(STATE);
        // The lock last: without it what is left would be taken for somebody else's.
        clear(&state)?;
        fs::remove_dir_all(&state).map_err(|fault| output_error(&state, &fault))
    }
}

/// Whether a run in a folder was stopped before its end.
pub fn is_unfinished(path: &Path) -> bool {
    path.join(STATE).exists()
}

/// What a run may leave in its folder beside the models, from which everything else is made.
const DATA: [&str; 14] = [
    "features.csv",
    "features.dictionary.csv",
    "split.json",
    "cohort.csv",
    "predictions.csv",
    "metrics.json",
    "failures.csv",
    "warnings.csv",
    "repeats.csv",
    "repeats_tests.csv",
    "figures/importance.csv",
    "figures/shap.csv",
    "figures/learning_curve.csv",
    "figures/masks/index.csv",
];
/// What is made from these.
const RENDERED: [&str; 15] = [
    "leaderboard.csv",
    "pairwise.csv",
    "report.md",
    "report.html",
    "methods.md",
    "citations.bib",
    "run.json",
    "checklists/clear.md",
    "checklists/clear.csv",
    "checklists/metrics.md",
    "checklists/metrics.csv",
    "checklists/ibsi.md",
    "checklists/ibsi.csv",
    "checklists/tripod_ai.md",
    "checklists/tripod_ai.csv",
];
/// The folder of tables, which are made from the data, too; and how their files end.
pub const TABLES: &str = "tables";
const TABLE_FORMS: [&str; 3] = [".csv", ".md", ".tex"];

/// How the names of a model's files end.
const MODELS: [&str; 5] = [
    ".json",
    ".safetensors",
    ".history.csv",
    ".weights.csv",
    ".attention.csv",
];
/// Folders with files of single models: how the names of these begin, and how they end.
const OF_MODELS: [(&str, &str, &[&str]); 2] =
    [("models", "", &MODELS), ("figures", "shap_", &[".csv"])];
/// Pictures of where networks look, one folder a model.
pub const GRAD_CAM: &str = "figures/grad_cam";
/// Slices with the outlines of their regions, and the list of them.
pub const MASKS: &str = "figures/masks";

/// Networks' curves for TensorBoard, which takes each folder below for a run.
pub const LOGS: &str = "logs";
/// The file of curves in such a folder; TensorBoard knows it by `tfevents`.
pub const EVENTS: &str = "events.out.tfevents.raduet";

/// Results of an earlier run must not stand beside those of this one.
fn remove_results(path: &Path) -> Result<()> {
    let rendered = RENDERED.iter().map(|&name| name.to_owned());
    let drawn = figures::written(&names(path, figures::FOLDER), path);
    let tables = names(path, TABLES).into_iter().filter(|name| {
        let file = &name[TABLES.len() + 1..];
        file.starts_with("table") && TABLE_FORMS.iter().any(|ending| file.ends_with(ending))
    });
    let mut old = data_files(path)
        .into_iter()
        .chain(rendered)
        .chain(tables)
        .chain(drawn);
    old.try_for_each(|name| remove_file(&path.join(name)))
}

/// Files in a run's folder that hold its data, in order: results, models, curves and pictures of networks.
/// What else lies there is not the run's.
pub fn data_files(path: &Path) -> Vec<String> {
    let mut found: Vec<String> = DATA
        .iter()
        .filter(|name| path.join(name).is_file())
        .map(|&name| name.to_owned())
        .collect();
    for (folder, beginning, endings) in OF_MODELS {
        found.extend(names(path, folder).into_iter().filter(|name| {
            let file = &name[folder.len() + 1..];
            file.starts_with(beginning) && endings.iter().any(|ending| file.ends_with(ending))
        }));
    }
    for folder in names(path, LOGS) {
        let events = format!("{folder}/{EVENTS}");
        found.extend(path.join(&events).is_file().then_some(events));
    }
    let folders = names(path, GRAD_CAM).into_iter();
    for folder in folders.chain([MASKS.to_owned()]) {
        let pictures = names(path, &folder).into_iter();
        found.extend(
            pictures.filter(|name| Path::new(name).extension().is_some_and(|e| e == "png")),
        );
    }
    found.sort();
    found.dedup();
    found
}

/// What lies in a folder of a run, by its path within the run. Names that are no UTF-8 are none of ours.
fn names(path: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(path.join(folder)).into_iter().flatten();
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| format!("{folder}/{name}"))
        .collect()
}

/// Removes what a killed run was writing: it would lie beside the results for ever.
fn sweep_all(path: &Path) -> Result<()> {
    let inner = [LOGS, GRAD_CAM]
        .into_iter()
        .flat_map(|folder| names(path, folder));
    let plain = [
        "",
        STATE,
        "models",
        "figures",
        TABLES,
        MASKS,
        checklists::FOLDER,
    ];
    let plain = plain.map(str::to_owned);
    for folder in plain.into_iter().chain(inner) {
        sweep(&path.join(folder))?;
    }
    Ok(())
}

/// Removes a file that may not be there.
///
/// # Errors
/// [`Code::Output`].
pub fn remove_file(path: &Path) -> Result<()> {
    match fault::strike(path).and_then(|()| fs::remove_file(path)) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(output_error(path, &fault))
        }
        _ => Ok(()),
    }
}

/// A folder of that name with content but without our lock is somebody else's.
fn refuse_foreign(state: &Path) -> Result<()> {
    let filled = fs::read_dir(state).is_ok_and(|mut entries| entries.next().is_some());
    if filled && !state.join(LOCK).exists() {
        return Err(ToolError::new(Code::Usage, "a folder that no run has made")
            .file(state)
            .remedy("move it away, or choose another output folder"));
    }
    Ok(())
}

/// Removes everything but the lock.
fn clear(state: &Path) -> Result<()> {
    let refused = |fault: std::io::Error| output_error(state, &fault);
    for entry in fs::read_dir(state).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        if entry.file_name() != LOCK {
            fs::remove_file(entry.path()).map_err(refused)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_owners_are_refused_and_state_goes_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = RunFolder::open(&path, "key", Start::Anew).unwrap();
        let second = RunFolder::open(&path, "key", Start::Anew).unwrap_err();
        assert_eq!(second.code, Code::OutputTaken);
        run.write("models/x.json", b"{}").unwrap();
        run.finish().unwrap();
        assert!(path.join("models/x.json").exists() && !path.join(STATE).exists());
    }

    #[test]
    fn a_new_run_takes_away_old_results_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        for name in [
            "report.html",
            "models/svc.json",
            "models/notes.txt",
            "state/mine",
            "mine.csv",
            "repeats_tests.csv",
        ] {
            put(name);
        }
        RunFolder::open(folder.path(), "key", Start::Anew)
            .unwrap()
            .finish()
            .unwrap();
        let there = |name: &str| folder.path().join(name).exists();
        assert!(!there("report.html") && !there("models/svc.json"));
        assert!(!there("repeats_tests.csv"));
        assert!(there("models/notes.txt") && there("state/mine") && there("mine.csv"));
        put(".raduet-state/mine");
        let refused = RunFolder::open(folder.path(), "key", Start::Anew).unwrap_err();
        assert_eq!(refused.code, Code::Usage);
        assert!(there(".raduet-state/mine"));
    }

    /// A killed run leaves halves of files in every folder that it writes into.
    #[test]
    fn halves_of_files_go_wherever_a_run_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        drop(RunFolder::open(path, "key", Start::Anew).unwrap());
        let halves = [
            "",
            "models",
            "figures",
            TABLES,
            MASKS,
            checklists::FOLDER,
            "logs/net",
            "figures/grad_cam/net",
        ];
        for inner in halves {
            fs::create_dir_all(path.join(inner)).unwrap();
            fs::write(path.join(inner).join(".raduet-Xy1.part"), "half").unwrap();
        }
        RunFolder::open(path, "key", Start::Resume).unwrap();
        for inner in halves {
            let entries = fs::read_dir(path.join(inner)).unwrap().flatten();
            let left = entries.filter(|entry| entry.path().is_file()).count();
            assert_eq!(left, 0, "{inner}");
        }
    }

    #[test]
    fn only_the_same_study_is_resumed() {
        let folder = tempfile::tempdir().unwrap();
        let open = |key: &str, start| RunFolder::open(folder.path(), key, start);
        let run = open("one", Start::Anew).unwrap();
        std::fs::write(run.state("journal"), "x").unwrap();
        drop(run);
        assert_eq!(open("two", Start::Resume).unwrap_err().code, Code::Settings);
        assert!(
            open("one", Start::Resume)
                .unwrap()
                .state("journal")
                .exists()
        );
        assert!(!open("two", Start::Anew).unwrap().state("journal").exists());
    }
}
