//! Cases that are measured slice by slice while their image is unpacked.

use std::sync::{Mutex, PoisonError};

use raduet_study::CaseRecord;

use super::in_turn::Others;
use super::measure::{MeasuredCase, failed};
use super::{Extraction, Labels, Lesions, Unit, Wanted};
use crate::cases::Cases;
use crate::error::Result;

/// Threads that unpack one image together are worth more than what is saved here.
const FEW_THREADS: usize = 2;

impl Extraction {
    /// Whether a case may be measured while it is read.
    pub(super) fn goes_slice_by_slice(&self, wanted: Wanted, others: Others) -> bool {
        let looks_inside = self
            .extractor
            .as_ref()
            .is_some_and(|extractor| !extractor.looks_around());
        looks_inside
            && !self.contents
            && wanted == Wanted::Features
            && self.rows.unit == Unit::Slice
            && self.rows.labels == Labels::One
            && self.rows.lesions == Lesions::Together
            && (others == Others::Work || rayon::current_num_threads() <= FEW_THREADS)
    }

    /// Measures a case while it is read; none where it had better be read as a whole.
    pub(super) fn slice_by_slice(
        &self,
        cases: &Cases,
        index: usize,
        record: &CaseRecord,
        others: Others,
    ) -> Option<Result<MeasuredCase>> {
        let extractor = self.extractor.as_ref()?;
        let case = cases.open_slices(index)?;
        let slices = Mutex::new(Vec::new());
        let measure = |z, volume, mask| {
            let measured = extractor.slices(&volume, &mask);
            let mut slices = slices.lock().unwrap_or_else(PoisonError::into_inner);
            slices.push((z, measured));
        };
        let fingerprints = rayon::in_place_scope(|scope| {
            case.each(|z, volume, mask| match others {
                Others::Work => measure(z, volume, mask),
                Others::Help => scope.spawn(move |_| measure(z, volume, mask)),
            })
        })?;
        let stamp = cases.stamp_as_read(index, &fingerprints)?;
        let mut slices = slices.into_inner().unwrap_or_else(PoisonError::into_inner);
        slices.sort_by_key(|(z, _)| *z);
        let measured = || {
            let mut all = Vec::with_capacity(slices.len());
            for (z, measured) in slices {
                // Each volume is one slice.
                let measured = measured.map_err(|fault| failed(&fault))?.into_iter();
                all.extend(measured.map(|(_, measured)| (z, measured)));
            }
            let (rows, too_small, doubts) = self.measuring().slices(case.grid(), all)?;
            let mut warnings = cases.named(index, case.warnings().to_vec());
            let doubts = doubts.into_iter();
            warnings.extend(doubts.map(|doubt| doubt.case(record.id.clone())));
            Ok(MeasuredCase {
                case: index,
                stamp,
                content: String::new(),
                rows: self.summarised(rows, case.grid()),
                too_small,
                warnings,
            })
        };
        Some(measured())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    use std::fs::{self, File};
    use std::path::Path;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use raduet_features::{Scaling, Volume, Voxels};

    use super::*;
    use crate::cli::PresetName;
    use crate::extract::Rows;
    use crate::io::ByteBudget;
    use crate::io::nifti::write_nifti;
    use crate::phantom::{self, PhantomSettings};
    use crate::settings::preset;

    fn write(path: &Path, volume: &Volume) {
        let mut packed = GzEncoder::new(File::create(path).unwrap(), Compression::new(6));
        write_nifti(volume, &mut packed).unwrap();
        packed.finish().unwrap();
    }

    /// Packed files of two cases of the built-in cohort, the second with an image of fractions.
    fn two_cases(folder: &Path) -> Cases {
        let mut manifest = String::from("ID,PatientID,Image,Mask,Target\n");
        for index in 0..2 {
            let (volume, mask) = phantom::volume(PhantomSettings::default(), index);
            let grid = *volume.grid();
            let inside = Voxels::U8(mask.inside().mapv(u8::from));
            let mask = Volume::new(inside, Scaling::NONE, grid).unwrap();
            let volume = match volume.into_voxels() {
                Voxels::I16(stored) if index == 1 => {
                    Volume::new(Voxels::F32(stored.mapv(f32::from)), Scaling::NONE, grid).unwrap()
                }
                stored => Volume::new(stored, Scaling::NONE, grid).unwrap(),
            };
            write(&folder.join(format!("{index}.nii.gz")), &volume);
            write(&folder.join(format!("{index}-mask.nii.gz")), &mask);
            let class = ["F", "N"][index];
            writeln!(
                manifest,
                "{index},p{index},{index}.nii.gz,{index}-mask.nii.gz,{class}"
            )
            .unwrap();
        }
        fs::write(folder.join("manifest.csv"), manifest).unwrap();
        let mut settings = preset::settings(PresetName::Quick).cohort;
        settings.path = Some(folder.to_owned());
        Cases::open(&settings, ByteBudget::default()).unwrap()
    }

    #[test]
    fn a_case_measured_while_it_is_read_is_that_read_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let cases = two_cases(folder.path());
        let features = preset::settings(PresetName::Quick).features;
        let extraction = Extraction::new(&features, Wanted::Features, Rows::default()).unwrap();
        assert!(extraction.goes_slice_by_slice(Wanted::Features, Others::Work));
        assert!(!extraction.goes_slice_by_slice(Wanted::FeaturesAndPixels, Others::Work));
        let record = &cases.cohort().cases()[0];
        // Where something is known already, cases are read as wholes.
        let known = extraction
            .case(
                &cases,
                1,
                &cases.cohort().cases()[1],
                &BTreeMap::new(),
                Wanted::Features,
                Others::Work,
            )
            .unwrap();
        let known = BTreeMap::from([(known.0.0.stamp.clone(), known.0.0)]);
        let whole = extraction
            .case(&cases, 0, record, &known, Wanted::Features, Others::Work)
            .unwrap();
        for others in [Others::Work, Others::Help] {
            let sliced = extraction.slice_by_slice(&cases, 0, record, others);
            assert_eq!(sliced.unwrap().unwrap(), whole.0.0);
        }
        assert!(whole.0.0.rows.len() > 3);
        // Fractions may be NaN, which has to be known first.
        let record = &cases.cohort().cases()[1];
        assert!(
            extraction
                .slice_by_slice(&cases, 1, record, Others::Work)
                .is_none()
        );
    }

    #[test]
    fn rows_of_other_kinds_need_the_whole() {
        let features = preset::settings(PresetName::Quick).features;
        let of = |rows: Rows| {
            let extraction = Extraction::new(&features, Wanted::Features, rows).unwrap();
            extraction.goes_slice_by_slice(Wanted::Features, Others::Work)
        };
        assert!(of(Rows::default()));
        let labels = Labels::All;
        assert!(!of(Rows {
            labels,
            ..Rows::default()
        }));
        let lesions = Lesions::Apart;
        assert!(!of(Rows {
            lesions,
            ..Rows::default()
        }));
    }
}
