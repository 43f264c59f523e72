//! What went wrong, as one record that names code, case, file, finding, expectation and remedy.
//!
//! Every failure of the tool is a [`ToolError`], every doubt a [`Warning`]; both print as one line
//! and both serialise as one row (`failures.csv`). Faults that can be found together are reported
//! together as [`Faults`].
//!
//! ```
//! use raduet::error::{Code, ToolError};
//! use raduet_study::CaseId;
//!
//! let error = ToolError::new(Code::Truncated, "1320 of 2640 voxel bytes (12x11x10 int16)")
//!     .file("img/P17.nii.gz")
//!     .remedy("the file is cut off: copy it again")
//!     .case(CaseId::new("P17"));
//! assert_eq!(
//!     error.to_string(),
//!     "error[E_TRUNCATED] case P17: img/P17.nii.gz: 1320 of 2640 voxel bytes (12x11x10 int16); \
//!      the file is cut off: copy it again"
//! );
//! ```

mod codes;

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use raduet_study::CaseId;
use serde::{Deserialize, Serialize, Serializer};

pub use codes::{Code, Exit, WarningCode};

/// Result of the tool's rooms.
pub type Result<T, E = ToolError> = std::result::Result<T, E>;

/// One failure: its [`ErrorRecord`], boxed so that a `Result` stays small.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ToolError(Box<ErrorRecord>);

/// The fields of a [`ToolError`], in the order of `failures.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorRecord {
    /// The cause.
    pub code: Code,
    /// Whose image it was, where a case is concerned.
    pub case: Option<CaseId>,
    /// The file, as given.
    #[serde(serialize_with = "path_text")]
    pub file: Option<PathBuf>,
    /// The file it was held against (the image of a mask), as given.
    #[serde(serialize_with = "path_text")]
    pub against: Option<PathBuf>,
    /// What was found.
    pub found: String,
    /// What was expected; empty where the finding says so itself.
    pub expected: String,
    /// What to do.
    pub remedy: String,
}

/// One doubt that did not stop the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The cause.
    pub code: WarningCode,
    /// Whether it deserves a line on the screen.
    pub level: Level,
    /// Whose image it was, where a case is concerned.
    pub case: Option<CaseId>,
    /// The file, as given.
    #[serde(serialize_with = "path_text")]
    pub file: Option<PathBuf>,
    /// What was found.
    pub found: String,
    /// What was done about it.
    pub done: String,
}

/// Weight of a [`Warning`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Recorded with the results: usual and harmless (`scl_slope` 0, the standard's "not scaled").
    Note,
    /// Recorded and shown.
    Warning,
}

impl Level {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

impl ToolError {
    /// A failure with its finding.
    pub fn new(code: Code, found: impl Into<String>) -> Self {
        Self(Box::new(ErrorRecord {
            code,
            case: None,
            file: None,
            against: None,
            found: found.into(),
            expected: String::new(),
            remedy: String::new(),
        }))
    }

    /// A bug: a state that the checks before should have ruled out.
    pub fn internal(found: impl Into<String>) -> Self {
        Self::new(Code::Internal, found).remedy("this is a bug of raduet: please report it")
    }

    /// Names the file, unless one is named already.
    #[must_use]
    pub fn file(mut self, file: impl Into<PathBuf>) -> Self {
        self.0.file.get_or_insert_with(|| file.into());
        self
    }

    /// Names the file it was held against.
    #[must_use]
    pub fn against(mut self, file: impl Into<PathBuf>) -> Self {
        self.0.against = Some(file.into());
        self
    }

    /// Adds to what was found.
    #[must_use]
    pub fn found_also(mut self, more: &str) -> Self {
        self.0.found.push_str("; ");
        self.0.found.push_str(more);
        self
    }

    /// Says where it was found, before what was found.
    #[must_use]
    pub fn found_in(mut self, place: &str) -> Self {
        self.0.found.insert_str(0, &format!("{place}: "));
        self
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = expected.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = remedy.into();
        self
    }

    /// Names the case.
    #[must_use]
    pub fn case(mut self, case: CaseId) -> Self {
        self.0.case = Some(case);
        self
    }

    /// Shows paths inside `folder` relative to it, as the manifest gives them.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        for path in [&mut self.0.file, &mut self.0.against] {
            *path = path.take().map(|file| within(file, folder));
        }
        self
    }
}

impl Deref for ToolError {
    type Target = ErrorRecord;

    fn deref(&self) -> &ErrorRecord {
        &self.0
    }
}

impl Warning {
    /// A doubt with what was found and what was done about it.
    pub fn new(code: WarningCode, found: impl Into<String>, done: impl Into<String>) -> Self {
        Self {
            code,
            level: Level::Warning,
            case: None,
            file: None,
            found: found.into(),
            done: done.into(),
        }
    }

    /// Recorded only.
    #[must_use]
    pub fn note(mut self) -> Self {
        self.level = Level::Note;
        self
    }

    /// Names the file, unless one is named already.
    #[must_use]
    pub fn file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file.get_or_insert_with(|| file.into());
        self
    }

    /// Names the case.
    #[must_use]
    pub fn case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// Shows paths inside `folder` relative to it, as the manifest gives them.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        self.file = self.file.map(|file| within(file, folder));
        self
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]", self.code)?;
        place(f, self.case.as_ref(), self.file.as_deref())?;
        if let Some(against) = &self.against {
            write!(f, " against {}:", shown_path(against))?;
        }
        write!(f, " {}", shown(&self.found))?;
        if !self.expected.is_empty() {
            write!(f, ", expected {}", shown(&self.expected))?;
        }
        if !self.remedy.is_empty() {
            write!(f, "; {}", shown(&self.remedy))?;
        }
        Ok(())
    }
}

impl std::error::Error for ToolError {}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "warning[{}]", self.code)?;
        place(f, self.case.as_ref(), self.file.as_deref())?;
        write!(f, " {}; {}", shown(&self.found), shown(&self.done))
    }
}

/// Faults that were found together, never none, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<ToolError>);

impl Faults {
    /// Everything that was found, or `Ok` when nothing was.
    ///
    /// # Errors
    /// The faults themselves.
    pub fn check(faults: Vec<ToolError>) -> Result<(), Self> {
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Self(faults))
        }
    }

    /// The faults in the order found.
    pub fn list(&self) -> &[ToolError] {
        &self.0
    }

    /// Exit status when they end the program: that of the first.
    pub fn exit(&self) -> Exit {
        self.0
            .first()
            .map_or(Exit::Internal, |fault| fault.code.exit())
    }
}

impl From<ToolError> for Faults {
    fn from(error: ToolError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Whether a sign from outside could make a line read as what it is not: control characters, ends of lines, marks that
/// turn the direction of writing, and signs that are not seen (Unicode 16, `Bidi_Control` and the ignorable ones
/// beside them). Joiners of letters stay: words of some scripts need them.
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

/// Text from outside made safe for one line of a terminal: control characters and the characters
/// that turn the reading direction are shown as escapes.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if misleads(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// A path made safe for one line of a terminal; bytes that are no UTF-8 become `\u{fffd}`.
pub fn shown_path(path: &Path) -> String {
    shown(&path.to_string_lossy())
}

fn place(f: &mut fmt::Formatter<'_>, case: Option<&CaseId>, file: Option<&Path>) -> fmt::Result {
    match (case, file) {
        (Some(case), Some(file)) => {
            write!(f, " case {}: {}:", shown(case.as_str()), shown_path(file))
        }
        (Some(case), None) => write!(f, " case {}:", shown(case.as_str())),
        (None, Some(file)) => write!(f, " {}:", shown_path(file)),
        (None, None) => Ok(()),
    }
}

fn within(file: PathBuf, folder: &Path) -> PathBuf {
    match file.strip_prefix(folder) {
        Ok(inside) if !inside.as_os_str().is_empty() => inside.to_owned(),
        _ => file,
    }
}

#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
fn path_text<S: Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match path {
        Some(path) => serializer.serialize_some(&path.to_string_lossy()),
        None => serializer.serialize_none(),
    }
}
