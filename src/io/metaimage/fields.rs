//! The header as fields: `Name = value` lines up to `ElementDataFile`, which is the last.

use super::bad;
use crate::error::Result;

/// Longest header that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// Fields of a header at most: the format defines about forty, programs add their own.
const MOST: usize = 512;

/// A header, unjudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields<'a> {
    list: Vec<(&'a str, &'a str)>,
    /// `ElementDataFile`.
    pub(super) data_file: &'a str,
    /// The lines behind `ElementDataFile = LIST`.
    pub(super) listed: Vec<&'a str>,
    /// First byte behind the header.
    pub(super) end: usize,
}

impl<'a> Fields<'a> {
    /// The value of the first of several names that is there.
    pub(super) fn get(&self, names: &[&str]) -> Option<(&'a str, &'a str)> {
        let of = |name: &&str| self.list.iter().find(|(known, _)| known == name).copied();
        names.iter().find_map(of)
    }

    /// A switch, `True` or `False`.
    pub(super) fn switch(&self, names: &[&str], default: bool) -> Result<bool> {
        let Some((name, value)) = self.get(names) else {
            return Ok(default);
        };
        match value.bytes().next().map(|b| b.to_ascii_lowercase()) {
            Some(b't' | b'y' | b'1') => Ok(true),
            Some(b'f' | b'n' | b'0') => Ok(false),
            _ => Err(bad(name, value).expected("True or False")),
        }
    }

    /// Exactly `count` numbers.
    pub(super) fn numbers(&self, names: &[&str], count: usize) -> Result<Option<Vec<f64>>> {
        let Some((name, value)) = self.get(names) else {
            return Ok(None);
        };
        let words = value.split_whitespace().take(count.saturating_add(1));
        let numbers: Option<Vec<f64>> = words
            .map(|word| word.parse().ok().filter(|v: &f64| v.is_finite()))
            .collect();
        match numbers {
            Some(numbers) if numbers.len() == count => Ok(Some(numbers)),
            _ => Err(bad(name, value).expected(format!("{count} finite numbers"))),
        }
    }
}

/// Reads the header.
///
/// # Errors
/// `E_HEADER`.
pub(super) fn read(bytes: &[u8]) -> Result<Fields<'_>> {
    let head = bytes.get(..bytes.len().min(LONGEST)).unwrap_or(bytes);
    let mut fields = Fields {
        list: Vec::new(),
        data_file: "",
        listed: Vec::new(),
        end: bytes.len(),
    };
    let mut at = 0_usize;
    while let Some(rest) = head.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or(rest);
        at = at.saturating_add(length).saturating_add(1);
        let text = || bad("header", "a line that is no text").expected("Name = value lines");
        let line = std::str::from_utf8(line).map_err(|_| text())?.trim();
        if line.is_empty() {
            continue;
        }
        let (name, value) = line
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()))
            .ok_or_else(|| bad("header line", line).expected("Name = value"))?;
        if name == "ElementDataFile" {
            fields.data_file = value;
            fields.end = at.min(bytes.len());
            if value.split_whitespace().next() == Some("LIST") {
                fields.listed = listed(bytes.get(fields.end..).unwrap_or_default())?;
            }
            return Ok(fields);
        }
        if fields.list.iter().any(|(known, _)| *known == name) {
            return Err(bad(name, "given twice"));
        }
        if fields.list.len() >= MOST {
            return Err(bad("header", "more than 512 fields"));
        }
        fields.list.push((name, value));
    }
    Err(bad("header", "no ElementDataFile").expected("ElementDataFile as its last field"))
}

fn listed(rest: &[u8]) -> Result<Vec<&str>> {
    let rest = rest.get(..rest.len().min(LONGEST)).unwrap_or(rest);
    let text =
        std::str::from_utf8(rest).map_err(|_| bad("ElementDataFile", "LIST of what is no text"))?;
    let lines = text.lines().map(str::trim);
    Ok(lines.filter(|line| !line.is_empty()).collect())
}
