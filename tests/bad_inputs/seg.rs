//! Segmentations beside the series they were drawn on.

use raduet::error::Code;
use raduet_testkit::dicom::{DataSet, PIXELS, PLAIN, Tag};
use raduet_testkit::dicom_series::{
    ALLOCATED, FRAMES, HIGH, ROW_COUNT, STORED, of_segment, placed, segmentation, shared,
};

use super::dicom::case;
use crate::{Input, Region};

const GROUPS: Tag = (0x5200, 0x9230);
const SHARED: Tag = (0x5200, 0x9229);

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = segments();
    inputs.extend(frames());
    inputs
}

/// A segmentation with one segment.
fn of_segmentation(name: &str, set: &DataSet, refused: Option<(Code, &'static str)>) -> Input {
    case(
        &format!("SEG: {name}"),
        set.file(PLAIN),
        Region::Only,
        refused,
    )
}

/// Tumour in the two lower slices.
fn tumour() -> DataSet {
    segmentation(&[(1, "Tumour")], &[(1, 0.0), (1, 2.0)], 200)
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn segments() -> Vec<Input> {
    let bad =
        |name: &str, set: &DataSet, code, says| of_segmentation(name, set, Some((code, says)));
    let two = segmentation(&[(1, "Tumour"), (2, "Heart")], &[(1, 0.0), (2, 2.0)], 200);
    let chosen = |name: &str, set: &DataSet, region, refused| {
        case(&format!("SEG: {name}"), set.file(PLAIN), region, refused)
    };
    let label = |says| Some((Code::Label, says));
    let sparse = segmentation(&[(1, "Tumour"), (2, "Heart")], &[(1, 0.0)], 200);
    let label_map = |set: DataSet| set.with((0x62, 1), "CS", "LABELMAP");
    let listed = |items: Vec<DataSet>| tumour().items((0x62, 2), items);
    let binary = |pixels: Vec<u8>| {
        tumour()
            .with((0x62, 1), "CS", "BINARY")
            .short(ALLOCATED, 1)
            .short(STORED, 1)
            .short(HIGH, 0)
            .with(PIXELS, "OB", pixels)
    };
    vec![
        bad(
            "segment 0",
            &segmentation(&[(0, "Tumour")], &[(0, 0.0)], 200),
            Code::Corrupt,
            "a segment of number 0",
        ),
        bad(
            "two segments of one number",
            &segmentation(&[(1, "A"), (1, "B")], &[(1, 0.0)], 200),
            Code::Corrupt,
            "two segments of number 1",
        ),
        bad(
            "a frame of a segment not listed",
            &segmentation(&[(1, "A")], &[(5, 0.0)], 200),
            Code::Corrupt,
            "segment 5, which is not listed",
        ),
        bad(
            "a segment without a number",
            &listed(vec![DataSet::default()]),
            Code::Corrupt,
            "without its number",
        ),
        bad("no segment", &listed(vec![]), Code::Corrupt, "not listed"),
        bad(
            "shares above the maximum",
            &segmentation(&[(1, "A")], &[(1, 0.0)], 250),
            Code::Corrupt,
            "a share of 250 of 200",
        ),
        bad(
            "shares without a maximum",
            &tumour().without((0x62, 0xe)),
            Code::Corrupt,
            "without its maximum",
        ),
        bad(
            "a maximum of 0",
            &tumour().short((0x62, 0xe), 0),
            Code::Corrupt,
            "without its maximum",
        ),
        bad(
            "an unknown kind",
            &tumour().with((0x62, 1), "CS", "LIKELY"),
            Code::Datatype,
            "'LIKELY' with 8 bits",
        ),
        bad(
            "no kind",
            &tumour().without((0x62, 1)),
            Code::Datatype,
            "kind ''",
        ),
        bad(
            "bits in bytes",
            &tumour().with((0x62, 1), "CS", "BINARY"),
            Code::Datatype,
            "'BINARY' with 8 bits",
        ),
        bad(
            "too few bits",
            &binary(vec![0xff; 2]),
            Code::Truncated,
            "bits of a segmentation",
        ),
        bad(
            "nothing inside",
            &segmentation(&[(1, "A")], &[(1, 0.0)], 0),
            Code::MaskEmpty,
            "no voxel centre",
        ),
        bad(
            "a label not listed",
            &label_map(segmentation(&[(1, "A")], &[(1, 0.0)], 7)),
            Code::Corrupt,
            "segment 7, which is not listed",
        ),
        bad(
            "two segments, none chosen",
            &two,
            Code::Label,
            "1 'Tumour', 2 'Heart'",
        ),
        chosen(
            "a segment without a frame",
            &sparse,
            Region::Labelled(2),
            label("no region is 2; present: 1 'Tumour'"),
        ),
        chosen(
            "an unknown name",
            &two,
            Region::Named("Hart"),
            label("did you mean 'Heart'?"),
        ),
        chosen(
            "an unknown number",
            &two,
            Region::Labelled(3),
            label("no region is 3"),
        ),
        chosen("by name", &two, Region::Named("Heart"), None),
        of_segmentation("beside a segment without a frame", &sparse, None),
        of_segmentation("shares", &tumour(), None),
        of_segmentation("bits", &binary(vec![0xff; 3]), None),
        of_segmentation(
            "labels",
            &label_map(segmentation(&[(0, "none"), (1, "A")], &[(1, 0.0)], 1)),
            None,
        ),
    ]
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn frames() -> Vec<Input> {
    let bad =
        |name: &str, set: &DataSet, code, says| of_segmentation(name, set, Some((code, says)));
    let whole = tumour().file(PLAIN);
    let nowhere = of_segment(DataSet::default(), 2);
    let half = segmentation(&[(1, "Tumour"), (2, "Heart")], &[(1, 0.0), (2, 2.0)], 200)
        .items(GROUPS, [of_segment(placed([0.0; 3]), 1), nowhere]);
    let long = 1_000_000_000_u32.to_le_bytes().to_vec();
    let of_half = |region, refused| {
        case(
            "SEG: a frame without a place",
            half.file(PLAIN),
            region,
            refused,
        )
    };
    vec![
        case(
            "SEG: cut off",
            whole[..whole.len() - 5].to_vec(),
            Region::Only,
            Some((Code::Truncated, "are left")),
        ),
        case(
            "SEG: cut in half",
            whole[..whole.len() * 2 / 3].to_vec(),
            Region::Only,
            Some((Code::Truncated, "are left")),
        ),
        bad(
            "a billion rows",
            &tumour().with(ROW_COUNT, "UL", long),
            Code::TooLarge,
            "bytes",
        ),
        bad(
            "no rows",
            &tumour().without(ROW_COUNT),
            Code::Header,
            "no Rows",
        ),
        bad(
            "no frames",
            &tumour().with(FRAMES, "IS", "0"),
            Code::Header,
            "NumberOfFrames 0",
        ),
        bad(
            "one frame more than described",
            &tumour().with(FRAMES, "IS", "3"),
            Code::Corrupt,
            "3 frames, 2 of them described",
        ),
        bad(
            "too few pixels",
            &tumour().with(PIXELS, "OB", vec![200; 12]),
            Code::Truncated,
            "frame 1",
        ),
        bad(
            "no pixels",
            &tumour().without(PIXELS),
            Code::Corrupt,
            "no pixel data",
        ),
        bad(
            "a frame of no segment",
            &tumour().items(GROUPS, [placed([0.0; 3]), placed([0.0; 3])]),
            Code::Corrupt,
            "without the number of its segment",
        ),
        bad(
            "frames of no size",
            &tumour().items(SHARED, [shared(-1.0, 2.0)]),
            Code::Header,
            "PixelSpacing",
        ),
        bad(
            "no groups of all frames",
            &tumour().without(SHARED),
            Code::Corrupt,
            "frame 0 without",
        ),
        bad(
            "a slice that is not there",
            &segmentation(&[(1, "A")], &[(1, 40.0)], 200),
            Code::Geometry,
            "100.0 % of the segment's voxels",
        ),
        bad(
            "half in slices that are not there",
            &segmentation(&[(1, "A")], &[(1, 4.0), (1, 6.0)], 200),
            Code::Geometry,
            "50.0 % of the segment's voxels",
        ),
        bad(
            "between two slices",
            &segmentation(&[(1, "A")], &[(1, 1.0)], 200),
            Code::Geometry,
            "0.500 voxels off",
        ),
        bad(
            "pixels of another size",
            &tumour().items(SHARED, [shared(2.0, 2.0)]),
            Code::Geometry,
            "another size or direction",
        ),
        of_half(
            Region::Labelled(2),
            Some((Code::Corrupt, "without its position")),
        ),
        of_half(Region::Labelled(1), None),
    ]
}
