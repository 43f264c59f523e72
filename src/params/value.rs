//! What a value must be: types and ranges of settings, and what to say when it is not so.
//!
//! A reader returns the value, or the words that say what was expected.

use std::ops::RangeInclusive;

use super::yaml::{Node, Value};

/// What a setting expects, in words.
pub(super) type Expected = String;

/// Largest whole number a setting may have; larger ones are slips.
pub(super) const MOST: u32 = u32::MAX;

/// From where on a number is allowed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Floor {
    None,
    Zero,
    AboveZero,
}

impl Floor {
    fn words(self) -> &'static str {
        match self {
            Self::None => "a number",
            Self::Zero => "a number from 0",
            Self::AboveZero => "a number above 0",
        }
    }

    fn admits(self, number: f64) -> bool {
        match self {
            Self::None => true,
            Self::Zero => number >= 0.0,
            Self::AboveZero => number > 0.0,
        }
    }
}

impl Node {
    /// On or off. No value is off, as it is in Python.
    pub(super) fn switch(&self) -> Result<bool, Expected> {
        match self.value {
            Value::Switch(value) => Ok(value),
            Value::Null => Ok(false),
            _ => Err("true or false".into()),
        }
    }

    /// A whole number within a range.
    pub(super) fn whole(&self, range: RangeInclusive<u32>) -> Result<u32, Expected> {
        let found = match self.value {
            Value::Whole(value) => u32::try_from(value).ok(),
            _ => None,
        };
        let (low, high) = (*range.start(), *range.end());
        found.filter(|value| range.contains(value)).ok_or_else(|| {
            if high == MOST {
                format!("a whole number from {low}")
            } else {
                format!("a whole number from {low} to {high}")
            }
        })
    }

    /// A whole number of either sign.
    pub(super) fn signed(&self) -> Result<i64, Expected> {
        match self.value {
            Value::Whole(value) => Ok(value),
            _ => Err("a whole number".into()),
        }
    }

    /// A finite number, whole or not.
    pub(super) fn number(&self, floor: Floor) -> Result<f64, Expected> {
        let found = match self.value {
            Value::Number(value) => Some(value),
            Value::Whole(value) => Some(value as f64),
            _ => None,
        };
        found
            .filter(|value| value.is_finite() && floor.admits(*value))
            .ok_or_else(|| floor.words().into())
    }

    /// A number or `nan`.
    pub(super) fn number_or_nan(&self) -> Result<f64, Expected> {
        match &self.value {
            Value::Number(value) if value.is_nan() => Ok(*value),
            Value::Text(text) if text.eq_ignore_ascii_case("nan") => Ok(f64::NAN),
            _ => self
                .number(Floor::None)
                .map_err(|expected| format!("{expected} or nan")),
        }
    }

    /// A list, each value read alike.
    pub(super) fn list<T>(
        &self,
        each: impl Fn(&Self) -> Result<T, Expected>,
    ) -> Result<Vec<T>, Expected> {
        match &self.value {
            Value::List(items) => items
                .iter()
                .map(|item| each(item).map_err(|expected| format!("a list, each {expected}")))
                .collect(),
            _ => Err("a list of values in [ ]".into()),
        }
    }

    /// A value, or none where none is given.
    pub(super) fn optional<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, Expected>,
    ) -> Result<Option<T>, Expected> {
        match self.value {
            Value::Null => Ok(None),
            _ => read(self)
                .map(Some)
                .map_err(|expected| format!("{expected}, or no value")),
        }
    }

    /// One of several names.
    pub(super) fn name<T: Copy>(&self, names: &[(&str, T)]) -> Result<T, Expected> {
        let hit = match &self.value {
            Value::Text(text) => names.iter().find(|(name, _)| name == text),
            _ => None,
        };
        hit.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            format!("one of {}", names.join(", "))
        })
    }
}
