//! Feature tables as Parquet: they read back to the bit, other programs' are read, damaged ones end in an
//! error without more memory than the budget.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use std::path::Path;

use raduet::error::Code;
use raduet::io::ByteBudget;
use raduet::io::feature_csv::{FeatureFile, FeatureRow, RegionKey};
use raduet::io::parquet::{parse, read, write};
use raduet_study::{CaseId, ClassNames, FeatureTable, Label, Part, PatientId, SampleId};

fn example() -> FeatureFile {
    // Not in the order of the alphabet, and one that nobody has.
    let classes = ClassNames::new(["severe", "mild", "none"]).unwrap();
    let row = |case: &str, slice: Option<u32>, label: usize| FeatureRow {
        sample: SampleId {
            case: CaseId::new(case),
            slice,
        },
        patient: PatientId::new(format!("=p-{case}")),
        label: Label(label),
        sequence: slice.map(|_| "T2W, é".into()),
        part: slice.map(|_| Part::Train),
        position_mm: slice.map(|slice| f64::from(slice) * 0.3),
        pixels: slice.map(|slice| slice as usize + 7),
        size: None,
        region: RegionKey::default(),
    };
    let rows = vec![
        row("a", Some(0), 0),
        row("a", Some(3), 0),
        row("b", Some(1), 1),
        row("c", None, 1),
    ];
    let samples = rows.iter().map(|row| row.sample.clone()).collect();
    let names = vec!["glcm_Contrast".into(), "a name, with \"signs\"".into()];
    let values = vec![
        0.1 + 0.2,
        -1e-300,
        f64::NAN,
        4.0,
        1e22,
        -0.0,
        f64::MAX,
        f64::NAN,
    ];
    FeatureFile {
        classes,
        rows,
        table: FeatureTable::new(samples, names, values).unwrap(),
    }
}

fn bits(file: &FeatureFile) -> Vec<Option<u64>> {
    let values = file.table.values().iter();
    values
        .map(|value| (!value.is_nan()).then(|| value.to_bits()))
        .collect()
}

#[test]
fn a_written_table_reads_back_to_the_bit() {
    let file = example();
    let notes = vec![
        ("settings".to_owned(), "{\"bin_width\": 25}".to_owned()),
        ("version".to_owned(), String::new()),
    ];
    let bytes = write(&file, &notes).unwrap();
    assert_eq!(bytes, write(&file, &notes).unwrap());
    let again = parse(bytes, ByteBudget::default()).unwrap();
    assert_eq!(again.file.classes, file.classes);
    assert_eq!(again.file.rows, file.rows);
    assert_eq!(again.file.table.columns(), file.table.columns());
    assert_eq!(bits(&again.file), bits(&file));
    assert_eq!(again.notes, notes);
    assert_eq!(again.warnings, []);
}

/// Whole cases have volumes in place of areas; several regions of a mask have names.
#[test]
fn tables_of_cases_and_regions_read_back() {
    let mut file = example();
    file.rows.truncate(2);
    for (row, label) in file.rows.iter_mut().zip([1, 2]) {
        row.region = RegionKey {
            label: Some(label),
            lesion: (label == 2).then_some(3),
        };
        row.sample = SampleId {
            case: row.region.name(&CaseId::new("a")),
            slice: None,
        };
        row.position_mm = None;
        row.size = Some(12.5);
    }
    let samples = file.rows.iter().map(|row| row.sample.clone()).collect();
    file.table = FeatureTable::new(samples, vec!["x".into()], vec![1.0, 2.0]).unwrap();
    let again = parse(write(&file, &[]).unwrap(), ByteBudget::default()).unwrap();
    assert_eq!(again.file, file);
}

#[test]
fn many_rows_are_read_in_batches() {
    let rows = 20_000;
    let classes = ClassNames::new(["a", "b"]).unwrap();
    let described: Vec<FeatureRow> = (0..rows)
        .map(|index| FeatureRow {
            sample: SampleId::slice(CaseId::new(format!("c{index}")), 0),
            patient: PatientId::new(format!("p{}", index / 3)),
            label: Label(index % 2),
            sequence: None,
            part: None,
            position_mm: None,
            pixels: None,
            size: None,
            region: RegionKey::default(),
        })
        .collect();
    let samples = described.iter().map(|row| row.sample.clone()).collect();
    // Every seventh is undefined.
    let value = |index: usize| {
        if index.is_multiple_of(7) {
            f64::NAN
        } else {
            (index as f64).sqrt()
        }
    };
    let values = (0..rows).map(value).collect();
    let file = FeatureFile {
        classes,
        rows: described,
        table: FeatureTable::new(samples, vec!["x".into()], values).unwrap(),
    };
    let again = parse(write(&file, &[]).unwrap(), ByteBudget::default()).unwrap();
    assert_eq!(again.file.rows, file.rows);
    assert_eq!(bits(&again.file), bits(&file));
}

/// The forms of `tests/reference/pyarrow/tables.txt`: name and bytes.
fn foreign() -> Vec<(String, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/pyarrow/tables.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let bytes = |hex: &str| {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    text.lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, hex)| (name.to_owned(), bytes(hex)))
        .collect()
}

#[test]
fn parquet_pyarrow() {
    let forms = foreign();
    assert_eq!(forms.len(), 6);
    for (name, bytes) in forms {
        let outcome = parse(bytes, ByteBudget::default());
        match name.as_str() {
            "zstd" => {
                let fault = outcome.unwrap_err();
                assert_eq!(fault.code, Code::Format, "{fault}");
                assert!(fault.found.contains("ZSTD"), "{fault}");
                continue;
            }
            "delta" => {
                let fault = outcome.unwrap_err();
                assert!(fault.found.contains("encoding 5"), "{fault}");
                continue;
            }
            _ => {}
        }
        let read = outcome.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let file = &read.file;
        assert_eq!(file.classes.names(), ["9", "10"], "{name}");
        assert_eq!(file.table.columns(), ["x", "y", "n"], "{name}");
        let patients: Vec<&str> = file.rows.iter().map(|row| row.patient.as_str()).collect();
        assert_eq!(patients, ["p1", "p1", "p2", "=p3"], "{name}");
        let slices: Vec<Option<u32>> = file.rows.iter().map(|row| row.sample.slice).collect();
        assert_eq!(slices, [Some(0), Some(4), None, Some(2)], "{name}");
        let nan = f64::NAN;
        let values = [
            [0.1 + 0.2, 1.5, 3.0],
            [nan, 2.5, 3.0],
            [-1e-300, nan, 3.0],
            [1e22, 1.5, 70_000.0],
        ];
        let expected: Vec<Option<u64>> = values
            .as_flattened()
            .iter()
            .map(|value| (!value.is_nan()).then(|| value.to_bits()))
            .collect();
        assert_eq!(bits(file), expected, "{name}");
        let told: Vec<&str> = read.warnings.iter().map(|w| w.found.as_str()).collect();
        let told = told.join("; ");
        assert!(
            told.contains("seen") && told.contains("scanner"),
            "{name}: {told}"
        );
        // What pandas says about its columns comes along.
        let keys: Vec<&str> = read.notes.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(
            keys.contains(&"pandas"),
            name == "pandas",
            "{name}: {keys:?}"
        );
    }
}

#[test]
fn what_is_no_table_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, "ID,Target\n").unwrap();
    let fault = read(&path).unwrap_err();
    assert_eq!(fault.code, Code::Format);
    assert_eq!(fault.file.as_deref(), Some(path.as_path()));
    let bytes = write(&example(), &[]).unwrap();
    for end in (4..bytes.len()).step_by(7) {
        let fault = parse(bytes[..end].to_vec(), ByteBudget::default()).unwrap_err();
        assert_eq!(fault.code, Code::Corrupt, "{end}: {fault}");
    }
    let fault = parse(bytes, ByteBudget(100)).unwrap_err();
    assert_eq!(fault.code, Code::TooLarge);
}
