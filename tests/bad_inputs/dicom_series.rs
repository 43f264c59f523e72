//! DICOM series that make no volume, and files of several frames.

use raduet::error::Code;
use raduet_testkit::dicom::{DataSet, PIXELS, PLAIN};
use raduet_testkit::dicom_series::{
    ALLOCATED, COLUMN_COUNT, FRAMES, HIGH, OBJECT, ORIENTATION, POSITION, ROW_COUNT, SERIES,
    SIGNED, SPACING, STORED, enhanced, pixels, placed, series, shared, slice,
};

use super::dicom::{one, read};
use super::dicom_packed::rle;
use crate::{Door, Input};

const RLE: &str = "1.2.840.10008.1.2.5";

/// Several files, the first of which, or their folder, is opened.
fn several(
    door: Door,
    name: &str,
    files: Vec<(String, Vec<u8>)>,
    refused: Option<(Code, &'static str)>,
) -> Input {
    Input {
        name: format!("DICOM: {name}"),
        door,
        files,
        refused,
    }
}

/// A series after a change of its slices.
fn changed(
    name: &str,
    change: impl Fn(u16, DataSet) -> DataSet,
    code: Code,
    says: &'static str,
) -> Input {
    several(Door::Image, name, series(change), Some((code, says)))
}

/// Slices at these places along z, each an object of its own.
fn standing_at(places: &[f64]) -> Vec<(String, Vec<u8>)> {
    let slices = places.iter().zip(0_u16..).map(|(z, at)| {
        let set = slice(0)
            .with(OBJECT, "UI", format!("1.2.3.1.{at}"))
            .decimals(POSITION, &[0.0, 0.0, *z]);
        (format!("{at}.dcm"), set.file(PLAIN))
    });
    slices.collect()
}

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = sets_of_slices();
    inputs.extend(frames());
    inputs
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn sets_of_slices() -> Vec<Input> {
    let second = |change: fn(DataSet) -> DataSet| {
        move |at: u16, set: DataSet| if at == 1 { change(set) } else { set }
    };
    let series_code = |says| Some((Code::Series, says));
    let folder = |name: &str, files, refused| several(Door::Folder, name, files, refused);
    let mut two_series = series(|_, set| set);
    let other = slice(2)
        .with(SERIES, "UI", "1.2.3.77")
        .with(OBJECT, "UI", "1.2.3.78");
    two_series.push(("other.dcm".into(), other.file(PLAIN)));
    let mut twice = series(|_, set| set);
    twice.push(("copy.dcm".into(), twice[1].1.clone()));
    // Each a third of what the test allows, and a bit.
    let heavy = |_, set: DataSet| set.with((9, 0x10), "OB", vec![0; 6 << 20]);
    let mut text = series(|_, set| set);
    text.push(("notes.txt".into(), b"what a folder holds besides".to_vec()));
    vec![
        changed(
            "another size of pixels",
            second(|s| s.decimals(SPACING, &[1.0, 1.5])),
            Code::Series,
            "several pixel sizes: 1 x 1 mm (2 slices), 1 x 1.5 mm (1 slices)",
        ),
        changed(
            "another orientation",
            second(|s| s.decimals(ORIENTATION, &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0])),
            Code::Series,
            "several orientations",
        ),
        changed(
            "a slice without a place",
            second(|s| s.without(POSITION)),
            Code::Series,
            "several orientations",
        ),
        changed(
            "slices without places",
            |_, s| s.without(POSITION),
            Code::Series,
            "without ImagePositionPatient",
        ),
        changed(
            "another matrix",
            second(|s| s.short(ROW_COUNT, 2)),
            Code::Series,
            "several matrix sizes",
        ),
        changed(
            "another sign",
            second(|s| s.short(SIGNED, 0)),
            Code::Series,
            "several forms of numbers",
        ),
        changed(
            "another width",
            second(|s| s.short(ALLOCATED, 8).short(STORED, 8).short(HIGH, 7)),
            Code::Series,
            "several forms of numbers",
        ),
        changed(
            "a tilted gantry",
            |at, s| s.decimals(POSITION, &[0.0, f64::from(at), 2.0 * f64::from(at)]),
            Code::Series,
            "26.57 degrees",
        ),
        changed(
            "two files of one object",
            second(|s| s.with(OBJECT, "UI", "1.2.3.1.0")),
            Code::Series,
            "two different files of one object",
        ),
        changed(
            "a damaged slice",
            second(|s| s.without(COLUMN_COUNT)),
            Code::Header,
            "no Columns",
        ),
        several(
            Door::Image,
            "a missing slice",
            standing_at(&[0.0, 2.0, 4.0, 8.0]),
            series_code("missing between 4.000 and 8.000 mm"),
        ),
        several(
            Door::Image,
            "uneven distances",
            standing_at(&[0.0, 2.0, 4.4, 6.4]),
            series_code("uneven distances"),
        ),
        several(
            Door::Image,
            "two slices in one place",
            standing_at(&[0.0, 2.0, 2.0, 4.0]),
            series_code("in one place"),
        ),
        folder(
            "two series",
            two_series.clone(),
            series_code("2 series: 1.2.3.1 (3 files), 1.2.3.77 (1 files)"),
        ),
        folder(
            "a folder of text",
            vec![("a.txt".into(), b"no image".to_vec())],
            Some((Code::NotRegular, "without a DICOM image")),
        ),
        folder(
            "more than the memory allowed",
            series(heavy),
            Some((Code::TooLarge, "larger than the memory allowed")),
        ),
        several(Door::Image, "one of two series", two_series, None),
        folder("one file twice", twice, None),
        folder("text beside", text, None),
        several(
            Door::Image,
            "other unused bits",
            series(second(|s| s.short(STORED, 12).short(HIGH, 11))),
            None,
        ),
        several(
            Door::Image,
            "a little uneven",
            standing_at(&[0.0, 2.0, 4.02, 6.0]),
            None,
        ),
    ]
}

/// Multi-frame objects.
fn frames() -> Vec<Input> {
    let each = |places: &[f64]| -> Vec<DataSet> {
        places.iter().map(|z| placed([0.0, 0.0, *z])).collect()
    };
    let bad = |name: &str, set: DataSet, code, says| {
        one(&format!("frames: {name}"), set.file(PLAIN), code, says)
    };
    let groups = (0x5200, 0x9230);
    vec![
        bad(
            "none",
            enhanced().with(FRAMES, "IS", "0"),
            Code::Header,
            "NumberOfFrames 0",
        ),
        bad(
            "a billion",
            enhanced().with(FRAMES, "IS", "999999999"),
            Code::Header,
            "NumberOfFrames 999999999",
        ),
        bad(
            "many in words",
            enhanced().with(FRAMES, "IS", "many"),
            Code::Header,
            "NumberOfFrames many",
        ),
        bad(
            "one more than described",
            enhanced().with(FRAMES, "IS", "4"),
            Code::Header,
            "4 frames, 3 of them described",
        ),
        bad(
            "no groups",
            enhanced().without(groups),
            Code::Header,
            "0 of them described",
        ),
        bad(
            "two of three",
            enhanced().with(PIXELS, "OW", pixels(0)),
            Code::Truncated,
            "frame 1",
        ),
        bad(
            "uneven",
            enhanced().items(groups, each(&[0.0, 2.0, 5.0])),
            Code::Series,
            "uneven distances",
        ),
        bad(
            "in one place",
            enhanced().items(groups, each(&[0.0, 0.0, 2.0])),
            Code::Series,
            "in one place",
        ),
        bad(
            "one without a place",
            enhanced().items(
                groups,
                [
                    placed([0.0; 3]),
                    DataSet::default(),
                    placed([0.0, 0.0, 2.0]),
                ],
            ),
            Code::Series,
            "several orientations",
        ),
        bad(
            "of no size",
            enhanced().items((0x5200, 0x9229), [shared(0.0, 2.0)]),
            Code::Header,
            "PixelSpacing 0 0",
        ),
        one(
            "frames: packed, one too few",
            enhanced()
                .packed(&[], &[rle(&pixels(0)), rle(&pixels(1))])
                .file(RLE),
            Code::Corrupt,
            "without frame",
        ),
        read("frames", enhanced().file(PLAIN)),
        read(
            "packed frames",
            enhanced()
                .packed(&[], &[0, 1, 2].map(|at| rle(&pixels(at))))
                .file(RLE),
        ),
    ]
}
