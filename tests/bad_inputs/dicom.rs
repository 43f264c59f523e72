//! DICOM images: files cut off, elements that lie.

use raduet::error::Code;
use raduet_testkit::dicom::{DataSet, PIXELS, PLAIN};
use raduet_testkit::dicom_series::{
    ALLOCATED, CLASS, COLUMN_COUNT, HIGH, ORIENTATION, PHOTOMETRIC, POSITION, ROW_COUNT, SAMPLES,
    SPACING, STORED, series, slice,
};

use crate::{Door, Input, Region};

/// One slice as a file.
pub(crate) fn one(name: &str, bytes: impl Into<Vec<u8>>, code: Code, says: &'static str) -> Input {
    Input::bad(
        Door::Image,
        &format!("DICOM: {name}"),
        "0.dcm",
        bytes,
        code,
        says,
    )
}

/// One slice that is read.
pub(crate) fn read(name: &str, bytes: impl Into<Vec<u8>>) -> Input {
    Input::good(Door::Image, &format!("DICOM: {name}"), "0.dcm", bytes)
}

/// The series with a mask.
pub(crate) fn case(
    name: &str,
    mask: Vec<u8>,
    region: Region,
    refused: Option<(Code, &'static str)>,
) -> Input {
    let mut files = series(|_, set| set);
    files.insert(1, ("mask.dcm".into(), mask));
    Input {
        name: name.to_owned(),
        door: Door::Case(region),
        files,
        refused,
    }
}

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = files();
    inputs.extend(elements());
    inputs
}

/// Files that end early, or are something else.
fn files() -> Vec<Input> {
    let whole = slice(0).file(PLAIN);
    let mut inputs: Vec<Input> = [
        ("no mark", 100, Code::Format, "DICM at byte 128"),
        ("the mark only", 132, Code::Format, "without an image"),
        ("a tag only", 136, Code::Truncated, "ends within an element"),
        (
            "a syntax without its text",
            140,
            Code::Truncated,
            "are left",
        ),
        ("half a syntax", 150, Code::Truncated, "are left"),
        ("the elements halved", 260, Code::Truncated, "the file"),
        (
            "pixels cut off",
            whole.len() - 5,
            Code::Truncated,
            "declares 24 bytes, 19 are left",
        ),
    ]
    .into_iter()
    .map(|(name, length, code, says)| one(name, &whole[..length], code, says))
    .collect();
    let mut marked = whole.clone();
    marked[131] = b'X';
    inputs.push(one(
        "another mark",
        marked,
        Code::Format,
        "DICM at byte 128",
    ));
    let class = |end: &str| slice(0).with(CLASS, "UI", format!("1.2.840.10008.5.1.4.1.1.{end}"));
    for (end, says) in [("481.3", "RTSTRUCT"), ("66.4", "SEG"), ("481.2", "dose")] {
        inputs.push(one(says, class(end).file(PLAIN), Code::Format, says));
    }
    // Without preamble and group 2, as very old files are.
    inputs.push(read("no preamble", slice(0).bytes()));
    inputs.push(read("plain", whole));
    inputs
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn elements() -> Vec<Input> {
    let bad = |name: &str, set: DataSet, code, says| one(name, set.file(PLAIN), code, says);
    let long = |value: u32| value.to_le_bytes().to_vec();
    let mut nested = DataSet::default();
    for _ in 0..70 {
        nested = DataSet::default().items((8, 0x1115), [nested]);
    }
    let mut endless = slice(0).without(PIXELS).file(PLAIN);
    endless.extend(b"\xe1\x7f\x10\x00SQ\0\0\xff\xff\xff\xff");
    let mut inputs = vec![
        bad(
            "no Rows",
            slice(0).without(ROW_COUNT),
            Code::Format,
            "without an image",
        ),
        bad(
            "no Columns",
            slice(0).without(COLUMN_COUNT),
            Code::Header,
            "no Columns",
        ),
        bad(
            "no BitsAllocated",
            slice(0).without(ALLOCATED),
            Code::Header,
            "no BitsAllocated",
        ),
        bad(
            "no pixels",
            slice(0).without(PIXELS),
            Code::Format,
            "without an image",
        ),
        bad(
            "no rows",
            slice(0).short(ROW_COUNT, 0),
            Code::Header,
            "Rows 0",
        ),
        bad(
            "a billion rows",
            slice(0).with(ROW_COUNT, "UL", long(1_000_000_000)),
            Code::TooLarge,
            "bytes",
        ),
        bad(
            "65535 rows and columns",
            slice(0).short(ROW_COUNT, 65535).short(COLUMN_COUNT, 65535),
            Code::TooLarge,
            "bytes",
        ),
        bad(
            "more rows than pixels",
            slice(0).short(ROW_COUNT, 60),
            Code::Truncated,
            "24 of 480",
        ),
        bad(
            "12 bits allocated",
            slice(0).short(ALLOCATED, 12),
            Code::Datatype,
            "12 bits",
        ),
        bad(
            "64 bits allocated",
            slice(0).short(ALLOCATED, 64),
            Code::Datatype,
            "64 bits",
        ),
        bad(
            "bits of a segmentation",
            slice(0).short(ALLOCATED, 1).short(STORED, 1).short(HIGH, 0),
            Code::Datatype,
            "one bit",
        ),
        bad(
            "17 of 16 bits",
            slice(0).short(STORED, 17),
            Code::Header,
            "BitsStored 17",
        ),
        bad(
            "a high bit outside",
            slice(0).short(HIGH, 16),
            Code::Header,
            "HighBit 16",
        ),
        bad(
            "a palette",
            slice(0).with(PHOTOMETRIC, "CS", "PALETTE COLOR"),
            Code::Datatype,
            "PALETTE COLOR",
        ),
        bad(
            "colours",
            slice(0).with(PHOTOMETRIC, "CS", "RGB").short(SAMPLES, 3),
            Code::Datatype,
            "RGB",
        ),
        bad(
            "three samples",
            slice(0).short(SAMPLES, 3),
            Code::Datatype,
            "several samples",
        ),
        bad(
            "pixels of no size",
            slice(0).decimals(SPACING, &[1.0, 0.0]),
            Code::Header,
            "PixelSpacing 1 0",
        ),
        bad(
            "a size that is no number",
            slice(0).with(SPACING, "DS", "1\\wide"),
            Code::Header,
            "PixelSpacing 1\\wide",
        ),
        bad(
            "a size for rows only",
            slice(0).decimals(SPACING, &[1.0]),
            Code::Header,
            "PixelSpacing 1",
        ),
        bad(
            "a position of two numbers",
            slice(0).decimals(POSITION, &[1.0, 2.0]),
            Code::Header,
            "ImagePositionPatient 1",
        ),
        bad(
            "a position at infinity",
            slice(0).with(POSITION, "DS", "0\\0\\inf"),
            Code::Header,
            "ImagePositionPatient",
        ),
        bad(
            "crooked axes",
            slice(0).decimals(ORIENTATION, &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
            Code::Header,
            "right angles",
        ),
        bad(
            "long axes",
            slice(0).decimals(ORIENTATION, &[2.0, 0.0, 0.0, 0.0, 1.0, 0.0]),
            Code::Header,
            "unit vectors",
        ),
        bad(
            "slope 0",
            slice(0).decimals((0x28, 0x1053), &[0.0]),
            Code::Header,
            "RescaleSlope 0",
        ),
        bad(
            "a slope of words",
            slice(0).with((0x28, 0x1053), "DS", "steep"),
            Code::Header,
            "RescaleSlope steep",
        ),
        bad(
            "an intercept that is no number",
            slice(0).with((0x28, 0x1052), "DS", "nan"),
            Code::Header,
            "RescaleIntercept nan",
        ),
        bad(
            "70 sequences deep",
            slice(0).items((8, 0x1115), [nested]),
            Code::Corrupt,
            "nested deeper",
        ),
        bad(
            "no item in a sequence",
            slice(0).with((8, 0x1115), "SQ", b"\x10\x00\x10\x00\0\0\0\0".to_vec()),
            Code::Corrupt,
            "in place of an item",
        ),
        bad(
            "a type of no letters",
            slice(0).raw((8, 0x60), b"\x08\x00\x60\x00\x01\x02\x02\x00CT"),
            Code::Corrupt,
            "of type",
        ),
        bad(
            "an element beyond the file",
            slice(0).raw((9, 0x10), b"\x09\x00\x10\x00UN\0\0\xf0\xff\xff\xff"),
            Code::Truncated,
            "declares 4294967280",
        ),
        bad(
            "an item beyond its sequence",
            slice(0).with((8, 0x1115), "SQ", b"\xfe\xff\x00\xe0\x40\0\0\0".to_vec()),
            Code::Truncated,
            "declares 64",
        ),
        one(
            "a sequence without end",
            endless,
            Code::Truncated,
            "without its end",
        ),
    ];
    inputs.extend([
        read("empty sizes", slice(0).with(SPACING, "DS", "").file(PLAIN)),
        read(
            "an empty sequence",
            slice(0).items((8, 0x1115), []).file(PLAIN),
        ),
        read(
            "low values bright",
            slice(0).with(PHOTOMETRIC, "CS", "MONOCHROME1").file(PLAIN),
        ),
        read(
            "32 bits",
            slice(0)
                .short(ALLOCATED, 32)
                .short(STORED, 32)
                .short(HIGH, 31)
                .short(ROW_COUNT, 1)
                .file(PLAIN),
        ),
        read(
            "12 bits that stand high",
            slice(0).short(STORED, 12).short(HIGH, 15).file(PLAIN),
        ),
        read(
            "60 sequences deep",
            slice(0)
                .items(
                    (8, 0x1115),
                    [(0..60).fold(DataSet::default(), |set, _| {
                        DataSet::default().items((8, 0x1115), [set])
                    })],
                )
                .file(PLAIN),
        ),
    ]);
    inputs
}
