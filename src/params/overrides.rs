//! Settings from the command line: `key:value`, as PyRadiomics' `--setting` takes them.
//!
//! Values are written as in a file: `binWidth:10`, `force2D:true`, `resampledPixelSpacing:[1,1,1]`. A list
//! may go without brackets.

use super::faults::Collected;
use super::yaml::{self, Node, Value};

/// One `key:value`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Override {
    /// As given.
    pub(super) text: String,
    pub(super) name: String,
    pub(super) value: Node,
}

/// Reads the arguments; what cannot be read is collected.
pub(super) fn read(arguments: &[String], collected: &mut Collected) -> Vec<Override> {
    let mut all = Vec::with_capacity(arguments.len());
    for text in arguments {
        let Some((name, value)) = text.split_once(':') else {
            let nowhere = Node {
                line: None,
                value: Value::Null,
            };
            let found = format!("--setting {text}: no colon");
            collected.fault(
                &nowhere,
                found,
                "key:value",
                "write for example binWidth:10",
            );
            continue;
        };
        let value = value.trim();
        let listed = value.contains(',') && !value.starts_with('[');
        let document = if listed {
            format!("[{value}]")
        } else {
            value.to_owned()
        };
        match yaml::parse(&document) {
            Ok(node) => all.push(Override {
                text: text.clone(),
                name: name.trim().to_owned(),
                value: placeless(node),
            }),
            Err(refusal) => {
                let nowhere = Node {
                    line: None,
                    value: Value::Null,
                };
                let found = format!("--setting {text}: {}", refusal.found);
                collected.fault(
                    &nowhere,
                    found,
                    "key:value",
                    "write for example binWidth:10",
                );
            }
        }
    }
    all
}

/// Lines mean nothing on a command line.
fn placeless(node: Node) -> Node {
    let value = match node.value {
        Value::List(items) => Value::List(items.into_iter().map(placeless).collect()),
        value => value,
    };
    Node { line: None, value }
}
