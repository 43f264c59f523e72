//! Saved models taken apart and damaged.

use std::fmt::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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

/// Calls `check` with changed versions of a file whose checksum is right again, and with what was done to
/// each: only the checks of the structure stand between them and a prediction.
pub(crate) fn mutations(json: &str, mut check: impl FnMut(&str, &str)) {
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
            let mut changed = whole.clone();
            if let Some(place) = changed.pointer_mut(path) {
                *place = value.clone();
            }
            check(&format!("{path} = {value}"), &signed(&changed));
        }
        // Lists that lost an item.
        if let Some((list, _)) = path.rsplit_once('/') {
            let mut changed = whole.clone();
            if let Some(Value::Array(items)) = changed.pointer_mut(list) {
                items.pop();
                check(&format!("{list} shortened ({number})"), &signed(&changed));
            }
        }
    }
    for part in ["header", "body"] {
        let mut changed = whole.clone();
        changed[part]["more"] = json!(1);
        check(&format!("{part} with a field more"), &signed(&changed));
    }
}

/// Calls `check` with damaged versions of a file, none of which may be read.
pub(crate) fn damages(json: &str, mut check: impl FnMut(&str, &str)) {
    for part in 1..8 {
        check("cut off", &json[..json.len() * part / 8]);
    }
    check("empty", "");
    check("other json", "[1, 2, 3]");
    check("nested", &"[".repeat(10_000));
    check("pickle", "\u{80}\u{4}\u{95}");
    check("more behind", &format!("{json} "));
    let whole: Value = serde_json::from_str(json).expect("whole test data");
    check("written anew", &whole.to_string());
    let old = json!({"format": "raduet-pipeline", "version": 1, "settings": {}});
    check("version 1", &old.to_string());
    // One character changed, at places all over the file and everywhere in the header.
    let header = json.find("\"body\"").expect("whole test data");
    let far = (json.len() / 300).max(1);
    let places = (0..header).chain((header..json.len()).step_by(far));
    for at in places.filter(|&at| json.is_char_boundary(at) && json.is_char_boundary(at + 1)) {
        let other = if &json[at..=at] == "1" { "2" } else { "1" };
        let changed = [&json[..at], other, &json[at + 1..]].concat();
        check(&format!("'{other}' at {at}"), &changed);
    }
}

/// Contents in the frame of a file, with the checksum that belongs to them.
pub(crate) fn signed(whole: &Value) -> String {
    let mut before = String::from("{\"header\": {\n");
    if let Some(header) = whole["header"].as_object() {
        for (name, value) in header.iter().filter(|(name, _)| *name != "sha256") {
            let _ = writeln!(before, "  {}: {value},", json!(name));
        }
    }
    before.push_str("  \"sha256\": \"");
    let after = format!("\"\n}},\n\"body\": {}\n}}\n", whole["body"]);
    let digest = Sha256::digest([before.as_bytes(), after.as_bytes()].concat());
    let mut digits = String::new();
    for byte in digest {
        let _ = write!(digits, "{byte:02x}");
    }
    [before, digits, after].concat()
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
