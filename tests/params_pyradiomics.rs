//! Parameter files of PyRadiomics: what is read from them, what is said about faults.

use std::fs;

use raduet::error::{Code, Faults};
use raduet::features::settings::{Pairs, Planes, ResegmentationRange, WeightingNorm};
use raduet::features::{Discretisation, ExtractionOptions, Profile};
use raduet::params::{
    ImageType, Interpolator, Lbp2dMethod, Parameters, ResegmentMode, ResegmentRange,
};

const NONE: &[String] = &[];

fn read(text: &str) -> Parameters {
    let (parameters, warnings) = Parameters::parse(text, NONE).expect("a good file");
    assert_eq!(warnings, [], "{text}");
    parameters
}

fn faults(text: &str) -> Faults {
    Parameters::parse(text, NONE).expect_err(text)
}

fn overrides(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// In the manner of the files for magnetic resonance images.
const MR: &str = "\
# Slices of a thick stack.
imageType:
  Original: {}
  LoG:
    sigma: [2, 3.5]   # mm
    binWidth: 2.5
  Wavelet: {}

featureClass:
  firstorder:
  shape2D: []
  glcm:
    - Contrast
    - 'JointEntropy'

setting:
  normalize: true
  normalizeScale: 100
  resampledPixelSpacing: [1, 1, 0]
  interpolator: sitkLinear
  force2D: True
  binWidth: 5
  voxelArrayShift: 300
  label: 2
  weightingNorm:
  minimumROISize:
";

#[test]
fn a_file_for_magnetic_resonance_is_read() {
    let parameters = read(MR);
    let settings = &parameters.settings;
    assert!(settings.normalize && settings.force_2d);
    assert!((settings.normalize_scale - 100.0).abs() < f64::EPSILON);
    assert_eq!(settings.resampled_pixel_spacing, Some([1.0, 1.0, 0.0]));
    assert_eq!(settings.interpolator, Some(Interpolator::Linear));
    assert_eq!((settings.voxel_array_shift, settings.label), (300, 2));
    assert_eq!(
        (settings.weighting_norm, settings.minimum_roi_size),
        (None, None)
    );

    let images: Vec<ImageType> = parameters
        .images
        .iter()
        .map(|choice| choice.image)
        .collect();
    assert_eq!(
        images,
        [
            ImageType::Original,
            ImageType::LaplacianOfGaussian,
            ImageType::Wavelet
        ]
    );
    let [original, log, wavelet] = &parameters.images[..] else {
        panic!("three image types");
    };
    assert_eq!(log.settings.sigma, [2.0, 3.5]);
    assert_eq!(log.changed, ["binWidth", "sigma"]);
    let widths = [original, log, wavelet].map(|choice| choice.settings.bin_width);
    assert_eq!(widths.map(|width| width.to_string()), ["5", "2.5", "5"]);

    let classes: Vec<(&str, usize)> = parameters
        .classes
        .iter()
        .map(|choice| (choice.class.name, choice.features.len()))
        .collect();
    assert_eq!(classes, [("firstorder", 18), ("shape2D", 9), ("glcm", 2)]);
    assert!(parameters.wants("glcm_JointEntropy") && parameters.wants("firstorder_10Percentile"));
    assert!(!parameters.wants("glcm_Idm") && !parameters.wants("shape_Sphericity"));
}

#[test]
fn a_file_for_feature_maps_is_read() {
    let text = "featureClass: {glcm: [JointEntropy]}\n\
                voxelSetting: {kernelRadius: 2, maskedKernel: false, initValue: nan, voxelBatch: 500}\n";
    let voxel = read(text).voxel;
    assert_eq!((voxel.kernel_radius, voxel.voxel_batch), (2, Some(500)));
    assert!(!voxel.masked_kernel && voxel.init_value.is_nan());
}

#[test]
fn json_is_read_alike() {
    let json = r#"{"setting": {"binWidth": 10, "force2D": false, "binCount": null},
                   "imageType": {"Original": {}}, "featureClass": {"ngtdm": null}}"#;
    let yaml = "setting:\n  binWidth: 10.0\n  force2D: false\n  binCount: null\n\
                imageType:\n  Original: {}\nfeatureClass:\n  ngtdm:\n";
    assert_eq!(read(json), read(yaml));
}

#[test]
fn without_a_section_its_defaults_hold() {
    let file = read("");
    let default = Parameters::default();
    assert_eq!(file.settings, default.settings);
    assert_eq!(file.images, default.images);
    // A file that names no class means all eight; without a file the plane's shape is left out.
    assert_eq!((file.classes.len(), default.classes.len()), (8, 7));
    assert!(file.wants("shape2D_Perimeter") && !default.wants("shape2D_Perimeter"));
    assert_eq!(read("featureClass: {}\nimageType: {}\n"), file);
    let (from_overrides, _) = Parameters::from_overrides(NONE).unwrap();
    assert_eq!(from_overrides, default);
}

#[test]
fn an_expanded_file_reads_back_to_the_same() {
    let all = "setting: {minimumROIDimensions: 3, minimumROISize: 50, geometryTolerance: 1e-4, \
               correctMask: true, additionalInfo: false, label: 7, label_channel: 1, binWidth: 0.3, binCount: 32, \
               normalize: true, normalizeScale: 10, removeOutliers: 3, resampledPixelSpacing: [1.5, 2, 0], \
               interpolator: 10, padDistance: 0, preCrop: true, resegmentRange: [400, -50], resegmentMode: absolute, \
               resegmentShape: true, voxelArrayShift: -5, symmetricalGLCM: false, distances: [1, 3], \
               weightingNorm: euclidean, gldm_a: 2, force2D: true, force2Ddimension: 2, sigma: [1], start_level: 1, \
               level: 2, wavelet: bior2.2, gradientUseSpacing: false, lbp2DRadius: 2.5, lbp2DSamples: 16, \
               lbp2DMethod: var, lbp3DLevels: 3, lbp3DIcosphereRadius: 1.5, lbp3DIcosphereSubdivision: 0}\n\
               imageType: {Wavelet: {wavelet: haar, level: 1}, LBP2D: {}, LBP3D: , Gradient: {}}\n\
               voxelSetting: {voxelBatch: 10}\n";
    let parameters = read(all);
    let settings = &parameters.settings;
    let range = ResegmentRange {
        low: -50.0,
        high: Some(400.0),
    };
    assert_eq!(settings.resegment_range, Some(range));
    assert_eq!(settings.resegment_mode, ResegmentMode::Absolute);
    assert_eq!(
        settings.interpolator,
        Some(Interpolator::BlackmanWindowedSinc)
    );
    assert_eq!(settings.lbp2d_method, Lbp2dMethod::Var);
    assert_eq!(parameters.images[0].settings.wavelet, "haar");
    assert_eq!(parameters.images[1].settings.wavelet, "bior2.2");
    for parameters in [parameters, read(MR), Parameters::default()] {
        let expanded = parameters.expanded();
        assert_eq!(expanded["setting"].as_object().unwrap().len(), 37);
        // Written out, every setting is a given one.
        let again = Parameters {
            given: parameters.given.clone(),
            ..read(&expanded.to_string())
        };
        assert_eq!(again, parameters);
    }
}

#[test]
fn all_faults_are_told_with_line_and_nearest_name() {
    let text = "setting:\n  binwidth: 10\n  force2D: 'yes'\n  label: 0\n  sigma: 3\n  kernelRadius: 2\n\
                featureClass:\n  glmc:\n  glcm: [Contrst]\n  shape: Volume\n\
                imageType:\n  Log: {sigma: [-1]}\n  Wavelet: {wavelet: db99}\n\
                settings: {}\nbinCount: 3\n";
    let told = faults(text);
    assert!(told.list().iter().all(|fault| fault.code == Code::Settings));
    let told: Vec<String> = told.list().iter().map(ToString::to_string).collect();
    let expected = [
        "line 14: unknown section 'settings'; did you mean 'setting'?",
        "line 15: unknown section 'binCount'; write it below 'setting'",
        "line 2: setting: unknown key 'binwidth'; did you mean 'binWidth'?",
        "line 3: setting: force2D: 'yes', expected true or false; correct the value",
        "line 4: setting: label: 0, expected a whole number from 1; correct the value",
        "line 5: setting: sigma: 3, expected a list of values in [ ]; correct the value",
        "line 6: setting: unknown key 'kernelRadius'; write it below 'voxelSetting'",
        "line 8: featureClass: unknown class 'glmc'; did you mean 'glcm'?",
        "line 9: featureClass: glcm: unknown feature 'Contrst'; did you mean 'Contrast'?",
        "line 10: featureClass: shape: 'Volume', expected a list of features, or no value for all; correct the value",
        "line 12: imageType: unknown image type 'Log'; did you mean 'LoG'?",
        "line 13: imageType: Wavelet: wavelet: 'db99', expected a discrete wavelet: haar, dmey, db1-38, sym2-20, \
         coif1-17, bior1.1-6.8 or rbio1.1-6.8; correct the value",
    ];
    let expected: Vec<String> = expected
        .iter()
        .map(|line| format!("error[E_SETTINGS] {line}"))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn values_outside_their_range_are_refused() {
    for setting in [
        "minimumROIDimensions: 4",
        "minimumROISize: 0",
        "geometryTolerance: -1",
        "correctMask: 1",
        "label: 1.0",
        "label: 5000000000",
        "label_channel: -1",
        "binWidth: 0",
        "binWidth: .inf",
        "binWidth: .nan",
        "binWidth: '25'",
        "binWidth:",
        "binCount: 0",
        "normalizeScale: 0",
        "removeOutliers: 0",
        "resampledPixelSpacing: [1, 1]",
        "resampledPixelSpacing: [1, 1, -1]",
        "resampledPixelSpacing: 1",
        "interpolator: sitkNearestNeighbour",
        "interpolator: 0",
        "interpolator: 11",
        "padDistance: -1",
        "distances: []",
        "distances: [0]",
        "distances: [1.5]",
        "force2Ddimension: 3",
        "resegmentRange: []",
        "resegmentRange: [1, 2, 3]",
        "resegmentMode: Sigma",
        "weightingNorm: none",
        "sigma: [0]",
        "start_level: -1",
        "level: 0",
        "lbp2DSamples: 0",
        "lbp2DMethod: nri_uniform",
        "voxelArrayShift: 0.5",
        "gldm_a: 0.5",
        "label: 1\n  label: 2",
        "3: 4",
        "[1]: 4",
    ] {
        let told = faults(&format!("setting:\n  {setting}\n"));
        assert_eq!(told.list().len(), 1, "{setting}: {told}");
    }
    for file in [
        "- 1",
        "setting: 3",
        "setting: [binWidth]",
        "imageType:",
        "featureClass:",
        "imageType: [Original]",
        "featureClass: {glcm: [1]}",
        "voxelSetting: {kernelRadius: 0}",
        "voxelSetting: {voxelBatch: 0}",
        "voxelSetting: {initValue: none}",
        "setting: {binWidth: 1",
        "\t- a: b: c",
    ] {
        assert_eq!(faults(file).list().len(), 1, "{file}");
    }
}

#[test]
fn deprecated_features_are_known_and_left_out() {
    let text = "featureClass:\n  glcm: [Homogeneity1, Contrast]\n  shape: [Compactness2]\n";
    let (parameters, warnings) = Parameters::parse(text, NONE).unwrap();
    assert!(parameters.wants("glcm_Contrast") && !parameters.wants("glcm_Homogeneity1"));
    // Not the whole class, which an empty list in a file would mean.
    assert!(!parameters.wants("shape_Sphericity"));
    let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "warning[W_SETTINGS] line 2: glcm Homogeneity1 is deprecated; not computed: Id is the same",
            "warning[W_SETTINGS] line 3: shape Compactness2 is deprecated; not computed: Sphericity is its cube root",
        ]
    );
}

#[test]
fn what_has_no_effect_is_told() {
    let text = "imageType:\n  LoG:\n  Square: {normalize: true, binCount: 16}\n";
    let (parameters, warnings) = Parameters::parse(text, NONE).unwrap();
    assert!(!parameters.images[1].settings.normalize);
    assert_eq!(parameters.images[1].settings.bin_count, Some(16));
    assert_eq!(parameters.settings.bin_count, None);
    let told: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.found.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "line 2: imageType: LoG without sigma",
            "line 3: imageType: Square: normalize acts before any filter",
        ]
    );
}

#[test]
fn the_command_line_has_the_last_word() {
    let list = overrides(&[
        "binWidth:7.5",
        "label: 3",
        "force2D:1",
        "sigma:4",
        "resampledPixelSpacing:1,1,2.5",
        "distances:[1, 2]",
        "weightingNorm:infinity",
        "minimumROISize:",
        "kernelRadius:3",
    ]);
    let (parameters, _) = Parameters::parse(MR, &list).unwrap();
    let settings = &parameters.settings;
    assert!((settings.bin_width - 7.5).abs() < f64::EPSILON);
    assert_eq!((settings.label, settings.force_2d), (3, true));
    assert_eq!(settings.resampled_pixel_spacing, Some([1.0, 1.0, 2.5]));
    assert_eq!(settings.sigma, [4.0]);
    assert_eq!(settings.distances, [1, 2]);
    assert_eq!(settings.weighting_norm, Some(WeightingNorm::Infinity));
    assert_eq!(parameters.voxel.kernel_radius, 3);
    // What an image type says about itself stays.
    assert_eq!(parameters.images[1].settings.sigma, [2.0, 3.5]);

    let list = overrides(&[
        "binWidth",
        "bindWidth:3",
        "label:-1",
        "sigma:[1",
        "padDistance:1",
    ]);
    let told = Parameters::parse("", &list).unwrap_err();
    let told: Vec<String> = told
        .list()
        .iter()
        .map(|fault| fault.found.clone())
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(
        told.iter().all(|found| found.starts_with("--setting ")),
        "{told:?}"
    );
}

#[test]
fn files_are_read_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("params.yaml");
    fs::write(&path, "setting:\n  binWidth: -1\n").unwrap();
    let told = Parameters::read(&path, &overrides(&["lable:1"])).unwrap_err();
    let files: Vec<bool> = told
        .list()
        .iter()
        .map(|fault| fault.file.is_some())
        .collect();
    assert_eq!(files, [true, false], "{told}");
    fs::write(&path, MR).unwrap();
    assert_eq!(Parameters::read(&path, NONE).unwrap().0, read(MR));
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(
        Parameters::read(&path, NONE).unwrap_err().list()[0].code,
        Code::Settings
    );
    fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(
        Parameters::read(&path, NONE).unwrap_err().list()[0].code,
        Code::TooLarge
    );
    let missing = folder.path().join("none.yaml");
    assert_eq!(
        Parameters::read(&missing, NONE).unwrap_err().list()[0].code,
        Code::NotFound
    );
}

#[test]
fn the_engines_options_follow() {
    let text = "setting: {binWidth: 5, voxelArrayShift: 300, distances: [1, 2], symmetricalGLCM: false, \
                weightingNorm: no_weighting, gldm_a: 1, force2D: true, minimumROISize: 9, \
                resegmentRange: [-3, 3], resegmentMode: sigma}";
    let options = read(text).settings.extraction_options();
    let expected = ExtractionOptions {
        profile: Profile::PyRadiomics,
        discretisation: Discretisation::PyRadiomicsFixedBinSize { width: 5.0 },
        voxel_array_shift: 300.0,
        distances: vec![1, 2],
        pairs: Pairs::OneWay,
        weighting: Some(WeightingNorm::Unweighted),
        planes: Planes::InSlices,
        coarseness: 1.0,
        minimum_pixels: 10,
        resegmentation: options.resegmentation,
        ..ExtractionOptions::default()
    };
    assert_eq!(options, expected);
    let range = options.resegmentation.and_then(|rule| rule.range);
    let deviations = ResegmentationRange::Deviations {
        low: -3.0,
        high: 3.0,
    };
    assert_eq!(range, Some(deviations));
    options.check().unwrap();

    let options = read("setting: {binCount: 32, resegmentRange: [0]}")
        .settings
        .extraction_options();
    let numbered = Discretisation::PyRadiomicsFixedBinNumber { count: 32 };
    assert_eq!(options.discretisation, numbered);
    let range = options.resegmentation.and_then(|rule| rule.range);
    let above = ResegmentationRange::Absolute {
        low: 0.0,
        high: f64::INFINITY,
    };
    assert_eq!(range, Some(above));
    let default = Parameters::default().settings.extraction_options();
    let expected = ExtractionOptions {
        minimum_pixels: 2,
        ..ExtractionOptions::default()
    };
    assert_eq!(default, expected);
}
