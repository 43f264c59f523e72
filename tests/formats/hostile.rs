//! Damaged and hostile files end in a typed error: nothing panics, nothing is allocated by a file's own word.

use std::fs;

use proptest::prelude::*;
use raduet::error::{Code, ToolError};
use raduet::io::{
    ByteBudget, ReadOptions, ReadVolume, dicom, metaimage, npy, nrrd, pictures, read_volume,
};

use crate::files::path;

fn small() -> ReadOptions {
    ReadOptions {
        budget: ByteBudget(1 << 20),
        ..ReadOptions::default()
    }
}

fn nrrd_of(header: &str) -> Result<ReadVolume, ToolError> {
    nrrd::read(format!("NRRD0004\n{header}\n\n").as_bytes(), &small())
}

fn meta_of(header: &str) -> Result<ReadVolume, ToolError> {
    metaimage::read(
        format!("ObjectType = Image\n{header}\n").as_bytes(),
        &small(),
    )
}

#[test]
fn headers_that_lie_are_refused_by_code() {
    let good = "type: short\nendian: little\nencoding: raw\ndimension: 3\n";
    for (header, code) in [
        ("sizes: 9 7 5", Code::Truncated),
        ("sizes: 9 7", Code::Header),
        ("sizes: 9 7 -5", Code::Header),
        ("sizes: 9 0 5", Code::Header),
        ("sizes: 4294967296 4294967296 4294967296", Code::Header),
        ("sizes: 2000 2000 2000", Code::TooLarge),
        (
            "sizes: 9 7 5\nspace directions: (1,0,0) (0,1,0)",
            Code::Header,
        ),
        (
            "sizes: 9 7 5\nspace directions: (1,0,0) (0,1,0) (0,1,0)",
            Code::Header,
        ),
        ("sizes: 9 7 5\nspace: mars", Code::Truncated),
        (
            "sizes: 9 7 5\nspace: mars\nspace directions: (1,0,0) (0,1,0) (0,0,1)",
            Code::Header,
        ),
        ("sizes: 9 7 5\ndata file: ../secret.raw", Code::NotFound),
        ("sizes: 9 7 5\ndata file: x%s.raw 1 5 1", Code::Header),
        (
            "sizes: 9 7 5\ndata file: x%d.raw 1 2000000000 1",
            Code::Header,
        ),
        ("sizes: 9 7 5\ndata file: x%d.raw 1 5 0", Code::Header),
        ("sizes: 9 7 5\nbyte skip: -2", Code::Header),
        ("sizes: 9 7 5\nline skip: 99999999999", Code::Header),
        ("sizes: 9 7 5\nsizes: 9 7 5", Code::Header),
    ] {
        let error = nrrd_of(&format!("{good}{header}")).unwrap_err();
        assert_eq!(error.code, code, "{header}: {error}");
        assert!(!error.remedy.is_empty(), "{error}");
    }
    let other = |line: &str| {
        let text = format!("{good}sizes: 9 7 5");
        let key = line.split(':').next().unwrap();
        let lines: Vec<&str> = text
            .lines()
            .map(|old| if old.starts_with(key) { line } else { old })
            .collect();
        nrrd_of(&lines.join("\n")).unwrap_err().code
    };
    assert_eq!(other("type: block"), Code::Datatype);
    assert_eq!(other("encoding: bzip2"), Code::Format);
    assert_eq!(other("endian: middle"), Code::Header);
    assert_eq!(other("dimension: 17"), Code::Header);

    let good = "NDims = 3\nElementType = MET_SHORT\n";
    for (header, code) in [
        ("DimSize = 9 7 5\nElementDataFile = LOCAL", Code::Truncated),
        (
            "DimSize = 9 7 5\nCompressedData = True\nElementDataFile = LOCAL",
            Code::Truncated,
        ),
        ("DimSize = 9 7\nElementDataFile = LOCAL", Code::Header),
        ("DimSize = 9 7 5", Code::Header),
        (
            "DimSize = 9 7 5\nElementSpacing = 1 0 1\nElementDataFile = LOCAL",
            Code::Header,
        ),
        (
            "DimSize = 9 7 5\nElementSpacing = 1 nan 1\nElementDataFile = LOCAL",
            Code::Header,
        ),
        (
            "DimSize = 9 7 5\nTransformMatrix = 1 0 0 1 0 0 0 0 1\nElementDataFile = LOCAL",
            Code::Header,
        ),
        (
            "DimSize = 2000 2000 2000\nElementDataFile = LOCAL",
            Code::TooLarge,
        ),
        (
            "DimSize = 9 7 5\nElementDataFile = LIST\na.raw",
            Code::Header,
        ),
        (
            "DimSize = 9 7 5\nElementDataFile = /etc/passwd",
            Code::NotFound,
        ),
    ] {
        let error = meta_of(&format!("{good}{header}")).unwrap_err();
        assert_eq!(error.code, code, "{header}: {error}");
    }
}

#[test]
fn headers_reach_no_file_outside_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(folder.path().join("secret.raw"), [0_u8; 630]).unwrap();
    fs::copy(folder.path().join("secret.raw"), inner.join("own.raw")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path().join("secret.raw"), inner.join("link.raw")).unwrap();
    let absolute = folder
        .path()
        .join("secret.raw")
        .to_string_lossy()
        .into_owned();
    for (name, allowed) in [
        ("own.raw", true),
        ("./own.raw", true),
        ("../secret.raw", false),
        ("../inner/own.raw", false),
        ("link.raw", false),
        ("", false),
        (&absolute, false),
    ] {
        let nhdr = inner.join("x.nhdr");
        let text = format!(
            "NRRD0004\ntype: short\nendian: little\nencoding: raw\ndimension: 3\nsizes: 9 7 5\ndata file: {name}\n"
        );
        fs::write(&nhdr, text).unwrap();
        let mhd = inner.join("x.mhd");
        let text = format!(
            "ObjectType = Image\nNDims = 3\nElementType = MET_SHORT\nDimSize = 9 7 5\nElementDataFile = {name}\n"
        );
        fs::write(&mhd, text).unwrap();
        for header in [nhdr, mhd] {
            let found = read_volume(&header, &ReadOptions::default());
            let code = found.as_ref().err().map(|error| error.code);
            let refused = matches!(code, Some(Code::Path | Code::Header));
            assert_eq!(
                (found.is_ok(), refused),
                (allowed, !allowed),
                "{name}: {code:?}"
            );
            let trusting = ReadOptions {
                external_data: true,
                ..ReadOptions::default()
            };
            if !name.is_empty() {
                assert!(read_volume(&header, &trusting).is_ok(), "{name}");
            }
        }
    }
}

/// Sequences nested without end, and lengths that are not there.
#[test]
fn a_dicom_file_cannot_nest_or_declare_without_bound() {
    let mut file = vec![0_u8; 128];
    file.extend(b"DICM");
    file.extend([2, 0, 0x10, 0]);
    file.extend(b"UI\x14\x001.2.840.10008.1.2.1\0");
    let mut deep = file.clone();
    for _ in 0..100_000 {
        deep.extend([8, 0, 0x15, 0x11]);
        deep.extend(b"SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff");
    }
    let error = dicom::count_elements(&deep, &small()).unwrap_err();
    assert_eq!(error.code, Code::Corrupt, "{error}");
    let mut long = file.clone();
    long.extend([0xe0, 0x7f, 0x10, 0]);
    long.extend(b"OW\0\0\xf0\xff\xff\xff");
    assert_eq!(
        dicom::count_elements(&long, &small()).unwrap_err().code,
        Code::Truncated
    );
}

/// Every format's door on bytes, whatever the outcome.
fn all_doors(bytes: &[u8]) {
    let options = small();
    let _ = nrrd::read(bytes, &options);
    let _ = metaimage::read(bytes, &options);
    let _ = pictures::read_png(bytes, &options);
    let _ = pictures::read_tiff(bytes, &options);
    let _ = npy::read(bytes, &options);
    let _ = npy::read_archive(bytes, &options);
    let _ = dicom::read(&[bytes], &options);
    let _ = dicom::rtstruct::read(bytes, &options);
    let _ = dicom::seg::read(bytes, &options);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn damaged_files_end_in_a_value_or_an_error(
        which in 0_usize..15,
        cut in 0_usize..1200,
        changes in prop::collection::vec((0_usize..1000, any::<u8>()), 0..12)
    ) {
        const SEEDS: [&str; 15] = [
            "straight_raw_big.nrrd", "straight_gzip_little.nrrd", "straight_ascii_little.nrrd", "straight_zlib.mha",
            "text.mha", "slice8.png", "pages_big.tif", "volume.npy", "medmnist_packed.npz", "series/I001.dcm",
            "series_rle/I001.dcm", "rtstruct.dcm", "seg_binary.dcm",
            "series_jpeg/I001.dcm", "enhanced_lossless.dcm",
        ];
        let mut bytes = fs::read(path(SEEDS[which])).unwrap();
        for (place, value) in changes {
            // Headers stand in front.
            let at = place * place * bytes.len() / 1_000_000;
            bytes[at] = value;
        }
        bytes.truncate(cut * bytes.len() / 1000);
        all_doors(&bytes);
    }
}
