//! Files in, feature table out.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use raduet::cases::Cases;
use raduet::cli::PresetName;
use raduet::console::{Console, Verbosity};
use raduet::extract::{Extraction, Rows, Wanted};
use raduet::io::feature_csv::FeatureFile;
use raduet::io::{ByteBudget, GeometryRule, LabelChoice, ReadCase, ReadOptions, read_case};
use raduet::journal::Journal;
use raduet::settings::preset;
use raduet_features::engine::extract_one;
use raduet_features::{ExtractionSettings, FeatureSet, Roi};

use super::cohort_on_disk;
use super::program::{command, finished, succeed};

fn read(folder: &Path, id: &str) -> ReadCase {
    let (image, mask) = (format!("{id}.nii"), format!("{id}-mask.nii"));
    let options = ReadOptions::default();
    let rule = GeometryRule::default();
    read_case(
        &folder.join(image),
        &folder.join(mask),
        &LabelChoice::Only,
        rule,
        &options,
    )
    .unwrap()
}

/// Every cell is the engine's value for that slice, to the bit.
#[test]
fn the_table_holds_the_engines_values() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    succeed(here, &["extract", "manifest.csv"]);

    let set = FeatureSet::all_2d();
    let settings = ExtractionSettings::default();
    let mut reader = csv::Reader::from_path(here.join("features.csv")).unwrap();
    let head = reader.headers().unwrap().clone();
    let first = head
        .iter()
        .position(|name| name.starts_with("original_"))
        .unwrap();
    assert_eq!(head.iter().skip(first).collect::<Vec<_>>(), set.columns());
    let column = |name: &str| head.iter().position(|column| column == name).unwrap();
    let (id, slice, pixels) = (column("ID"), column("Slice"), column("ROIPixels"));
    let mut rows = 0;
    for record in reader.records() {
        let record = record.unwrap();
        let case = read(here, &record[id]);
        let (volume, mask) = (case.image, case.mask);
        let roi = Roi::from_slice(&volume, &mask, record[slice].parse().unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(record[pixels].parse::<usize>().unwrap(), roi.count());
        let expected = extract_one(&set, &settings, &roi).unwrap();
        for (offset, value) in expected.values().iter().enumerate() {
            let cell = &record[first + offset];
            let read: f64 = if cell.is_empty() {
                f64::NAN
            } else {
                cell.parse().unwrap()
            };
            assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
        }
        rows += 1;
    }
    assert!(rows >= 9 * 4, "{rows} slices");
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for threads in ["1", "2", "4"] {
        let name = format!("{threads}.csv");
        let arguments = [
            "extract",
            "phantom",
            "--phantom-patients",
            "12",
            "-j",
            threads,
            "-o",
            &name,
        ];
        succeed(here, &arguments);
    }
    let read = |name: &str| fs::read(here.join(name)).unwrap();
    assert_eq!(read("1.csv"), read("2.csv"));
    assert_eq!(read("1.csv"), read("4.csv"));
}

/// Packed files are measured while they are unpacked, or read as wholes where many threads share them: the rows are
/// those of the same files not packed.
#[test]
fn packed_files_have_the_rows_of_plain_ones() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let [plain, packed] = ["plain", "packed"].map(|name| here.join(name));
    fs::create_dir(&plain).unwrap();
    fs::create_dir(&packed).unwrap();
    cohort_on_disk::write(&plain, 5);
    for entry in fs::read_dir(&plain).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = fs::read(&path).unwrap();
        if let Some(name) = name.strip_suffix(".nii") {
            let file = fs::File::create(packed.join(format!("{name}.nii.gz"))).unwrap();
            let mut writer = GzEncoder::new(file, Compression::new(6));
            writer.write_all(&bytes).unwrap();
            writer.finish().unwrap();
        } else {
            let text = String::from_utf8(bytes).unwrap();
            fs::write(packed.join(name), text.replace(".nii,", ".nii.gz,")).unwrap();
        }
    }
    succeed(here, &["extract", "plain", "-q", "-o", "plain.csv"]);
    let read = |name: &str| fs::read(here.join(name)).unwrap();
    for threads in ["1", "2", "4"] {
        let name = format!("packed-{threads}.csv");
        let arguments = ["extract", "packed", "-q", "-j", threads, "-o", &name];
        succeed(here, &arguments);
        assert!(read(&name) == read("plain.csv"), "{threads} threads");
    }
}

/// Stopped by Ctrl-C and started again, an extraction ends with the bytes of a quiet one, warnings included.
#[cfg(unix)]
#[test]
fn an_interrupted_extraction_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = |output: &'static str| ["extract", "phantom", "-j", "1", "-q", "-o", output];
    succeed(here, &arguments("quiet.csv"));
    let mut child = command(here, &arguments("stopped.csv"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let journal = here.join("stopped.journal");
    let begun = Instant::now();
    while fs::metadata(&journal).map_or(0, |about| about.len()) < 100_000 {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "nothing was written down"
        );
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it was stopped"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let stopped = finished(child.wait_with_output().unwrap());
    assert_eq!(stopped.status, 130, "{}", stopped.stderr);
    assert!(!here.join("stopped.csv").exists());
    let kept = fs::read_to_string(&journal).unwrap().lines().count();
    assert!((2..120).contains(&kept), "{kept} records");

    succeed(here, &arguments("stopped.csv"));
    for extension in ["csv", "warnings.csv", "dictionary.csv"] {
        let read = |name: &str| fs::read(here.join(format!("{name}.{extension}"))).unwrap();
        assert_eq!(read("quiet"), read("stopped"), "{extension}");
    }
    assert!(!journal.exists());
}

/// A case whose image is replaced while the journal waits is measured again; the others are not.
#[test]
fn a_replaced_image_is_measured_again() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let mut settings = preset::settings(PresetName::Quick);
    settings.cohort.path = Some(here.join("manifest.csv"));
    let extraction =
        Extraction::new(&settings.features, Wanted::Features, Rows::default()).unwrap();
    let journal = here.join("journal");
    let extract = || {
        let cases = Cases::open(&settings.cohort, ByteBudget::default()).unwrap();
        let journal = Journal::open(&journal, "key").unwrap();
        let known = journal.1.len();
        let console = Console::new(Verbosity::Quiet);
        let extracted = extraction
            .run(&cases, Wanted::Features, Some(journal), console)
            .unwrap();
        (known, extracted.features)
    };
    let (known, first) = extract();
    assert_eq!(known, 0);
    // Another image on the same grid: the first one with its last voxels set to zero.
    let mut bytes = fs::read(here.join("phantom-001.nii")).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0);
    fs::write(here.join("phantom-001.nii"), bytes).unwrap();
    let (known, second) = extract();
    assert_eq!(known, 9);
    let values = |file: &FeatureFile, case: &str| -> Vec<u64> {
        let rows = (0..file.rows.len()).filter(|&row| file.rows[row].sample.case.as_str() == case);
        rows.flat_map(|row| file.table.row(row))
            .map(|value| value.to_bits())
            .collect()
    };
    assert_ne!(
        values(&first, "phantom-001"),
        values(&second, "phantom-001")
    );
    assert_eq!(
        values(&first, "phantom-002"),
        values(&second, "phantom-002")
    );
}
