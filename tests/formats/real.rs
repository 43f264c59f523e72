//! A real volume in every format gives the same features to the bit.
//!
//! `formats_make.py IMAGE MASK OUT` writes the files; `RADUET_FORMATS_DIR` names the folder, or one with several
//! such folders in it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use raduet::cases::Cases;
use raduet::cli::PresetName;
use raduet::console::{Console, Verbosity};
use raduet::extract::{Extraction, Rows, Unit, Wanted};
use raduet::io::ByteBudget;
use raduet::settings::preset;

/// Rows of values of one image with one mask.
fn features(folder: &Path, image: &str, mask: &str, unit: Unit) -> Vec<u64> {
    let work = tempfile::tempdir().unwrap();
    let manifest = work.path().join("manifest.csv");
    let place = |name: &str| folder.join(name).display().to_string();
    let text = format!(
        "ID,PatientID,Image,Mask\na,a,{},{}\n",
        place(image),
        place(mask)
    );
    std::fs::write(&manifest, text).unwrap();
    let mut settings = preset::settings(PresetName::Quick);
    settings.cohort.path = Some(manifest);
    let rows = Rows {
        unit,
        ..Rows::default()
    };
    let extraction = Extraction::new(&settings.features, Wanted::Features, rows).unwrap();
    let cases = Cases::open(&settings.cohort, ByteBudget::default()).unwrap();
    let console = Console::new(Verbosity::Quiet);
    let found = extraction
        .run(&cases, Wanted::Features, None, console)
        .unwrap();
    assert!(
        found.failures.is_empty(),
        "{image} with {mask}: {:?}",
        found.failures
    );
    let values = found.features.table.values().iter();
    values.map(|value| value.to_bits()).collect()
}

fn folders() -> Vec<PathBuf> {
    let Some(root) = std::env::var_os("RADUET_FORMATS_DIR").map(PathBuf::from) else {
        // Written past the test harness, which shows what it captured of failed tests only.
        let mut screen = std::io::stderr().lock();
        let _ = writeln!(
            screen,
            "SKIPPED real volumes: RADUET_FORMATS_DIR names no files of formats_make.py"
        );
        return Vec::new();
    };
    if root.join("image.nii").exists() {
        return vec![root];
    }
    let inner = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = inner
        .filter(|path| path.join("image.nii").exists())
        .collect();
    folders.sort();
    folders
}

#[test]
fn features_are_the_same_in_every_format() {
    const IMAGES: [&str; 14] = [
        "image_2.nii",
        "image_gz.nii.gz",
        "image_big.nii",
        "image_pair.hdr",
        "image_pair.img",
        "image_raw.nrrd",
        "image_gzip.nrrd",
        "image_big.nrrd",
        "image_detached.nhdr",
        "image.mha",
        "image_zlib.mha",
        "image.mhd",
        "series",
        "series_rle",
    ];
    for folder in folders() {
        for unit in [Unit::Slice, Unit::Case] {
            let first = features(&folder, "image.nii", "mask.nii", unit);
            assert!(first.len() > 50);
            for image in IMAGES {
                let found = features(&folder, image, "mask.nii", unit);
                assert!(found == first, "{} {image} {unit:?}", folder.display());
            }
            let masks = ["mask_gz.nii.gz", "mask_gzip.nrrd", "mask.mha", "seg.dcm"];
            for (image, mask) in ["series"; 4].into_iter().zip(masks) {
                let found = features(&folder, image, mask, unit);
                assert!(found == first, "{} {mask} {unit:?}", folder.display());
            }
            // Contours half a voxel around the region enclose the same voxels, and those of the reference.
            let filled = features(&folder, "image.nii", "rtstruct_reference.nii.gz", unit);
            let found = features(&folder, "series", "rtstruct.dcm", unit);
            assert!(found == filled, "{} rtstruct {unit:?}", folder.display());
            eprintln!(
                "{}: {} values by {unit:?} the same in {} formats",
                folder.display(),
                first.len(),
                IMAGES.len() + 6
            );
        }
    }
}
