//! Series, structure sets and segmentations by pydicom and highdicom.

use std::fs;
use std::path::Path;

use raduet::error::{Code, WarningCode as W};
use raduet::io::{LabelChoice, ReadOptions, read_volume};
use raduet_features::Voxels;

use crate::files::{codes, expected, lies_at, path, read, region, values};

fn number(value: i64) -> LabelChoice {
    LabelChoice::Value(value)
}

fn name(text: &str) -> LabelChoice {
    LabelChoice::Name(text.to_owned())
}

/// A copy of a series to take apart.
fn copied(series: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(path(series)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

fn error_of(folder: &Path) -> raduet::error::ToolError {
    let error = read_volume(folder, &ReadOptions::default()).unwrap_err();
    assert!(
        !error.remedy.is_empty() && !error.to_string().contains("PHANTOM"),
        "{error}"
    );
    error
}

#[test]
fn every_transfer_syntax_reads_the_same() {
    for series in [
        "series",
        "series_implicit",
        "series_big",
        "series_deflated",
        "series_rle",
        "series_lossless",
    ] {
        let found = read(series);
        assert_eq!(values(&found.volume), expected(|v| v), "{series}");
        assert!(matches!(found.volume.voxels(), Voxels::I16(_)));
        lies_at(found.volume.grid(), "straight", 0.0);
        assert_eq!(
            found.volume.grid(),
            read("straight.nii.gz").volume.grid(),
            "{series}"
        );
        assert_eq!(codes(&found), [], "{:?}", found.warnings);
    }
    lies_at(read("series_oblique").volume.grid(), "oblique", 1e-9);
}

/// Decoders may round the cosine transform each in its own way (ISO/IEC 10918-2): by one level.
#[test]
fn baseline_jpeg_is_what_pillow_makes_of_it() {
    let (found, pillow) = (read("series_jpeg").volume, read("series_jpeg.npy").volume);
    let (found, pillow) = (values(&found), values(&pillow));
    assert_eq!(found.len(), pillow.len());
    for (found, pillow) in found.iter().zip(&pillow) {
        assert!((found - pillow).abs() <= 1.0, "{found} {pillow}");
    }
}

/// Frames stand from the last slice to the first, each with its own intercept.
#[test]
fn frames_of_one_file_are_a_series() {
    let plane = 7 * 9;
    let wanted: Vec<f64> = expected(|v| v)
        .into_iter()
        .enumerate()
        .map(|(at, v)| 2.0 * v + (4 - at / plane) as f64)
        .collect();
    for name in ["enhanced.dcm", "enhanced_lossless.dcm"] {
        let found = read(name);
        assert_eq!(values(&found.volume), wanted, "{name}");
        assert_eq!(codes(&found), [], "{:?}", found.warnings);
        assert_eq!(
            found.volume.grid(),
            read("straight.nii.gz").volume.grid(),
            "{name}"
        );
    }
}

#[test]
fn one_file_of_a_series_names_it() {
    let found = read("series/I003.dcm");
    assert_eq!(found.volume, read("series").volume);
}

#[test]
fn scaling_is_applied_slice_by_slice_where_it_differs() {
    let scaled = read("series_scaled").volume;
    assert!(matches!(scaled.voxels(), Voxels::I16(_)));
    assert_eq!(values(&scaled), expected(|v| 2.0 * v - 5.0));
    let pet = read("series_pet").volume;
    let plane = 7 * 9;
    let wanted: Vec<f64> = expected(|v| v)
        .into_iter()
        .enumerate()
        .map(|(at, v)| v * (0.5 + 0.25 * (at / plane) as f64))
        .collect();
    assert_eq!(values(&pet), wanted);
}

#[test]
fn gaps_twins_and_mixtures_are_refused_with_their_places() {
    let gap = copied("series");
    fs::remove_file(gap.path().join("I003.dcm")).unwrap();
    let error = error_of(gap.path());
    assert_eq!(error.code, Code::Series);
    assert!(
        error
            .found
            .contains("missing between -27.500 and -22.500 mm"),
        "{error}"
    );

    let twin = copied("series");
    fs::copy(twin.path().join("I001.dcm"), twin.path().join("copy.dcm")).unwrap();
    let found = read_volume(twin.path(), &ReadOptions::default()).unwrap();
    assert_eq!(codes(&found), [W::Series]);
    assert_eq!(values(&found.volume), expected(|v| v));

    let mixed = copied("series");
    fs::copy(
        path("series_oblique/I001.dcm"),
        mixed.path().join("other.dcm"),
    )
    .unwrap();
    let error = error_of(mixed.path());
    assert_eq!(error.code, Code::Series);
    assert!(
        error.found.starts_with("2 series: ") && error.found.contains("(5 files)"),
        "{error}"
    );
    let uid = error.found.split(' ').nth(2).unwrap().to_owned();
    let options = ReadOptions {
        series: Some(uid),
        ..ReadOptions::default()
    };
    assert!(read_volume(mixed.path(), &options).is_ok());
    // A file of it decides, too.
    assert!(read_volume(&mixed.path().join("I001.dcm"), &ReadOptions::default()).is_ok());
}

/// Changes a written number of every file, in place and of the same length.
fn changed(folder: &Path, change: impl Fn(&mut Vec<u8>, usize)) {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    for (at, file) in files.iter().enumerate() {
        let mut bytes = fs::read(file).unwrap();
        change(&mut bytes, at);
        fs::write(file, bytes).unwrap();
    }
}

fn place_of(bytes: &[u8], element: [u8; 4]) -> usize {
    bytes.windows(4).position(|w| w == element).unwrap()
}

#[test]
fn a_tilted_gantry_is_refused_with_its_angle() {
    let folder = copied("series");
    changed(folder.path(), |bytes, at| {
        let position = place_of(bytes, [0x20, 0, 0x32, 0]) + 8;
        let length = usize::from(bytes[position - 2]);
        let text = String::from_utf8(bytes[position..position + length].to_vec()).unwrap();
        let mut words: Vec<String> = text.trim().split('\\').map(str::to_owned).collect();
        words[1] = at.to_string();
        let text = format!("{:<length$}", words.join("\\"));
        assert_eq!(text.len(), length, "{text}");
        bytes[position..position + length].copy_from_slice(text.as_bytes());
    });
    let error = error_of(folder.path());
    assert_eq!(error.code, Code::Series);
    // 1 mm sideways for each 2.5 mm.
    assert!(error.found.contains("21.80 degrees"), "{error}");
}

#[test]
fn values_of_monochrome1_stay() {
    let folder = copied("series");
    changed(folder.path(), |bytes, _| {
        let at = bytes.windows(11).position(|w| w == b"MONOCHROME2").unwrap();
        bytes[at + 10] = b'1';
    });
    let found = read_volume(folder.path(), &ReadOptions::default()).unwrap();
    assert_eq!(codes(&found), [W::Scale]);
    assert_eq!(values(&found.volume), expected(|v| v));
}

#[test]
fn unknown_packing_is_refused_by_name() {
    let folder = copied("series_rle");
    changed(folder.path(), |bytes, _| {
        let at = bytes
            .windows(19)
            .position(|w| w == b"1.2.840.10008.1.2.5")
            .unwrap();
        bytes.splice(at..at + 20, *b"1.2.840.10008.1.2.4.90");
        // Two bytes more in the element, and in the group.
        bytes[at - 2] += 2;
        let group = 132 + 8;
        bytes[group] += 2;
    });
    let error = error_of(folder.path());
    assert_eq!(error.code, Code::TransferSyntax);
    assert!(
        error
            .found
            .contains("1.2.840.10008.1.2.4.90 (JPEG 2000 Lossless)"),
        "{error}"
    );
}

#[test]
fn contours_fill_what_the_reference_fills() {
    for (choice, reference) in [
        (number(3), "GTV-1"),
        (name("gtv-1"), "GTV-1"),
        (name("Heart"), "Heart"),
    ] {
        let found = region("series", "rtstruct.dcm", &choice).unwrap();
        let wanted = region(
            "series",
            &format!("rtstruct_{reference}.nii.gz"),
            &LabelChoice::Only,
        )
        .unwrap();
        assert!(wanted.iter().filter(|inside| **inside).count() > 20);
        assert_eq!(found, wanted, "{choice:?}");
        // The image may be of any format.
        assert_eq!(
            region("straight.mha", "rtstruct.dcm", &choice).unwrap(),
            wanted
        );
    }
}

#[test]
fn regions_are_chosen_by_name_or_number() {
    let error = region("series", "rtstruct.dcm", &LabelChoice::Only).unwrap_err();
    assert_eq!(error.code, Code::Label);
    assert!(error.found.contains("3 'GTV-1', 7 'Heart'"), "{error}");
    let error = region("series", "rtstruct.dcm", &name("Lung")).unwrap_err();
    assert_eq!(error.code, Code::Label);
    let error = region("series", "mask.nii.gz", &name("GTV-1")).unwrap_err();
    assert_eq!(error.code, Code::Label);
}

#[test]
fn segments_are_laid_on_the_image() {
    let block = region("series", "mask.nii.gz", &LabelChoice::Only).unwrap();
    assert_eq!(
        region("series", "seg_binary.dcm", &number(1)).unwrap(),
        block
    );
    assert_eq!(
        region("series", "seg_binary.dcm", &name("Block")).unwrap(),
        block
    );
    let heart = region("series", "rtstruct_Heart.nii.gz", &LabelChoice::Only).unwrap();
    assert_eq!(
        region("series", "seg_binary.dcm", &number(2)).unwrap(),
        heart
    );
    // 200 of 255 is inside, 100 is not.
    assert_eq!(
        region("series", "seg_fractional.dcm", &LabelChoice::Only).unwrap(),
        block
    );
    assert_eq!(
        region("straight.nii.gz", "seg_binary.dcm", &number(1)).unwrap(),
        block
    );
}

#[test]
fn masks_of_another_image_are_refused() {
    for mask in ["rtstruct.dcm", "seg_binary.dcm"] {
        let error = region(
            "series_oblique",
            mask,
            &number(if mask.starts_with('r') { 3 } else { 1 }),
        );
        assert_eq!(error.unwrap_err().code, Code::Geometry, "{mask}");
    }
    let error = read_volume(&path("rtstruct.dcm"), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code, Code::Format);
}
