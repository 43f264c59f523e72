//! What happens to long runs: killed, interrupted, without room, without memory, two at once. After each of them
//! the same command goes on, and its table is that of a quiet run, byte for byte.
//!
//! `RADUET_FULL_TESTS=1 cargo test --release --test tool faults -- --nocapture` prints all figures.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::cohort_on_disk;
use super::program::{command, finished, run, succeed};
use raduet_testkit::phantoms::Random;

/// Cases of the batch.
const CASES: usize = 200;
/// Files that the cases share.
const FILES: usize = 9;

const EXTRACT: [&str; 4] = ["extract", "manifest.csv", "-q", "-o"];

fn full() -> bool {
    std::env::var_os("RADUET_FULL_TESTS").is_some()
}

/// A batch of two hundred cases of nine images, and the table of a quiet run, with how long that took.
fn batch(here: &Path) -> (Vec<u8>, Duration) {
    cohort_on_disk::write(here, FILES);
    let manifest = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let mut lines = manifest.lines();
    let mut long = lines.next().unwrap().to_owned() + "\n";
    let lines: Vec<&str> = lines.collect();
    for case in 0..CASES {
        let cells: Vec<&str> = lines[case % FILES].split(',').collect();
        let [image, mask, class] = [cells[2], cells[3], cells[4]];
        writeln!(
            long,
            "case-{case:03},patient-{case:03},{image},{mask},{class}"
        )
        .unwrap();
    }
    fs::write(here.join("manifest.csv"), long).unwrap();
    let begun = Instant::now();
    succeed(here, &[&EXTRACT[..], &["quiet.csv"]].concat());
    (fs::read(here.join("quiet.csv")).unwrap(), begun.elapsed())
}

fn start(here: &Path, table: &str) -> Child {
    command(here, &[&EXTRACT[..], &[table]].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whole records of a journal, its key left out.
fn records(here: &Path, journal: &str) -> usize {
    let text = fs::read_to_string(here.join(journal)).unwrap_or_default();
    text.matches('\n').count().saturating_sub(1)
}

/// Takes away what a finished run left.
fn clear(here: &Path, stem: &str) {
    for ending in [
        "csv",
        "dictionary.csv",
        "run.json",
        "warnings.csv",
        "journal",
        "lock",
    ] {
        let _ = fs::remove_file(here.join(format!("{stem}.{ending}")));
    }
}

#[test]
fn a_batch_killed_at_any_moment_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (quiet, took) = batch(here);
    let kills = if full() { 200 } else { 12 };
    let mut random = Random::new(7);
    let (mut before_the_end, mut kept, mut cut) = (0, Vec::new(), 0);
    for _ in 0..kills {
        let mut child = start(here, "killed.csv");
        // Some case is finished, and the next ones are somewhere in between: on a busy machine as on a quiet one.
        let finished = random.position(CASES);
        while records(here, "killed.journal") < finished && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(random.bits() % 5000));
        // SIGKILL.
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        before_the_end += usize::from(ended.code().is_none());
        kept.push(records(here, "killed.journal"));
        // Under its own name a table is whole or not there.
        if let Ok(table) = fs::read(here.join("killed.csv")) {
            cut += usize::from(table != quiet);
        }
        succeed(here, &[&EXTRACT[..], &["killed.csv"]].concat());
        assert!(
            fs::read(here.join("killed.csv")).unwrap() == quiet,
            "another table"
        );
        assert!(!here.join("killed.journal").exists());
        clear(here, "killed");
    }
    assert_eq!(cut, 0, "cut tables");
    kept.sort_unstable();
    println!(
        "kill -9: {kills} of a batch of {CASES} cases ({took:.1?} undisturbed), {before_the_end} before its end; \
         in the journal then {} to {} cases, median {}; {kills} of {kills} tables as of the quiet run; 0 cut, \
         0 lost, 0 doubled",
        kept[0],
        kept[kept.len() - 1],
        kept[kept.len() / 2]
    );
    assert!(
        before_the_end * 2 > kills,
        "most came too late to tell anything"
    );
}

/// Asks a run to stop once it has measured something.
fn stopped_by(here: &Path, signal: &str) -> (Option<i32>, Duration, usize) {
    let child = start(here, "stopped.csv");
    let begun = Instant::now();
    while records(here, "stopped.journal") < 5 && begun.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let asked = Instant::now();
    let pid = child.id().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(sent.success());
    let ended = child.wait_with_output().unwrap();
    (
        ended.status.code(),
        asked.elapsed(),
        records(here, "stopped.journal"),
    )
}

#[test]
fn a_request_to_stop_ends_with_130_and_the_journal_whole() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (quiet, _) = batch(here);
    for signal in ["-INT", "-TERM"] {
        let (status, took, kept) = stopped_by(here, signal);
        assert_eq!(status, Some(130), "{signal}");
        assert!((5..CASES).contains(&kept), "{kept} records");
        succeed(here, &[&EXTRACT[..], &["stopped.csv"]].concat());
        assert!(
            fs::read(here.join("stopped.csv")).unwrap() == quiet,
            "another table"
        );
        println!(
            "SIG{}: ended after {took:.0?} with 130, {kept} cases kept",
            &signal[1..]
        );
        clear(here, "stopped");
    }
}

/// Files may not grow beyond so many blocks of 512 bytes: the journal at first, then the table.
#[test]
fn files_that_may_not_grow_end_with_4() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (quiet, _) = batch(here);
    let mut ends = Vec::new();
    let limits: &[u32] = if full() {
        &[
            0, 1, 2, 5, 20, 100, 400, 1600, 6400, 8000, 9000, 10_000, 12_000, 20_000, 40_000,
        ]
    } else {
        &[0, 2, 400, 12_000]
    };
    for blocks in limits {
        // Ignored, the signal becomes an error of the write.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let output = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_raduet")])
            .args([&EXTRACT[..], &["small.csv"]].concat())
            .current_dir(here)
            .output()
            .unwrap();
        let ended = finished(output);
        assert!([0, 4].contains(&ended.status), "{blocks}: {}", ended.stderr);
        if ended.status == 4 {
            assert!(ended.stderr.contains("E_OUTPUT"), "{}", ended.stderr);
            assert!(!here.join("small.csv").exists());
        }
        ends.push(format!("{} KiB: {}", blocks / 2, ended.status));
        succeed(here, &[&EXTRACT[..], &["small.csv"]].concat());
        assert!(
            fs::read(here.join("small.csv")).unwrap() == quiet,
            "{blocks}: another table"
        );
        clear(here, "small");
    }
    println!("RLIMIT_FSIZE, status at each limit: {}", ends.join(", "));
}

/// A disk of 64 KiB, where one can be mounted.
#[test]
fn a_full_disk_ends_with_4_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (quiet, _) = batch(here);
    let disk = here.join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&disk)
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success())
    };
    if !mount("size=64k") {
        println!("SKIPPED: a small tmpfs cannot be mounted here");
        return;
    }
    let full_disk = run(here, &[&EXTRACT[..], &["disk/full.csv"]].concat());
    let kept = records(here, "disk/full.journal");
    let made_room = mount("remount,size=64m");
    let resumed = run(here, &[&EXTRACT[..], &["disk/full.csv"]].concat());
    let table = fs::read(disk.join("full.csv"));
    let _ = Command::new("umount").arg(&disk).status();
    assert_eq!(full_disk.status, 4, "{}", full_disk.stderr);
    assert!(
        full_disk.stderr.contains("the disk is full"),
        "{}",
        full_disk.stderr
    );
    assert!(made_room && kept > 0, "{kept} records");
    assert_eq!(resumed.status, 0, "{}", resumed.stderr);
    assert!(table.unwrap() == quiet, "another table");
    println!(
        "a disk of 64 KiB: status 4 with {kept} cases kept; with room again the table of the quiet run"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_noticed_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, FILES);
    fs::write(here.join("file"), "x").unwrap();
    for output in ["file/features.csv", "/proc/features.csv"] {
        let ended = run(here, &[&EXTRACT[..], &[output]].concat());
        assert_eq!(ended.status, 4, "{output}: {}", ended.stderr);
        assert!(ended.stderr.contains("E_OUTPUT"), "{}", ended.stderr);
    }
}

#[test]
fn a_batch_fits_into_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (quiet, _) = batch(here);
    // 1.5 GiB of address space.
    let output = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 1572864; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_raduet"),
        ])
        .args([&EXTRACT[..], &["small.csv", "-j", "2"]].concat())
        .current_dir(here)
        .output()
        .unwrap();
    let ended = finished(output);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(fs::read(here.join("small.csv")).unwrap() == quiet);
    let run: serde_json::Value =
        serde_json::from_slice(&fs::read(here.join("small.run.json")).unwrap()).unwrap();
    let peak = run["measured"]["peak_memory_bytes"].as_u64().unwrap_or(0) >> 20;
    println!("RLIMIT_AS 1.5 GiB: {CASES} cases, status 0, {peak} MiB resident at most");
}

#[test]
fn the_second_process_on_one_output_is_told_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (quiet, _) = batch(here);
    let mut first = start(here, "shared.csv");
    let begun = Instant::now();
    while !here.join("shared.journal").exists() && begun.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = run(here, &[&EXTRACT[..], &["shared.csv"]].concat());
    assert!(first.wait().unwrap().success());
    assert_eq!(second.status, 2, "{}", second.stderr);
    let pid = format!("pid {}", first.id());
    assert!(second.stderr.contains("E_OUTPUT"), "{}", second.stderr);
    assert!(second.stderr.contains(&pid), "{}", second.stderr);
    assert!(fs::read(here.join("shared.csv")).unwrap() == quiet);
    assert!(!here.join(".shared.csv.lock").exists());
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (quiet, _) = batch(here);
    for threads in ["1", "2", "4", "16"] {
        succeed(
            here,
            &[&EXTRACT[..], &["threads.csv", "-j", threads]].concat(),
        );
        assert!(
            fs::read(here.join("threads.csv")).unwrap() == quiet,
            "{threads} threads"
        );
    }
}
