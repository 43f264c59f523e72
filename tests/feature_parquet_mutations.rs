//! Thousands of seeded damages to Parquet files: an error or a table, never a panic that gets out, never
//! more memory than the budget.
//!
//! As with NIfTI files, the peak of the address space shows a size that was taken from the file unchecked.

use std::path::Path;

use raduet::io::ByteBudget;
use raduet::io::parquet::parse;
use raduet_testkit::phantoms::Random;
use raduet_testkit::process::kib;

/// Budget of every read here.
const BUDGET: u64 = 1 << 20;
/// Growth of the address space that a run may cause: the allocator's own arenas are 128 MiB.
const GROWTH_KIB: u64 = 256 << 10;
/// Damages to each file.
const ROUNDS: u64 = 6_000;

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    const TELLING: [u8; 8] = [0x00, 0xff, 0x7f, 0x80, 0x01, 0xfe, 0x15, 0x19];
    for _ in 0..=random.position(4) {
        // The magic stays, or nothing behind it is looked at.
        let at = 4 + random.position(bytes.len() - 12);
        match random.position(8) {
            0..=2 => bytes[at] ^= 1 << random.position(8),
            3 | 4 => bytes[at] = TELLING[random.position(TELLING.len())],
            5 => {
                let end = (at + 5).min(bytes.len() - 4);
                bytes[at..end].fill(TELLING[random.position(TELLING.len())]);
            }
            6 => {
                // A number of several bytes, as large as it can be written.
                let end = (at + 4).min(bytes.len() - 5);
                bytes[at..end].fill(0xff);
                bytes[end] = 0x0f;
            }
            _ => {
                bytes.remove(at);
            }
        }
        if bytes.len() < 64 {
            return;
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn damaged_files_end_in_an_error_or_a_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/pyarrow/tables.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    let forms: Vec<Vec<u8>> = text
        .lines()
        .map(|line| bytes(line.split_once(' ').unwrap().1))
        .collect();
    // Panics that the reader catches need not be printed thousands of times.
    std::panic::set_hook(Box::new(|_| {}));
    let before = kib("VmPeak:").unwrap();
    let (mut good, mut bad) = (0_u64, 0_u64);
    for (form, whole) in forms.iter().enumerate() {
        for round in 0..ROUNDS {
            let mut random = Random::new(form as u64 * ROUNDS + round);
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut random);
            match parse(bytes, ByteBudget(BUDGET)) {
                Ok(_) => good += 1,
                Err(_) => bad += 1,
            }
        }
    }
    let growth = kib("VmPeak:").unwrap() - before;
    let _ = std::panic::take_hook();
    assert!(growth < GROWTH_KIB, "{growth} KiB of address space");
    // Both happen, or the damages test nothing.
    assert!(good > 100 && bad > 10_000, "{good} good, {bad} bad");
}
