//! Ways to get a table that is not what was asked for: each is measured right, or refused.

use std::fs;

use serde_json::Value;

use super::cohort_on_disk;
use super::program::{run, succeed};
use super::table::Table;

#[test]
fn a_table_does_not_replace_its_input_and_profiles_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let manifest = fs::read(here.join("manifest.csv")).unwrap();
    let over = run(here, &["extract", "manifest.csv", "-o", "./manifest.csv"]);
    assert_eq!(over.status, 2, "{}", over.stderr);
    assert_eq!(fs::read(here.join("manifest.csv")).unwrap(), manifest);
    for option in [["--filter", "log:sigma=2"], ["--ivh", "arbitrary:100"]] {
        let arguments = ["extract", "manifest.csv"].into_iter().chain(option);
        let mixed = run(here, &arguments.collect::<Vec<_>>());
        assert_eq!(mixed.status, 2, "{option:?}: {}", mixed.stderr);
    }
    let many = ["--profile", "ibsi", "--ivh", "arbitrary:4000000000"];
    let arguments = ["extract", "manifest.csv"].into_iter().chain(many);
    assert_eq!(run(here, &arguments.collect::<Vec<_>>()).status, 2);
}

/// A slice that is resampled stays where it is, whatever is said about the axis across slices.
#[test]
fn slices_keep_their_place_when_they_are_resampled() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let table = |name: &str, spacing: &str| {
        let spacing = format!("resampledPixelSpacing:{spacing}");
        let arguments = [
            "extract",
            "manifest.csv",
            "--profile",
            "ibsi",
            "--family",
            "statistics",
            "-s",
            &spacing,
            "-s",
            "interpolator:sitkLinear",
            "-o",
            name,
        ];
        succeed(here, &arguments);
        fs::read(here.join(name)).unwrap()
    };
    assert_eq!(table("kept.csv", "[2,2,0]"), table("moved.csv", "[2,2,1]"));
}

#[test]
fn a_summary_gives_the_volume_of_its_slices() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let family = ["--family", "firstorder"];
    let extract = |more: &[&str]| {
        let arguments = [&["extract", "manifest.csv"], &family[..], more].concat();
        succeed(here, &arguments);
    };
    extract(&["--by", "case", "-o", "cases.csv"]);
    extract(&["--summarise", "-o", "summary.csv"]);
    let (cases, summary) = ("cases.csv", "summary.csv");
    let [cases, summary] = [cases, summary].map(|name| Table::read(&here.join(name)));
    for row in 0..9 {
        let of = |table: &Table| {
            let [voxels, volume] =
                ["ROIVoxels", "ROIVolume_mm3"].map(|name| table.number(row, name));
            (voxels, volume)
        };
        let ((all, volume), (kept, summed)) = (of(&cases), of(&summary));
        // Slices that are a line of pixels are left out of a summary.
        assert!(kept <= all && kept > 0.9 * all);
        assert!((summed / kept - volume / all).abs() < 1e-9 * volume / all);
    }
    // The dictionary names the columns of the summary.
    let dictionary = Table::read(&here.join("summary.dictionary.csv"));
    assert_eq!(dictionary.column("column"), summary.from("original_"));
}

/// Form is measured on the unfiltered image even where only filtered ones are named; a bin width that is
/// given is taken, also where it is PyRadiomics' default.
#[test]
fn form_and_given_defaults_are_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let file = "imageType: {Square: {}}\nfeatureClass: {shape: [Elongation], firstorder: [Mean]}\n";
    fs::write(here.join("square.yaml"), file).unwrap();
    let arguments = [
        "extract",
        "manifest.csv",
        "--by",
        "case",
        "-p",
        "square.yaml",
    ];
    succeed(here, &arguments);
    let table = Table::read(&here.join("features.csv"));
    assert_eq!(
        table.from("original_"),
        ["original_shape_Elongation", "square_firstorder_Mean"]
    );
    assert!((0..9).all(|row| table.number(row, "original_shape_Elongation") > 0.0));

    let rule = |setting: &[&str]| {
        let arguments = [
            "extract",
            "manifest.csv",
            "--profile",
            "ibsi",
            "--family",
            "glszm",
        ];
        succeed(here, &[&arguments, setting].concat());
        let run: Value =
            serde_json::from_slice(&fs::read(here.join("features.run.json")).unwrap()).unwrap();
        run.to_string()
    };
    assert!(rule(&[]).contains("fixed_bin_number"));
    assert!(rule(&["-s", "binWidth:25"]).contains("fixed_bin_size"));
}

/// Of a header and its image in two files, a change of either is noticed.
#[test]
fn a_changed_half_of_a_pair_is_measured_again() {
    use raduet::cases::Cases;
    use raduet::cli::PresetName;
    use raduet::io::ByteBudget;
    use raduet::settings::preset;

    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for name in ["a.hdr", "a.img", "m.hdr.gz", "m.img.gz"] {
        fs::write(here.join(name), name).unwrap();
    }
    let manifest = "ID,PatientID,Image,Mask,Target\na,p,a.hdr,m.img.gz,mild\n";
    fs::write(here.join("manifest.csv"), manifest).unwrap();
    let mut settings = preset::settings(PresetName::Quick);
    settings.cohort.path = Some(here.join("manifest.csv"));
    let stamp = || {
        Cases::open(&settings.cohort, ByteBudget::default())
            .unwrap()
            .stamp(0)
    };
    let mut seen = vec![stamp()];
    for name in ["a.hdr", "a.img", "m.hdr.gz", "m.img.gz"] {
        fs::write(here.join(name), "another").unwrap();
        let now = stamp();
        assert!(!seen.contains(&now), "{name}");
        seen.push(now);
    }
}
