//! DICOM images: files cut off, elements that lie, pixels packed in other ways, series that make no volume.

use std::io::Write;

use raduet::error::Code;
use raduet_testkit::dicom::{DataSet, PIXELS, PLAIN};

use crate::{Door, Input};
use raduet_testkit::dicom_series::{
    ALLOCATED, CLASS, COLUMN_COUNT, FRAMES, HIGH, OBJECT, ORIENTATION, PHOTOMETRIC, POSITION,
    ROW_COUNT, SAMPLES, SERIES, SIGNED, SPACING, STORED, enhanced, pixels, placed, series, shared,
    slice,
};

const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG: &str = "1.2.840.10008.1.2.4.50";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

/// One slice as a file.
fn one(name: &str, bytes: impl Into<Vec<u8>>, code: Code, says: &'static str) -> Input {
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
fn read(name: &str, bytes: impl Into<Vec<u8>>) -> Input {
    Input::good(Door::Image, &format!("DICOM: {name}"), "0.dcm", bytes)
}

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
    let mut inputs = files();
    inputs.extend(elements());
    inputs.extend(packed());
    inputs.extend(sets_of_slices());
    inputs.extend(frames());
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

/// A frame in RLE, each byte of it literal.
pub(crate) fn rle(frame: &[u8]) -> Vec<u8> {
    let plane = |place: usize| -> Vec<u8> {
        let bytes: Vec<u8> = frame.iter().skip(place).step_by(2).copied().collect();
        let mut packed = vec![u8::try_from(bytes.len() - 1).unwrap()];
        packed.extend(bytes);
        packed
    };
    let (high, low) = (plane(1), plane(0));
    let second = 64 + u32::try_from(high.len()).unwrap();
    let mut packed = Vec::new();
    for word in [2, 64, second] {
        packed.extend(word.to_le_bytes());
    }
    packed.resize(64, 0);
    packed.extend(high);
    packed.extend(low);
    packed
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A file whose elements behind group 2 are these bytes.
fn behind_syntax(syntax: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = DataSet::default().file(syntax);
    file.extend(bytes);
    file
}

fn packed() -> Vec<Input> {
    let by = |name: &str, syntax: &str, pieces: &[Vec<u8>], code, says| {
        one(name, slice(0).packed(&[], pieces).file(syntax), code, says)
    };
    let frame = rle(&pixels(0));
    let (mut third, mut beyond) = (frame.clone(), frame.clone());
    third[0] = 3;
    beyond[8] = 200;
    let mut inputs = vec![
        by(
            "RLE without a frame",
            RLE,
            &[],
            Code::Corrupt,
            "RLE frame without its header",
        ),
        by("JPEG without a frame", JPEG, &[], Code::Corrupt, "JPEG"),
        by(
            "half an RLE header",
            RLE,
            &[vec![2, 0, 0]],
            Code::Corrupt,
            "without its header",
        ),
        by(
            "three RLE planes",
            RLE,
            &[third],
            Code::Corrupt,
            "3 RLE planes",
        ),
        by(
            "an RLE plane outside",
            RLE,
            &[beyond],
            Code::Corrupt,
            "outside its frame",
        ),
        by(
            "an RLE plane that ends early",
            RLE,
            &[frame[..70].to_vec()],
            Code::Corrupt,
            "RLE plane",
        ),
        by("JPEG of noise", JPEG, &[vec![7; 40]], Code::Corrupt, "JPEG"),
        by(
            "JPEG of its first marks",
            JPEG,
            &[b"\xff\xd8\xff\xd9".to_vec()],
            Code::Corrupt,
            "JPEG",
        ),
        by(
            "packed in a plain file",
            PLAIN,
            std::slice::from_ref(&frame),
            Code::Corrupt,
            "contradict",
        ),
        one(
            "plain in an RLE file",
            slice(0).file(RLE),
            Code::Corrupt,
            "contradict",
        ),
        one(
            "packed pixels without end",
            slice(0)
                .raw(PIXELS, b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff")
                .file(RLE),
            Code::Truncated,
            "without their end",
        ),
    ];
    for (end, name) in [
        ("4.80", "JPEG-LS Lossless"),
        ("4.90", "JPEG 2000 Lossless"),
        ("4.91", "JPEG 2000"),
        ("4.102", "H.264"),
        ("4.201", "High-Throughput JPEG 2000"),
    ] {
        let syntax = format!("1.2.840.10008.1.2.{end}");
        inputs.push(by(name, &syntax, &[vec![0; 8]], Code::TransferSyntax, name));
    }
    for uid in [
        "1.2.3.4",
        "1.2.840.10008.1.2.4.999",
        "Explicit VR Little Endian",
    ] {
        let name = format!("syntax {uid}");
        inputs.push(one(
            &name,
            slice(0).file(uid),
            Code::TransferSyntax,
            "does not name",
        ));
    }
    let packed = deflated(&slice(0).bytes());
    let bomb = deflated(&vec![0; 64 << 20]);
    inputs.extend([
        one(
            "a deflate bomb",
            behind_syntax(DEFLATED, &bomb),
            Code::TooLarge,
            "unpack to more than allowed",
        ),
        one(
            "deflated data cut off",
            behind_syntax(DEFLATED, &packed[..packed.len() / 2]),
            Code::Truncated,
            "end early",
        ),
        one(
            "deflated data of noise",
            behind_syntax(DEFLATED, &[0xff; 64]),
            Code::Corrupt,
            "damaged packed data",
        ),
        read("deflated", behind_syntax(DEFLATED, &packed)),
        read("RLE", slice(0).packed(&[], &[frame]).file(RLE)),
    ]);
    inputs
}

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
