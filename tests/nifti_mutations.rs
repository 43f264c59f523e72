//! Thousands of seeded damages to small files: never a panic, never more memory than the budget.
//!
//! The peak of the process's address space shows a size that was taken from a header unchecked, even
//! where it was reserved only and never touched.

mod nifti_files;

use nifti_files::{Edition, Folder, Header, Order, counting, gzip};
use raduet::io::{ByteBudget, GeometryRule, LabelChoice, ReadOptions, read_mask, read_volume};
use raduet_testkit::phantoms::Random;
use raduet_testkit::process::kib;

/// Budget of every read here.
const BUDGET: u64 = 1 << 20;
/// Growth of the address space that a run may cause: the allocator's own arenas are 128 MiB.
const GROWTH_KIB: u64 = 256 << 10;

fn damage(bytes: &mut Vec<u8>, random: &mut Random, header: usize) {
    const TELLING: [u8; 8] = [0x00, 0xff, 0x7f, 0x80, 0x01, 0xc0, 0x1f, 0x8b];
    for _ in 0..=random.position(6) {
        if bytes.is_empty() {
            return;
        }
        let within = if random.position(4) == 0 {
            bytes.len()
        } else {
            bytes.len().min(header)
        };
        let at = random.position(within);
        match random.position(8) {
            0..=2 => bytes[at] ^= 1 << random.position(8),
            3 | 4 => bytes[at] = TELLING[random.position(TELLING.len())],
            5 => {
                // A field of eight bytes at once.
                let value = TELLING[random.position(TELLING.len())];
                let end = bytes.len().min(at + 8);
                bytes[at..end].fill(value);
            }
            6 => bytes.truncate(at),
            _ => {
                let value = bytes[random.position(bytes.len())];
                bytes.insert(at, value);
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn damaged_files_end_in_a_value_or_an_error() {
    const ROUNDS: usize = 1500;
    let plain = |edition, order| {
        Header {
            order,
            dim: [4, 6, 5, 4, 1, 1, 1, 1],
            qform_code: 1,
            quatern: [0.1, 0.2, 0.3],
            ..Header::default()
        }
        .edition(edition)
        .file(&counting(120, order))
    };
    let seeds = [
        plain(Edition::One, Order::Little),
        plain(Edition::One, Order::Big),
        plain(Edition::Two, Order::Little),
        plain(Edition::Two, Order::Big),
    ];
    let folder = Folder::new();
    let options = ReadOptions {
        budget: ByteBudget(BUDGET),
        volume: None,
        ..ReadOptions::default()
    };
    let grid = *folder.read("x.nii", &seeds[0]).unwrap().volume.grid();
    let mut random = Random::new(2024);
    let (mut read, mut refused) = (0, 0);
    let before = kib("VmPeak:").unwrap();
    for seed in &seeds {
        for round in 0..ROUNDS {
            let mut bytes = seed.clone();
            damage(&mut bytes, &mut random, 560);
            // Damage within the packed file, damage before packing, and none of it packed.
            match round % 3 {
                0 => {}
                1 => bytes = gzip(&bytes),
                _ => {
                    bytes = gzip(seed);
                    damage(&mut bytes, &mut random, 560);
                }
            }
            let path = folder.put("x.nii.gz", &bytes);
            match read_volume(&path, &options) {
                Ok(_) => read += 1,
                Err(error) => {
                    refused += 1;
                    assert!(error.file.is_some() && !error.remedy.is_empty(), "{error}");
                }
            }
            let rule = GeometryRule::default();
            let _ = read_mask(&path, &LabelChoice::Value(1), &grid, rule, &options);
        }
    }
    // Both ways must have been taken often, or the test tests little.
    assert!(
        read > 500 && refused > 2000,
        "{read} read, {refused} refused"
    );
    let growth = kib("VmPeak:").unwrap() - before;
    assert!(
        growth <= GROWTH_KIB,
        "the address space grew by {growth} KiB"
    );
}
