//! Patients whose names differ by nothing but a sequence: `P07_T1` trains, `P07_T2` is tested.

use raduet_study::contamination::same_but_sequence;
use raduet_study::{Cohort, Split};

use super::Findings;
use crate::error::{Warning, WarningCode};

/// Looks for them.
pub fn check(cohort: &Cohort, split: &Split) -> Findings {
    let mut findings = Findings::default();
    let found = same_but_sequence(cohort, split);
    for double in &found.doubles {
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
    if found.numbered > 0 {
        let told = format!(
            "{} pairs of patients differ by a sequence only (as CT_1 and MRI_1), {} of them in their class too",
            found.numbered, found.of_two_classes
        );
        let done = "taken for different patients, numbered anew in each sequence; name patients in a column PatientID if not";
        findings
            .warnings
            .push(Warning::new(WarningCode::Leak, told, done));
    }
    findings
}
