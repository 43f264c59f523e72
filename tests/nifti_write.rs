//! What the tool writes, the tool and an independent reader read back.

#![expect(clippy::float_cmp, reason = "these numbers are exact")]
#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod nifti_files;

use flate2::Compression;
use flate2::write::GzEncoder;
use ndarray::Array3;
use nifti::{IntoNdArray, NiftiObject, ReaderOptions};
use nifti_files::{Folder, codes};
use raduet::io::nifti::write_nifti;
use raduet::io::{ReadOptions, read_volume};
use raduet_features::{Affine, Grid, Scaling, Spacing, Volume, Voxels};

const SHAPE: [usize; 3] = [4, 3, 5];

/// An oblique grid whose numbers are exact in 32 bits.
fn grid() -> Grid {
    Grid {
        shape: SHAPE,
        spacing: Spacing::new([3.0, 0.5, 0.5]).unwrap(),
        affine: Affine([
            [0.0, -0.5, 0.0, 12.25],
            [0.5, 0.0, 0.0, -7.0],
            [0.0, 0.0, 3.0, 100.5],
        ]),
    }
}

fn array<T>(value: impl Fn(u8) -> T) -> Array3<T> {
    Array3::from_shape_fn(SHAPE, |(z, y, x)| {
        value(u8::try_from(z * 15 + y * 5 + x).unwrap())
    })
}

fn volumes() -> Vec<Volume> {
    let voxels = [
        Voxels::U8(array(|i| i)),
        Voxels::I8(array(|i| -i8::try_from(i).unwrap())),
        Voxels::U16(array(|i| u16::MAX - u16::from(i))),
        Voxels::I16(array(|i| i16::MIN + i16::from(i))),
        Voxels::U32(array(|i| u32::MAX - u32::from(i))),
        Voxels::I32(array(|i| i32::MIN + i32::from(i))),
        Voxels::U64(array(|i| u64::MAX - u64::from(i))),
        Voxels::I64(array(|i| i64::MIN + i64::from(i))),
        Voxels::F32(array(|i| f32::from(i) / 7.0)),
        Voxels::F64(array(|i| -f64::from(i) / 7.0)),
    ];
    let scaling = Scaling {
        slope: 0.25,
        intercept: -3.0,
    };
    voxels
        .into_iter()
        .flat_map(|v| [(v.clone(), Scaling::NONE), (v, scaling)])
        .map(|(v, scaling)| Volume::new(v, scaling, grid()).unwrap())
        .collect()
}

#[test]
fn a_written_volume_is_read_back_to_the_bit() {
    let folder = Folder::new();
    for volume in volumes() {
        let mut plain = Vec::new();
        write_nifti(&volume, &mut plain).unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        write_nifti(&volume, &mut packed).unwrap();
        for (name, bytes) in [("a.b.nii", plain), ("a.b.nii.gz", packed.finish().unwrap())] {
            let read = folder.read(name, &bytes).unwrap();
            assert_eq!(read.volume, volume);
            assert_eq!(codes(&read.warnings), []);
        }
    }
}

#[test]
fn an_array_in_another_memory_order_is_written_by_its_indices() {
    let turned = array(|i| i)
        .reversed_axes()
        .as_standard_layout()
        .into_owned();
    let volume = |a: Array3<u8>| Volume::new(Voxels::U8(a), Scaling::NONE, grid()).unwrap();
    let mut expected = Vec::new();
    write_nifti(&volume(array(|i| i)), &mut expected).unwrap();
    let mut found = Vec::new();
    write_nifti(&volume(turned.reversed_axes()), &mut found).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn the_nifti_crate_reads_what_is_written() {
    let folder = Folder::new();
    let values = array(|i| i16::from(i) * 100 - 2000);
    let volume = Volume::new(Voxels::I16(values.clone()), Scaling::NONE, grid()).unwrap();
    let mut bytes = Vec::new();
    write_nifti(&volume, &mut bytes).unwrap();
    let object = ReaderOptions::new()
        .read_file(folder.put("x.nii", &bytes))
        .unwrap();
    let header = object.header().clone();
    assert_eq!(header.pixdim[1..4], [0.5, 0.5, 3.0]);
    assert_eq!(header.srow_x, [0.0, -0.5, 0.0, 12.25]);
    let theirs = object.into_volume().into_ndarray::<i16>().unwrap();
    assert_eq!(theirs.shape(), [5, 3, 4]);
    for ((z, y, x), value) in values.indexed_iter() {
        assert_eq!(theirs[[x, y, z]], *value);
    }
}

#[test]
fn what_the_nifti_crate_writes_is_read() {
    let folder = Folder::new();
    let path = folder.path().join("x.nii.gz");
    let values = array(|i| f32::from(i).sqrt());
    let theirs = values.view().reversed_axes();
    nifti::writer::WriterOptions::new(&path)
        .write_nifti(&theirs)
        .unwrap();
    let read = read_volume(&path, &ReadOptions::default()).unwrap();
    assert_eq!(*read.volume.voxels(), Voxels::F32(values));
}

#[test]
fn an_axis_too_long_for_the_format_is_refused() {
    let shape = [1, 1, 40_000];
    let grid = Grid { shape, ..grid() };
    let volume = Volume::new(Voxels::U8(Array3::zeros(shape)), Scaling::NONE, grid).unwrap();
    let error = write_nifti(&volume, &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("40000 voxels"), "{error}");
}
