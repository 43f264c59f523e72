//! Ways to get a table that is not what was asked for: each is measured right, or refused.

use std::fs;
use std::io::{Read, Write};

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

/// Packed files are stamped with what was read: the stamp is the same as from the files on disk, and stays that of
/// what was measured when they change.
#[test]
fn a_case_is_stamped_with_what_was_read() {
    use raduet::cases::Cases;
    use raduet::cli::PresetName;
    use raduet::io::{ByteBudget, Unpacking};
    use raduet::settings::preset;

    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    cohort_on_disk::write(here, 9);
    let zip = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    // Of the first case both files are packed, of the second the image, of the third none.
    let text = fs::read_to_string(here.join("manifest.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let files = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [cells[2].to_owned(), cells[3].to_owned()]
    };
    for (line, packed) in [(1, 2), (2, 1)] {
        for file in &files(&lines[line])[..packed] {
            let bytes = fs::read(here.join(file)).unwrap();
            fs::write(here.join(format!("{file}.gz")), zip(&bytes)).unwrap();
            lines[line] = lines[line].replace(&format!(",{file},"), &format!(",{file}.gz,"));
        }
    }
    fs::write(here.join("manifest.csv"), lines.join("\n")).unwrap();
    let mut settings = preset::settings(PresetName::Quick);
    settings.cohort.path = Some(here.join("manifest.csv"));
    let cases = Cases::open(&settings.cohort, ByteBudget::default()).unwrap();

    let read = [0, 1, 2].map(|case| cases.load(case, Unpacking::Shared).unwrap().fingerprints);
    assert_eq!(
        [0, 1, 2].map(|case| cases.are_packed(case)),
        [true, false, false]
    );
    assert!(read[1].image.is_some() && read[1].mask.is_none() && read[2].image.is_none());
    assert_eq!(
        cases
            .load_labels(0, Unpacking::Shared)
            .unwrap()
            .fingerprints,
        read[0]
    );
    let stamp = cases.stamp(0);
    assert_eq!(cases.stamp_as_read(0, &read[0]), Some(stamp.clone()));
    assert_eq!(cases.stamp_as_read(1, &read[1]), None);

    let mask = here.join(&files(&lines[1])[1]);
    let mut whole = Vec::new();
    let packed = fs::read(&mask).unwrap();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut whole)
        .unwrap();
    *whole.last_mut().unwrap() ^= 1;
    fs::write(&mask, zip(&whole)).unwrap();
    assert_ne!(cases.stamp(0), stamp);
    assert_eq!(cases.stamp_as_read(0, &read[0]), Some(stamp));
}

/// NaN inside the region: refused with its place, or left out where that is asked for; outside it is harmless.
#[test]
fn values_that_are_no_numbers_are_refused_or_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let save = |name: &str, bad: &[usize]| {
        let mut bytes = nifti(16, 32, [6, 5, 2]);
        for at in 0..60 {
            let value = if bad.contains(&at) {
                f32::NAN
            } else {
                at as f32
            };
            bytes.extend(value.to_le_bytes());
        }
        fs::write(here.join(name), bytes).unwrap();
    };
    save("inside.nii", &[8, 40]);
    save("outside.nii", &[0]);
    let mut mask = nifti(2, 8, [6, 5, 2]);
    mask.extend((0..60).map(|at| u8::from(at % 6 > 0 && at % 30 > 5)));
    fs::write(here.join("mask.nii"), mask).unwrap();
    let manifest = "ID,PatientID,Image,Mask\na,p,inside.nii,mask.nii\nb,q,outside.nii,mask.nii\n";
    fs::write(here.join("manifest.csv"), manifest).unwrap();
    let refused = run(here, &["extract", "manifest.csv", "--by", "case"]);
    assert_eq!(refused.status, 1, "{}", refused.stderr);
    let failures = fs::read_to_string(here.join("features.failures.csv")).unwrap();
    assert!(
        failures.contains("E_NONFINITE,a,") && failures.contains("[0, 1, 2]"),
        "{failures}"
    );
    assert!(failures.contains("--nonfinite drop"), "{failures}");
    let warnings = fs::read_to_string(here.join("features.warnings.csv")).unwrap();
    assert!(warnings.contains("W_NONFINITE,note,b,"), "{warnings}");
    succeed(
        here,
        &[
            "extract",
            "manifest.csv",
            "--by",
            "case",
            "--nonfinite",
            "drop",
        ],
    );
    let table = Table::read(&here.join("features.csv"));
    let [a, b] = [0, 1].map(|row| table.number(row, "ROIVoxels"));
    assert!((a - (b - 2.0)).abs() < 1e-12, "{a} {b}");
    let warnings = fs::read_to_string(here.join("features.warnings.csv")).unwrap();
    assert!(warnings.contains("2 voxels of the region"), "{warnings}");
}

/// One volume of several, by its number.
#[test]
fn a_volume_is_chosen_from_several() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut image = nifti(16, 32, [4, 4, 1]);
    image[40..42].copy_from_slice(&4_i16.to_le_bytes());
    image[48..50].copy_from_slice(&3_i16.to_le_bytes());
    for at in 0..48 {
        image.extend((100.0 * f32::from(u8::try_from(at / 16).unwrap())).to_le_bytes());
    }
    fs::write(here.join("image.nii"), image).unwrap();
    let mut mask = nifti(2, 8, [4, 4, 1]);
    mask.extend([1; 16]);
    fs::write(here.join("mask.nii"), mask).unwrap();
    let manifest = "ID,PatientID,Image,Mask\na,p,image.nii,mask.nii\n";
    fs::write(here.join("manifest.csv"), manifest).unwrap();
    let extract = ["extract", "manifest.csv", "--family", "firstorder"];
    let refused = run(here, &extract);
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("E_NDIM"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--volume"), "{}", refused.stderr);
    for volume in ["0", "2"] {
        succeed(here, &[&extract[..], &["--volume", volume]].concat());
        let table = Table::read(&here.join("features.csv"));
        let mean = table.number(0, "original_firstorder_Mean");
        assert!(
            (mean - 100.0 * volume.parse::<f64>().unwrap()).abs() < 1e-9,
            "{mean}"
        );
    }
}

/// The header of a NIfTI-1 volume with voxels of 1 mm.
fn nifti(datatype: i16, bits: i16, size: [i16; 3]) -> Vec<u8> {
    let mut bytes = vec![0; 352];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &348_i32.to_le_bytes());
    for (axis, n) in [3, size[0], size[1], size[2], 1, 1, 1, 1]
        .into_iter()
        .enumerate()
    {
        put(40 + 2 * axis, &i16::to_le_bytes(n));
        put(76 + 4 * axis, &1_f32.to_le_bytes());
    }
    put(70, &datatype.to_le_bytes());
    put(72, &bits.to_le_bytes());
    put(108, &352_f32.to_le_bytes());
    put(112, &1_f32.to_le_bytes());
    put(254, &1_i16.to_le_bytes());
    for axis in 0..3 {
        put(280 + 20 * axis, &1_f32.to_le_bytes());
    }
    put(344, b"n+1\0");
    bytes
}
