//! Structure sets beside the series they were drawn on.

use raduet::error::Code;
use raduet_testkit::dicom::{DataSet, PLAIN};
use raduet_testkit::dicom_series::{CLASS, Roi, SLICES, contour, square, structure_set};

use super::dicom::case;
use crate::{Input, Region};

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = contours();
    inputs.extend(sets());
    inputs
}

/// The only region of a structure set, of these contours.
fn of_contours(name: &str, contours: Vec<DataSet>, refused: Option<(Code, &'static str)>) -> Input {
    let set = structure_set(&[(1, "Tumour", contours)]);
    case(
        &format!("RTSTRUCT: {name}"),
        set.file(PLAIN),
        Region::Only,
        refused,
    )
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn contours() -> Vec<Input> {
    const CLOSED: &str = "CLOSED_PLANAR";
    let bad = |name: &str, contour: DataSet, code, says| {
        of_contours(name, vec![contour], Some((code, says)))
    };
    let box_of = |low: f64, high: f64, z: f64| {
        contour(
            CLOSED,
            &[low, low, z, high, low, z, high, high, z, low, high, z],
        )
    };
    let mut inputs = vec![
        bad(
            "ten numbers",
            contour(CLOSED, &[0.0; 10]),
            Code::Corrupt,
            "a contour of 10 numbers",
        ),
        bad(
            "nine points by its word",
            square(2.0).with((0x3006, 0x46), "IS", "9"),
            Code::Corrupt,
            "4 points that declares 9",
        ),
        bad(
            "minus four points",
            square(2.0).with((0x3006, 0x46), "IS", "-4"),
            Code::Corrupt,
            "declares -4",
        ),
        bad(
            "points in words",
            square(2.0).with((0x3006, 0x50), "DS", "0\\0\\here"),
            Code::Corrupt,
            "no numbers",
        ),
        bad(
            "points at infinity",
            square(2.0).with((0x3006, 0x50), "DS", "inf\\0\\2\\1\\0\\2\\1\\1\\2"),
            Code::Corrupt,
            "no numbers",
        ),
        bad(
            "no points",
            square(2.0).without((0x3006, 0x50)),
            Code::Corrupt,
            "no numbers",
        ),
        bad(
            "between the slices",
            square(1.0),
            Code::Geometry,
            "between the slices",
        ),
        bad(
            "through the slices",
            contour(CLOSED, &[0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 1.0, 1.0, 4.0]),
            Code::Geometry,
            "goes through 2.00 slices",
        ),
        bad(
            "above all slices",
            square(40.0),
            Code::Geometry,
            "100.0 % of the region's voxels",
        ),
        bad(
            "beside the image",
            box_of(50.0, 60.0, 2.0),
            Code::Geometry,
            "outside the image altogether",
        ),
        bad(
            "partly beside the image",
            box_of(1.5, 3.5, 2.0),
            Code::Geometry,
            "50.0 % of the region's voxels",
        ),
        bad(
            "at 1e300",
            box_of(1e300, 1.1e300, 2.0),
            Code::Geometry,
            "outside the image altogether",
        ),
        bad(
            "in slice 1e300",
            square(1e300),
            Code::Geometry,
            "no finite place",
        ),
        bad(
            "around no voxel",
            box_of(0.2, 0.4, 2.0),
            Code::MaskEmpty,
            "no voxel centre",
        ),
        bad(
            "a point",
            contour("POINT", &[0.0, 0.0, 2.0]),
            Code::MaskEmpty,
            "no region has a contour",
        ),
        bad(
            "an open line",
            contour(
                "OPEN_PLANAR",
                &[0.0, 0.0, 2.0, 3.0, 0.0, 2.0, 3.0, 2.0, 2.0],
            ),
            Code::MaskEmpty,
            "no region has a contour",
        ),
        bad(
            "two points",
            contour(CLOSED, &[0.0, 0.0, 2.0, 3.0, 3.0, 2.0]),
            Code::MaskEmpty,
            "no region has a contour",
        ),
        of_contours("twice the same", vec![square(2.0), square(2.0)], None),
        of_contours(
            "in every slice",
            (0..SLICES).map(|at| square(2.0 * f64::from(at))).collect(),
            None,
        ),
        of_contours(
            "a point beside",
            vec![square(2.0), contour("POINT", &[0.0, 0.0, 2.0])],
            None,
        ),
        of_contours("a little off the slice", vec![square(2.2)], None),
        of_contours(
            "out and back along a line",
            vec![contour(
                CLOSED,
                &[
                    -0.5, -0.5, 2.0, 1.5, -0.5, 2.0, 1.5, 1.5, 2.0, 1.5, -0.5, 2.0, 1.5, 1.5, 2.0,
                    -0.5, 1.5, 2.0,
                ],
            )],
            None,
        ),
    ];
    // Thousands of contours in one slice are one pass, not one for every pair.
    let many = (0..20_000_u16).map(|at| {
        let x = f64::from(at) * 1e-5;
        contour(CLOSED, &[x, 0.0, 2.0, 1.5, 0.0, 2.0, 1.5, 1.5, 2.0])
    });
    inputs.push(of_contours(
        "20000 in one slice",
        many.chain([square(2.0)]).collect(),
        None,
    ));
    inputs
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn sets() -> Vec<Input> {
    let of = |name: &str, regions: &[Roi<'_>], region, refused| {
        case(
            &format!("RTSTRUCT: {name}"),
            structure_set(regions).file(PLAIN),
            region,
            refused,
        )
    };
    let tumour = || (1, "Tumour", vec![square(2.0)]);
    let heart = || (2, "Heart", vec![square(0.0)]);
    let broken = || (3, "Lung", vec![contour("CLOSED_PLANAR", &[0.0; 10])]);
    let whole = structure_set(&[tumour(), heart()]).file(PLAIN);
    let label = |says| Some((Code::Label, says));
    let corrupt = |says| Some((Code::Corrupt, says));
    let mut nested = DataSet::default();
    for _ in 0..70 {
        nested = DataSet::default().items((0x3006, 0x20), [nested]);
    }
    let deep = structure_set(&[]).items((0x3006, 0x20), [nested]);
    let unnumbered = structure_set(&[]).items((0x3006, 0x20), [DataSet::default()]);
    let of_nothing = structure_set(&[]).items((0x3006, 0x39), [DataSet::default()]);
    let stranger = structure_set(&[tumour()]).items(
        (0x3006, 0x39),
        [DataSet::default().with((0x3006, 0x84), "IS", "9")],
    );
    let dose = DataSet::default().with(CLASS, "UI", "1.2.840.10008.5.1.4.1.1.481.2");
    vec![
        case(
            "RTSTRUCT: cut off",
            whole[..whole.len() - 20].to_vec(),
            Region::Only,
            Some((Code::Truncated, "are left")),
        ),
        case(
            "RTSTRUCT: cut in half",
            whole[..whole.len() / 2].to_vec(),
            Region::Only,
            Some((Code::Truncated, "are left")),
        ),
        case(
            "RTSTRUCT: nested 70 deep",
            deep.file(PLAIN),
            Region::Only,
            corrupt("nested deeper"),
        ),
        case(
            "RTSTRUCT: a region without a number",
            unnumbered.file(PLAIN),
            Region::Only,
            corrupt("without its number"),
        ),
        case(
            "RTSTRUCT: contours of no region",
            of_nothing.file(PLAIN),
            Region::Only,
            corrupt("number of their region"),
        ),
        case(
            "RTSTRUCT: contours of a region not listed",
            stranger.file(PLAIN),
            Region::Only,
            corrupt("region 9, which is not listed"),
        ),
        case(
            "RTSTRUCT: a dose",
            dose.file(PLAIN),
            Region::Only,
            Some((Code::Format, "dose")),
        ),
        of(
            "no region",
            &[],
            Region::Only,
            Some((Code::MaskEmpty, "no region has a contour")),
        ),
        of(
            "a region without contours",
            &[(1, "Tumour", vec![])],
            Region::Only,
            Some((Code::MaskEmpty, "no region has a contour")),
        ),
        of(
            "a region without contours, by number",
            &[tumour(), (2, "Heart", vec![])],
            Region::Labelled(2),
            label("no region is 2; present: 1 'Tumour'"),
        ),
        of(
            "two regions of one number",
            &[tumour(), (1, "Heart", vec![])],
            Region::Only,
            corrupt("two regions of number 1"),
        ),
        of(
            "two regions, none chosen",
            &[tumour(), heart()],
            Region::Only,
            label("1 'Tumour', 2 'Heart'"),
        ),
        of(
            "an unknown number",
            &[tumour(), heart()],
            Region::Labelled(7),
            label("no region is 7"),
        ),
        of(
            "an unknown name",
            &[tumour(), heart()],
            Region::Named("Tumor"),
            label("did you mean 'Tumour'?"),
        ),
        of(
            "two regions of one name",
            &[tumour(), (2, "Tumour", vec![square(0.0)])],
            Region::Named("Tumour"),
            label("several regions are called"),
        ),
        of(
            "a broken region",
            &[tumour(), broken()],
            Region::Labelled(3),
            corrupt("a contour of 10 numbers"),
        ),
        of(
            "beside a broken region",
            &[tumour(), broken()],
            Region::Labelled(1),
            None,
        ),
        of(
            "by name, in other capitals",
            &[tumour(), heart()],
            Region::Named("TUMOUR"),
            None,
        ),
        of(
            "beside a region without contours",
            &[tumour(), (2, "Heart", vec![])],
            Region::Only,
            None,
        ),
    ]
}
