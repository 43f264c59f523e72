//! Images of every format through the program: `extract`, `map`, `split`.

use std::fs;
use std::path::PathBuf;

use raduet::io::{ReadOptions, read_volume};

use super::program::{run, succeed};
use super::table::Table;

fn files() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/reference/formats/files")
}

#[test]
fn a_manifest_mixes_formats_and_names_regions() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let at = files().display().to_string();
    let manifest = format!(
        "ID,PatientID,Image,Mask,Label,Target,SpacingX,SpacingY,SpacingZ\n\
         a,a,{at}/series,{at}/rtstruct.dcm,Heart,x,,,\n\
         b,b,{at}/series/I002.dcm,{at}/seg_binary.dcm,heart,y,,,\n\
         c,c,{at}/straight.mha,{at}/rtstruct_Heart.nii.gz,1,x,,,\n\
         d,d,{at}/straight_gzip_big.nrrd,{at}/rtstruct_Heart.nii.gz,,y,,,\n\
         e,e,{at}/volume.npy,{at}/volume.npy,3,x,0.5,0.75,2.5\n\
         f,f,{at}/series,{at}/rtstruct.dcm,Lung,y,,,\n"
    );
    fs::write(here.join("manifest.csv"), manifest).unwrap();
    let arguments = [
        "extract",
        "manifest.csv",
        "--by",
        "case",
        "--family",
        "firstorder,shape",
        "-o",
        "out.csv",
    ];
    let finished = run(here, &arguments);
    assert_eq!(finished.status, 1, "{}", finished.stderr);
    let table = Table::read(&here.join("out.csv"));
    assert_eq!(table.column("ID"), ["a", "b", "c", "d", "e"]);
    for name in table
        .head
        .iter()
        .filter(|name| name.starts_with("original_"))
    {
        let cells = table.column(name);
        assert!(
            cells[..4].iter().all(|cell| *cell == cells[0]),
            "{name}: {cells:?}"
        );
    }
    let failures = fs::read_to_string(here.join("out.failures.csv")).unwrap();
    assert!(
        failures.contains("E_LABEL") && failures.contains("'GTV-1'"),
        "{failures}"
    );
    assert!(!failures.contains("PHANTOM"), "{failures}");
    // Voxel sizes of the manifest reach the shape of an array's region.
    let voxel = 0.5 * 0.75 * 2.5;
    let volume = table.number(4, "original_shape_VoxelVolume");
    assert!((volume / voxel).fract() == 0.0 && volume > 0.0, "{volume}");
}

#[test]
fn an_archive_of_medmnist_is_a_cohort() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for name in ["medmnist.npz", "medmnist_packed.npz"] {
        let archive = files().join(name).display().to_string();
        let out = format!("{name}.csv");
        succeed(
            here,
            &["extract", &archive, "--family", "firstorder", "-o", &out],
        );
        let table = Table::read(&here.join(&out));
        assert_eq!(table.rows.len(), 12);
        assert_eq!(table.cell(0, "ID"), "train_0000000");
        assert_eq!(table.cell(11, "ID"), "test_0000002");
        assert_eq!(table.cell(7, "Split"), "valid");
        // Pixels 17 n + 5 y + 11 x, modulo 251.
        assert!((table.number(2, "original_firstorder_Minimum") - 34.0).abs() < 1e-12);
        assert_eq!(table.cell(2, "ROIPixels"), "48");
    }
}

#[test]
fn maps_and_inputs_are_written_as_nrrd() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let at = files().display().to_string();
    let (image, mask) = (format!("{at}/series"), format!("{at}/rtstruct.dcm"));
    let arguments = [
        "map",
        &image,
        &mask,
        "--label",
        "Heart",
        "--format",
        "nrrd",
        "--with-inputs",
        "--feature",
        "firstorder_Mean",
        "-o",
        "maps",
    ];
    succeed(here, &arguments);
    let read = |name: &str| {
        read_volume(&here.join("maps").join(name), &ReadOptions::default())
            .unwrap()
            .volume
    };
    let original = read_volume(&files().join("series"), &ReadOptions::default())
        .unwrap()
        .volume;
    assert_eq!(read("image.nrrd"), original);
    assert_eq!(read("mask.nrrd").grid(), original.grid());
    assert_eq!(
        read("original_firstorder_Mean.nrrd").grid(),
        original.grid()
    );
}

/// A segmentation of the same voxels as a label image gives the same row, its mask's hash among it.
#[test]
fn diagnostics_of_segments_are_those_of_the_same_labels() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("params.yaml"), "setting: {binWidth: 10}\n").unwrap();
    let at = files().display().to_string();
    let table = |image: &str, mask: &str, label: &str, out: &str| {
        let (image, mask) = (format!("{at}/{image}"), format!("{at}/{mask}"));
        let arguments = [
            "pyradiomics",
            &image,
            &mask,
            "-p",
            "params.yaml",
            "--setting",
            label,
            "-f",
            "csv",
            "-o",
            out,
        ];
        succeed(here, &arguments);
        Table::read(&here.join(out))
    };
    let labels = table("straight.nii.gz", "mask.nii.gz", "label:1", "labels.csv");
    let segments = table("series", "seg_fractional.dcm", "label:1", "segments.csv");
    assert_eq!(labels.head, segments.head);
    let hash = labels.cell(0, "diagnostics_Mask-original_Hash");
    assert_eq!(hash.len(), 40);
    for name in labels
        .head
        .iter()
        .filter(|name| !["Image", "Mask"].contains(&name.as_str()))
    {
        assert_eq!(labels.cell(0, name), segments.cell(0, name), "{name}");
    }
    // Contours have a hash, too: of the region in the image.
    let contours = table("series", "rtstruct.dcm", "label:7", "contours.csv");
    assert_eq!(contours.cell(0, "diagnostics_Mask-original_Hash").len(), 40);
}

#[test]
fn maps_tell_what_is_doubtful_about_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let parameters =
        "setting: {binWidth: 10, correctMask: true}\nvoxelSetting: {kernelRadius: 2}\n";
    fs::write(here.join("params.yaml"), parameters).unwrap();
    let at = files().display().to_string();
    let (image, mask) = (format!("{at}/straight.nii.gz"), format!("{at}/mask.nii.gz"));
    let arguments = [
        "map",
        &image,
        &mask,
        "-p",
        "params.yaml",
        "--feature",
        "firstorder_Mean",
        "-o",
        "maps",
    ];
    let finished = succeed(here, &arguments);
    assert!(
        finished.stderr.contains("W_SETTINGS") && finished.stderr.contains("correctMask"),
        "{}",
        finished.stderr
    );
    // What is for maps has its effect.
    assert!(
        !finished.stderr.contains("voxelSetting"),
        "{}",
        finished.stderr
    );
}
