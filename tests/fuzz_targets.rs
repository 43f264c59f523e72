//! The fuzz targets of `fuzz/` as ordinary tests: over the seeds, over everything that was ever found
//! (`tests/fuzz_finds/`), and over a bounded number of seeded damages.
//!
//! `RADUET_FULL_TESTS=1` runs a hundred times as many.

mod fuzz_bodies;

use std::path::Path;

use fuzz_bodies::{TARGETS, Target, seeds};
use raduet_testkit::phantoms::Random;
use raduet_testkit::process::kib;

/// Damages of a target's seeds.
const ROUNDS: usize = 600;
/// How many times as many with the full tests.
const FULL: usize = 100;
/// Growth of the address space over all targets: 256 MiB, and the stacks and arenas of the test's threads.
const GROWTH_KIB: u64 = 512 << 10;

/// What fuzzers do: bits, telling bytes, digits, pieces cut, doubled and brought in from another seed.
fn damage(bytes: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Random) {
    const TELLING: [u8; 12] = *b"\x00\xff\x7f\x80\x01-.9\n=\"\\";
    for _ in 0..=random.position(5) {
        let at = random.position(bytes.len());
        match random.position(10) {
            _ if bytes.is_empty() => bytes.push(TELLING[random.position(TELLING.len())]),
            0 | 1 => bytes[at] ^= 1 << random.position(8),
            2 => bytes[at] = TELLING[random.position(TELLING.len())],
            3 => bytes.insert(at, TELLING[random.position(TELLING.len())]),
            4 => {
                let end = bytes.len().min(at + 1 + random.position(8));
                bytes[at..end].fill(TELLING[random.position(TELLING.len())]);
            }
            5 => bytes.truncate(at),
            6 => drop(bytes.remove(at)),
            7 => {
                let end = bytes.len().min(at + 1 + random.position(32));
                let piece = bytes[at..end].to_vec();
                let to = random.position(bytes.len());
                bytes.splice(to..to, piece);
            }
            8 => {
                let other = &others[random.position(others.len())];
                let from = random.position(other.len());
                let end = other.len().min(from + random.position(64));
                let piece = other[from..end].to_vec();
                bytes.splice(at..at, piece);
            }
            // A number of two to eight bytes, as people write limits.
            _ => {
                let number = [u64::MAX, 1 << 31, (1 << 31) - 1, 1 << 63, 0, 65_535];
                let value = number[random.position(number.len())].to_le_bytes();
                let end = bytes.len().min(at + 1 + random.position(8));
                let count = end - at;
                bytes[at..end].copy_from_slice(&value[..count]);
            }
        }
    }
}

/// Runs a target and tells with how many inputs.
fn bounded(target: &Target) -> usize {
    let seeds = seeds(target.name);
    let full = std::env::var_os("RADUET_FULL_TESTS").is_some();
    let rounds = if full { ROUNDS * FULL } else { ROUNDS };
    // Each target has a stream of its own.
    let mut random = Random::new(target.name.bytes().fold(2024, |n, b| n * 31 + u64::from(b)));
    for seed in &seeds {
        (target.body)(seed);
    }
    (target.body)(&[]);
    let mut inputs = seeds.len() + 1;
    if seeds.is_empty() {
        return inputs;
    }
    for _ in 0..rounds / seeds.len() {
        inputs += seeds.len();
        for seed in &seeds {
            let mut bytes = seed.clone();
            damage(&mut bytes, &seeds, &mut random);
            bytes.truncate(target.longest);
            (target.body)(&bytes);
        }
    }
    inputs
}

#[cfg(target_os = "linux")]
#[test]
fn every_target_survives_seeded_damages() {
    let before = kib("VmPeak:").unwrap();
    let mut broken = Vec::new();
    // One target alone, where a campaign asks for it.
    let only = std::env::var("RADUET_FUZZ_TARGET").ok();
    let wanted = |target: &&Target| only.as_deref().is_none_or(|only| only == target.name);
    for target in TARGETS.iter().filter(wanted) {
        match std::panic::catch_unwind(|| bounded(target)) {
            Ok(inputs) => println!("{}: {inputs} inputs", target.name),
            Err(_) => broken.push(target.name),
        }
    }
    assert!(broken.is_empty(), "targets {broken:?}");
    let growth = kib("VmPeak:").unwrap() - before;
    assert!(
        growth <= GROWTH_KIB,
        "the address space grew by {growth} KiB"
    );
}

/// Inputs that once broke a promise, by target.
#[test]
fn what_was_found_stays_mended() {
    let finds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz_finds");
    let mut seen = 0;
    for folder in std::fs::read_dir(finds).unwrap() {
        let folder = folder.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let target = fuzz_bodies::target(&name);
        for find in std::fs::read_dir(&folder).unwrap() {
            let path = find.unwrap().path();
            println!("{}", path.display());
            (target.body)(&std::fs::read(path).unwrap());
            seen += 1;
        }
    }
    println!("{seen} finds");
}

/// Every target has a file in `fuzz/`, so that none is forgotten there.
#[test]
fn every_target_stands_in_the_fuzz_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for target in TARGETS {
        let path = format!("targets/{}.rs", target.name);
        assert!(folder.join(&path).exists(), "{path}");
        assert!(manifest.contains(&path), "{path} in fuzz/Cargo.toml");
    }
}
