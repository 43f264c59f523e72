//! NRRD by pynrrd and SimpleITK, MetaImage by SimpleITK.

use raduet::error::{Code, WarningCode as W};
use raduet::io::{ReadOptions, read_volume};

use crate::files::{codes, expected, fails, lies_at, path, read, values};

#[test]
fn every_encoding_and_byte_order_reads_the_same() {
    let files = [
        "straight.nii.gz",
        "straight_raw_little.nrrd",
        "straight_raw_big.nrrd",
        "straight_gzip_little.nrrd",
        "straight_gzip_big.nrrd",
        "straight_ascii_little.nrrd",
        "straight_hex.nrrd",
        "detached_raw.nhdr",
        "detached_gzip.nhdr",
        "pattern.nhdr",
        "list.nhdr",
        "straight.mha",
        "straight_zlib.mha",
        "straight.mhd",
        "straight_zlib.mhd",
        "list.mhd",
        "pattern.mhd",
        "big.mha",
        "text.mha",
    ];
    let first = read("straight_raw_little.nrrd").volume;
    for name in files {
        let found = read(name);
        assert_eq!(values(&found.volume), expected(|v| v), "{name}");
        assert_eq!(found.volume.grid(), first.grid(), "{name}");
        assert_eq!(codes(&found), [], "{name}: {:?}", found.warnings);
    }
    lies_at(first.grid(), "straight", 0.0);
}

#[test]
fn all_number_types_keep_theirs() {
    for kind in [
        "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32",
        "float64",
    ] {
        for ending in ["nrrd", "mha"] {
            let name = format!("type_{kind}.{ending}");
            let found = read(&name).volume;
            assert_eq!(values(&found), expected(f64::abs), "{name}");
            let variant = format!("{:?}", found.voxels()).to_lowercase();
            let short = kind
                .replace("uint", "u")
                .replace("int", "i")
                .replace("float", "f");
            assert!(variant.starts_with(&format!("{short}(")), "{name}");
        }
    }
}

/// SimpleITK, pynrrd and nibabel wrote the same turned volume.
#[test]
fn turned_volumes_lie_where_they_should() {
    for name in ["oblique.nrrd", "oblique_itk.nrrd", "oblique.mha"] {
        let found = read(name);
        assert_eq!(values(&found.volume), expected(|v| v), "{name}");
        lies_at(found.volume.grid(), "oblique", 1e-12);
    }
    // 32-bit numbers.
    lies_at(read("oblique.nii.gz").volume.grid(), "oblique", 1e-6);
}

#[test]
fn a_channel_is_chosen_or_asked_for() {
    let options = |volume| ReadOptions {
        volume,
        ..ReadOptions::default()
    };
    let error = fails("channels.nrrd", &options(None));
    assert_eq!(error.code, Code::Ndim);
    assert!(
        error.found.contains("2 volumes (vector) of 9x7x5"),
        "{error}"
    );
    for k in 0..2 {
        let found = read_volume(&path("channels.nrrd"), &options(Some(k))).unwrap();
        assert_eq!(values(&found.volume), expected(|v| v + k as f64));
        lies_at(found.volume.grid(), "straight", 0.0);
    }
    assert_eq!(fails("channels.nrrd", &options(Some(2))).code, Code::Ndim);
}

#[test]
fn the_content_decides_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("straight.mha", "x.nrrd"),
        ("straight_raw_big.nrrd", "x.nii"),
        ("mask.mha", "x"),
    ] {
        let file = folder.path().join(to);
        std::fs::copy(path(from), &file).unwrap();
        let found = read_volume(&file, &ReadOptions::default()).unwrap();
        assert_eq!(codes(&found), [W::Extension], "{from} as {to}");
    }
}
