//! Collecting what is wrong with settings, so that all of it is said at once.

use crate::error::{DeepError, Result};

/// Faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    /// A fault in words.
    pub(super) fn add(&mut self, field: &str, fault: &str) {
        self.0.push(format!("{field}: {fault}"));
    }

    /// A count below `least`.
    pub(super) fn at_least(&mut self, field: &str, value: usize, least: usize) {
        if value < least {
            self.add(field, &format!("found {value}, expected at least {least}"));
        }
    }

    /// A number for which `is_good` does not hold, or that is not finite.
    pub(super) fn number(&mut self, field: &str, value: f64, is_good: bool, expected: &str) {
        if !is_good || !value.is_finite() {
            self.add(field, &format!("found {value}, expected {expected}"));
        }
    }

    /// A number outside 0..=1.
    pub(super) fn share(&mut self, field: &str, value: f64, expected: &str) {
        self.number(field, value, (0.0..=1.0).contains(&value), expected);
    }

    /// A number that is not above zero.
    pub(super) fn positive(&mut self, field: &str, value: f64) {
        self.number(field, value, value > 0.0, "a positive number");
    }

    /// A number below zero.
    pub(super) fn not_negative(&mut self, field: &str, value: f64) {
        self.number(field, value, value >= 0.0, "zero or more");
    }

    /// All faults, if there are any.
    pub(super) fn end(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(DeepError::Settings { faults: self.0 })
        }
    }
}
