//! A YAML or JSON document as a small tree that knows its lines.
//!
//! The parser of `saphyr-parser` gives events; it never follows an alias, and neither do we: anchors,
//! aliases, tags and second documents are refused, nesting is limited while events come in. So a file
//! cannot make the tree larger than itself. Scalars are told apart as YAML 1.2's core schema says:
//! `yes` and `on` are texts, `1e-6` is a number. JSON is read by the same parser.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Parameter files are three levels deep; more than this is something else.
const DEEPEST: usize = 16;

/// Digits after which a whole number is read as a number like any other (2^53 has 16).
const LONGEST_WHOLE: usize = 15;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// 1-based; none for a value from the command line.
    pub(super) line: Option<usize>,
    pub(super) value: Value,
}

/// What a YAML document can hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Switch(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Why a text is no such document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) line: usize,
    pub(super) found: String,
    pub(super) remedy: &'static str,
}

impl Node {
    /// What a message calls the value: short, whatever the file holds.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Switch(value) => value.to_string(),
            Value::Whole(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::Text(text) => {
                let start: String = text.chars().take(40).collect();
                let rest = if start.len() < text.len() { "…" } else { "" };
                format!("'{start}{rest}'")
            }
            Value::List(items) if items.len() <= 4 => {
                let items: Vec<String> = items.iter().map(Self::shown).collect();
                format!("[{}]", items.join(", "))
            }
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Map(entries) => format!("a table of {}", entries.len()),
        }
    }
}

/// Reads one document; an empty text is [`Value::Null`].
pub(super) fn parse(text: &str) -> Result<Node, Refusal> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|fault| Refusal {
            line: fault.marker().line(),
            found: fault.info().to_owned(),
            remedy: "mend the file's syntax (YAML or JSON)",
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.root.unwrap_or(Node {
        line: Some(1),
        value: Value::Null,
    }))
}

/// A list or table that is still open.
struct Open {
    line: usize,
    table: bool,
    children: Vec<Node>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Refusal> {
        let line = span.start.line();
        let refuse = |found: &str, remedy| {
            Err(Refusal {
                line,
                found: found.into(),
                remedy,
            })
        };
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return refuse("a second document", "keep one document in the file");
                }
            }
            Event::Alias(_) => return refuse("an alias (*)", "write the value out"),
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if anchor != 0 =>
            {
                return refuse("an anchor (&)", "write the value out where it is needed");
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return refuse("a tag (!)", "write the plain value");
            }
            Event::Scalar(text, style, ..) => {
                let value = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::Text(text.into_owned()),
                };
                self.place(line, value)?;
            }
            Event::SequenceStart(..) => self.begin(line, false)?,
            Event::MappingStart(..) => self.begin(line, true)?,
            Event::SequenceEnd | Event::MappingEnd => self.end()?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn begin(&mut self, line: usize, table: bool) -> Result<(), Refusal> {
        if self.open.len() == DEEPEST {
            return Err(Refusal {
                line,
                found: format!("more than {DEEPEST} levels"),
                remedy: "parameter files are three levels deep",
            });
        }
        self.open.push(Open {
            line,
            table,
            children: Vec::new(),
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = if open.table {
            let mut entries = Vec::with_capacity(open.children.len() / 2);
            let mut children = open.children.into_iter();
            while let (Some(key), Some(value)) = (children.next(), children.next()) {
                entries.push((key, value));
            }
            Value::Map(entries)
        } else {
            Value::List(open.children)
        };
        self.place(open.line, value)
    }

    fn place(&mut self, line: usize, value: Value) -> Result<(), Refusal> {
        let node = Node {
            line: Some(line),
            value,
        };
        match self.open.last_mut() {
            Some(open) => open.children.push(node),
            None if self.root.is_none() => self.root = Some(node),
            None => {
                return Err(Refusal {
                    line,
                    found: "a second document".into(),
                    remedy: "keep one document in the file",
                });
            }
        }
        Ok(())
    }
}

/// An unquoted scalar by YAML 1.2's core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Switch(true),
        "false" | "False" | "FALSE" => return Value::Switch(false),
        ".nan" | ".NaN" | ".NAN" => return Value::Number(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Value::Number(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Value::Number(f64::NEG_INFINITY),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Value::Text(text.into());
    }
    if digits.len() <= LONGEST_WHOLE
        && digits.bytes().all(|b| b.is_ascii_digit())
        && let Ok(whole) = text.parse()
    {
        return Value::Whole(whole);
    }
    match text.parse() {
        Ok(number) => Value::Number(number),
        Err(_) => Value::Text(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Value {
        parse(text).unwrap().value
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let table = [
            ("25", Value::Whole(25)),
            ("-3", Value::Whole(-3)),
            ("+7", Value::Whole(7)),
            ("2.5", Value::Number(2.5)),
            (".5", Value::Number(0.5)),
            ("1e-6", Value::Number(1e-6)),
            (
                "12345678901234567890",
                Value::Number(12_345_678_901_234_567_890.0),
            ),
            ("-.inf", Value::Number(f64::NEG_INFINITY)),
            ("true", Value::Switch(true)),
            ("False", Value::Switch(false)),
            ("yes", Value::Text("yes".into())),
            ("nan", Value::Text("nan".into())),
            ("infinity", Value::Text("infinity".into())),
            ("10Percentile", Value::Text("10Percentile".into())),
            ("'25'", Value::Text("25".into())),
            ("\"true\"", Value::Text("true".into())),
            ("~", Value::Null),
            ("", Value::Null),
            ("# only a comment", Value::Null),
        ];
        for (text, value) in table {
            assert_eq!(one(text), value, "{text:?}");
        }
        assert!(matches!(one(".nan"), Value::Number(n) if n.is_nan()));
    }

    #[test]
    fn yaml_and_json_give_the_same_tree() {
        fn stripped(node: Node) -> Node {
            let value = match node.value {
                Value::List(items) => Value::List(items.into_iter().map(stripped).collect()),
                Value::Map(entries) => Value::Map(
                    entries
                        .into_iter()
                        .map(|(key, value)| (stripped(key), stripped(value)))
                        .collect(),
                ),
                value => value,
            };
            Node { line: None, value }
        }
        let yaml = "a:\n  - 1\n  - 2.5\nb: {c: null, d: [x, 'y']}\n";
        let json = r#"{"a": [1, 2.5], "b": {"c": null, "d": ["x", "y"]}}"#;
        let [yaml, json] = [yaml, json].map(|text| stripped(parse(text).unwrap()));
        assert_eq!(yaml, json);
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let Value::Map(entries) = one("# head\n\na: 1\nb:\n  c: 2\n") else {
            panic!("no table");
        };
        let lines: Vec<_> = entries.iter().map(|(key, _)| key.line).collect();
        assert_eq!(lines, [Some(3), Some(4)]);
    }

    #[test]
    fn what_makes_trees_grow_is_refused() {
        let deep = "[".repeat(DEEPEST + 1) + &"]".repeat(DEEPEST + 1);
        for (text, found) in [
            ("a: &x [1]\nb: *x\n", "an anchor (&)"),
            ("a: *x\n", "unknown anchor"),
            ("a: !!str 1\n", "a tag (!)"),
            ("a: 1\n---\nb: 2\n", "a second document"),
            (deep.as_str(), "more than 16 levels"),
            ("a: [1\n", "flow sequence"),
        ] {
            let refusal = parse(text).unwrap_err();
            assert!(refusal.found.contains(found), "{text:?}: {refusal:?}");
        }
    }
}
