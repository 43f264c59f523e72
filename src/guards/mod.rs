//! What would make a comparison worthless without anybody noticing, looked for before models are fitted.
//!
//! | guard | where |
//! |---|---|
//! | a patient on two sides of the split | the split itself ([`crate::division`]) refuses them |
//! | one patient under two names that differ by a sequence | [`names`] |
//! | one image under two ids; the same row of features under two ids | [`doubles`] |
//! | a column that says the class, the patient or the row again | `train` refuses them, [`crate::conclusion`] warns |
//! | test rows that a model answers more than once, or is explained on | [`crate::arms::TestReads`], counted in `run.json` |
//! | anything else: labels that mean nothing must teach nothing | [`sanity`] |
//!
//! What stands on two sides is an error, unless leaks are allowed; on one side it is a warning.

pub mod doubles;
pub mod names;
pub mod sanity;

use crate::error::{Code, ToolError, Warning, WarningCode};

/// How strict a run is, and whether it is a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Guards {
    /// Leaks are warnings.
    pub allow_leaks: bool,
    /// Labels that are learned from are exchanged between patients.
    pub sanity: bool,
}

/// What was done with a finding: by these sentences a report knows them again.
const ON_ONE_SIDE: &str = "on one side of the split, used as given";
const ON_TWO_SIDES: &str = "on two sides of the split, learned from as asked for";

/// How many of a run's warnings a guard has found on one side of the split, and on two.
pub fn found(warnings: &[Warning]) -> [usize; 2] {
    [ON_ONE_SIDE, ON_TWO_SIDES].map(|done| {
        let of_guards = warnings.iter().filter(|warning| warning.done == done);
        of_guards.count()
    })
}

/// Faults that end a run, and doubts that do not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// What stands on two sides of the split.
    pub faults: Vec<ToolError>,
    /// What stands on one side.
    pub warnings: Vec<Warning>,
}

impl Findings {
    /// Adds a finding: a fault where it crosses the split.
    fn add(&mut self, found: String, remedy: &str, is_apart: bool) {
        if is_apart {
            self.faults
                .push(ToolError::new(Code::Split, found).remedy(remedy));
        } else {
            self.warnings
                .push(Warning::new(WarningCode::Leak, found, ON_ONE_SIDE));
        }
    }

    /// The same with leaks allowed or not.
    #[must_use]
    pub fn under(mut self, guards: Guards) -> Self {
        if guards.allow_leaks {
            let allowed = self.faults.drain(..);
            self.warnings.extend(
                allowed.map(|fault| {
                    Warning::new(WarningCode::Leak, fault.found.clone(), ON_TWO_SIDES)
                }),
            );
        }
        self
    }

    /// Both lists together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.faults.extend(other.faults);
        self.warnings.extend(other.warnings);
        self
    }
}
