//! Image processing against the diagnostic values of IBSI 1: image and region before and after
//! interpolation, and after re-segmentation.

use raduet_features::{Roi, Volume};
use raduet_testkit::reference::{Comparison, Table};

use crate::configurations_ibsi::{DATA_SETS, Prepared, prepare, three_digits};

/// Numbers that say what an image holds.
fn image_value(image: &Volume, what: &str) -> Option<f64> {
    let grid = image.grid();
    let [z, y, x] = grid.shape.map(|size| size as f64);
    let [dz, dy, dx] = grid.spacing.zyx();
    let slices = (0..grid.shape[0]).map(|z| image.slice_f64(z).expect("a slice"));
    let values: Vec<f64> = slices.flatten().collect();
    Some(match what {
        "img_dim_x" => x,
        "img_dim_y" => y,
        "img_dim_z" => z,
        "vox_dim_x" => dx,
        "vox_dim_y" => dy,
        "vox_dim_z" => dz,
        "mean_int" => mean(&values),
        "min_int" => lowest(&values),
        "max_int" => highest(&values),
        _ => return None,
    })
}

/// Numbers that say what a region holds; `mask` is the morphological one or that of the intensities.
fn region_value(prepared: &Prepared, roi: &Roi, what: &str) -> Option<f64> {
    let grid = prepared.grid_of(roi);
    let [z, y, x] = grid.map(|size| size as f64);
    let [bz, by, bx] = roi.shape().map(|size| size as f64);
    Some(match what {
        "dim_x" => x,
        "dim_y" => y,
        "dim_z" => z,
        "bb_dim_x" => bx,
        "bb_dim_y" => by,
        "bb_dim_z" => bz,
        "vox_count" => roi.count() as f64,
        "mean_int" => mean(&roi.intensities()),
        "min_int" => lowest(&roi.intensities()),
        "max_int" => highest(&roi.intensities()),
        _ => return None,
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn lowest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

impl Prepared {
    /// Size of the image that a region lies in.
    fn grid_of(&self, roi: &Roi) -> [usize; 3] {
        let initial = std::ptr::eq(roi, &raw const self.initial_roi);
        let image = if initial { &self.initial } else { &self.image };
        image.grid().shape
    }

    fn value(&self, tag: &str) -> Option<f64> {
        if let Some(what) = tag.strip_suffix("_init_img") {
            return image_value(&self.initial, what);
        }
        if let Some(what) = tag.strip_suffix("_interp_img") {
            return image_value(&self.image, what);
        }
        // Re-segmentation takes voxels from the intensity mask only.
        let morphological = tag.starts_with("morph_mask_");
        let (what, roi) = if let Some(what) = tag.strip_suffix("_init_roi") {
            (what, &self.initial_roi)
        } else if let Some(what) = tag.strip_suffix("_interp_roi") {
            (what, &self.morphology)
        } else if morphological {
            (tag.strip_suffix("_reseg_roi")?, &self.morphology)
        } else {
            (tag.strip_suffix("_reseg_roi")?, &self.roi)
        };
        let what = what
            .strip_prefix("morph_mask_")
            .or_else(|| what.strip_prefix("int_mask_"))?;
        region_value(self, roi, what)
    }
}

#[test]
fn processed_images_and_regions_meet_the_reference_values() {
    let table = Table::read("ibsi/ibsi1.csv");
    let mut comparison = Comparison::default();
    let mut compared = 0;
    for data_set in DATA_SETS {
        let Some(prepared) = prepare("processing_ibsi", data_set) else {
            return;
        };
        let diagnostics = table
            .rows()
            .filter(|row| row.text("dataset") == data_set && row.text("ibsi_id").is_empty());
        for row in diagnostics {
            let tag = row.text("tag");
            let Some(found) = prepared.value(tag) else {
                panic!("{data_set}: what is {tag}?");
            };
            comparison.check(
                &format!("{data_set} {tag}"),
                three_digits(found),
                three_digits(row.number("value")),
                1e-12,
                row.number("tolerance"),
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 300, "all diagnostic values");
    comparison.finish("processing_ibsi");
}
