//! PNG by Pillow, TIFF by tifffile, arrays by NumPy.

use raduet::error::{Code, WarningCode as W};
use raduet::io::{ReadOptions, read_volume};

use crate::files::{codes, expected, fails, formula, path, read, values};

fn plane(change: impl Fn(f64) -> f64) -> Vec<f64> {
    let places = (0..7).flat_map(|y| (0..9).map(move |x| (y, x)));
    places.map(|(y, x)| change(formula(2, y, x))).collect()
}

#[test]
fn pictures_are_volumes_of_one_slice() {
    for (name, wanted) in [
        ("slice8.png", plane(|v| v + 20.0)),
        ("slice16.png", plane(|v| (v + 20.0) * 300.0)),
        ("float.tif", plane(|v| v)),
    ] {
        let found = read(name);
        assert_eq!(found.volume.grid().shape, [1, 7, 9], "{name}");
        assert_eq!(values(&found.volume), wanted, "{name}");
        assert_eq!(codes(&found), [W::Orientation], "{name}");
        let options = ReadOptions {
            spacing: Some([0.5, 0.25, 3.0]),
            ..ReadOptions::default()
        };
        let sized = read_volume(&path(name), &options).unwrap();
        let spacing = sized.volume.grid().spacing.zyx().map(f64::to_bits);
        assert_eq!(spacing, [3.0_f64, 0.25, 0.5].map(f64::to_bits));
        assert_eq!(codes(&sized), []);
    }
}

#[test]
fn pages_and_arrays_are_volumes() {
    for (name, shift) in [
        ("pages.tif", 20.0),
        ("pages_big.tif", 20.0),
        ("volume.npy", 0.0),
        ("fortran.npy", 0.0),
        ("big.npy", 0.0),
    ] {
        let found = read(name);
        assert_eq!(values(&found.volume), expected(|v| v + shift), "{name}");
        assert_eq!(codes(&found), [W::Orientation], "{name}");
    }
}

#[test]
fn an_archive_of_several_arrays_is_no_image() {
    for name in ["medmnist.npz", "medmnist_packed.npz"] {
        let error = fails(name, &ReadOptions::default());
        assert_eq!(error.code, Code::Ndim);
        assert!(error.found.contains("6 arrays: train_images"), "{error}");
    }
}
