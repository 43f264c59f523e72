//! Parameter files, the standard's profile, and the forms of a table.

use std::fs;

use raduet::io::feature_table;
use raduet::io::{GeometryRule, LabelChoice, ReadOptions, read_case};
use raduet_features::extractor::{Extractor, ImageSource, Processing};
use raduet_features::processing::{Interpolator, Resampling};
use raduet_features::set::Choice;
use raduet_features::{Aggregation, Discretisation, ExtractionOptions, FeatureSet, Profile};

use super::cohort_on_disk;
use super::program::{run, succeed};
use super::table::Table;

const PARAMETERS: &str = "\
setting:
  binWidth: 12
imageType:
  Original: {}
  Square: {binWidth: 7}
featureClass:
  glcm: [Contrast, JointEntropy]
  firstorder: [Mean, Energy]
";

#[test]
fn a_parameter_file_decides_on_classes_images_and_bins() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    fs::write(here.join("params.yaml"), PARAMETERS).unwrap();
    let extract = |output: &str, extra: &[&str]| {
        let arguments = ["extract", "manifest.csv", "--by", "case", "-o", output];
        succeed(here, &[&arguments, extra].concat());
        Table::read(&here.join(output))
    };
    let of_file = extract("file.csv", &["-p", "params.yaml"]);
    let names = [
        "firstorder_Energy",
        "firstorder_Mean",
        "glcm_Contrast",
        "glcm_JointEntropy",
    ];
    let on = |image: &str| names.map(|name| format!("{image}_{name}"));
    assert_eq!(
        of_file.from("original_"),
        [on("original"), on("square")].concat()
    );
    // The same bins by the command line's own option, and by a setting that wins over the file.
    let glcm = &["--family", "glcm"][..];
    let plain = extract("plain.csv", &[glcm, &["--bin-width", "12"]].concat());
    let column = "original_glcm_Contrast";
    assert_eq!(of_file.column(column), plain.column(column));
    let set = extract("set.csv", &["-p", "params.yaml", "-s", "binWidth:5"]);
    let plain = extract("five.csv", &[glcm, &["--bin-width", "5"]].concat());
    assert_eq!(set.column(column), plain.column(column));
    assert_ne!(of_file.column(column), set.column(column));
    // The image type's own width stays.
    let square = "square_glcm_Contrast";
    assert_eq!(of_file.column(square), set.column(square));
}

/// Whole classes without form in the plane, as PyRadiomics runs such a file on a volume.
#[test]
fn a_file_without_classes_measures_a_case() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    fs::write(here.join("params.yaml"), "setting:\n  binWidth: 12\n").unwrap();
    let arguments = [
        "extract",
        "manifest.csv",
        "--by",
        "case",
        "-p",
        "params.yaml",
    ];
    succeed(here, &arguments);
    let table = Table::read(&here.join("features.csv"));
    assert_eq!(
        table.from("original_").len(),
        14 + 18 + 24 + 14 + 16 + 16 + 5
    );
}

#[test]
fn what_is_not_computed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (arguments, expected) in [
        (vec!["-s", "binWitdh:5"], "did you mean 'binWidth'"),
        (vec!["-s", "binWidth:-5"], "binWidth"),
        (
            vec!["-s", "force2D:true", "-s", "force2Ddimension:1"],
            "force2Ddimension",
        ),
        (vec!["-p", "nowhere.yaml"], "E_NOT_FOUND"),
        (
            vec!["--profile", "ibsi", "--aggregation", "3D:sum"],
            "unknown aggregation",
        ),
        (
            vec!["--profile", "ibsi", "--filter", "log:sigmma=1"],
            "sigma",
        ),
        (vec!["-o", "table.xlsx"], ".parquet"),
    ] {
        let all = [&["extract", "phantom"][..], &arguments].concat();
        let finished = run(here, &all);
        assert_eq!(finished.status, 2, "{arguments:?}: {}", finished.stderr);
        assert!(
            finished.stderr.contains(expected),
            "{arguments:?}: {}",
            finished.stderr
        );
    }
    assert_eq!(fs::read_dir(here).unwrap().count(), 0);
}

/// The command line's words against the engine told the same in its own.
#[test]
fn the_standards_profile_is_the_engines() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    succeed(
        here,
        &[
            "extract",
            "manifest.csv",
            "--by",
            "case",
            "--profile",
            "ibsi",
            "--family",
            "glcm,glszm,statistics",
            "--aggregation",
            "3D:avg,2.5D:vmrg",
            "--bin-count",
            "16",
            "-s",
            "resampledPixelSpacing:3,3,4",
            "-s",
            "interpolator:sitkLinear",
            "--round",
            "--outliers",
            "3",
        ],
    );
    let table = Table::read(&here.join("features.csv"));
    let settings = ExtractionOptions {
        profile: Profile::Ibsi,
        discretisation: Discretisation::FixedBinNumber { count: 16 },
        aggregations: vec![
            Aggregation::VolumeAveraged,
            Aggregation::SlicesAndDirectionsMerged,
        ],
        resegmentation: Some(raduet_features::settings::Resegmentation {
            range: None,
            outliers: Some(3.0),
        }),
        ..ExtractionOptions::default()
    };
    let settings = settings.check().unwrap();
    let choices = ["glcm", "glszm", "statistics"].map(Choice::all);
    let set = FeatureSet::chosen(&choices, &settings).unwrap();
    let mut resampling = Resampling::ibsi(
        [4.0, 3.0, 3.0],
        Interpolator::from_simple_itk("sitkLinear").unwrap(),
    );
    resampling.intensities = raduet_features::processing::Intensities::NearestInteger;
    let processing = Processing {
        resampling: Some(resampling),
        ..Processing::default()
    };
    let images = vec![ImageSource::default()];
    let extractor = Extractor::new(set, settings, processing, images, 2).unwrap();
    let names: Vec<String> = extractor.columns().into_iter().map(|c| c.name).collect();
    assert!(
        names.contains(&"glcm_contrast_3d_avg".to_owned()),
        "{names:?}"
    );
    assert_eq!(table.from(&names[0]), names);
    for row in [0, 8] {
        let id = table.cell(row, "ID");
        let case = read_case(
            &here.join(format!("{id}.nii")),
            &here.join(format!("{id}-mask.nii")),
            &LabelChoice::Only,
            GeometryRule::default(),
            &ReadOptions::default(),
        )
        .unwrap();
        let measured = extractor.case(&case.image, &case.mask).unwrap();
        for (name, value) in names.iter().zip(&measured.values) {
            let found = table.number(row, name);
            let same = found.to_bits() == value.to_bits() || (found.is_nan() && value.is_nan());
            assert!(same, "{id} {name}: {found} and {value}");
        }
    }
}

#[test]
fn a_filters_columns_stand_behind_the_images() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = [
        "extract",
        "phantom",
        "--phantom-patients",
        "9",
        "--by",
        "case",
        "--profile",
        "ibsi",
        "--family",
        "statistics",
        "--filter",
        "log:sigma=3",
        "--filter",
        "mean:support=5",
    ];
    succeed(here, &arguments);
    let table = Table::read(&here.join("features.csv"));
    let columns = table.from("statistics_");
    let third = columns.len() / 3;
    assert_eq!(columns.len(), 3 * third);
    assert!(
        columns[..third]
            .iter()
            .all(|name| name.starts_with("statistics_"))
    );
    for (at, name) in columns[third..].iter().enumerate() {
        let filter = if at < third { "log" } else { "mean" };
        assert!(name.starts_with(filter), "{name}");
        assert!(name.ends_with(&columns[at % third]), "{name}");
        let values: Vec<f64> = (0..9).map(|row| table.number(row, name)).collect();
        assert!(values.iter().all(|value| value.is_finite()), "{name}");
    }
}

/// Both forms hold the same rows, and learners trained on either give the same answers.
#[cfg(feature = "learners")]
#[test]
fn parquet_and_csv_are_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for output in ["features.csv", "features.parquet"] {
        let arguments = [
            "extract",
            "phantom",
            "--phantom-patients",
            "24",
            "-o",
            output,
        ];
        succeed(here, &arguments);
    }
    let (csv, _) = feature_table::read(&here.join("features.csv")).unwrap();
    let (parquet, warnings) = feature_table::read(&here.join("features.parquet")).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(csv.table.columns(), parquet.table.columns());
    assert_eq!(csv.classes.names().len(), parquet.classes.names().len());
    for (a, b) in csv.rows.iter().zip(&parquet.rows) {
        assert_eq!((&a.sample, &a.patient), (&b.sample, &b.patient));
        assert_eq!(csv.classes.name(a.label), parquet.classes.name(b.label));
    }
    let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(|v| v.to_bits()).collect() };
    assert_eq!(bits(csv.table.values()), bits(parquet.table.values()));

    for input in ["features.csv", "features.parquet"] {
        let arguments = [
            "train",
            input,
            "--learners",
            "gaussian_nb",
            "-o",
            &input[9..],
        ];
        succeed(here, &arguments);
    }
    let answers = |run: &str| fs::read_to_string(here.join(run).join("predictions.csv")).unwrap();
    assert_eq!(answers("csv"), answers("parquet"));
}

/// Every empty cell is counted and has a reason.
#[test]
fn undefined_values_are_listed_with_their_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    // One image without any contrast.
    let image = here.join("phantom-003.nii");
    let mut bytes = fs::read(&image).unwrap();
    bytes[352..].fill(0);
    fs::write(&image, bytes).unwrap();
    let arguments = [
        "extract",
        "manifest.csv",
        "--by",
        "case",
        "--profile",
        "ibsi",
    ];
    succeed(here, &arguments);
    let table = Table::read(&here.join("features.csv"));
    let listed = Table::read(&here.join("features.undefined.csv"));
    let names = listed.column("column");
    assert!(!names.is_empty());
    for (row, name) in names.iter().enumerate() {
        let empty = table.column(name);
        let empty = empty.iter().filter(|cell| cell.is_empty()).count();
        assert_eq!(listed.cell(row, "rows"), empty.to_string(), "{name}");
        assert!(!listed.cell(row, "reason").is_empty(), "{name}");
        assert!(listed.cell(row, "first").contains("phantom-003"), "{name}");
    }
    for name in table.from("morphology_") {
        let any = table.column(name).contains(&"");
        assert_eq!(any, names.contains(&name.as_str()), "{name}");
    }
    // Where nothing is undefined there is no list, not even that of an earlier run.
    let plain = ["extract", "manifest.csv", "--family", "firstorder"];
    succeed(here, &plain);
    assert!(!here.join("features.undefined.csv").exists());
}
