//! Which columns of a feature table describe its rows, found by name in any program's table.

use std::fmt::Write;

use csv::StringRecord;

use super::feature_csv::{CASE, HEAD, REGION, SLICE};
use super::raw_table::parse_number;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::settings::nearest::suggestion;

/// What a column can say about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Which image, or which lesion of it.
    Id,
    /// Whose image.
    Patient,
    /// The class.
    Target,
    /// The slice of the image.
    Slice,
    /// The published part: train, valid or test.
    Split,
    /// The number of the fold in which the row is tested.
    Fold,
    /// The imaging sequence.
    Sequence,
    /// Scanner or hospital.
    Site,
}

/// Number of roles.
const COUNT: usize = 8;

/// Roles with our own name of the column, and the spellings by which others' are recognised, letter
/// case and `_ -` ignored; the first hit wins.
const ROLES: [(Role, &str, &[&str]); COUNT] = [
    (Role::Id, "ID", &["id", "caseid", "case"]),
    (
        Role::Patient,
        "PatientID",
        &[
            "patientid",
            "patient",
            "subject",
            "subjectid",
            "participant",
            "participantid",
        ],
    ),
    (
        Role::Target,
        "Target",
        &["target", "label", "class", "diagnosis", "outcome"],
    ),
    (Role::Slice, "Slice", &["slice", "sliceindex"]),
    (Role::Split, "Split", &["split", "part"]),
    (Role::Fold, "Fold", &["fold"]),
    (Role::Sequence, "Sequence", &["sequence", "modality"]),
    (
        Role::Site,
        "Site",
        &[
            "site",
            "siteid",
            "institution",
            "institute",
            "center",
            "centre",
            "hospital",
            "scanner",
            "scannerid",
            "manufacturer",
        ],
    ),
];

/// Columns that the user names, in place of those that would be recognised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// Role and column.
    pub columns: Vec<(Role, String)>,
}

impl Chosen {
    /// Reads `role=column` as the command line gives them.
    ///
    /// # Errors
    /// [`Code::Usage`] for another form, an unknown role or one given twice.
    pub fn from_words(words: &[String]) -> Result<Self> {
        let mut columns: Vec<(Role, String)> = Vec::new();
        for word in words {
            let Some((role, column)) = word.split_once('=') else {
                return Err(ToolError::new(Code::Usage, format!("--column {word}"))
                    .expected("ROLE=NAME, such as target=outcome"));
            };
            let role = Role::from_word(role)?;
            if columns.iter().any(|(known, _)| *known == role) {
                let found = format!("two columns for {}", role.column());
                return Err(ToolError::new(Code::Usage, found).remedy("name one"));
            }
            columns.push((role, column.to_owned()));
        }
        Ok(Self { columns })
    }
}

impl Role {
    /// The role that a word on the command line means.
    ///
    /// # Errors
    /// [`Code::Usage`] with the words there are.
    pub fn from_word(word: &str) -> Result<Self> {
        let words = ROLES.map(|(_, name, _)| name.trim_end_matches("ID").to_lowercase());
        // `ID` itself is the one that the ending would swallow.
        let words = words.map(|word| if word.is_empty() { "id".into() } else { word });
        let plain = plain(word);
        let at = words.iter().position(|known| *known == plain).or_else(|| {
            ROLES
                .iter()
                .position(|(_, name, _)| self::plain(name) == plain)
        });
        at.map(|at| ROLES[at].0).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            ToolError::new(Code::Usage, format!("no role '{word}'"))
                .remedy(suggestion(word, &words))
        })
    }

    /// Our own name of the column.
    pub fn column(self) -> &'static str {
        ROLES[self.place()].1
    }

    fn place(self) -> usize {
        let mut roles = ROLES.iter();
        // The list names every role.
        roles
            .position(|(role, ..)| *role == self)
            .unwrap_or_default()
    }
}

/// Where the key columns stand, and which columns are features.
#[derive(Debug)]
pub(super) struct Layout {
    keys: [Option<usize>; COUNT],
    /// Columns that hold numbers and describe nothing.
    pub(super) features: Vec<usize>,
}

impl Layout {
    /// Recognises the columns of a table by their names and cells; says what was taken for what and
    /// what was passed over.
    ///
    /// # Errors
    /// [`Code::Manifest`] for a table that names neither patient nor case or has no column of numbers,
    /// and for a chosen column that is not there.
    pub(super) fn of(
        head: &StringRecord,
        rows: &[StringRecord],
        chosen: &Chosen,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self> {
        let names: Vec<String> = head.iter().map(plain).collect();
        let mut keys = [None; COUNT];
        for (role, name) in &chosen.columns {
            let at = head.iter().position(|column| column == name);
            keys[role.place()] = Some(at.ok_or_else(|| {
                let columns: Vec<&str> = head.iter().collect();
                manifest(format!("no column '{name}'"), &suggestion(name, &columns))
            })?);
        }
        for (key, (_, _, spellings)) in ROLES.iter().enumerate() {
            if keys[key].is_none() {
                let mut spellings = spellings.iter();
                let hit = |spelling: &&str| names.iter().position(|name| name == spelling);
                // A column that the user gave another role has none by its name.
                keys[key] = spellings
                    .find_map(hit)
                    .filter(|at| !keys.contains(&Some(*at)));
            }
        }
        let mut layout = Self {
            keys,
            features: Vec::new(),
        };
        layout.tell(head, warnings);
        let (id, patient) = (layout.at(Role::Id), layout.at(Role::Patient));
        if id.or(patient).is_none() {
            return Err(manifest(
                first_columns(head),
                "name a patient (PatientID or ID)",
            ));
        }
        if let (None, Some(id)) = (patient, id) {
            let found = format!(
                "no column of patients; every '{}' counts as a patient of its own",
                &head[id]
            );
            let done = "split by it; name the patients where one has several rows";
            warnings.push(Warning::new(WarningCode::Manifest, found, done));
        }
        let passed = layout.sort(head, rows, &names);
        if layout.features.is_empty() {
            return Err(manifest(
                "no column of numbers",
                "give a table with features",
            ));
        }
        if !passed.is_empty() {
            let found = format!(
                "{} column(s) that describe rows: {}",
                passed.len(),
                passed.join(", ")
            );
            let done = "not used as features";
            warnings.push(Warning::new(WarningCode::Manifest, found, done));
        }
        Ok(layout)
    }

    /// Notes what was taken under another name than ours.
    fn tell(&self, head: &StringRecord, warnings: &mut Vec<Warning>) {
        for ((_, name, _), column) in ROLES.iter().zip(self.keys) {
            if let Some(column) = column
                && head[column] != **name
            {
                let found = format!("column '{}'", &head[column]);
                let done = format!("taken for {name}");
                warnings.push(Warning::new(WarningCode::Manifest, found, done).note());
            }
        }
    }

    /// Takes the columns of numbers that describe nothing as features; gives the others.
    fn sort<'a>(
        &mut self,
        head: &'a StringRecord,
        rows: &[StringRecord],
        names: &[String],
    ) -> Vec<&'a str> {
        let own = HEAD.iter().chain(&REGION).chain(&SLICE).chain(&CASE);
        let own: Vec<String> = own.map(|name| plain(name)).collect();
        let mut passed = Vec::new();
        for (column, name) in names.iter().enumerate() {
            if own.contains(name) || self.keys.contains(&Some(column)) {
                continue;
            }
            let numbers = || {
                let mut cells = rows.iter().map(|record| record.get(column));
                cells.all(|cell| cell.and_then(parse_number).is_some())
            };
            if !describes(name) && numbers() {
                self.features.push(column);
            } else {
                passed.push(&head[column]);
            }
        }
        passed
    }

    /// Where the column of a role stands.
    pub(super) fn at(&self, role: Role) -> Option<usize> {
        self.keys[role.place()]
    }

    /// What was taken for what, in one line.
    pub(super) fn describe(&self, head: &StringRecord) -> String {
        let mut text = String::new();
        for ((_, name, _), column) in ROLES.iter().zip(self.keys) {
            if let Some(column) = column {
                let separator = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{separator}{name} from '{}'", &head[column]);
            }
        }
        let _ = write!(text, "; {} features", self.features.len());
        text
    }
}

/// A column's name without letter case and separators.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '-', ' '], "")
}

/// Whether a column, by its plain name, describes a row instead of measuring it: another spelling of a key, a
/// row number, another program's settings and versions.
fn describes(name: &str) -> bool {
    let spelling = |(_, _, spellings): &(Role, &str, &[&str])| spellings.contains(&name);
    ROLES.iter().any(spelling)
        || ["index", "row"].contains(&name)
        || ["unnamed", "diagnostics"]
            .iter()
            .any(|beginning| name.starts_with(beginning))
}

fn first_columns(head: &StringRecord) -> String {
    let first: Vec<&str> = head.iter().take(6).collect();
    format!("columns {}", first.join(", "))
}

/// A table without a column of classes where one is needed.
pub(super) fn without_target(head: &StringRecord) -> ToolError {
    manifest(
        first_columns(head),
        "name a class (Target or label), or say which column it is (--column target=NAME)",
    )
}

/// A table that cannot be used.
pub(super) fn manifest(found: impl Into<String>, remedy: &str) -> ToolError {
    ToolError::new(Code::Manifest, found).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_words() {
        for (role, name, _) in ROLES {
            assert_eq!(Role::from_word(name).unwrap(), role, "{name}");
        }
        assert_eq!(Role::from_word("patient").unwrap(), Role::Patient);
        assert_eq!(Role::from_word("id").unwrap(), Role::Id);
        let fault = Role::from_word("targte").unwrap_err();
        assert!(
            fault.to_string().contains("did you mean 'target'"),
            "{fault}"
        );
    }
}
