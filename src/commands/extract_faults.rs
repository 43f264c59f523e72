//! An extraction in which each call that reaches the disk fails in turn: it ends with status 4 or whole, never
//! with a cut file, and goes on from what it had.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Parser;

use super::{Context, extract};
use crate::cli::{Cli, Command};
use crate::console::{Console, Verbosity};
use crate::error::Exit;
use crate::io::ByteBudget;
use crate::io::fault::{Lasts, Plan};

/// Runs `extract` on nine phantom patients, one family, into a folder.
fn extracted(folder: &Path) -> Exit {
    let table = folder.join("features.csv");
    let words = ["raduet", "extract", "phantom", "--phantom-patients", "9"];
    let more = ["--family", "firstorder", "--by", "case", "-q", "-o"];
    let words = words.iter().chain(&more).map(std::ffi::OsString::from);
    let cli = Cli::parse_from(words.chain([table.into_os_string()]));
    let Command::Extract(args) = &cli.command else {
        unreachable!("the words name this command")
    };
    let context = Context {
        console: Console::new(Verbosity::Quiet),
        json: false,
        budget: ByteBudget::default(),
    };
    extract::run(args, context).unwrap_or_else(|faults| faults.exit())
}

/// The files that two runs of one study share, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        // Its times differ.
        .filter(|(name, _)| name != "features.run.json")
        .collect()
}

#[test]
fn every_failing_write_ends_with_4_or_whole() {
    let quiet = tempfile::tempdir().unwrap();
    assert_eq!(extracted(quiet.path()), Exit::Done);
    let whole = files(quiet.path());
    assert!(whole.contains_key("features.csv") && !whole.contains_key("features.journal"));
    for lasts in [Lasts::Once, Lasts::ForGood] {
        // A disk that stays full is tried at every third call, unless the full tests are asked for.
        let all = lasts == Lasts::Once || std::env::var_os("RADUET_FULL_TESTS").is_some();
        let step = if all { 1 } else { 3 };
        let mut failed = 0;
        for at in (0..).step_by(step) {
            let folder = tempfile::tempdir().unwrap();
            let here = folder.path();
            let plan = Plan::new(here, at, lasts);
            let exit = extracted(here);
            let struck = plan.calls() > at;
            drop(plan);
            assert_eq!(
                exit,
                if struck { Exit::Output } else { Exit::Done },
                "{lasts:?} {at}"
            );
            let left = files(here);
            for (name, bytes) in left.iter().filter(|(name, _)| *name != "features.journal") {
                assert_eq!(whole.get(name), Some(bytes), "{lasts:?} {at}: {name}");
            }
            // With room again, the same command ends as if nothing had happened.
            assert_eq!(extracted(here), Exit::Done, "{lasts:?} {at}");
            assert!(files(here) == whole, "{lasts:?} {at}");
            if !struck {
                break;
            }
            failed += step;
        }
        // A probe, a lock, a journal of nine cases, three files of four calls each: fewer would test little.
        assert!(failed > 25, "{failed} calls");
    }
}
