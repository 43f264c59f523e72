//! PyRadiomics' test cases as volumes with the grids of their files.

use std::io::Read;
use std::path::Path;

use ndarray::Array3;
use raduet_features::{Affine, Grid, MaskVolume, Scaling, Spacing, Volume, Voxels};
use raduet_testkit::{data, images};

/// Image (int16, as stored) and region (label 1) of a case, or says that `test` skips.
///
/// # Panics
/// When the files are not what the test data hold.
pub(crate) fn case(test: &str, name: &str) -> Option<(Volume, MaskVolume)> {
    let image_path = data::path(test, &format!("pyradiomics/data/{name}_image.nrrd"))?;
    let label_path = data::path(test, &format!("pyradiomics/data/{name}_label.nrrd"))?;
    let (image, label) = (images::read(&image_path), images::read(&label_path));
    let grid = grid(&image_path, image.shape);
    #[expect(clippy::cast_possible_truncation, reason = "the files hold int16")]
    let values = image.values.iter().map(|value| *value as i16).collect();
    let values = Array3::from_shape_vec(image.shape, values).expect("a volume");
    let inside = label.values.iter().map(|label| (0.5..1.5).contains(label));
    let inside = Array3::from_shape_vec(label.shape, inside.collect()).expect("a volume");
    let image = Volume::new(Voxels::I16(values), Scaling::NONE, grid).expect("one shape");
    Some((image, MaskVolume::new(inside, grid).expect("one shape")))
}

/// The grid in the head of an NRRD file, turned from its LPS coordinates to RAS.
#[expect(clippy::disallowed_types, reason = "a file of the test data")]
fn grid(path: &Path, shape: [usize; 3]) -> Grid {
    let mut head = vec![0; 2048];
    let mut file = std::fs::File::open(path).expect("a file");
    let length = file.read(&mut head).expect("a readable file");
    let head = String::from_utf8_lossy(&head[..length]);
    let numbers = |field: &str| -> Vec<f64> {
        let line = head.lines().find_map(|line| line.strip_prefix(field));
        let words = line.expect("the field");
        let words = words
            .split(['(', ')', ',', ' '])
            .filter(|word| !word.is_empty());
        words.map(|word| word.parse().expect("a number")).collect()
    };
    let directions = numbers("space directions:");
    let origin = numbers("space origin:");
    let signs = [-1.0, -1.0, 1.0];
    let row = |axis: usize| {
        let of = |column: usize| signs[axis] * directions[3 * column + axis];
        [of(0), of(1), of(2), signs[axis] * origin[axis]]
    };
    let length = |column: usize| {
        let step = &directions[3 * column..][..3];
        step.iter().map(|s| s * s).sum::<f64>().sqrt()
    };
    Grid {
        shape,
        spacing: Spacing::new([length(2), length(1), length(0)]).expect("a spacing"),
        affine: Affine([row(0), row(1), row(2)]),
    }
}
