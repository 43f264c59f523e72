//! Patients whose names differ by nothing but a sequence: `P07_T1` trains, `P07_T2` is tested.

use raduet_study::contamination::same_but_sequence;
use raduet_study::{Cohort, Split};

use super::Findings;

/// Looks for them.
pub fn check(cohort: &Cohort, split: &Split) -> Findings {
    let mut findings = Findings::default();
    for double in same_but_sequence(cohort, split) {
        let place = match double.apart {
            Some([first, second]) => format!(", in {} and {}", first.name(), second.name()),
            None => String::new(),
        };
        let found = format!(
            "patients '{}' and '{}' differ by a sequence only{place}",
            double.first, double.second
        );
        let remedy = format!(
            "name the patient of both ('{}') in a column PatientID, choose one sequence (--sequence), or learn all the same \
             (--allow-leaks)",
            double.stem
        );
        findings.add(found, &remedy, double.apart.is_some());
    }
    findings
}
