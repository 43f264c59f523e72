//! The feature engine on arbitrary small volumes: no panic, every value finite or undefined, and the figures that a
//! matrix's sums decide where they must be.

use ndarray::Array3;
use raduet_features::extractor::{ImageSource, Processing};
use raduet_features::{
    Affine, Discretisation, ExtractionOptions, Extractor, FeatureSet, Grid, MaskVolume, Profile,
    Scaling, Spacing, Volume, Voxels,
};

/// Longest side of a volume.
const SIDE: usize = 9;

pub(super) fn seed() -> Vec<Vec<u8>> {
    let counting: Vec<u8> = (0..200).map(|at: u8| at.wrapping_mul(37)).collect();
    let head = |kind: u8| vec![3, 4, 5, kind, 8, 1, 2, 3];
    (0..4)
        .map(|kind| [head(kind), counting.clone()].concat())
        .collect()
}

pub(super) fn small_volume(data: &[u8]) {
    let Some((head, values)) = data.split_at_checked(8) else {
        return;
    };
    let side = |at: usize| 1 + usize::from(head[at]) % SIDE;
    let shape = [side(0), side(1), side(2)];
    let voxels: usize = shape.iter().product();
    let wide = head[3] & 1 == 1;
    let numbers: Vec<f64> = (0..voxels)
        .map(|at| {
            let byte = |n: usize| values.get(n % values.len().max(1)).copied().unwrap_or(0);
            if wide {
                let bits = std::array::from_fn(|k| byte(4 * at + k));
                f64::from(f32::from_le_bytes(bits))
            } else {
                f64::from(i16::from_le_bytes([byte(2 * at), byte(2 * at + 1)]) % 512)
            }
        })
        .collect();
    let inside: Vec<bool> = (0..voxels)
        .map(|at| {
            let byte = values.get(at / 8).copied().unwrap_or(0xff);
            (byte ^ head[7]) >> (at % 8) & 1 == 1
        })
        .collect();
    let spacing = [4, 5, 6].map(|at| 0.1 + f64::from(head[at]) / 16.0);
    let [dz, dy, dx] = spacing;
    let grid = Grid {
        shape,
        spacing: Spacing::new(spacing).expect("positive"),
        affine: Affine([
            [dx, 0.0, 0.0, 0.0],
            [0.0, dy, 0.0, 0.0],
            [0.0, 0.0, dz, 0.0],
        ]),
    };
    let dim = (shape[0], shape[1], shape[2]);
    let array = Array3::from_shape_vec(dim, numbers).expect("as many as voxels");
    let volume = Volume::new(Voxels::F64(array), Scaling::NONE, grid).expect("its own grid");
    let inside = Array3::from_shape_vec(dim, inside).expect("as many as voxels");
    let mask = MaskVolume::new(inside, grid).expect("its own grid");
    let discretisation = match head[3] >> 1 & 3 {
        0 => Discretisation::PyRadiomicsFixedBinSize {
            width: 1.0 + f64::from(head[4]),
        },
        1 => Discretisation::PyRadiomicsFixedBinNumber {
            count: 1 + u32::from(head[4] % 64),
        },
        2 => Discretisation::FixedBinNumber {
            count: 2 + u32::from(head[4] % 64),
        },
        _ => Discretisation::FixedBinSize {
            width: 1.0 + f64::from(head[4]),
            lower: None,
        },
    };
    let ibsi = head[3] & 0x80 != 0;
    let options = ExtractionOptions {
        profile: if ibsi {
            Profile::Ibsi
        } else {
            Profile::PyRadiomics
        },
        discretisation,
        ..ExtractionOptions::default()
    };
    let Ok(settings) = options.check() else {
        return;
    };
    let set = FeatureSet::all_3d(&settings);
    let images = vec![ImageSource::default()];
    let extractor = Extractor::new(set, settings, Processing::default(), images, 1);
    let Ok(extractor) = extractor else { return };
    let names: Vec<String> = extractor.columns().into_iter().map(|c| c.name).collect();
    // A region that is refused is refused in words; the words are the other targets' matter.
    if let Ok(measured) = extractor.case(&volume, &mask) {
        assert_eq!(measured.values.len(), names.len());
        for (name, value) in names.iter().zip(&measured.values) {
            within_bounds(name, *value, &measured.range);
        }
        let inside = mask.inside().iter().filter(|inside| **inside).count();
        assert_eq!(measured.voxels, inside);
    }
    if let Ok(slices) = extractor.slices(&volume, &mask) {
        for measured in slices.into_iter().filter_map(|(_, measured)| measured.ok()) {
            for (name, value) in names.iter().zip(&measured.values) {
                within_bounds(name, *value, &measured.range);
            }
        }
    }
}

/// Bounds that follow from what a matrix sums to.
fn within_bounds(name: &str, value: f64, range: &(f64, f64)) {
    if value.is_nan() {
        return;
    }
    // Sums of squares of the largest intensities leave the range of numbers; that is told, not wrong.
    let tame = range.0.abs().max(range.1.abs()) < 1e12;
    assert!(value.is_finite() || !tame, "{name} = {value}");
    let slack = 1e-9 * (1.0 + range.0.abs().max(range.1.abs()));
    let share = [
        "glcm_JointEnergy",
        "glcm_MaximumProbability",
        "RunPercentage",
        "ZonePercentage",
    ];
    if share.iter().any(|ending| name.ends_with(ending)) {
        assert!(value > 0.0 && value <= 1.0 + 1e-9, "{name} = {value}");
    }
    let inner = [
        "firstorder_Mean",
        "firstorder_Median",
        "firstorder_10Percentile",
    ];
    if inner.iter().any(|ending| name.ends_with(ending)) {
        assert!(
            value >= range.0 - slack && value <= range.1 + slack,
            "{name} = {value}"
        );
    }
    // The volume of PyRadiomics' mesh is negative where that has holes; the standard's mesh is closed.
    let positive = [
        "_Variance",
        "_Entropy",
        "JointEntropy",
        "morphology_volume",
        "VoxelVolume",
    ];
    if positive.iter().any(|ending| name.ends_with(ending)) {
        assert!(value >= -1e-9, "{name} = {value}");
    }
}
