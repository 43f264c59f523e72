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
