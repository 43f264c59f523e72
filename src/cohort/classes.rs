//! The order of the classes: stated, known from the data set, by number, or by text.

use std::collections::BTreeSet;

use raduet_study::ClassNames;

use crate::error::{Code, ToolError};
use crate::manifest::DataManifest;

/// Orders the class names that occur, and says by which rule.
///
/// # Errors
/// `E_MANIFEST` when a stated order lacks a class that occurs.
pub(super) fn order(
    found: &BTreeSet<String>,
    stated: Option<&[String]>,
) -> Result<(ClassNames, String), ToolError> {
    let (names, rule) = if let Some(stated) = stated {
        let unknown: Vec<&str> = found
            .iter()
            .filter(|name| !stated.contains(name))
            .map(String::as_str)
            .collect();
        if !unknown.is_empty() {
            return Err(ToolError::new(
                Code::Manifest,
                format!("unknown class {}", unknown.join(", ")),
            )
            .expected(format!("one of {}", stated.join(", ")))
            .remedy("correct the class in the manifest or add it to the list of classes"));
        }
        (stated.to_vec(), "order as stated".to_owned())
    } else if let Some((name, known)) = known_order(found) {
        (known, format!("order of the data set {name}"))
    } else {
        sorted(found)
    };
    let text = format!("classes: {} ({rule})", names.join(", "));
    let classes = ClassNames::new(names).map_err(|error| {
        ToolError::new(Code::Manifest, error.to_string()).remedy("name each class once")
    })?;
    Ok((classes, text))
}

/// The order of a data set that is known to the tool and has all the classes found, two or more.
fn known_order(found: &BTreeSet<String>) -> Option<(String, Vec<String>)> {
    if found.len() < 2 {
        return None;
    }
    DataManifest::built_in()
        .datasets
        .iter()
        .find_map(|(name, dataset)| {
            let known = &dataset.classes;
            found.iter().all(|class| known.contains(class)).then(|| {
                let present = known.iter().filter(|class| found.contains(*class));
                (name.clone(), present.cloned().collect())
            })
        })
}

fn sorted(found: &BTreeSet<String>) -> (Vec<String>, String) {
    let mut numbers: Vec<(f64, &String)> = found
        .iter()
        .filter_map(|name| Some((name.parse::<f64>().ok().filter(|n| n.is_finite())?, name)))
        .collect();
    if numbers.len() == found.len() {
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let names = numbers.into_iter().map(|(_, name)| name.clone()).collect();
        (names, "sorted by number".into())
    } else {
        (found.iter().cloned().collect(), "sorted by text".into())
    }
}
