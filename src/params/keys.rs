//! The keys of `setting` and `voxelSetting`: name, when it acts, what it must be, where it goes.
//!
//! Types and ranges are those of PyRadiomics 3.0.1's schema. A new key is one row.

use super::settings::{
    Interpolator, Lbp2dMethod, PyRadiomicsSettings, ResegmentMode, ResegmentRange, Sigma,
    VoxelSettings, WEIGHTING_NORMS,
};
use super::value::Floor::{AboveZero, Zero};
use super::value::{Expected, Floor, MOST};
use super::wavelet_names;
use super::yaml::{Node, Value};

/// When a setting acts: what acts before the filters cannot be set for one image type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// On the image and mask, before anything is filtered.
    Image,
    /// In a filter, or after it.
    Features,
}

/// Whether a key holds one value or a list, which the command line writes `1,2,3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    Several,
}

/// A row of the table.
pub(super) struct Key<S> {
    pub(super) name: &'static str,
    pub(super) stage: Stage,
    pub(super) shape: Shape,
    pub(super) set: fn(&mut S, &Node) -> Result<(), Expected>,
}

impl<S> Key<S> {
    const fn one(
        name: &'static str,
        stage: Stage,
        set: fn(&mut S, &Node) -> Result<(), Expected>,
    ) -> Self {
        Self {
            name,
            stage,
            shape: Shape::One,
            set,
        }
    }

    const fn several(
        name: &'static str,
        stage: Stage,
        set: fn(&mut S, &Node) -> Result<(), Expected>,
    ) -> Self {
        Self {
            name,
            stage,
            shape: Shape::Several,
            set,
        }
    }
}

use Stage::{Features, Image};

/// Below `setting`, and below each image type.
pub(super) static SETTINGS: &[Key<PyRadiomicsSettings>] = &[
    Key::one("minimumROIDimensions", Image, |s, v| {
        v.whole(1..=3).map(|x| s.minimum_roi_dimensions = x)
    }),
    Key::one("minimumROISize", Image, |s, v| {
        v.optional(|v| v.whole(1..=MOST))
            .map(|x| s.minimum_roi_size = x)
    }),
    Key::one("geometryTolerance", Image, |s, v| {
        v.optional(|v| v.number(AboveZero))
            .map(|x| s.geometry_tolerance = x)
    }),
    Key::one("correctMask", Image, |s, v| {
        v.switch().map(|x| s.correct_mask = x)
    }),
    Key::one("additionalInfo", Image, |s, v| {
        v.switch().map(|x| s.additional_info = x)
    }),
    Key::one("label", Image, |s, v| {
        v.whole(1..=MOST).map(|x| s.label = x)
    }),
    Key::one("label_channel", Image, |s, v| {
        v.whole(0..=MOST).map(|x| s.label_channel = x)
    }),
    Key::one("normalize", Image, |s, v| {
        v.switch().map(|x| s.normalize = x)
    }),
    Key::one("normalizeScale", Image, |s, v| {
        v.number(AboveZero).map(|x| s.normalize_scale = x)
    }),
    Key::one("removeOutliers", Image, |s, v| {
        v.optional(|v| v.number(AboveZero))
            .map(|x| s.remove_outliers = x)
    }),
    Key::several("resampledPixelSpacing", Image, |s, v| {
        v.optional(spacing).map(|x| s.resampled_pixel_spacing = x)
    }),
    Key::one("interpolator", Image, |s, v| {
        v.optional(interpolator).map(|x| s.interpolator = x)
    }),
    Key::one("padDistance", Image, |s, v| {
        v.whole(0..=MOST).map(|x| s.pad_distance = x)
    }),
    Key::one("preCrop", Image, |s, v| v.switch().map(|x| s.pre_crop = x)),
    Key::several("resegmentRange", Image, |s, v| {
        v.optional(resegment_range).map(|x| s.resegment_range = x)
    }),
    Key::one("resegmentMode", Image, |s, v| {
        v.name(&[
            ("absolute", ResegmentMode::Absolute),
            ("relative", ResegmentMode::Relative),
            ("sigma", ResegmentMode::Sigma),
        ])
        .map(|x| s.resegment_mode = x)
    }),
    Key::one("resegmentShape", Image, |s, v| {
        v.switch().map(|x| s.resegment_shape = x)
    }),
    Key::one("binWidth", Features, |s, v| {
        v.number(AboveZero).map(|x| s.bin_width = x)
    }),
    Key::one("binCount", Features, |s, v| {
        v.optional(|v| v.whole(1..=MOST)).map(|x| s.bin_count = x)
    }),
    Key::one("force2D", Features, |s, v| {
        v.switch().map(|x| s.force_2d = x)
    }),
    Key::one("force2Ddimension", Features, |s, v| {
        v.whole(0..=2).map(|x| s.force_2d_dimension = x)
    }),
    Key::one("weightingNorm", Features, |s, v| {
        v.optional(|v| v.name(&WEIGHTING_NORMS))
            .map(|x| s.weighting_norm = x)
    }),
    Key::several("distances", Features, |s, v| {
        distances(v).map(|x| s.distances = x)
    }),
    Key::one("voxelArrayShift", Features, |s, v| {
        v.signed().map(|x| s.voxel_array_shift = x)
    }),
    Key::one("symmetricalGLCM", Features, |s, v| {
        v.switch().map(|x| s.symmetrical_glcm = x)
    }),
    Key::one("gldm_a", Features, |s, v| {
        v.whole(0..=MOST).map(|x| s.gldm_a = x)
    }),
    Key::several("sigma", Features, |s, v| v.list(sigma).map(|x| s.sigma = x)),
    Key::one("start_level", Features, |s, v| {
        v.whole(0..=MOST).map(|x| s.start_level = x)
    }),
    Key::one("level", Features, |s, v| {
        v.whole(1..=MOST).map(|x| s.level = x)
    }),
    Key::one("wavelet", Features, |s, v| {
        wavelet(v).map(|x| s.wavelet = x)
    }),
    Key::one("gradientUseSpacing", Features, |s, v| {
        v.switch().map(|x| s.gradient_use_spacing = x)
    }),
    Key::one("lbp2DRadius", Features, |s, v| {
        v.number(AboveZero).map(|x| s.lbp2d_radius = x)
    }),
    Key::one("lbp2DSamples", Features, |s, v| {
        v.whole(1..=MOST).map(|x| s.lbp2d_samples = x)
    }),
    Key::one("lbp2DMethod", Features, |s, v| {
        v.name(&[
            ("default", Lbp2dMethod::Default),
            ("ror", Lbp2dMethod::Ror),
            ("uniform", Lbp2dMethod::Uniform),
            ("var", Lbp2dMethod::Var),
        ])
        .map(|x| s.lbp2d_method = x)
    }),
    Key::one("lbp3DLevels", Features, |s, v| {
        v.whole(1..=MOST).map(|x| s.lbp3d_levels = x)
    }),
    Key::one("lbp3DIcosphereRadius", Features, |s, v| {
        v.number(AboveZero).map(|x| s.lbp3d_icosphere_radius = x)
    }),
    Key::one("lbp3DIcosphereSubdivision", Features, |s, v| {
        v.whole(0..=MOST).map(|x| s.lbp3d_icosphere_subdivision = x)
    }),
];

/// Below `voxelSetting`.
pub(super) static VOXEL_SETTINGS: &[Key<VoxelSettings>] = &[
    Key::one("kernelRadius", Features, |s, v| {
        v.whole(1..=MOST).map(|x| s.kernel_radius = x)
    }),
    Key::one("maskedKernel", Features, |s, v| {
        v.switch().map(|x| s.masked_kernel = x)
    }),
    Key::one("initValue", Features, |s, v| {
        v.number_or_nan().map(|x| s.init_value = x)
    }),
    Key::one("voxelBatch", Features, |s, v| match v.value {
        Value::Whole(-1) => {
            s.voxel_batch = None;
            Ok(())
        }
        _ => v.whole(1..=MOST).map(|x| s.voxel_batch = Some(x)),
    }),
];

/// A width, with the number as it was written.
fn sigma(v: &Node) -> Result<Sigma, Expected> {
    let whole = match v.value {
        Value::Whole(whole) => Some(whole),
        _ => None,
    };
    v.number(AboveZero).map(|mm| Sigma { mm, whole })
}

fn spacing(node: &Node) -> Result<[f64; 3], Expected> {
    let values = node.list(|v| v.number(Zero))?;
    <[f64; 3]>::try_from(values).map_err(|_| "three numbers: x, y, z in mm".into())
}

fn distances(node: &Node) -> Result<Vec<u32>, Expected> {
    let values = node.list(|v| v.whole(1..=MOST))?;
    if values.is_empty() {
        return Err("at least one distance".into());
    }
    Ok(values)
}

fn interpolator(node: &Node) -> Result<Interpolator, Expected> {
    if let Value::Whole(number) = node.value {
        let known = usize::try_from(number - 1).ok();
        return known
            .and_then(|index| Interpolator::NAMES.get(index))
            .map(|(_, interpolator)| *interpolator)
            .ok_or_else(|| "a number from 1 to 10 or the interpolator's name".into());
    }
    node.name(&Interpolator::NAMES)
}

fn resegment_range(node: &Node) -> Result<ResegmentRange, Expected> {
    let mut values = node.list(|v| v.number(Floor::None))?;
    values.sort_by(f64::total_cmp);
    match *values {
        [low] => Ok(ResegmentRange { low, high: None }),
        [low, high] => Ok(ResegmentRange {
            low,
            high: Some(high),
        }),
        _ => Err("one number, the lower bound, or two".into()),
    }
}

fn wavelet(node: &Node) -> Result<String, Expected> {
    match &node.value {
        Value::Text(name) if wavelet_names::is_known(name) => Ok(name.clone()),
        _ => Err(wavelet_names::EXPECTED.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field has a key and every key a field, under one name.
    #[test]
    fn keys_and_fields_are_the_same() {
        let fields = |value: serde_json::Value| -> Vec<String> {
            let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            names.sort();
            names
        };
        let mut keys: Vec<&str> = SETTINGS.iter().map(|key| key.name).collect();
        keys.sort_unstable();
        let all = serde_json::to_value(PyRadiomicsSettings::default()).unwrap();
        assert_eq!(fields(all), keys);
        let mut keys: Vec<&str> = VOXEL_SETTINGS.iter().map(|key| key.name).collect();
        keys.sort_unstable();
        let all = serde_json::to_value(VoxelSettings::default()).unwrap();
        assert_eq!(fields(all), keys);
    }
}
