//! Slices of files that are read one by one, against those of the same files read as wholes.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use raduet_features::{Affine, Roi, Spacing, Voxels};

use super::*;
use crate::io::nifti::write_nifti;
use crate::io::read_case;

const SHAPE: [usize; 3] = [9, 61, 70];

fn grid() -> Grid {
    let affine = Affine([
        [-0.7, 0.0, 0.0, 3.0],
        [0.0, 0.7, 0.0, -4.0],
        [0.0, 0.0, 2.0, 5.0],
    ]);
    let spacing = Spacing::new([2.0, 0.7, 0.7]).unwrap();
    Grid {
        shape: SHAPE,
        spacing,
        affine,
    }
}

fn noise(z: usize, y: usize, x: usize) -> i16 {
    let noise = (z * 7919 + y * 104_729 + x * 1_299_709) % 1009 * (x % 5 + 1);
    i16::try_from(noise).unwrap()
}

/// Labels 0 to 2: a region with gaps, rows that it fills from end to end, slices without any.
fn label(z: usize, y: usize, x: usize) -> u8 {
    match z {
        0 | 5 => 0,
        3 => u8::from(!(2..59).contains(&y)),
        4 => 1,
        8 => 2 * u8::from(y == x),
        _ => u8::from(y.abs_diff(30) + x.abs_diff(33) < 20 + z && !(x + y).is_multiple_of(13)),
    }
}

fn image() -> Volume {
    let voxels = Array3::from_shape_fn(SHAPE, |(z, y, x)| noise(z, y, x) - 900);
    Volume::new(Voxels::I16(voxels), Scaling::NONE, grid()).unwrap()
}

fn mask() -> Volume {
    let voxels = Array3::from_shape_fn(SHAPE, |(z, y, x)| label(z, y, x));
    Volume::new(Voxels::U8(voxels), Scaling::NONE, grid()).unwrap()
}

fn bytes(volume: &Volume) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_nifti(volume, &mut bytes).unwrap();
    bytes
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::new(6));
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

struct Files {
    folder: tempfile::TempDir,
    choice: LabelChoice,
}

impl Files {
    fn new(image: &[u8], mask: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("image.nii.gz"), image).unwrap();
        std::fs::write(folder.path().join("mask.nii.gz"), mask).unwrap();
        let choice = LabelChoice::Value(1);
        Self { folder, choice }
    }

    fn of(image: &Volume, mask: &Volume) -> Self {
        Self::new(&packed(&bytes(image)), &packed(&bytes(mask)))
    }

    fn paths(&self) -> [PathBuf; 2] {
        ["image.nii.gz", "mask.nii.gz"].map(|name| self.folder.path().join(name))
    }

    fn open(&self) -> Option<SlicedCase> {
        let ([image, mask], rule) = (self.paths(), GeometryRule::default());
        SlicedCase::open(&image, &mask, &self.choice, rule, &ReadOptions::default())
    }

    /// Whether the case is read slice by slice to the end.
    fn passes(&self) -> bool {
        let case = self.open();
        case.is_some_and(|case| case.each(|_, _, _| ()).is_some())
    }

    /// Slice by slice the regions are those of the case that is read as a whole.
    fn agree(&self) {
        let ([image, mask], rule) = (self.paths(), GeometryRule::default());
        let options = ReadOptions::default();
        let whole = read_case(&image, &mask, &self.choice, rule, &options).unwrap();
        let case = self.open().unwrap();
        assert_eq!(case.grid(), whole.image.grid());
        assert_eq!(case.warnings(), whole.warnings);
        let mut found = Vec::new();
        let prints = case.each(|z, volume, mask| {
            let roi = Roi::from_volume(&volume, &mask).unwrap().unwrap();
            // The box is as small as can be.
            assert_eq!(roi.shape(), volume.grid().shape);
            found.push((z, volume, roi));
        });
        assert_eq!(prints, Some(whole.fingerprints));
        let occupied: Vec<usize> = found.iter().map(|(z, ..)| *z).collect();
        assert_eq!(occupied, whole.mask.occupied_slices());
        for (z, volume, roi) in found {
            let expected = Roi::from_slice(&whole.image, &whole.mask, z);
            let expected = expected.unwrap().unwrap();
            assert_eq!(roi.values(), expected.values());
            assert_eq!(roi.inside(), expected.inside());
            assert_eq!(
                *volume.grid(),
                whole.image.grid().cut(expected.offset(), expected.shape())
            );
        }
    }
}

#[test]
fn slices_are_those_of_the_whole() {
    Files::of(&image(), &mask()).agree();
    let other = Files {
        choice: LabelChoice::Value(2),
        ..Files::of(&image(), &mask())
    };
    other.agree();
    let one = Array3::from_shape_fn(SHAPE, |(z, y, x)| label(z, y, x) % 2);
    let one = Volume::new(Voxels::U8(one), Scaling::NONE, grid()).unwrap();
    let only = Files {
        choice: LabelChoice::Only,
        ..Files::of(&image(), &one)
    };
    only.agree();
}

#[test]
fn every_type_of_numbers_is_read() {
    macro_rules! each {
        ($($image:ident $mask:ident $kind:ty, $label:ty;)*) => {$({
            let voxels = Array3::from_shape_fn(SHAPE, |(z, y, x)| <$kind>::try_from(noise(z, y, x) % 127).unwrap());
            let labels = Array3::from_shape_fn(SHAPE, |(z, y, x)| <$label>::from(label(z, y, x)));
            let scaling = Scaling { slope: 2.0, intercept: 1.5 };
            let image = Volume::new(Voxels::$image(voxels), scaling, grid()).unwrap();
            let mask = Volume::new(Voxels::$mask(labels), Scaling::NONE, grid()).unwrap();
            Files::of(&image, &mask).agree();
        })*};
    }
    each! {
        U8 I16 u8, i16;
        I8 U16 i8, u16;
        U16 I32 u16, i32;
        I16 U32 i16, u32;
        U32 F32 u32, f32;
        I32 F64 i32, f64;
        U64 I64 u64, i64;
        I64 U64 i64, u64;
    }
}

#[test]
fn what_is_doubtful_is_read_as_a_whole() {
    let (image, mask) = (image(), mask());
    let (image_bytes, mask_bytes) = (bytes(&image), bytes(&mask));
    assert!(Files::new(&packed(&image_bytes), &packed(&mask_bytes)).passes());
    // Not packed, another member or more data behind, a byte that is missing or wrong.
    assert!(!Files::new(&image_bytes, &packed(&mask_bytes)).passes());
    assert!(!Files::new(&packed(&image_bytes), &mask_bytes).passes());
    let files = [&image_bytes, &mask_bytes].map(|bytes| packed(bytes));
    for damaged in 0..2 {
        let mut changes: Vec<Vec<u8>> = Vec::new();
        let whole = &files[damaged];
        changes.push([&whole[..], b"more"].concat());
        changes.push([&whole[..], &packed(b"")].concat());
        changes.push(whole[..whole.len() - 1].to_vec());
        changes.push(whole[..whole.len() / 2].to_vec());
        for at in [whole.len() - 6, whole.len() - 2, whole.len() / 2] {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            changes.push(bytes);
        }
        let mut longer = [&image_bytes, &mask_bytes][damaged].clone();
        longer.push(0);
        changes.push(packed(&longer));
        for change in changes {
            let mut files = files.clone();
            files[damaged] = change;
            assert!(!Files::new(&files[0], &files[1]).passes());
        }
    }
}

#[test]
fn what_is_not_plain_is_read_as_a_whole() {
    let passes = |image: &Volume, mask: &Volume, choice: LabelChoice| {
        let files = Files {
            choice,
            ..Files::of(image, mask)
        };
        files.passes()
    };
    let (image, mask) = (image(), mask());
    let one = LabelChoice::Value(1);
    assert!(passes(&image, &mask, one.clone()));
    assert!(!passes(&image, &mask, LabelChoice::Only));
    assert!(!passes(&image, &mask, LabelChoice::Value(7)));
    assert!(!passes(&image, &mask, LabelChoice::Name("1".into())));
    // Values that may be NaN.
    let real = Array3::from_shape_fn(SHAPE, |(z, y, x)| f32::from(noise(z, y, x)));
    let real = Volume::new(Voxels::F32(real), Scaling::NONE, grid()).unwrap();
    assert!(!passes(&real, &mask, one.clone()));
    // Labels that are rounded, and numbers that are none.
    for share in [1e-4, 0.25] {
        let labels =
            Array3::from_shape_fn(SHAPE, |(z, y, x)| f64::from(label(z, y, x)) * (1.0 - share));
        let labels = Volume::new(Voxels::F64(labels), Scaling::NONE, grid()).unwrap();
        assert!(!passes(&image, &labels, one.clone()));
    }
    // A mask elsewhere, one in another order, one of too many runs.
    let on = |grid: Grid| {
        let Voxels::U8(voxels) = mask.voxels() else {
            unreachable!("labels of bytes")
        };
        Volume::new(Voxels::U8(voxels.clone()), Scaling::NONE, grid).unwrap()
    };
    let mut elsewhere = grid();
    elsewhere.affine.0[0][3] += 1.0;
    assert!(!passes(&image, &on(elsewhere), one.clone()));
    let mut mirrored = grid();
    mirrored.affine.0[0][0] = 0.7;
    mirrored.affine.0[0][3] -= 0.7 * (SHAPE[2] - 1) as f64;
    assert!(!passes(&image, &on(mirrored), one.clone()));
    let specks = Array3::from_shape_fn(SHAPE, |(_, _, x)| u8::from(x % 2 > 0));
    let specks = Volume::new(Voxels::U8(specks), Scaling::NONE, grid()).unwrap();
    assert!(!passes(&image, &specks, one));
}

#[test]
fn a_mask_a_little_aside_is_doubted_alike() {
    let mut aside = grid();
    aside.affine.0[1][3] += 0.01;
    let Voxels::U8(voxels) = mask().into_voxels() else {
        unreachable!("labels of bytes")
    };
    let mask = Volume::new(Voxels::U8(voxels), Scaling::NONE, aside).unwrap();
    let files = Files::of(&image(), &mask);
    assert_eq!(files.open().unwrap().warnings().len(), 1);
    files.agree();
}
