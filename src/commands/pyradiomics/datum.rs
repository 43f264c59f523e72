//! A value as Python prints it and as JSON has it.

use std::fmt;

use serde_json::{Map, Value};

/// What a cell of PyRadiomics' output may hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum {
    None,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    /// Printed with round brackets.
    Tuple(Vec<Self>),
    /// Printed with square brackets.
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
}

impl Datum {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn numbers(values: impl IntoIterator<Item = f64>) -> Self {
        Self::Tuple(values.into_iter().map(Self::Number).collect())
    }

    pub(super) fn wholes(values: impl IntoIterator<Item = usize>) -> Self {
        Self::Tuple(values.into_iter().map(Self::count).collect())
    }

    pub(super) fn count(value: usize) -> Self {
        Self::Whole(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// The same as JSON; what is no finite number is null.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::Flag(flag) => (*flag).into(),
            Self::Whole(whole) => (*whole).into(),
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.clone().into(),
            Self::Tuple(items) | Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Table(entries) => {
                let entries = entries.iter();
                let map: Map<_, _> = entries.map(|(k, v)| (k.clone(), v.json())).collect();
                Value::Object(map)
            }
        }
    }

    /// As it stands inside a list or a table: texts have quotes.
    fn nested(&self) -> String {
        match self {
            Self::Text(text) => {
                format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
            }
            other => other.to_string(),
        }
    }
}

impl Datum {
    /// A setting. Numbers without a fraction are printed without a point, as parameter files have them; of
    /// the widths of filters it is known how they were written.
    pub(super) fn setting(name: &str, value: &Value) -> Self {
        match value {
            Value::Null => Self::None,
            Value::Bool(flag) => Self::Flag(*flag),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => {
                let items = items.iter().map(|item| Self::setting(name, item));
                Self::List(items.collect())
            }
            Value::Object(map) => {
                let entries = map.iter().map(|(k, v)| (k.clone(), Self::setting(k, v)));
                Self::Table(entries.collect())
            }
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Self::Whole(whole),
                (None, Some(real))
                    if name != "sigma" && real.fract() == 0.0 && real.abs() < 1e15 =>
                {
                    #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e15")]
                    Self::Whole(real as i64)
                }
                (None, real) => real.map_or(Self::None, Self::Number),
            },
        }
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |items: &[Self]| {
            let items: Vec<String> = items.iter().map(Self::nested).collect();
            items.join(", ")
        };
        match self {
            Self::None => f.write_str("None"),
            Self::Flag(true) => f.write_str("True"),
            Self::Flag(false) => f.write_str("False"),
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Number(number) => f.write_str(&decimal(*number)),
            Self::Text(text) => f.write_str(text),
            Self::Tuple(items) => write!(f, "({})", joined(items)),
            Self::List(items) => write!(f, "[{}]", joined(items)),
            Self::Table(entries) => {
                let one = |(key, value): &(String, Self)| format!("'{key}': {}", value.nested());
                let entries: Vec<String> = entries.iter().map(one).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
        }
    }
}

/// The shortest decimal that reads back to the same number, with Python's exponents of two digits.
fn decimal(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forms that Python's `repr` gives.
    #[test]
    fn numbers_are_printed_as_python_does() {
        for (number, text) in [
            (100.0, "100.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5e-05"),
            (1e16, "1e+16"),
            (-2.5e-300, "-2.5e-300"),
            (123_456_789_012_345.0, "123456789012345.0"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(Datum::Number(number).to_string(), text);
        }
    }

    #[test]
    fn nested_values_are_printed_as_python_does() {
        let table = Datum::Table(vec![
            ("a".into(), Datum::None),
            (
                "b".into(),
                Datum::List(vec![Datum::Whole(1), Datum::Number(2.5)]),
            ),
            ("c".into(), Datum::text("x")),
            ("d".into(), Datum::Flag(true)),
            ("e".into(), Datum::wholes([3, 4])),
        ]);
        assert_eq!(
            table.to_string(),
            "{'a': None, 'b': [1, 2.5], 'c': 'x', 'd': True, 'e': (3, 4)}"
        );
    }
}
