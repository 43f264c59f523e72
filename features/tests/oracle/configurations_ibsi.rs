//! The six data sets of IBSI 1, prepared as the standard prescribes: the digital phantom, and the lung CT
//! phantom under the configurations A to E of image processing.
//!
//! Both images are rounded to whole numbers when they are read. The tables of settings are those of the
//! reference manual, chapter 5.

use ndarray::Array3;
use raduet_features::processing::{self, Intensities, Interpolator, Resampling};
use raduet_features::settings::{IvhBins, Resegmentation, ResegmentationRange};
use raduet_features::{
    Affine, Aggregation, Discretisation, ExtractionOptions, ExtractionSettings, Grid, MaskVolume,
    Profile, Roi, Scaling, Spacing, Volume, Voxels,
};
use raduet_testkit::{data, images};

/// Names of the data sets, as in the table of reference values.
pub(crate) const DATA_SETS: [&str; 6] = ["digital_phantom", "ct_a", "ct_b", "ct_c", "ct_d", "ct_e"];

/// A data set, ready to be measured.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The image before anything was done to it.
    pub(crate) initial: Volume,
    /// Its region.
    pub(crate) initial_roi: Roi,
    /// The image after interpolation.
    pub(crate) image: Volume,
    /// The morphological mask.
    pub(crate) morphology: Roi,
    /// The intensity mask: the morphological one after re-segmentation.
    pub(crate) roi: Roi,
    /// Settings of the features.
    pub(crate) settings: ExtractionSettings,
}

/// Prepares a data set, or says that `test` skips.
///
/// # Panics
/// When there is no such data set.
pub(crate) fn prepare(test: &str, data_set: &str) -> Option<Prepared> {
    let (file, spacing) = match data_set {
        "digital_phantom" => ("ibsi/ibsi1_digital_phantom", [2.0; 3]),
        _ => ("ibsi/ibsi1_ct_phantom", [3.0, IN_PLANE, IN_PLANE]),
    };
    let image = data::path(test, &format!("{file}.nii.gz"))?;
    let mask = data::path(test, &format!("{file}_mask.nii.gz"))?;
    let (initial, mask) = read(&image, &mask, spacing);
    let initial_roi = region(&initial, &mask);
    let (image, mask) = match resampling(data_set) {
        None => (initial.clone(), mask),
        Some(how) => processing::resample(&initial, &mask, &how).expect("a region"),
    };
    let morphology = region(&image, &mask);
    let settings = options(data_set).check().expect("valid settings");
    let roi = match settings.resegmentation {
        None => morphology.clone(),
        Some(rule) => morphology.resegmented(rule).expect("a region"),
    };
    Some(Prepared {
        initial,
        initial_roi,
        image,
        morphology,
        roi,
        settings,
    })
}

/// Distance of the CT phantom's columns and rows; its header has it in single precision.
const IN_PLANE: f64 = 0.976_999_998_092_651_4;

fn read(image: &std::path::Path, mask: &std::path::Path, zyx: [f64; 3]) -> (Volume, MaskVolume) {
    let image = images::read(image);
    let mask = images::read(mask);
    let [z, y, x] = zyx;
    let grid = Grid {
        shape: image.shape,
        spacing: Spacing::new(zyx).expect("a spacing"),
        // Half a turn around z, as in the headers; the position of the first voxel matters to nothing.
        affine: Affine([[-x, 0.0, 0.0, 0.0], [0.0, -y, 0.0, 0.0], [0.0, 0.0, z, 0.0]]),
    };
    let values = Array3::from_shape_vec(image.shape, image.values).expect("a volume");
    let label = Array3::from_shape_vec(mask.shape, mask.values).expect("a volume");
    let volume = Volume::new(Voxels::F64(values.mapv(f64::round)), Scaling::NONE, grid);
    let mask = MaskVolume::new(label.mapv(|label| label > 0.5), grid);
    (volume.expect("one shape"), mask.expect("one shape"))
}

fn region(image: &Volume, mask: &MaskVolume) -> Roi {
    let region = Roi::from_volume(image, mask).expect("finite values");
    region.expect("a region")
}

fn resampling(data_set: &str) -> Option<Resampling> {
    let (spacing, interpolator) = match data_set {
        "digital_phantom" | "ct_a" => return None,
        "ct_b" => ([0.0, 2.0, 2.0], Interpolator::Linear),
        "ct_c" | "ct_d" => ([2.0; 3], Interpolator::Linear),
        "ct_e" => ([2.0; 3], Interpolator::CubicBSpline),
        other => panic!("no data set '{other}'"),
    };
    Some(Resampling {
        intensities: Intensities::NearestInteger,
        ..Resampling::ibsi(spacing, interpolator)
    })
}

fn options(data_set: &str) -> ExtractionOptions {
    let range = |low, high| Some(ResegmentationRange::Absolute { low, high });
    let sizes = Discretisation::FixedBinSize {
        width: 25.0,
        lower: None,
    };
    let number = Discretisation::FixedBinNumber { count: 32 };
    let (range, outliers, discretisation, ivh) = match data_set {
        "digital_phantom" => (None, None, Discretisation::AsStored, IvhBins::Discrete),
        "ct_a" => (range(-500.0, 400.0), None, sizes, IvhBins::Discrete),
        "ct_b" => (range(-500.0, 400.0), None, number, IvhBins::Discrete),
        "ct_c" => {
            let ivh = IvhBins::Continuous { width: 2.5 };
            (range(-1000.0, 400.0), None, sizes, ivh)
        }
        "ct_d" => (None, Some(3.0), number, IvhBins::Discrete),
        "ct_e" => {
            let ivh = IvhBins::Arbitrary { count: 1000 };
            (range(-1000.0, 400.0), Some(3.0), number, ivh)
        }
        other => panic!("no data set '{other}'"),
    };
    let rule = Resegmentation { range, outliers };
    let any = range.is_some() || outliers.is_some();
    ExtractionOptions {
        profile: Profile::Ibsi,
        discretisation,
        ivh,
        resegmentation: any.then_some(rule),
        aggregations: aggregations(data_set).to_vec(),
        ..ExtractionOptions::default()
    }
}

/// The aggregations that have reference values.
fn aggregations(data_set: &str) -> &'static [Aggregation] {
    match data_set {
        "digital_phantom" => &Aggregation::ALL,
        "ct_a" | "ct_b" => IN_SLICES,
        _ => IN_VOLUME,
    }
}

const IN_SLICES: &[Aggregation] = &[
    Aggregation::SliceAveraged,
    Aggregation::SliceMerged,
    Aggregation::DirectionMerged,
    Aggregation::SlicesAndDirectionsMerged,
    Aggregation::Slices,
    Aggregation::SlicesMerged,
];

const IN_VOLUME: &[Aggregation] = &[
    Aggregation::VolumeAveraged,
    Aggregation::VolumeMerged,
    Aggregation::Volume,
];

/// Rounds to three significant digits, as the standard prints its values and wants them compared.
pub(crate) fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}")
        .parse()
        .expect("a number just printed")
}
