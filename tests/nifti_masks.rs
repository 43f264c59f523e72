//! Masks: labels, and their place on the grid of the image.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

mod nifti_files;

use nifti_files::{Folder, Header, Order, codes};
use raduet::error::{Code, ToolError, WarningCode as W};
use raduet::io::{
    GeometryRule, LabelChoice, ReadMask, ReadOptions, read_case, read_mask, read_volume,
};
use raduet_features::Grid;

fn with(change: impl Fn(&mut Header)) -> Header {
    let mut header = Header::default();
    change(&mut header);
    header
}

/// 12x11x10 of the given type, 2 mm.
fn mask_header(code: i16, bits: i16) -> Header {
    with(|h| (h.datatype, h.bitpix) = (code, bits))
}

fn image() -> Grid {
    let bytes = Header::default().counting();
    *Folder::new().read("x.nii", &bytes).unwrap().volume.grid()
}

fn read(header: &Header, voxels: &[u8], choice: LabelChoice) -> Result<ReadMask, ToolError> {
    on(&image(), header, voxels, choice)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "tests name a choice and are done with it"
)]
fn on(
    image: &Grid,
    header: &Header,
    voxels: &[u8],
    choice: LabelChoice,
) -> Result<ReadMask, ToolError> {
    let folder = Folder::new();
    let path = folder.put("mask.nii", &header.file(voxels));
    let options = ReadOptions::default();
    let result = read_mask(&path, &choice, image, GeometryRule::default(), &options);
    if let Err(error) = &result {
        assert_eq!(error.file.as_ref(), Some(&path), "{error}");
        assert!(!error.remedy.is_empty(), "{error}");
    }
    result
}

/// uint8 voxels, zero but for some.
fn bytes(set: &[(usize, u8)]) -> Vec<u8> {
    let mut voxels = vec![0; 1320];
    for &(at, value) in set {
        voxels[at] = value;
    }
    voxels
}

fn floats(set: &[(usize, f32)]) -> Vec<u8> {
    let mut voxels = vec![0_f32; 1320];
    for &(at, value) in set {
        voxels[at] = value;
    }
    voxels.iter().flat_map(|v| v.to_le_bytes()).collect()
}

const U8: (i16, i16) = (2, 8);

fn u8_mask(set: &[(usize, u8)], choice: LabelChoice) -> Result<ReadMask, ToolError> {
    read(&mask_header(U8.0, U8.1), &bytes(set), choice)
}

#[test]
fn the_only_label_is_the_region() {
    let found = u8_mask(&[(0, 7), (13, 7), (1319, 7)], LabelChoice::Only).unwrap();
    assert_eq!((found.label, codes(&found.warnings)), (7, vec![]));
    let inside: Vec<_> = found
        .mask
        .inside()
        .indexed_iter()
        .filter(|(_, inside)| **inside)
        .map(|(at, _)| at)
        .collect();
    assert_eq!(inside, [(0, 0, 0), (0, 1, 1), (9, 10, 11)]);
    assert_eq!(*found.mask.grid(), image());
    let all = u8_mask(
        &(0..1320).map(|i| (i, 1)).collect::<Vec<_>>(),
        LabelChoice::Only,
    );
    assert!(all.unwrap().mask.inside().iter().all(|inside| *inside));
}

#[test]
fn several_labels_need_a_choice() {
    let set = [(0, 1), (1, 1), (2, 3)];
    let error = u8_mask(&set, LabelChoice::Only).unwrap_err();
    assert_eq!(error.code, Code::Label);
    assert_eq!(error.found, "several labels: 1 (2 voxels), 3 (1 voxel)");
    let three = u8_mask(&set, LabelChoice::Value(3)).unwrap();
    assert_eq!(three.mask.inside().iter().filter(|i| **i).count(), 1);
    assert_eq!(
        three.counts.into_iter().collect::<Vec<_>>(),
        [(1, 2), (3, 1)]
    );
}

#[test]
fn an_absent_label_and_an_empty_mask_are_refused() {
    let error = u8_mask(&[(5, 2)], LabelChoice::Value(1)).unwrap_err();
    assert_eq!(error.code, Code::Label);
    assert_eq!(error.found, "no voxel has label 1; present: 2 (1 voxel)");
    for choice in [LabelChoice::Only, LabelChoice::Value(1)] {
        assert_eq!(u8_mask(&[], choice).unwrap_err().code, Code::MaskEmpty);
    }
}

#[test]
fn float_labels_are_rounded_within_a_thousandth() {
    let float = mask_header(16, 32);
    let read_float = |set: &[(usize, f32)]| read(&float, &floats(set), LabelChoice::Only);
    let exact = read_float(&[(0, 2.0)]).unwrap();
    assert_eq!((exact.label, codes(&exact.warnings)), (2, vec![]));
    let near = read_float(&[(0, 0.9999), (1, 1.0), (2, 1.0005)]).unwrap();
    assert_eq!(
        (near.label, codes(&near.warnings)),
        (1, vec![W::MaskRounded])
    );
    assert!(near.warnings[0].found.starts_with("2 mask values"));
    assert_eq!(near.mask.inside().iter().filter(|i| **i).count(), 3);
    for value in [0.5, 0.00392, 1.002, f32::NAN, f32::INFINITY, 1e20] {
        let error = read_float(&[(13, value)]).unwrap_err();
        assert_eq!(error.code, Code::MaskValues, "{value}");
        assert!(error.found.contains("x 1, y 1, z 0"), "{error}");
    }
}

#[test]
fn labels_are_never_cut_down() {
    // 257 in int16 is not 1 in uint8; 2^32 + 1 in int64 is not 1 in int32.
    let mut voxels = vec![0_u8; 2640];
    voxels[..2].copy_from_slice(&257_i16.to_le_bytes());
    let found = read(&mask_header(4, 16), &voxels, LabelChoice::Only).unwrap();
    assert_eq!(found.label, 257);
    let mut voxels = vec![0_u8; 8 * 1320];
    voxels[..8].copy_from_slice(&((1_i64 << 32) + 1).to_le_bytes());
    let found = read(&mask_header(1024, 64), &voxels, LabelChoice::Only).unwrap();
    assert_eq!(found.label, (1 << 32) + 1);
    voxels[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let found = read(&mask_header(1024, 64), &voxels, LabelChoice::Only).unwrap();
    assert_eq!(found.label, -1);
    let error = read(&mask_header(1280, 64), &voxels, LabelChoice::Only).unwrap_err();
    assert_eq!(error.code, Code::MaskValues);
}

#[test]
fn a_scaled_mask_is_scaled() {
    let mut header = mask_header(U8.0, U8.1);
    header.slope = 1.0 / 255.0;
    let found = read(&header, &bytes(&[(0, 255)]), LabelChoice::Only).unwrap();
    assert_eq!(
        (found.label, codes(&found.warnings)),
        (1, vec![W::MaskRounded])
    );
}

fn placed(change: impl Fn(&mut Header)) -> Result<ReadMask, ToolError> {
    let mut header = mask_header(U8.0, U8.1);
    change(&mut header);
    read(&header, &bytes(&[(0, 1)]), LabelChoice::Only)
}

#[test]
fn displacement_is_measured_in_voxels() {
    // Voxels are 2 mm: 0.001 mm is silent, 0.09 tolerated, 0.11 refused.
    assert_eq!(
        codes(&placed(|h| h.srow[0][3] += 0.001).unwrap().warnings),
        []
    );
    let doubted = placed(|h| h.srow[0][3] += 0.09).unwrap();
    assert_eq!(codes(&doubted.warnings), [W::Geometry]);
    assert!(
        doubted.warnings[0]
            .found
            .contains("0.0450 voxels apart (origin by 0.0900 mm)")
    );
    let error = placed(|h| h.srow[0][3] += 0.11).unwrap_err();
    assert_eq!(error.code, Code::Geometry);
    assert_eq!(
        error.found,
        "mask and image lie 0.055 voxels apart: origin by 0.1100 mm"
    );
}

#[test]
fn what_differs_is_named() {
    let found = |change: fn(&mut Header)| {
        let error = placed(change).unwrap_err();
        assert_eq!(error.code, Code::Geometry);
        error.found.clone()
    };
    let spacing = found(|h| h.srow[2][2] = 3.0);
    assert!(
        spacing
            .contains("spacing 2.000000 2.000000 3.000000 against 2.000000 2.000000 2.000000 mm"),
        "{spacing}"
    );
    assert!(
        !spacing.contains("direction") && !spacing.contains("origin"),
        "{spacing}"
    );
    let (sin, cos) = (0.1_f64.sin(), 0.1_f64.cos());
    let turned = with(|h| {
        (h.datatype, h.bitpix) = U8;
        h.srow = [
            [2.0 * cos, -2.0 * sin, 0.0, -5.0],
            [2.0 * sin, 2.0 * cos, 0.0, 3.0],
            [0.0, 0.0, 2.0, 7.0],
        ];
    });
    let error = read(&turned, &bytes(&[(0, 1)]), LabelChoice::Only).unwrap_err();
    assert!(
        error.found.contains("direction by 5.7296 degrees"),
        "{error}"
    );
    assert!(!error.found.contains("spacing"), "{error}");
    let smaller = with(|h| {
        (h.datatype, h.bitpix) = U8;
        h.dim[3] = 9;
    });
    let error = read(&smaller, &vec![1; 1188], LabelChoice::Only).unwrap_err();
    assert_eq!(error.code, Code::Geometry);
    assert!(
        error.found.contains("size 12x11x9 against 12x11x10"),
        "{error}"
    );
}

#[test]
fn a_single_slice_with_another_thickness_is_noticed() {
    let flat = |thickness: f64| {
        with(move |h| {
            h.dim = [3, 12, 11, 1, 1, 1, 1, 1];
            h.srow[2][2] = thickness;
        })
    };
    let image = *Folder::new()
        .read("x.nii", &flat(2.0).counting()[..352 + 264])
        .unwrap()
        .volume
        .grid();
    let mut mask = flat(4.0);
    (mask.datatype, mask.bitpix) = U8;
    let error = on(&image, &mask, &[1; 132], LabelChoice::Only).unwrap_err();
    assert_eq!(error.code, Code::Geometry);
}

#[test]
fn an_error_of_geometry_names_both_files() {
    let folder = Folder::new();
    let image = folder.put("image.nii", &Header::default().counting());
    let mask = with(|h| h.srow[0][3] = 99.0);
    let mask = folder.put("mask.nii", &mask.counting());
    let error = read_case(
        &image,
        &mask,
        &LabelChoice::Only,
        GeometryRule::default(),
        &ReadOptions::default(),
    )
    .unwrap_err()
    .relative_to(folder.path());
    let text = error.to_string();
    assert!(
        text.starts_with("error[E_GEOMETRY] mask.nii: against image.nii: mask and image lie 52.0"),
        "{text}"
    );
}

/// All 48 orders of axes: the mask is stored another way but covers the same voxels of the patient.
#[test]
fn every_flip_and_permutation_is_brought_into_order() {
    let size = [3_usize, 4, 5]; // x, y, z
    let image_header = with(|h| h.dim = [3, 3, 4, 5, 1, 1, 1, 1]);
    let folder = Folder::new();
    let bytes = image_header.file(&nifti_files::counting(60, Order::Little));
    let image = *folder.read("image.nii", &bytes).unwrap().volume.grid();
    let labelled =
        |x: usize, y: usize, z: usize| (x * 7 + y * 3 + z * 5 + x * y * z).is_multiple_of(4);

    let mut tried = 0;
    for axes in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        for flips in 0..8_usize {
            // Axis m of the mask runs along axis axes[m] of the image, backwards where flipped.
            let flipped = [flips & 1 != 0, flips & 2 != 0, flips & 4 != 0];
            let n = axes.map(|a| size[a]);
            let mut header = mask_header(U8.0, U8.1);
            let [nx, ny, nz] = n.map(|n| i64::try_from(n).unwrap());
            header.dim = [3, nx, ny, nz, 1, 1, 1, 1];
            for row in 0..3 {
                let mut origin = image_header.srow[row][3];
                for m in 0..3 {
                    let step = image_header.srow[row][axes[m]];
                    header.srow[row][m] = if flipped[m] { -step } else { step };
                    if flipped[m] {
                        origin += step * (n[m] - 1) as f64;
                    }
                }
                header.srow[row][3] = origin;
            }
            let mut voxels = Vec::new();
            for c in 0..n[2] {
                for b in 0..n[1] {
                    for a in 0..n[0] {
                        let mut at = [0; 3];
                        for (m, i) in [a, b, c].into_iter().enumerate() {
                            at[axes[m]] = if flipped[m] { n[m] - 1 - i } else { i };
                        }
                        voxels.push(u8::from(labelled(at[0], at[1], at[2])));
                    }
                }
            }
            let found = on(&image, &header, &voxels, LabelChoice::Only).unwrap();
            for ((z, y, x), inside) in found.mask.inside().indexed_iter() {
                assert_eq!(
                    *inside,
                    labelled(x, y, z),
                    "{axes:?} {flipped:?} {x} {y} {z}"
                );
            }
            let expected = if tried == 0 {
                vec![]
            } else {
                vec![W::Geometry]
            };
            assert_eq!(codes(&found.warnings), expected, "{axes:?} {flipped:?}");
            tried += 1;
        }
    }
    assert_eq!(tried, 48);
}

#[test]
fn the_share_outside_the_image_is_told() {
    // Moved by 10 of 12 voxels along x: of voxels 0, 1 and 2 the last one falls outside.
    let moved = with(|h| {
        (h.datatype, h.bitpix) = U8;
        h.srow[0][3] += 20.0;
    });
    let set = bytes(&[(0, 1), (1, 1), (2, 2), (14, 1)]);
    let error = read(&moved, &set, LabelChoice::Only).unwrap_err();
    assert_eq!(error.code, Code::Geometry);
    assert!(
        error
            .found
            .ends_with("50.0 % of the labelled voxels lie outside the image"),
        "{error}"
    );
}

#[test]
fn a_flip_that_lands_elsewhere_is_refused() {
    // Flipped in direction without moving the origin: the mask lies beside the image.
    let error = placed(|h| h.srow[0][0] = -2.0).unwrap_err();
    assert_eq!(error.code, Code::Geometry);
}

#[test]
fn a_mask_of_real_size_is_read_with_its_image() {
    let Some(image) = raduet_testkit::data::path(
        "nifti_masks",
        "data/cirrmri_sample/Cirrhosis_T1_3D/valid_images/5.nii.gz",
    ) else {
        return;
    };
    let mask = image
        .parent()
        .unwrap()
        .with_file_name("valid_masks/5.nii.gz");
    let options = ReadOptions::default();
    let case = read_case(
        &image,
        &mask,
        &LabelChoice::Value(1),
        GeometryRule::default(),
        &options,
    )
    .unwrap();
    assert_eq!(case.image, read_volume(&image, &options).unwrap().volume);
    assert_eq!(codes(&case.warnings), []);
}
