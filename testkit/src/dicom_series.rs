//! A CT series of three slices of 4 x 3 pixels, 2 mm apart, with a structure set and a segmentation of it: small DICOM
//! files, one element of which is changed where a test needs it.

use crate::dicom::{DataSet, PIXELS, PLAIN, Tag};

/// Rows of a slice.
pub const ROWS: u16 = 3;
/// Columns of a slice.
pub const COLUMNS: u16 = 4;
/// Slices of the series.
pub const SLICES: u16 = 3;
/// Distance of slices in mm.
pub const STEP: f64 = 2.0;

/// SOP class.
pub const CLASS: Tag = (8, 0x16);
/// SOP instance.
pub const OBJECT: Tag = (8, 0x18);
/// Thickness of a slice.
pub const THICKNESS: Tag = (0x18, 0x50);
/// Series.
pub const SERIES: Tag = (0x20, 0xe);
/// Place of the first pixel.
pub const POSITION: Tag = (0x20, 0x32);
/// Directions of rows and columns.
pub const ORIENTATION: Tag = (0x20, 0x37);
/// What places are in.
pub const FRAME_OF_REFERENCE: Tag = (0x20, 0x52);
/// Numbers of a pixel.
pub const SAMPLES: Tag = (0x28, 2);
/// Kind of pixels.
pub const PHOTOMETRIC: Tag = (0x28, 4);
/// How many frames.
pub const FRAMES: Tag = (0x28, 8);
/// How many rows.
pub const ROW_COUNT: Tag = (0x28, 0x10);
/// How many columns.
pub const COLUMN_COUNT: Tag = (0x28, 0x11);
/// Distances of rows and columns.
pub const SPACING: Tag = (0x28, 0x30);
/// Bits that a number takes.
pub const ALLOCATED: Tag = (0x28, 0x100);
/// Bits of a number.
pub const STORED: Tag = (0x28, 0x101);
/// The highest of them.
pub const HIGH: Tag = (0x28, 0x102);
/// Whether numbers have a sign.
pub const SIGNED: Tag = (0x28, 0x103);

/// What all slices say.
fn common() -> DataSet {
    DataSet::default()
        .with(CLASS, "UI", "1.2.840.10008.5.1.4.1.1.2")
        .with(SERIES, "UI", "1.2.3.1")
        .with(FRAME_OF_REFERENCE, "UI", "1.2.3.9")
        .with(PHOTOMETRIC, "CS", "MONOCHROME2")
        .short(SAMPLES, 1)
        .short(ROW_COUNT, ROWS)
        .short(COLUMN_COUNT, COLUMNS)
        .short(ALLOCATED, 16)
        .short(STORED, 16)
        .short(HIGH, 15)
        .short(SIGNED, 1)
}

/// Pixels of a slice: 12 numbers that count on from slice to slice.
#[must_use]
pub fn pixels(slice: u16) -> Vec<u8> {
    let n = ROWS * COLUMNS;
    (0..n)
        .flat_map(|at| (slice * n + at).to_le_bytes())
        .collect()
}

/// A slice of the series.
#[must_use]
pub fn slice(number: u16) -> DataSet {
    common()
        .with(OBJECT, "UI", format!("1.2.3.1.{number}"))
        .decimals(THICKNESS, &[STEP])
        .decimals(POSITION, &[0.0, 0.0, f64::from(number) * STEP])
        .decimals(ORIENTATION, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
        .decimals(SPACING, &[1.0, 1.0])
        .with(PIXELS, "OW", pixels(number))
}

/// The series' files, each slice after a change.
#[must_use]
pub fn series(change: impl Fn(u16, DataSet) -> DataSet) -> Vec<(String, Vec<u8>)> {
    (0..SLICES)
        .map(|at| (format!("{at}.dcm"), change(at, slice(at)).file(PLAIN)))
        .collect()
}

/// Where a frame lies, in the groups of multi-frame objects.
#[must_use]
pub fn placed([x, y, z]: [f64; 3]) -> DataSet {
    DataSet::default().items(
        (0x20, 0x9113),
        [DataSet::default().decimals(POSITION, &[x, y, z])],
    )
}

/// What the groups of all frames say: orientation, size of pixels and distance of frames.
#[must_use]
pub fn shared(size: f64, step: f64) -> DataSet {
    let orientation = DataSet::default().decimals(ORIENTATION, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    let measures = DataSet::default()
        .decimals(SPACING, &[size, size])
        .decimals((0x18, 0x88), &[step]);
    DataSet::default()
        .items((0x20, 0x9116), [orientation])
        .items((0x28, 0x9110), [measures])
}

/// The three slices as frames of one file.
#[must_use]
pub fn enhanced() -> DataSet {
    let frames = (0..SLICES).map(|at| placed([0.0, 0.0, f64::from(at) * STEP]));
    common()
        .with(FRAMES, "IS", SLICES.to_string())
        .items((0x5200, 0x9229), [shared(1.0, STEP)])
        .items((0x5200, 0x9230), frames)
        .with(
            PIXELS,
            "OW",
            (0..SLICES).flat_map(pixels).collect::<Vec<u8>>(),
        )
}

/// A contour of a kind with its points.
#[must_use]
pub fn contour(kind: &str, points: &[f64]) -> DataSet {
    DataSet::default()
        .with((0x3006, 0x42), "CS", kind)
        .with((0x3006, 0x46), "IS", (points.len() / 3).to_string())
        .decimals((0x3006, 0x50), points)
}

/// Around the four pixels in the first rows and columns of the slice at z.
#[must_use]
pub fn square(z: f64) -> DataSet {
    let (low, high) = (-0.5, 1.5);
    contour(
        "CLOSED_PLANAR",
        &[low, low, z, high, low, z, high, high, z, low, high, z],
    )
}

/// A region of a number and name with its contours.
pub type Roi<'a> = (i64, &'a str, Vec<DataSet>);

/// A structure set.
#[must_use]
pub fn structure_set(regions: &[Roi<'_>]) -> DataSet {
    let listed = regions.iter().map(|(number, name, _)| {
        DataSet::default()
            .with((0x3006, 0x22), "IS", number.to_string())
            .with((0x3006, 0x24), "UI", "1.2.3.9")
            .with((0x3006, 0x26), "LO", *name)
    });
    let drawn = regions.iter().map(|(number, _, contours)| {
        DataSet::default()
            .items((0x3006, 0x40), contours.iter().cloned())
            .with((0x3006, 0x84), "IS", number.to_string())
    });
    DataSet::default()
        .with(CLASS, "UI", "1.2.840.10008.5.1.4.1.1.481.3")
        .items((0x3006, 0x20), listed)
        .items((0x3006, 0x39), drawn)
}

/// A segment's number and name.
pub type Segment<'a> = (u16, &'a str);

/// The number of a frame's segment.
#[must_use]
pub fn of_segment(frame: DataSet, number: u16) -> DataSet {
    let named = DataSet::default().short((0x62, 0xb), number);
    frame.items((0x62, 0xa), [named])
}

/// A segmentation of the series' size whose frames (their segment, and z) show one byte a pixel of a maximum.
#[must_use]
pub fn segmentation(segments: &[Segment<'_>], frames: &[(u16, f64)], pixel: u8) -> DataSet {
    let listed = segments.iter().map(|(number, name)| {
        DataSet::default()
            .short((0x62, 4), *number)
            .with((0x62, 5), "LO", *name)
    });
    let each = frames
        .iter()
        .map(|(number, z)| of_segment(placed([0.0, 0.0, *z]), *number));
    let n = usize::from(ROWS * COLUMNS) * frames.len();
    common()
        .with(CLASS, "UI", "1.2.840.10008.5.1.4.1.1.66.4")
        .with(SERIES, "UI", "1.2.3.2")
        .with(FRAMES, "IS", frames.len().to_string())
        .short(ALLOCATED, 8)
        .short(STORED, 8)
        .short(HIGH, 7)
        .short(SIGNED, 0)
        .with((0x62, 1), "CS", "FRACTIONAL")
        .short((0x62, 0xe), 200)
        .items((0x62, 2), listed)
        .items((0x5200, 0x9229), [shared(1.0, STEP)])
        .items((0x5200, 0x9230), each)
        .with(PIXELS, "OB", vec![pixel; n])
}
