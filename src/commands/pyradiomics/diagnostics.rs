//! The `diagnostics_…` columns: versions, settings, and what image and region were at each step.
//!
//! Names and order are PyRadiomics'. Positions are in ITK's patient axes (left, posterior, superior), which NIfTI
//! counts the other way along x and y. Hashes are SHA-1 of the voxels as ITK holds them: the stored type, masks as
//! 32-bit whole numbers, little-endian. Where PyRadiomics names a library that has no part here, the column says
//! `raduet`. Settings that PyRadiomics does not always print are printed where they differ from the default, in a
//! fixed order; a parameter file's own order and its defaults written out are not kept.

use std::path::Path;

use ndarray::Array3;
use raduet_features::components::Components;
use raduet_features::filters::pyradiomics::parameters_of;
use raduet_features::{Grid, MaskVolume, Roi, Scaling, Volume, Voxels};
use serde_json::Value;
use sha1::{Digest, Sha1};

use super::datum::Datum;
use super::output::Vector;
use crate::error::{Result, ToolError};
use crate::extract::vector::Steps;
use crate::io::dicom::regions_of;
use crate::io::voxel_bytes::{values, with_array};
use crate::io::{ReadOptions, read_volume};
use crate::params::Parameters;

/// Settings that PyRadiomics always prints, in its order; others follow where they were set.
const ALWAYS: [&str; 15] = [
    "minimumROIDimensions",
    "minimumROISize",
    "normalize",
    "normalizeScale",
    "removeOutliers",
    "resampledPixelSpacing",
    "interpolator",
    "preCrop",
    "padDistance",
    "distances",
    "force2D",
    "force2Ddimension",
    "resegmentRange",
    "label",
    "additionalInfo",
];

/// A case on its way.
pub(super) struct Subject<'a> {
    pub(super) volume: &'a Volume,
    pub(super) mask: &'a MaskVolume,
    pub(super) mask_file: &'a Path,
    pub(super) label: i64,
    pub(super) steps: &'a Steps,
}

/// All columns of a case.
///
/// # Errors
/// Those of reading the mask.
pub(super) fn of(parameters: &Parameters, subject: &Subject<'_>) -> Result<Vector> {
    let mut found = Found::default();
    found.versions();
    found.configuration(parameters, subject.label);
    found.put("Image-original_Hash", hash(subject.volume)?);
    found.put("Image-original_Dimensionality", Datum::text("3D"));
    found.image("original", subject.volume)?;
    found.put("Mask-original_Hash", mask_hash(subject)?);
    found.region("original", &Region::of(subject.mask, None)?);
    if let Some((volume, mask)) = &subject.steps.interpolated {
        found.image("interpolated", volume)?;
        found.region("interpolated", &Region::of(mask, Some(volume))?);
    }
    if let Some(roi) = &subject.steps.resegmented {
        let grid = match &subject.steps.interpolated {
            Some((_, mask)) => mask.grid(),
            None => subject.mask.grid(),
        };
        found.region("resegmented", &Region::of_roi(roi, grid, roi.parts(), true));
    }
    Ok(found.0)
}

#[derive(Default)]
struct Found(Vector);

impl Found {
    fn put(&mut self, name: &str, value: Datum) {
        self.0.push((format!("diagnostics_{name}"), value));
    }

    fn versions(&mut self) {
        let program = concat!("raduet ", env!("CARGO_PKG_VERSION"));
        self.put("Versions_PyRadiomics", Datum::text(program));
        for library in ["Numpy", "SimpleITK", "PyWavelet", "Python"] {
            self.put(&format!("Versions_{library}"), Datum::text("raduet"));
        }
    }

    fn configuration(&mut self, parameters: &Parameters, label: i64) {
        let expanded = parameters.expanded();
        let usual = Parameters::default().expanded();
        let empty = serde_json::Map::new();
        let object = |of: &'static str, value: &Value| value[of].as_object().cloned();
        let set = object("setting", &expanded).unwrap_or_else(|| empty.clone());
        let default = object("setting", &usual).unwrap_or_else(|| empty.clone());
        let mut settings = Vec::new();
        for name in ALWAYS {
            let value = set
                .get(name)
                .map_or(Datum::None, |value| Datum::setting(name, value));
            let value = if name == "label" {
                Datum::Whole(label)
            } else {
                value
            };
            settings.push((name.to_owned(), value));
        }
        let others = set.iter().filter(|(name, value)| {
            !ALWAYS.contains(&name.as_str()) && default.get(*name) != Some(value)
        });
        settings.extend(others.map(|(name, value)| (name.clone(), Datum::setting(name, value))));
        self.put("Configuration_Settings", Datum::Table(settings));
        let images = object("imageType", &expanded).unwrap_or(empty);
        let images = images
            .iter()
            .map(|(name, own)| (name.clone(), changes(name, own)));
        self.put(
            "Configuration_EnabledImageTypes",
            Datum::Table(images.collect()),
        );
    }

    fn grid(&mut self, of: &str, grid: &Grid) {
        let [dz, dy, dx] = grid.spacing.zyx();
        let [nz, ny, nx] = grid.shape;
        self.put(&format!("{of}_Spacing"), Datum::numbers([dx, dy, dz]));
        self.put(&format!("{of}_Size"), Datum::wholes([nx, ny, nz]));
    }

    fn image(&mut self, step: &str, volume: &Volume) -> Result<()> {
        let of = format!("Image-{step}");
        self.grid(&of, volume.grid());
        let values = values(volume)?;
        self.statistics(&of, values.as_slice().unwrap_or_default());
        Ok(())
    }

    fn statistics(&mut self, of: &str, values: &[f64]) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (what, value) in [("Mean", mean), ("Minimum", low), ("Maximum", high)] {
            self.put(&format!("{of}_{what}"), Datum::Number(value));
        }
    }

    fn region(&mut self, step: &str, region: &Region) {
        let of = format!("Mask-{step}");
        self.grid(&of, &region.grid);
        let ([z, y, x], [nz, ny, nx]) = (region.low, region.shape);
        let bounds = Datum::wholes([x, y, z, nx, ny, nz]);
        self.put(&format!("{of}_BoundingBox"), bounds);
        self.put(&format!("{of}_VoxelNum"), Datum::count(region.voxels));
        self.put(&format!("{of}_VolumeNum"), Datum::count(region.parts));
        let [z, y, x] = region.centre;
        self.put(
            &format!("{of}_CenterOfMassIndex"),
            Datum::numbers([x, y, z]),
        );
        let [right, anterior, superior] = region.grid.affine.position(region.centre);
        let place = Datum::numbers([-right, -anterior, superior]);
        self.put(&format!("{of}_CenterOfMass"), place);
        if let Some(values) = &region.values {
            self.statistics(&of, values);
        }
    }
}

/// The settings that an image type has of its own: those of its filter first, as files usually have them.
fn changes(image: &str, own: &Value) -> Datum {
    let of_filter = parameters_of(image).unwrap_or_default();
    let entries = own.as_object().into_iter().flatten();
    let mut entries: Vec<(String, Datum)> = entries
        .map(|(name, value)| (name.clone(), Datum::setting(name, value)))
        .collect();
    entries.sort_by_key(|(name, _)| !of_filter.contains(&name.as_str()));
    Datum::Table(entries)
}

/// What is told about a region.
struct Region {
    grid: Grid,
    low: [usize; 3],
    shape: [usize; 3],
    voxels: usize,
    parts: usize,
    centre: [f64; 3],
    values: Option<Vec<f64>>,
}

impl Region {
    /// A region; its intensities where an image is given.
    fn of(mask: &MaskVolume, volume: Option<&Volume>) -> Result<Self> {
        let internal =
            |fault: raduet_features::FeatureError| ToolError::internal(fault.to_string());
        let empty = || ToolError::internal("an empty region");
        let parts = Components::new(mask).count();
        let spacing = mask.grid().spacing;
        let roi = if let Some(volume) = volume {
            Roi::from_volume(volume, mask)
        } else {
            let nothing = Array3::zeros(mask.inside().dim());
            Roi::from_arrays(&nothing, mask.inside(), spacing)
        };
        let roi = roi.map_err(internal)?.ok_or_else(empty)?;
        Ok(Self::of_roi(&roi, mask.grid(), parts, volume.is_some()))
    }

    fn of_roi(roi: &Roi, grid: &Grid, parts: usize, with_values: bool) -> Self {
        let offset = roi.offset();
        let mut sums = [0_usize; 3];
        let inside = roi.inside().indexed_iter().filter(|(_, inside)| **inside);
        for ((z, y, x), _) in inside {
            for (sum, at) in sums.iter_mut().zip([z, y, x]) {
                *sum += at;
            }
        }
        let n = roi.count() as f64;
        Self {
            grid: *grid,
            low: offset,
            shape: roi.shape(),
            voxels: roi.count(),
            parts,
            centre: std::array::from_fn(|axis| {
                (sums[axis] + roi.count() * offset[axis]) as f64 / n
            }),
            values: with_values.then(|| roi.intensities()),
        }
    }
}

/// SHA-1 of an image's voxels. Scaled whole numbers are 32-bit floats in ITK.
fn hash(volume: &Volume) -> Result<Datum> {
    let mut sha = Sha1::new();
    if volume.scaling() == Scaling::NONE {
        with_array!(volume, array => array.iter().for_each(|value| sha.update(value.to_le_bytes())));
    } else {
        let double = matches!(volume.voxels(), Voxels::F64(_));
        #[expect(clippy::cast_possible_truncation, reason = "ITK's own conversion")]
        values(volume)?.iter().for_each(|value| {
            if double {
                sha.update(value.to_le_bytes());
            } else {
                sha.update((*value as f32).to_le_bytes());
            }
        });
    }
    Ok(Datum::Text(hexadecimal(&sha.finalize())))
}

/// SHA-1 of all labels of a mask as 32-bit whole numbers.
fn mask_hash(subject: &Subject<'_>) -> Result<Datum> {
    let options = ReadOptions::default();
    // Contours and segments have no voxels of their own: hashed is the label where the region is in the image.
    let stored = if regions_of(subject.mask_file, &options)?.is_some() {
        let label = subject.label as f64;
        subject
            .mask
            .inside()
            .mapv(|inside| if inside { label } else { 0.0 })
    } else {
        values(&read_volume(subject.mask_file, &options)?.volume)?
    };
    let mut sha = Sha1::new();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ITK's own conversion"
    )]
    stored
        .iter()
        .for_each(|value| sha.update((*value as i64 as u32).to_le_bytes()));
    Ok(Datum::Text(hexadecimal(&sha.finalize())))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
