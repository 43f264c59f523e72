//! A few cases measured one by one, to tell how long all of them will take.

use std::collections::BTreeMap;
use std::time::Instant;

use super::in_turn::Others;
use super::{Extracted, Extraction, Wanted};
use crate::cases::Cases;
use crate::error::Result;
use crate::interrupt;

/// Some cases measured.
#[derive(Debug)]
pub struct Probe {
    /// What came out of them; nothing else of the cohort is in it.
    pub extracted: Extracted,
    /// Cases that were tried.
    pub tried: usize,
    /// Seconds that they took one after the other.
    pub seconds: f64,
}

impl Extraction {
    /// Measures the cases at these positions one after the other. Nothing is written.
    ///
    /// # Errors
    /// [`crate::error::Code::Interrupted`] after a request to stop; a case's own failure is in the outcome.
    pub fn probe(&self, cases: &Cases, wanted: Wanted, positions: &[usize]) -> Result<Probe> {
        let records = cases.cohort().cases();
        let begun = Instant::now();
        let mut outcomes = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            let outcome = if positions.contains(&index) {
                interrupt::check()?;
                let known = BTreeMap::new();
                let outcome = self.guarded(cases, index, record, &known, wanted, Others::Help);
                Some(outcome.map(|(outcome, _)| outcome))
            } else {
                None
            };
            outcomes.push(outcome);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let extracted = self.collect(cases, outcomes)?;
        Ok(Probe {
            extracted,
            tried: positions.len(),
            seconds,
        })
    }
}
