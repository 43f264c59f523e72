//! What is wrong or doubtful about a file, collected until its end.

use super::yaml::{Node, Value};
use crate::error::{Code, ToolError, Warning, WarningCode};

/// Faults and doubts in the order they were met.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) faults: Vec<ToolError>,
    pub(super) doubts: Vec<Warning>,
}

impl Collected {
    /// Something that cannot be used.
    pub(super) fn fault(
        &mut self,
        at: &Node,
        found: impl AsRef<str>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults.push(
            ToolError::new(Code::Settings, placed(at, found.as_ref()))
                .expected(expected)
                .remedy(remedy),
        );
    }

    /// Something that is passed over.
    pub(super) fn doubt(&mut self, at: &Node, found: impl AsRef<str>, done: impl Into<String>) {
        self.doubts.push(Warning::new(
            WarningCode::Settings,
            placed(at, found.as_ref()),
            done,
        ));
    }

    /// The entries of a table: name, key, value. No value is an empty table; keys that are no texts and
    /// keys that come twice are faults.
    pub(super) fn table<'a>(
        &mut self,
        node: &'a Node,
        section: &str,
    ) -> Vec<(String, &'a Node, &'a Node)> {
        let entries = match &node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                let found = format!("{section}: {}", node.shown());
                self.fault(node, found, "a table 'name: value'", "correct the value");
                &[]
            }
        };
        let mut named: Vec<(String, &Node, &Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Value::Text(name) = &key.value else {
                let found = format!("{section}: the key {}", key.shown());
                self.fault(key, found, "a name", "correct the key");
                continue;
            };
            if named.iter().any(|(known, ..)| known == name) {
                let found = format!("{section}: '{name}' for the second time");
                self.fault(key, found, "", "keep one of them");
                continue;
            }
            named.push((name.clone(), key, value));
        }
        named
    }
}

fn placed(at: &Node, found: &str) -> String {
    match at.line {
        Some(line) => format!("line {line}: {found}"),
        None => found.to_owned(),
    }
}
