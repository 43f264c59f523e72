//! Saved models taken apart and damaged.

use serde_json::{Value, json};

/// Columns and links of every tree in a saved model, thresholds left out.
pub(crate) fn links(saved: &Value) -> Vec<(Value, Value)> {
    match saved {
        Value::Object(fields) => match (fields.get("column"), fields.get("next")) {
            (Some(column), Some(next)) => vec![(column.clone(), next.clone())],
            _ => fields.values().flat_map(links).collect(),
        },
        Value::Array(items) => items.iter().flat_map(links).collect(),
        _ => Vec::new(),
    }
}

/// Calls `check` with damaged versions of a file and what was done to each.
pub(crate) fn mutations(json: &str, mut check: impl FnMut(&str, &str)) {
    for part in 1..8 {
        check("cut off", &json[..json.len() * part / 8]);
    }
    check("empty", "");
    check("other json", "[1, 2, 3]");
    check("nested", &"[".repeat(10_000));
    check("pickle", "\u{80}\u{4}\u{95}");
    let whole: Value = serde_json::from_str(json).expect("whole test data");
    let mut paths = Vec::new();
    leaves(&whole, &mut Vec::new(), &mut paths);
    let strange = [
        json!(null),
        json!(-1),
        json!(0),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(1e308),
        json!("text"),
        json!([]),
        json!({}),
    ];
    for (number, path) in paths.iter().enumerate() {
        for value in &strange {
            let mut damaged = whole.clone();
            if let Some(place) = damaged.pointer_mut(path) {
                *place = value.clone();
            }
            check(&format!("{path} = {value}"), &damaged.to_string());
        }
        // Lists that lost an item.
        if let Some((list, _)) = path.rsplit_once('/') {
            let mut damaged = whole.clone();
            if let Some(Value::Array(items)) = damaged.pointer_mut(list) {
                items.pop();
                check(
                    &format!("{list} shortened ({number})"),
                    &damaged.to_string(),
                );
            }
        }
    }
}

/// Places of a file's values: every field, and of long lists the first and last items.
fn leaves(value: &Value, at: &mut Vec<String>, paths: &mut Vec<String>) {
    const SHOWN: usize = 2;
    if !at.is_empty() {
        paths.push(format!("/{}", at.join("/")));
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(items) => {
            let keep = |i: usize| i < SHOWN || i + 1 == items.len();
            let numbered = items.iter().enumerate().filter(|(i, _)| keep(*i));
            numbered.map(|(i, v)| (i.to_string(), v)).collect()
        }
        _ => Vec::new(),
    };
    for (key, child) in children {
        at.push(key);
        leaves(child, at, paths);
        at.pop();
    }
}
