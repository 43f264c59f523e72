//! Header fields: what is read, what is doubted, what is refused, and in which words.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]
#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod nifti_files;

use nifti_files::{Edition, Folder, Header, codes};
use raduet::error::{Code, WarningCode as W};
use raduet::io::{ByteBudget, ReadOptions, read_volume};
use raduet_features::{Scaling, Volume, Voxels};

/// The header as a single file of counting voxels.
fn read(header: &Header) -> (Volume, Vec<W>) {
    let read = Folder::new().read("x.nii", &header.counting()).unwrap();
    (read.volume, codes(&read.warnings))
}

/// Every header must be refused with the code, the message naming field and value.
fn refused(code: Code, cases: Vec<(Header, &str)>) {
    for (header, named) in cases {
        let error = Folder::new().refused("x.nii", &header.counting(), code);
        assert!(
            error.found.contains(named),
            "'{}' does not name '{named}'",
            error.found
        );
    }
}

fn with(change: impl Fn(&mut Header)) -> Header {
    let mut header = Header::default();
    change(&mut header);
    header
}

fn with_2(change: impl Fn(&mut Header)) -> Header {
    let mut header = Header::default().edition(Edition::Two);
    change(&mut header);
    header
}

#[test]
fn dimensions_out_of_range_are_refused() {
    refused(
        Code::Header,
        vec![
            (with(|h| h.dim[0] = 0), "dim[0] = 0"),
            (with(|h| h.dim[0] = 8), "dim[0] = 8"),
            (with(|h| h.dim[0] = -3), "dim[0] = -3"),
            (with(|h| h.dim[2] = 0), "dim[2] = 0"),
            (with(|h| h.dim[1] = -12), "dim[1] = -12"),
            (
                with_2(|h| h.dim[0] = i64::MIN),
                "dim[0] = -9223372036854775808",
            ),
            (with_2(|h| h.dim[3] = -1), "dim[3] = -1"),
            (
                with_2(|h| h.dim = [3, i64::MAX, i64::MAX, 2, 1, 1, 1, 1]),
                "more bytes than can be counted",
            ),
            (
                with_2(|h| h.dim = [7, 1, 1, 1, i64::MAX, i64::MAX, 9, 9]),
                "more volumes than can be counted",
            ),
        ],
    );
}

#[test]
fn a_volume_above_the_budget_is_refused_before_it_is_allocated() {
    // 2^60 voxels: an allocation would fail loudly.
    let huge = with_2(|h| h.dim = [3, 1 << 20, 1 << 20, 1 << 20, 1, 1, 1, 1]);
    refused(
        Code::TooLarge,
        vec![(huge, "2305843009213693952 voxel bytes")],
    );
    let folder = Folder::new();
    let path = folder.put("x.nii", &Header::default().counting());
    let options = |bytes| ReadOptions {
        budget: ByteBudget(bytes),
        volume: None,
        ..ReadOptions::default()
    };
    assert!(read_volume(&path, &options(2640)).is_ok());
    let error = read_volume(&path, &options(2639)).unwrap_err();
    assert_eq!(error.code, Code::TooLarge);
    assert_eq!(error.expected, "at most 2639 bytes");
}

#[test]
fn offsets_out_of_range_are_refused() {
    let mut cases = Vec::new();
    for (offset, named) in [
        (f64::NAN, "vox_offset = NaN"),
        (f64::INFINITY, "vox_offset = inf"),
        (-352.0, "vox_offset = -352"),
        (0.0, "vox_offset = 0"),
        (348.0, "vox_offset = 348"),
        (352.5, "vox_offset = 352.5"),
        (100_000.0, "vox_offset = 100000"),
    ] {
        cases.push((with(|h| h.vox_offset = offset), named));
    }
    refused(Code::Header, cases);
    let far = with_2(|h| h.vox_offset = 9e15);
    let error = Folder::new().refused("x.nii", &far.counting(), Code::TooLarge);
    assert!(
        error.found.contains("from byte 9000000000000000"),
        "{error}"
    );
}

#[test]
fn an_extension_before_the_voxels_is_skipped() {
    let header = with(|h| h.vox_offset = 384.0);
    let mut bytes = header.bytes();
    bytes.extend([0xee; 32]);
    bytes.extend(nifti_files::counting(1320, header.order));
    let read = Folder::new().read("x.nii", &bytes).unwrap();
    assert_eq!(codes(&read.warnings), []);
    match read.volume.voxels() {
        Voxels::I16(array) => assert_eq!(array[[9, 10, 11]], 1319),
        other => panic!("{other:?}"),
    }
}

#[test]
fn types_that_are_no_real_numbers_are_refused_by_name() {
    let kinds = [
        (0, "datatype 0 (unknown)"),
        (1, "datatype 1 (binary"),
        (32, "datatype 32 (complex64)"),
        (128, "datatype 128 (rgb24)"),
        (1536, "datatype 1536 (float128)"),
        (1792, "datatype 1792 (complex128)"),
        (2048, "datatype 2048 (complex256)"),
        (2304, "datatype 2304 (rgba32)"),
        (5, "datatype 5, which the standard does not define"),
        (-4, "datatype -4"),
    ];
    refused(
        Code::Datatype,
        kinds
            .into_iter()
            .map(|(code, named)| (with(|h| h.datatype = code), named))
            .collect(),
    );
}

#[test]
fn bits_that_contradict_the_type_are_doubted() {
    let (volume, warnings) = read(&with(|h| h.bitpix = 8));
    assert_eq!(warnings, [W::Header]);
    assert!(matches!(volume.voxels(), Voxels::I16(_)));
}

#[test]
fn scaling_follows_the_standard() {
    let scaled = |slope, intercept| {
        let (volume, warnings) = read(&with(|h| (h.slope, h.intercept) = (slope, intercept)));
        (volume.scaling(), warnings)
    };
    let exact = |slope, intercept| Scaling { slope, intercept };
    assert_eq!(scaled(2.5, -1024.0), (exact(2.5, -1024.0), vec![]));
    assert_eq!(scaled(-1.0, 0.0), (exact(-1.0, 0.0), vec![]));
    // "Not scaled" in the standard's and in nibabel's way: recorded, not shown.
    assert_eq!(scaled(0.0, 0.0), (Scaling::NONE, vec![]));
    assert_eq!(scaled(f64::NAN, f64::NAN), (Scaling::NONE, vec![]));
    // An offset that is lost is shown.
    assert_eq!(scaled(0.0, 10.0), (Scaling::NONE, vec![W::Scale]));
    assert_eq!(scaled(f64::NAN, 10.0), (Scaling::NONE, vec![W::Scale]));
    refused(
        Code::Header,
        vec![
            (with(|h| h.slope = f64::INFINITY), "scl_slope = inf"),
            (with(|h| h.slope = f64::NEG_INFINITY), "scl_slope = -inf"),
            (with(|h| h.intercept = f64::NAN), "scl_inter = NaN"),
            (with(|h| h.intercept = f64::INFINITY), "scl_inter = inf"),
        ],
    );
}

#[test]
fn an_unscaled_slope_of_zero_leaves_a_note() {
    let header = with(|h| h.slope = 0.0);
    let read = Folder::new().read("x.nii", &header.counting()).unwrap();
    let [note] = &read.warnings[..] else {
        panic!("{:?}", read.warnings)
    };
    assert_eq!(note.code, W::Scale);
    assert_eq!(note.level, raduet::error::Level::Note);
}

#[test]
fn one_volume_is_squeezed_and_several_need_a_choice() {
    let one = with(|h| h.dim = [5, 12, 11, 10, 1, 1, 1, 1]);
    assert_eq!(read(&one).0.grid().shape, [10, 11, 12]);

    let folder = Folder::new();
    let two = with(|h| h.dim = [4, 12, 11, 5, 2, 1, 1, 1]);
    for (name, bytes) in [
        ("x.nii", two.counting()),
        ("x.nii.gz", nifti_files::gzip(&two.counting())),
    ] {
        let path = folder.put(name, &bytes);
        let choose = |volume| {
            let options = ReadOptions {
                volume,
                ..ReadOptions::default()
            };
            read_volume(&path, &options)
        };
        let error = choose(None).unwrap_err();
        assert_eq!(error.code, Code::Ndim);
        assert_eq!(error.found, "2 volumes of 12x11x5");
        assert!(error.remedy.contains("--volume k"));
        assert_eq!(choose(Some(2)).unwrap_err().code, Code::Ndim);
        for (k, first, last) in [(0, 0, 659), (1, 660, 1319)] {
            let read = choose(Some(k)).unwrap();
            assert_eq!(codes(&read.warnings), []);
            let Voxels::I16(array) = read.volume.voxels() else {
                panic!("{:?}", read.volume.voxels())
            };
            assert_eq!((array[[0, 0, 0]], array[[4, 10, 11]]), (first, last));
        }
    }
}

#[test]
fn flat_images_need_no_size_across() {
    let flat = with(|h| {
        h.dim = [2, 40, 33, 9, 9, 9, 9, 9];
        h.pixdim[3] = 0.0;
        h.sform_code = 0;
        h.qform_code = 1;
    });
    let (volume, _) = read(&flat);
    assert_eq!(volume.grid().shape, [1, 33, 40]);
    assert_eq!(volume.grid().spacing.zyx(), [1.0, 2.0, 2.0]);
}

#[test]
fn files_of_other_kinds_are_refused_by_name() {
    let folder = Folder::new();
    let mut analyze = Header::default().counting();
    analyze[344..348].fill(0);
    let error = folder.refused("analyze.nii", &analyze, Code::Header);
    assert!(error.found.contains("ANALYZE 7.5"), "{error}");
    let mut magic = Header::default().counting();
    magic[344..348].copy_from_slice(b"n+9\0");
    let error = folder.refused("magic.nii", &magic, Code::Header);
    assert!(error.found.contains("n+9"), "{error}");
    let mut size = Header::default().counting();
    size[0] = 7;
    let error = folder.refused("size.nii", &size, Code::Header);
    assert!(error.found.starts_with("sizeof_hdr "), "{error}");

    let error = folder.refused("x.jpg", b"\xff\xd8\xff\xe0", Code::Format);
    assert_eq!(error.found, "this is a JPEG image");
    let error = folder.refused("x.h5", b"\x89HDF\r\n\x1a\n", Code::Format);
    assert_eq!(error.found, "this is an HDF5 file");
    folder.refused("notes.txt", b"hello world", Code::Format);
}

#[test]
fn a_cut_off_header_is_counted() {
    let whole = Header::default().counting();
    let folder = Folder::new();
    for (name, cut) in [
        ("x.nii", whole[..200].to_vec()),
        ("x.nii.gz", nifti_files::gzip(&whole[..200])),
    ] {
        let error = folder.refused(name, &cut, Code::Truncated);
        assert_eq!(error.found, "200 of 348 header bytes");
    }
    folder.refused("empty.nii", b"", Code::Truncated);
}
