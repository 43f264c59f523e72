//! Oracle: nibabel reads the same numbers and the same orientation from the same files.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod nifti_files;

use std::path::Path;

use nifti_files::{Folder, Header};
use raduet::io::{ReadOptions, read_volume};
use raduet_features::{Volume, Voxels};

fn rows(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference/nibabel")
        .join(name);
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn numbers(cells: &[String]) -> Vec<f64> {
    cells.iter().map(|cell| cell.parse().unwrap()).collect()
}

/// Sum, and sums weighted with the index along x, y, z.
enum Sums {
    Exact([i128; 4]),
    Real([f64; 4]),
}

macro_rules! exact {
    ($array:expr) => {{
        let mut sums = [0_i128; 4];
        for ((z, y, x), &v) in $array.indexed_iter() {
            let v = i128::from(v);
            sums[0] += v;
            sums[1] += v * x as i128;
            sums[2] += v * y as i128;
            sums[3] += v * z as i128;
        }
        Sums::Exact(sums)
    }};
}

macro_rules! real {
    ($array:expr) => {{
        let mut sums = [0_f64; 4];
        for ((z, y, x), &v) in $array.indexed_iter() {
            let v = f64::from(v);
            sums[0] += v;
            sums[1] += v * x as f64;
            sums[2] += v * y as f64;
            sums[3] += v * z as f64;
        }
        Sums::Real(sums)
    }};
}

fn summary(volume: &Volume) -> (&'static str, Sums) {
    match volume.voxels() {
        Voxels::U8(a) => ("uint8", exact!(a)),
        Voxels::I8(a) => ("int8", exact!(a)),
        Voxels::U16(a) => ("uint16", exact!(a)),
        Voxels::I16(a) => ("int16", exact!(a)),
        Voxels::U32(a) => ("uint32", exact!(a)),
        Voxels::I32(a) => ("int32", exact!(a)),
        Voxels::U64(a) => ("uint64", exact!(a)),
        Voxels::I64(a) => ("int64", exact!(a)),
        Voxels::F32(a) => ("float32", real!(a)),
        Voxels::F64(a) => ("float64", real!(a)),
    }
}

/// What differs between a file and its row.
fn misses(row: &[String], volume: &Volume) -> Vec<String> {
    /// The reference is correctly rounded, ours is a plain sum: 10^5 voxels times 2^-53.
    const SUM: f64 = 1e-11;
    /// Both compute in f64 from the same fields.
    const AFFINE: f64 = 1e-12;
    let mut misses = Vec::new();
    let (kind, sums) = summary(volume);
    if kind != row[1] {
        misses.push(format!("type {kind}, expected {}", row[1]));
    }
    let [z, y, x] = volume.grid().shape;
    let size: Vec<String> = [x, y, z].map(|n| n.to_string()).to_vec();
    if size != row[2..5] {
        misses.push(format!("size {size:?}, expected {:?}", &row[2..5]));
    }
    match sums {
        Sums::Exact(sums) => {
            let found = sums.map(|s| s.to_string());
            if found != row[5..9] {
                misses.push(format!("sums {found:?}, expected {:?}", &row[5..9]));
            }
        }
        Sums::Real(sums) => {
            for (found, expected) in sums.iter().zip(numbers(&row[5..9])) {
                if (found - expected).abs() > SUM * expected.abs() {
                    misses.push(format!("sum {found}, expected {expected}"));
                }
            }
        }
    }
    let affine = volume.grid().affine.0;
    for (found, expected) in affine.as_flattened().iter().zip(numbers(&row[9..])) {
        if (found - expected).abs() > AFFINE * expected.abs().max(1.0) {
            misses.push(format!("affine {found}, expected {expected}"));
        }
    }
    misses
}

#[test]
fn all_test_data_nibabel() {
    let Some(root) = raduet_testkit::data::path("all_test_data_nibabel", "data") else {
        return;
    };
    let root = root.parent().unwrap();
    let mut all = Vec::new();
    let rows = rows("volumes.csv");
    for row in &rows {
        let read = read_volume(&root.join(&row[0]), &ReadOptions::default()).unwrap();
        let found = misses(row, &read.volume);
        all.extend(found.into_iter().map(|miss| format!("{}: {miss}", row[0])));
    }
    assert_eq!(rows.len(), 363);
    assert!(all.is_empty(), "{} misses:\n{}", all.len(), all.join("\n"));
}

#[test]
fn quaternions_nibabel() {
    /// nibabel forms the fourth component in another order of operations.
    const ROUNDING: f64 = 1e-9;
    let rows = rows("qform.csv");
    assert_eq!(rows.len(), 24);
    for row in rows {
        let v = numbers(&row);
        let header = Header {
            sform_code: 0,
            qform_code: 1,
            pixdim: [v[0], v[1], v[2], v[3], 1.0, 1.0, 1.0, 1.0],
            quatern: [v[4], v[5], v[6]],
            qoffset: [v[7], v[8], v[9]],
            ..Header::default()
        };
        let read = Folder::new().read("x.nii", &header.counting()).unwrap();
        let affine = read.volume.grid().affine.0;
        for (found, expected) in affine.as_flattened().iter().zip(&v[10..]) {
            assert!((found - expected).abs() < ROUNDING, "{affine:?} {v:?}");
        }
        for (found, expected) in read
            .volume
            .grid()
            .spacing
            .zyx()
            .iter()
            .zip([v[3], v[2], v[1]])
        {
            assert!((found - expected).abs() < ROUNDING);
        }
    }
}
