//! The header as fields: `field: value` lines up to an empty line, comments and key/value pairs passed over.

use crate::error::{Code, Result, ToolError};

use super::bad;

/// Longest header that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// Fields of a header at most: the format defines about thirty.
const MOST: usize = 64;
/// Names of fields with a second spelling, and the first.
const SAME: &[(&str, &str)] = &[
    ("datafile", "data file"),
    ("lineskip", "line skip"),
    ("byteskip", "byte skip"),
    ("axismins", "axis mins"),
    ("axismaxs", "axis maxs"),
    ("centerings", "centers"),
];

/// A header, unjudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    /// Name in lower case, and value, in the order of the file.
    list: Vec<(String, &'a str)>,
    /// The lines behind `data file: LIST`.
    pub(super) listed: Vec<&'a str>,
    /// First byte behind the header.
    pub(super) end: usize,
}

impl<'a> Fields<'a> {
    /// A field's value.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.list.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| *value)
    }

    /// A field's value, which must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str> {
        self.get(name).ok_or_else(|| {
            ToolError::new(Code::Header, format!("no field '{name}'"))
                .remedy("the header is damaged: export the image again")
        })
    }
}

/// Reads the header.
///
/// # Errors
/// `E_HEADER`.
pub(super) fn read(bytes: &[u8]) -> Result<Fields<'_>> {
    let limit = bytes.len().min(LONGEST);
    let head = bytes.get(..limit).unwrap_or(bytes);
    let mut fields = Fields {
        list: Vec::new(),
        listed: Vec::new(),
        end: bytes.len(),
    };
    let mut at = 0_usize;
    let mut in_list = false;
    let mut number = 0_usize;
    let mut ended = false;
    while let Some(rest) = head.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().position(|b| *b == b'\n');
        let line = rest.get(..length.unwrap_or(rest.len())).unwrap_or(rest);
        at = at.saturating_add(line.len()).saturating_add(1);
        number = number.saturating_add(1);
        let line = std::str::from_utf8(line).map_err(|_| {
            bad("header", "a line that is no text").expected("text up to an empty line")
        })?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        if number == 1 {
            magic(line)?;
        } else if line.is_empty() {
            fields.end = at.min(bytes.len());
            ended = true;
            break;
        } else if in_list {
            fields.listed.push(line);
        } else {
            in_list = fields.add(line)?;
        }
    }
    if !ended && bytes.len() > LONGEST {
        return Err(bad("header", "longer than 1 MiB").expected("an empty line at its end"));
    }
    Ok(fields)
}

impl<'a> Fields<'a> {
    /// Takes a line in; true when a list of files follows.
    fn add(&mut self, line: &'a str) -> Result<bool> {
        // A comment, or `key:=value` of some program.
        if line.starts_with('#') || line.contains(":=") {
            return Ok(false);
        }
        let Some((name, value)) = line.split_once(": ").or_else(|| line.split_once(':')) else {
            return Err(bad("header line", line).expected("field: value"));
        };
        let name = name.trim().to_ascii_lowercase();
        let same = SAME.iter().find(|(second, _)| *second == name);
        let name = same.map_or(name, |(_, first)| (*first).to_owned());
        if self.get(&name).is_some() {
            return Err(bad(&name, "given twice"));
        }
        if self.list.len() >= MOST {
            return Err(bad("header", "more than 64 fields"));
        }
        let value = value.trim();
        let list = name == "data file" && value.split_whitespace().next() == Some("LIST");
        self.list.push((name, value));
        Ok(list)
    }
}

fn magic(line: &str) -> Result<()> {
    let version = line
        .strip_prefix("NRRD")
        .and_then(|v| v.parse::<u32>().ok());
    match version {
        Some(1..=5) => Ok(()),
        _ => Err(bad("first line", line).expected("NRRD0001 to NRRD0005")),
    }
}
