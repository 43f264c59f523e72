//! Parameters of an image type as a parameter file gives them: names with numbers, texts or switches.

use std::fmt;

use crate::error::{FeatureError, Result};

/// A number as it was written: PyRadiomics puts widths into names, and `1` and `1.0` make two names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Without a point.
    Whole(i64),
    /// With a point or an exponent.
    Real(f64),
}

impl Number {
    /// What it counts.
    pub fn value(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

impl fmt::Display for Number {
    /// As Python writes it: a real number always with a point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Real(real) => write!(f, "{real:?}"),
        }
    }
}

/// Value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Number(Number),
    /// A list of numbers.
    Numbers(Vec<Number>),
    /// A name.
    Text(String),
    /// A switch.
    Flag(bool),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Numbers(_) => "a list of numbers",
            Self::Text(_) => "a text",
            Self::Flag(_) => "true or false",
        }
    }
}

/// The parameters given for one image type; each has a name that the type knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters<'a> {
    image_type: &'static str,
    given: &'a [(&'a str, Value)],
}

impl<'a> Parameters<'a> {
    /// Checks the names.
    pub(super) fn new(
        image_type: &'static str,
        known: &[&str],
        given: &'a [(&'a str, Value)],
    ) -> Result<Self> {
        let mut faults = Vec::new();
        for (at, (name, _)) in given.iter().enumerate() {
            if !known.contains(name) {
                faults.push(unknown(&format!("{image_type}: parameter"), name, known));
            } else if given[..at].iter().any(|(earlier, _)| earlier == name) {
                faults.push(format!("{image_type}: parameter '{name}' is given twice"));
            }
        }
        if faults.is_empty() {
            Ok(Self { image_type, given })
        } else {
            Err(FeatureError::Settings { faults })
        }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        let mut given = self.given.iter();
        given.find(|(known, _)| *known == name).map(|(_, v)| v)
    }

    /// An error about one parameter.
    pub(super) fn fault(
        &self,
        name: &str,
        found: impl fmt::Display,
        expected: &str,
    ) -> FeatureError {
        let image_type = self.image_type;
        FeatureError::Settings {
            faults: vec![format!(
                "{image_type}: {name} is {found}; it must be {expected}"
            )],
        }
    }

    /// A number, or its default.
    pub(super) fn number(&self, name: &str, default: f64) -> Result<f64> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Number(number)) => Ok(number.value()),
            Some(other) => Err(self.fault(name, other.kind(), "a number")),
        }
    }

    /// A whole number from `least` to `most`, or its default.
    pub(super) fn whole(
        &self,
        name: &str,
        default: usize,
        [least, most]: [usize; 2],
    ) -> Result<usize> {
        let expected = format!("a whole number from {least} to {most}");
        match self.get(name) {
            None => Ok(default),
            Some(Value::Number(Number::Whole(whole))) => usize::try_from(*whole)
                .ok()
                .filter(|whole| (least..=most).contains(whole))
                .ok_or_else(|| self.fault(name, whole, &expected)),
            Some(Value::Number(real)) => Err(self.fault(name, real, &expected)),
            Some(other) => Err(self.fault(name, other.kind(), &expected)),
        }
    }

    /// A list of numbers, of which a single one is the shortest; nothing given is an empty list.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<Number>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Number(number)) => Ok(vec![*number]),
            Some(Value::Numbers(numbers)) => Ok(numbers.clone()),
            Some(other) => Err(self.fault(name, other.kind(), "a list of numbers")),
        }
    }

    /// A text, or its default.
    pub(super) fn text(&self, name: &str, default: &'static str) -> Result<&'a str> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Text(text)) => Ok(text),
            Some(other) => Err(self.fault(name, other.kind(), "a text")),
        }
    }

    /// A switch: one of two meanings, the first for true.
    pub(super) fn either<T>(&self, name: &str, default: bool, [yes, no]: [T; 2]) -> Result<T> {
        let on = match self.get(name) {
            None => default,
            Some(Value::Flag(on)) => *on,
            Some(other) => return Err(self.fault(name, other.kind(), "true or false")),
        };
        Ok(if on { yes } else { no })
    }
}

/// Says that a name is not known, which one is nearest and which there are.
pub(super) fn unknown(what: &str, found: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("{what} '{found}' is not known; there is none");
    }
    let all = known.join(", ");
    let near = known
        .iter()
        .map(|name| (wrong_letters(found, name), name))
        .min_by_key(|(wrong, _)| *wrong)
        .filter(|(wrong, _)| 2 * wrong <= found.chars().count())
        .map_or_else(String::new, |(_, name)| format!(" Did you mean '{name}'?"));
    format!("{what} '{found}' is not known; there is {all}.{near}")
}

/// Letters to insert, delete or replace until two names are the same, case aside (V. I. Levenshtein 1966).
fn wrong_letters(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|name| name.to_lowercase().chars().collect::<Vec<_>>());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        assert_eq!(Number::Whole(3).to_string(), "3");
        assert_eq!(Number::Real(3.0).to_string(), "3.0");
        assert_eq!(Number::Real(0.25).to_string(), "0.25");
    }

    #[test]
    fn wrong_letters_are_counted() {
        assert_eq!(wrong_letters("LoG", "log"), 0);
        assert_eq!(wrong_letters("wavlet", "Wavelet"), 1);
        assert_eq!(wrong_letters("", "abc"), 3);
        assert_eq!(wrong_letters("sigma", "samgi"), 4);
    }

    #[test]
    fn names_and_kinds_are_checked() {
        let known = ["sigma", "level"];
        let text = |given: &[(&str, Value)]| {
            Parameters::new("LoG", &known, given)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        assert!(text(&[("sigmas", Value::Flag(true))]).contains("Did you mean 'sigma'?"));
        let twice = [("level", Value::Flag(true)), ("level", Value::Flag(true))];
        assert!(text(&twice).contains("twice"));

        let given = [("level", Value::Number(Number::Real(1.5)))];
        let parameters = Parameters::new("LoG", &known, &given).unwrap();
        assert!(parameters.whole("level", 1, [1, 3]).is_err());
        assert!(parameters.text("level", "").is_err());
        assert_eq!(parameters.number("level", 0.0), Ok(1.5));
        assert_eq!(parameters.whole("sigma", 2, [1, 3]), Ok(2));
    }
}
