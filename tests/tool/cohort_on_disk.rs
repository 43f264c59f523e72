//! A small cohort of phantom patients as files.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ndarray::Array3;
use raduet::io::nifti::write_nifti;
use raduet::phantom::{self, PhantomSettings};
use raduet_features::{MaskVolume, Scaling, Volume, Voxels};

/// Writes `patients` volumes, masks and `manifest.csv` into a folder.
pub(crate) fn write(folder: &Path, patients: usize) {
    let settings = PhantomSettings {
        patients,
        ..PhantomSettings::default()
    };
    let cohort = phantom::cohort(settings).unwrap();
    let mut manifest = String::from("ID,PatientID,Image,Mask,Target\n");
    for (index, case) in cohort.cases().iter().enumerate() {
        let (volume, mask) = phantom::volume(settings, index);
        let (image, region) = (format!("{}.nii", case.id), format!("{}-mask.nii", case.id));
        save(&folder.join(&image), &volume);
        save(&folder.join(&region), &as_volume(&mask));
        let class = cohort.classes().name(case.label);
        writeln!(
            manifest,
            "{},{},{image},{region},{class}",
            case.id, case.patient
        )
        .unwrap();
    }
    fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

fn as_volume(mask: &MaskVolume) -> Volume {
    let labels: Array3<u8> = mask.inside().mapv(u8::from);
    Volume::new(Voxels::U8(labels), Scaling::NONE, *mask.grid()).unwrap()
}

pub(crate) fn save(path: &Path, volume: &Volume) {
    let mut bytes = Vec::new();
    write_nifti(volume, &mut bytes).unwrap();
    fs::write(path, bytes).unwrap();
}
