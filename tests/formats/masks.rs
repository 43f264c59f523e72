//! Structure sets and segmentations on images: other grids, other frames of reference, regions of which one is broken.

use std::fs;

use raduet::cases::Cases;
use raduet::cli::PresetName;
use raduet::error::{Code, ToolError, WarningCode as W};
use raduet::io::{
    ByteBudget, GeometryRule, LabelChoice, Misfit, ReadCase, ReadOptions, Unpacking, read_case,
    read_volume,
};
use raduet::settings::preset;
use raduet_features::Spacing;
use raduet_testkit::dicom::{DataSet, PLAIN};
use raduet_testkit::dicom_series::{
    FRAME_OF_REFERENCE, HIGH, ORIENTATION, POSITION, SPACING, STORED, contour, placed,
    segmentation, series, shared, slice, square, structure_set,
};

use crate::files::values;

/// A folder with the series and a mask.
fn folder(mask: &DataSet) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in series(|_, set| set) {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    fs::write(folder.path().join("mask.dcm"), mask.file(PLAIN)).unwrap();
    folder
}

fn case(mask: &DataSet, otherwise: Misfit) -> Result<ReadCase, ToolError> {
    let folder = folder(mask);
    let rule = GeometryRule {
        otherwise,
        ..GeometryRule::default()
    };
    let mask = folder.path().join("mask.dcm");
    let options = ReadOptions::default();
    read_case(folder.path(), &mask, &LabelChoice::Only, rule, &options)
}

/// The voxels inside, `[z, y, x]`.
fn inside(case: &ReadCase) -> Vec<[usize; 3]> {
    let all = case.mask.inside().indexed_iter();
    all.filter(|(_, inside)| **inside)
        .map(|((z, y, x), _)| [z, y, x])
        .collect()
}

fn codes(case: &ReadCase) -> Vec<W> {
    case.warnings.iter().map(|warning| warning.code).collect()
}

/// A segmentation in voxels of 0.5 x 0.5 x 1 mm whose frames at these places along z are inside as a whole, the middle
/// of their first pixel at x and y.
fn fine([x, y]: [f64; 2], places: &[f64]) -> DataSet {
    let frames: Vec<(u16, f64)> = places.iter().map(|z| (1, *z)).collect();
    let of_segment = |z: &f64| {
        let named = DataSet::default().short((0x62, 0xb), 1);
        placed([x, y, *z]).items((0x62, 0xa), [named])
    };
    segmentation(&[(1, "Tumour")], &frames, 200)
        .items((0x5200, 0x9229), [shared(0.5, 1.0)])
        .items((0x5200, 0x9230), places.iter().map(of_segment))
}

#[test]
fn a_segmentation_on_a_finer_grid_is_resampled_on_demand() {
    // 4 x 3 pixels of half a millimetre: x from -0.5 to 1.5, y from -0.25 to 1.25; slices at 0, 1 and 2 mm.
    let mask = fine([-0.25, 0.0], &[0.0, 1.0, 2.0]);
    let error = case(&mask, Misfit::Refuse).unwrap_err();
    assert_eq!(error.code, Code::Geometry, "{error}");
    assert!(error.remedy.contains("--resample-mask"), "{error}");
    let found = case(&mask, Misfit::Resample).unwrap();
    let mut expected = Vec::new();
    for z in [0, 1] {
        // Centres at 0 and 1 mm are inside, at 2 and 3 mm they are not.
        expected.extend([[z, 0, 0], [z, 0, 1], [z, 1, 0], [z, 1, 1]]);
    }
    assert_eq!(inside(&found), expected);
    assert_eq!(codes(&found), [W::Geometry]);
    // Frames may be missing in between: the slice at 2 mm is empty then.
    let sparse = fine([-0.25, 0.0], &[0.0, 1.0, 4.0]);
    let found = case(&sparse, Misfit::Resample).unwrap();
    let slices: Vec<usize> = inside(&found).iter().map(|[z, ..]| *z).collect();
    assert_eq!(slices, [0, 0, 0, 0, 2, 2, 2, 2]);
    // What lies outside the image is lost with it, too.
    let beside = case(&fine([-3.0, 0.0], &[0.0]), Misfit::Resample).unwrap_err();
    assert_eq!(beside.code, Code::Geometry, "{beside}");
    assert!(
        beside.found.contains("% of the region's voxels"),
        "{beside}"
    );
    let uneven = case(&fine([0.0, 0.0], &[0.0, 1.0, 2.5]), Misfit::Resample).unwrap_err();
    assert_eq!(uneven.code, Code::Geometry, "{uneven}");
    assert!(uneven.found.contains("uneven distances"), "{uneven}");
    // On the image's own grid nothing is resampled.
    let own = segmentation(&[(1, "Tumour")], &[(1, 2.0)], 200);
    assert_eq!(codes(&case(&own, Misfit::Resample).unwrap()), []);
}

#[test]
fn contours_are_filled_on_the_images_grid_whatever_the_rule() {
    let mask = structure_set(&[(1, "Tumour", vec![square(2.0)])]);
    for otherwise in [Misfit::Refuse, Misfit::Resample] {
        let found = case(&mask, otherwise).unwrap();
        let expected = [[1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]];
        assert_eq!(inside(&found), expected);
        assert_eq!(codes(&found), []);
    }
}

#[test]
fn another_frame_of_reference_is_a_doubt() {
    let tumour = || segmentation(&[(1, "Tumour")], &[(1, 2.0)], 200);
    let other = tumour().with(FRAME_OF_REFERENCE, "UI", "9.9");
    let none = tumour().without(FRAME_OF_REFERENCE);
    let regions = [(1, "Tumour", vec![square(2.0)])];
    let listed = DataSet::default()
        .with((0x3006, 0x22), "IS", "1")
        .with((0x3006, 0x24), "UI", "9.9")
        .with((0x3006, 0x26), "LO", "Tumour");
    let elsewhere = structure_set(&regions).items((0x3006, 0x20), [listed]);
    for (mask, doubts) in [(tumour(), 0), (other, 1), (none, 0), (elsewhere, 1)] {
        let found = case(&mask, Misfit::Refuse).unwrap();
        assert_eq!(codes(&found), vec![W::Geometry; doubts]);
        // UIDs can lead to a person.
        let told = found.warnings.iter().map(ToString::to_string);
        assert!(told.into_iter().all(|text| !text.contains("9.9")));
    }
}

#[test]
fn a_broken_region_leaves_the_others_measured() {
    let broken = || contour("CLOSED_PLANAR", &[0.0; 10]);
    let loaded = |regions: &[(i64, &str, Vec<DataSet>)]| {
        let folder = folder(&structure_set(regions));
        let manifest = folder.path().join("manifest.csv");
        fs::write(&manifest, "ID,PatientID,Image,Mask\na,a,0.dcm,mask.dcm\n").unwrap();
        let mut settings = preset::settings(PresetName::Quick);
        settings.cohort.path = Some(manifest);
        let cases = Cases::open(&settings.cohort, ByteBudget::default()).unwrap();
        cases.load_labels(0, Unpacking::Shared)
    };
    let good = || (1, "Tumour", vec![square(2.0)]);
    let loaded_one = loaded(&[good(), (2, "Heart", vec![broken()])]).unwrap();
    let labels: Vec<i64> = loaded_one.regions.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels, [1]);
    let [warning] = loaded_one.warnings.as_slice() else {
        panic!("{:?}", loaded_one.warnings);
    };
    assert_eq!(warning.code, W::Region);
    assert!(
        warning
            .found
            .starts_with("region 2: a contour of 10 numbers"),
        "{warning}"
    );
    let error = loaded(&[(2, "Heart", vec![broken()])]).unwrap_err();
    assert_eq!(error.code, Code::Corrupt, "{error}");
}

/// Twelve bits in the lower or the upper part of sixteen: each slice is read by its own word.
#[test]
fn unused_bits_are_cleared_slice_by_slice() {
    let folder = tempfile::tempdir().unwrap();
    let files = series(|at, set| match at {
        // 0, 1, 2 …: as they are.
        0 => set.short(STORED, 12).short(HIGH, 11),
        // Numbers below 16 in the four lowest bits, which are unused.
        1 => set.short(STORED, 12).short(HIGH, 15).with(
            (0x7fe0, 0x10),
            "OW",
            (0..12_u16)
                .flat_map(|n| (n << 4 | 7).to_le_bytes())
                .collect::<Vec<u8>>(),
        ),
        _ => set,
    });
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let found = read_volume(folder.path(), &ReadOptions::default()).unwrap();
    let expected: Vec<f64> = (0..12).chain(0..12).chain(24..36).map(f64::from).collect();
    assert_eq!(values(&found.volume), expected);
}

/// Sizes in the file come before those handed in, which fill what it does not say.
#[test]
fn sizes_of_the_file_come_first() {
    let of_mm = |zyx| Spacing::new(zyx).unwrap();
    let spacing = |set: DataSet, given| {
        let options = ReadOptions {
            spacing: given,
            ..ReadOptions::default()
        };
        let read = raduet::io::dicom::read(&[&set.file(PLAIN)], &options).unwrap();
        read.volume.grid().spacing
    };
    let flat = || slice(0).without(POSITION).without(ORIENTATION);
    assert_eq!(
        spacing(flat(), Some([7.0, 8.0, 9.0])),
        of_mm([2.0, 1.0, 1.0])
    );
    let bare = flat().without(SPACING).without((0x18, 0x50));
    assert_eq!(spacing(bare, Some([7.0, 8.0, 9.0])), of_mm([9.0, 8.0, 7.0]));
    let header = |fields: &str| {
        format!("NRRD0004\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 1 1 2\n{fields}\n\nab")
    };
    let of = |fields: &str, given| {
        let options = ReadOptions {
            spacing: given,
            ..ReadOptions::default()
        };
        let read = raduet::io::nrrd::read(header(fields).as_bytes(), &options).unwrap();
        read.volume.grid().spacing
    };
    let given = Some([7.0, 8.0, 9.0]);
    assert_eq!(of("spacings: 1 2 3", given), of_mm([3.0, 2.0, 1.0]));
    let centimetres = "spacings: 1 nan 3\nunits: \"cm\" \"cm\" \"cm\"";
    // What is handed in is in millimetres whatever the header's unit.
    assert_eq!(of(centimetres, given), of_mm([30.0, 8.0, 10.0]));
    assert_eq!(
        of("units: \"cm\" \"cm\" \"cm\"", given),
        of_mm([9.0, 8.0, 7.0])
    );
}
