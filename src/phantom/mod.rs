//! The built-in cohort: liver-like MRI volumes of three stages, made from a seed.
//!
//! It stands in for a clinical cohort where there is none: on a fresh machine, in tests, in benches.
//! The stages differ in *texture* (the share and the size of nodules and of the septa between them,
//! see `texture.rs`) and a little in the smoothness of the outline (`outline.rs`). They do not differ
//! in brightness, contrast, noise, bias field, spacing or scanner (`scanner.rs`), which vary from
//! patient to patient far more than the disease does, and severity itself overlaps between
//! neighbouring stages: no simple mean separates the classes and no learner can be perfect.
//!
//! Every number of a patient comes from a stream of random numbers that belongs to
//! (seed, purpose, patient): a patient's voxels do not depend on how many others there are.

mod blur;
mod outline;
mod scanner;
mod texture;

use ndarray::Array3;
use raduet_features::{Affine, Grid, MaskVolume, Scaling, Spacing, Volume, Voxels};
use raduet_study::random::Stream;
use raduet_study::{CaseId, CaseRecord, ClassNames, Cohort, Label, PatientId, Result};

use outline::Outline;
use scanner::Scanner;

/// Stages from mild to severe, in the order of the labels.
pub const STAGES: [&str; 3] = ["mild", "moderate", "severe"];

/// Patients per stage out of 337: the proportions of CirrMRI600+ (137 mild, 116 moderate, 84 severe).
const STAGE_WEIGHTS: [usize; 3] = [137, 116, 84];

/// Spread of the latent severity around its stage; stages lie 0.5 apart, so neighbours overlap.
const SEVERITY_SPREAD: f64 = 0.18;

/// What the phantom cohort is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhantomSettings {
    /// How many patients, each with one volume; at least 3.
    pub patients: usize,
    /// Where all randomness starts.
    pub seed: u64,
}

impl Default for PhantomSettings {
    fn default() -> Self {
        Self {
            patients: 120,
            seed: 42,
        }
    }
}

/// The stage of every patient, in patient order: fixed proportions, shuffled by the seed.
fn stages(settings: PhantomSettings) -> Vec<Label> {
    let total: usize = STAGE_WEIGHTS.iter().sum();
    let mut stages = Vec::with_capacity(settings.patients);
    for index in 0..settings.patients {
        // Where this patient falls in a row of all weights laid out one after the other.
        let position = index * total / settings.patients;
        let mut upper = 0;
        let stage = STAGE_WEIGHTS.iter().position(|weight| {
            upper += weight;
            position < upper
        });
        stages.push(Label(stage.unwrap_or(STAGES.len() - 1)));
    }
    Stream::new(settings.seed, "phantom stages", 0).shuffle(&mut stages);
    stages
}

/// The cohort as the study sees it: one case per patient, site = scanner.
///
/// # Errors
/// None for the ids and stages made here; the type is that of every cohort.
pub fn cohort(settings: PhantomSettings) -> Result<Cohort> {
    let classes = ClassNames::new(STAGES)?;
    let cases = stages(settings)
        .into_iter()
        .enumerate()
        .map(|(index, label)| CaseRecord {
            id: CaseId::new(format!("phantom-{:03}", index + 1)),
            patient: PatientId::new(format!("P{:03}", index + 1)),
            sequence: Some("T2W".into()),
            site: Some(Scanner::draw(settings.seed, index).site.to_owned()),
            label,
            published_part: None,
        })
        .collect();
    Cohort::new(classes, cases)
}

/// The volume and liver mask of one patient (0-based).
///
/// Shapes vary: 6–9 slices of 84–112 × 100–132 voxels; int16 values; spacing in mm as a clinical
/// protocol has it (in-plane 1.5–2.2, slices 5–8).
///
/// # Panics
/// When `patient` is not below `settings.patients`.
pub fn volume(settings: PhantomSettings, patient: usize) -> (Volume, MaskVolume) {
    let stage = stages(settings)[patient];
    let mut stream = Stream::new(settings.seed, "phantom geometry", patient as u64);
    let severity = (stage.0 as f64 * 0.5 + SEVERITY_SPREAD * stream.normal()).clamp(-0.3, 1.3);
    let grid = grid(&mut stream);
    let scanner = Scanner::draw(settings.seed, patient);
    let outline = Outline::draw(settings.seed, patient, severity);
    let inside = outline.fill(&grid);
    let liver = texture::liver(settings.seed, patient, severity, &grid);
    let image = scanner.acquire(settings.seed, patient, &grid, &inside, &liver);
    let volume = Volume::new(Voxels::I16(image), Scaling::NONE, grid);
    let mask = MaskVolume::new(inside, grid);
    (
        volume.expect("the image is made on this grid"),
        mask.expect("the mask is made on this grid"),
    )
}

/// Draws shape and spacing; axes along the patient's, origin at the volume's centre.
fn grid(stream: &mut Stream) -> Grid {
    let shape = [
        6 + stream.below(4),
        84 + 4 * stream.below(8),
        100 + 4 * stream.below(9),
    ];
    let in_plane = stream.uniform(1.5, 2.2);
    let zyx = [stream.uniform(5.0, 8.0), in_plane, in_plane];
    let mut rows = [[0.0; 4]; 3];
    for (axis, row) in rows.iter_mut().enumerate() {
        let step = zyx[2 - axis];
        row[axis] = step;
        row[3] = -step * (shape[2 - axis] - 1) as f64 / 2.0;
    }
    let spacing = Spacing::new(zyx).expect("drawn from positive ranges");
    Grid {
        shape,
        spacing,
        affine: Affine(rows),
    }
}

/// Patient coordinates `[x, y]` in mm and the relative height −1..=1 of every voxel, in z, y, x order.
fn voxel_positions(grid: &Grid) -> Array3<([f64; 2], f64)> {
    let [nz, ny, nx] = grid.shape;
    let middle = (nz as f64 - 1.0) / 2.0;
    Array3::from_shape_fn((nz, ny, nx), |(z, y, x)| {
        let [px, py, _] = grid.affine.position([z as f64, y as f64, x as f64]);
        ([px, py], (z as f64 - middle) / (middle + 0.5))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_does_not_depend_on_how_many_there_are_beyond_its_stage() {
        let small = PhantomSettings {
            patients: 30,
            seed: 7,
        };
        let again = volume(small, 4);
        assert_eq!(volume(small, 4), again);
        assert_ne!(volume(small, 5), again);
        assert_ne!(volume(PhantomSettings { seed: 8, ..small }, 4), again);
    }

    #[test]
    fn stages_keep_the_proportions_and_masks_are_never_empty() {
        let settings = PhantomSettings::default();
        let cohort = cohort(settings).unwrap();
        let mut counts = [0; 3];
        for case in cohort.cases() {
            counts[case.label.0] += 1;
        }
        let total: usize = STAGE_WEIGHTS.iter().sum();
        for (count, weight) in counts.into_iter().zip(STAGE_WEIGHTS) {
            let ideal = settings.patients as f64 * weight as f64 / total as f64;
            assert!((f64::from(count) - ideal).abs() <= 1.0, "{counts:?}");
        }
        for patient in 0..12 {
            let (_, mask) = volume(settings, patient);
            let voxels = mask.inside().iter().filter(|&&inside| inside).count();
            assert!(voxels > 2000, "patient {patient} has {voxels} liver voxels");
        }
    }

    /// The area under the ROC curve of "severe" against "mild" by the mean liver intensity alone.
    #[test]
    fn the_mean_does_not_separate_the_stages() {
        let settings = PhantomSettings::default();
        let cohort = cohort(settings).unwrap();
        let mut means: [Vec<f64>; 3] = Default::default();
        for (patient, case) in cohort.cases().iter().enumerate() {
            let (volume, mask) = volume(settings, patient);
            let Voxels::I16(image) = volume.voxels() else {
                panic!("int16 is promised")
            };
            let values: Vec<f64> = image
                .iter()
                .zip(mask.inside())
                .filter(|&(_, &inside)| inside)
                .map(|(&v, _)| f64::from(v))
                .collect();
            means[case.label.0].push(values.iter().sum::<f64>() / values.len() as f64);
        }
        let mut wins = 0.0;
        for mild in &means[0] {
            for severe in &means[2] {
                wins += if severe > mild { 1.0 } else { 0.0 };
            }
        }
        let auc = wins / (means[0].len() * means[2].len()) as f64;
        assert!(
            (0.35..0.65).contains(&auc),
            "the mean alone gives an AUC of {auc:.2}"
        );
    }
}
