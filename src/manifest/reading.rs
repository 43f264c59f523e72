//! From TOML to [`DataManifest`], collecting every fault on the way.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{DataFile, DataLayout, DataManifest, Dataset, Expected, FILE_NAME, nearest};
use crate::error::{Code, Faults, ToolError};

/// The edition of the keys.
const FORMAT: u64 = 1;

const TOP: &[&str] = &["format", "default_split_seed", "datasets"];
const DATASET: &[&str] = &[
    "title",
    "source",
    "licence",
    "doi",
    "citation",
    "layout",
    "patient_key",
    "label_key",
    "classes",
    "labels",
    "files",
    "expected",
    "seed",
    "notes",
];
const FILE: &[&str] = &["name", "content", "osf_id", "sha256"];
const EXPECTED: &[&str] = &["name", "cases", "train", "valid", "test", "per_class"];

pub(super) fn parse(text: &str) -> Result<DataManifest, Faults> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        Faults::from(
            ToolError::new(Code::Manifest, format!("line {line}: {}", error.message()))
                .file(FILE_NAME)
                .expected("TOML")
                .remedy("correct the line"),
        )
    })?;
    let mut faults = Vec::new();
    let mut top = Place {
        table: &table,
        name: String::new(),
        faults: &mut faults,
    };
    top.know(TOP);
    let format = top.required(Place::count, "format");
    if format.is_some_and(|format| format != FORMAT) {
        top.fault("format", "another edition", &format!("{FORMAT}"));
    }
    let default_split_seed = top
        .required(Place::count, "default_split_seed")
        .unwrap_or(0);
    let mut datasets = BTreeMap::new();
    match table.get("datasets").and_then(Value::as_table) {
        Some(listed) => {
            for (name, value) in listed {
                let place = format!("datasets.{name}");
                if let Value::Table(table) = value {
                    let place = Place {
                        table,
                        name: place,
                        faults: &mut faults,
                    };
                    datasets.insert(name.clone(), dataset(place));
                } else {
                    faults.push(fault(&place, "no table", "a table"));
                }
            }
        }
        None => faults.push(fault("datasets", "missing", "tables [datasets.<name>]")),
    }
    Faults::check(faults)?;
    Ok(DataManifest {
        default_split_seed,
        datasets,
    })
}

fn dataset(mut at: Place<'_>) -> Dataset {
    at.know(DATASET);
    let classes = at.texts("classes");
    if classes
        .iter()
        .enumerate()
        .any(|(i, class)| class.is_empty() || classes.iter().take(i).any(|c| c == class))
    {
        at.fault("classes", "an empty or repeated class", "distinct names");
    }
    let labels = labels(&mut at, &classes);
    let files = at.tables("files", FILE, file);
    let expected = at.tables("expected", EXPECTED, expected);
    for (i, part) in expected.iter().enumerate() {
        let sum: u64 = part.per_class.iter().sum();
        if !part.per_class.is_empty()
            && (part.per_class.len() != classes.len() || sum != part.cases)
        {
            let place = format!("expected[{i}].per_class");
            let wanted = format!("{} numbers that sum to {}", classes.len(), part.cases);
            at.fault(&place, &format!("{:?}", part.per_class), &wanted);
        }
    }
    Dataset {
        title: at.required(Place::text, "title").unwrap_or_default(),
        source: at.required(Place::text, "source").unwrap_or_default(),
        licence: at.required(Place::text, "licence").unwrap_or_default(),
        doi: at.text("doi"),
        citation: at.text("citation"),
        layout: layout(&mut at),
        patient_key: at.required(Place::text, "patient_key").unwrap_or_default(),
        label_key: at.text("label_key"),
        classes,
        labels,
        files,
        expected,
        seed: at.count("seed"),
        notes: at.texts("notes"),
    }
}

fn layout(at: &mut Place<'_>) -> DataLayout {
    let name = at.required(Place::text, "layout").unwrap_or_default();
    let known = DataLayout::NAMES.iter().find(|(n, _)| *n == name);
    if known.is_none() && !name.is_empty() {
        let list: Vec<&str> = DataLayout::NAMES.iter().map(|(n, _)| *n).collect();
        at.fault(
            "layout",
            &format!("'{name}'"),
            &format!("one of {}", list.join(", ")),
        );
    }
    known.map_or(DataLayout::Csv, |(_, layout)| *layout)
}

fn labels(at: &mut Place<'_>, classes: &[String]) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    match at.table.get("labels") {
        None => {}
        Some(Value::Table(table)) => {
            for (code, class) in table {
                match class.as_str() {
                    Some(class) if classes.iter().any(|c| c == class) => {
                        labels.insert(code.clone(), class.to_owned());
                    }
                    _ => at.fault(
                        &format!("labels.{code}"),
                        &class.to_string(),
                        "one of the classes",
                    ),
                }
            }
        }
        Some(other) => at.fault("labels", other.type_str(), "a table of code = class"),
    }
    labels
}

fn file(at: &mut Place<'_>) -> DataFile {
    let sha256 = at.text("sha256");
    let is_hash = |text: &String| {
        text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if sha256.as_ref().is_some_and(|text| !is_hash(text)) {
        at.fault(
            "sha256",
            "another text",
            "64 digits in lower-case hexadecimal",
        );
    }
    let name = at.required(Place::text, "name").unwrap_or_default();
    if name.contains(['/', '\\']) {
        at.fault("name", &format!("'{name}'"), "a file name without folders");
    }
    DataFile {
        name,
        content: at.required(Place::text, "content").unwrap_or_default(),
        osf_id: at.text("osf_id"),
        sha256,
    }
}

fn expected(at: &mut Place<'_>) -> Expected {
    let cases = at.required(Place::count, "cases").unwrap_or(0);
    let [train, valid, test] = ["train", "valid", "test"].map(|key| at.count(key));
    if let (Some(a), Some(b), Some(c)) = (train, valid, test)
        && a.saturating_add(b).saturating_add(c) != cases
    {
        at.fault(
            "cases",
            &cases.to_string(),
            "the sum of train, valid and test",
        );
    }
    Expected {
        name: at.required(Place::text, "name").unwrap_or_default(),
        cases,
        train,
        valid,
        test,
        per_class: at.counts("per_class"),
    }
}

/// A table, where it stands, and the faults found so far.
struct Place<'a> {
    table: &'a Table,
    name: String,
    faults: &'a mut Vec<ToolError>,
}

impl Place<'_> {
    /// Refuses keys that are not known.
    fn know(&mut self, known: &[&str]) {
        for key in self
            .table
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
        {
            let remedy = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("known keys: {}", known.join(", ")),
            };
            self.faults.push(
                ToolError::new(Code::Manifest, format!("unknown key {}", self.path(key)))
                    .file(FILE_NAME)
                    .remedy(remedy),
            );
        }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    fn fault(&mut self, key: &str, found: &str, expected: &str) {
        let place = self.path(key);
        self.faults.push(fault(&place, found, expected));
    }

    /// A value that must be there.
    fn required<T>(&mut self, read: fn(&mut Self, &str) -> Option<T>, key: &str) -> Option<T> {
        if !self.table.contains_key(key) {
            self.fault(key, "missing", "a value");
        }
        read(self, key)
    }

    fn typed<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Value) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let value = self.table.get(key)?;
        let read = read(value);
        if read.is_none() {
            self.fault(key, &value.to_string(), expected);
        }
        read
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let read = |v: &Value| v.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
        self.typed(key, read, "a text")
    }

    fn count(&mut self, key: &str) -> Option<u64> {
        self.typed(key, count_of, "a whole number, not negative")
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let read = |v: &Value| -> Option<Vec<String>> {
            v.as_array()?
                .iter()
                .map(|v| v.as_str().map(str::to_owned))
                .collect()
        };
        self.typed(key, read, "a list of texts").unwrap_or_default()
    }

    fn counts(&mut self, key: &str) -> Vec<u64> {
        let read = |v: &Value| -> Option<Vec<u64>> { v.as_array()?.iter().map(count_of).collect() };
        self.typed(key, read, "a list of whole numbers")
            .unwrap_or_default()
    }

    /// A list of tables with the same keys.
    fn tables<T>(&mut self, key: &str, known: &[&str], read: fn(&mut Place<'_>) -> T) -> Vec<T> {
        let tables = self.typed(key, |v| v.as_array().cloned(), "a list of tables");
        let mut list = Vec::new();
        for (i, value) in tables.unwrap_or_default().iter().enumerate() {
            let name = self.path(&format!("{key}[{i}]"));
            let Value::Table(table) = value else {
                self.faults
                    .push(fault(&name, &value.to_string(), "a table"));
                continue;
            };
            let mut place = Place {
                table,
                name,
                faults: self.faults,
            };
            place.know(known);
            list.push(read(&mut place));
        }
        list
    }
}

fn count_of(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|n| u64::try_from(n).ok())
}

fn fault(place: &str, found: &str, expected: &str) -> ToolError {
    ToolError::new(Code::Manifest, format!("{place}: {found}"))
        .file(FILE_NAME)
        .expected(expected)
        .remedy("correct the entry")
}
