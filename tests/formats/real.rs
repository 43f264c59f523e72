//! A real volume in every format gives the same features to the bit.
//!
//! What other programs write: `formats_make.py IMAGE MASK OUT` makes the files, `RADUET_FORMATS_DIR` names the folder,
//! or one with several such folders in it. What the tool writes itself is compared wherever the test data lie.

use std::path::{Path, PathBuf};

use raduet::cases::Cases;
use raduet::cli::PresetName;
use raduet::console::{Console, Verbosity};
use raduet::extract::{Extraction, Rows, Unit, Wanted};
use raduet::io::write::write_volume;
use raduet::io::{ByteBudget, ReadOptions, read_volume};
use raduet::settings::preset;
use raduet_testkit::data;

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

#[test]
fn a_real_volume_written_by_the_tool_gives_the_same_features() {
    let find = |part: &str| data::path("real volumes", &format!("data/lgg_mri/{part}.nii.gz"));
    let places = find("images/TCGA_CS_4941_T1post").zip(find("masks/TCGA_CS_4941"));
    let Some((image, mask)) = places else {
        return;
    };
    let (image, mask) = (image.display().to_string(), mask.display().to_string());
    let volume = read_volume(Path::new(&image), &ReadOptions::default())
        .unwrap()
        .volume;
    let work = tempfile::tempdir().unwrap();
    for unit in [Unit::Slice, Unit::Case] {
        let first = features(work.path(), &image, &mask, unit);
        assert!(first.len() > 50);
        for name in ["image.nii", "image.nii.gz", "image.nrrd"] {
            write_volume(&work.path().join(name), &volume).unwrap();
            assert!(
                features(work.path(), name, &mask, unit) == first,
                "{name} {unit:?}"
            );
        }
    }
}
