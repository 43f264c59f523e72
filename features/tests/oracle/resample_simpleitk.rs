//! Resampled images and regions against SimpleITK's own, as PyRadiomics calls it.

use raduet_features::processing::{Interpolator, Resampling, normalise, resample};
use raduet_features::{Scaling, Volume, Voxels};
use raduet_testkit::reference::{Comparison, Row, Table};

use crate::cases_pyradiomics::case;

/// Rounding of sums of 64 terms of up to a few thousand.
const RELATIVE: f64 = 1e-12;

/// The same of single precision, which images of that type are rounded to.
const SINGLE: f64 = 1e-6;

/// 64-bit FNV-1a.
fn hash(bytes: impl IntoIterator<Item = u8>) -> String {
    let found = bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |found, byte| {
            (found ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{found:016x}")
}

/// A list of the table, from x, y, z to z, y, x.
fn zyx(row: Row<'_>, column: &str) -> [f64; 3] {
    let numbers = row.text(column).split('/');
    let mut found: Vec<f64> = numbers
        .map(|word| word.parse().expect("a number"))
        .collect();
    found.reverse();
    found.try_into().expect("three numbers")
}

fn values(volume: &Volume) -> Vec<f64> {
    let slices = 0..volume.grid().shape[0];
    slices
        .flat_map(|z| volume.slice_f64(z).expect("a slice"))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The image in the number type of the row.
fn typed(image: &Volume, number_type: &str) -> Volume {
    match (number_type, image.voxels()) {
        ("int16", _) => image.clone(),
        ("normalised", _) => normalise(image, 100.0, Some(3.0)),
        ("float32", Voxels::I16(array)) => {
            let array = array.mapv(f32::from);
            Volume::new(Voxels::F32(array), Scaling::NONE, *image.grid()).expect("one shape")
        }
        other => panic!("number type {other:?}"),
    }
}

#[test]
fn resampled_voxels_are_those_of_simple_itk() {
    let table = Table::read("simpleitk/resampled.csv");
    let mut comparison = Comparison::default();
    let mut wrong = Vec::new();
    let mut opened: Option<(&str, _)> = None;
    for row in table.rows() {
        let name = row.text("case");
        if opened.as_ref().is_none_or(|(of, _)| *of != name) {
            let Some(found) = case("resample_simpleitk", name) else {
                return;
            };
            opened = Some((name, found));
        }
        let (_, (image, mask)) = opened.as_ref().expect("just opened");
        let number_type = row.text("type");
        let image = typed(image, number_type);
        let interpolator =
            Interpolator::from_simple_itk(row.text("interpolator")).expect("a known one");
        let how = Resampling::pyradiomics(zyx(row, "spacing"), interpolator, 5);
        let (image, mask) = resample(&image, mask, &how).expect("a region");
        let what = format!(
            "{name} {number_type} {} {}",
            row.text("spacing"),
            row.text("interpolator")
        );

        let grid = image.grid();
        let mut agree = |part: &str, found: f64, expected: f64, relative: f64, absolute: f64| {
            comparison.check(
                &format!("{what}: {part}"),
                found,
                expected,
                relative,
                absolute,
            );
        };
        let size = grid.shape.map(|size| size as f64);
        for (found, expected) in size.into_iter().zip(zyx(row, "size")) {
            agree("size", found, expected, 0.0, 0.0);
        }
        for (found, expected) in grid.spacing.zyx().into_iter().zip(zyx(row, "new_spacing")) {
            agree("spacing", found, expected, RELATIVE, 0.0);
        }
        // Back from RAS to LPS coordinates; an origin may be near zero.
        let [x, y, z] = grid.affine.position([0.0; 3]);
        for (found, expected) in [z, -y, -x].into_iter().zip(zyx(row, "origin")) {
            agree("origin", found, expected, RELATIVE, 1e-11);
        }

        let inside = mask.inside().iter().map(|inside| u8::from(*inside));
        if hash(inside.clone()) != row.text("mask") {
            wrong.push(format!("{what}: mask of {} voxels", row.text("voxels")));
        }
        let voxels: u32 = inside.map(u32::from).sum();
        agree("voxels", voxels.into(), row.number("voxels"), 0.0, 0.0);

        let tolerance = if number_type == "float32" {
            SINGLE
        } else {
            RELATIVE
        };
        let found = values(&image);
        let squares: Vec<f64> = found.iter().map(|x| x * x).collect();
        // Scores have a mean near zero.
        agree("mean", mean(&found), row.number("mean"), tolerance, 1e-10);
        agree(
            "square",
            mean(&squares),
            row.number("mean_square"),
            tolerance,
            0.0,
        );
        let samples: Vec<&str> = row.text("samples").split('/').collect();
        for (at, expected) in samples.iter().enumerate() {
            let index = grid.shape.map(|size| at * (size - 1) / (samples.len() - 1));
            let [z, y, x] = index;
            let found = image.slice_f64(z).expect("a slice")[[y, x]];
            let expected = expected.parse().expect("a number");
            agree(
                &format!("voxel {index:?}"),
                found,
                expected,
                tolerance,
                1e-10,
            );
        }
        if let Voxels::I16(array) = image.voxels() {
            let bytes = array.iter().flat_map(|value| value.to_le_bytes());
            if hash(bytes) != row.text("image") {
                wrong.push(format!("{what}: image"));
            }
        } else {
            assert_ne!(number_type, "int16", "{what}: the number type is kept");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    comparison.finish("resample_simpleitk");
}
