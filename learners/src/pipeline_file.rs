//! A fitted pipeline as a file: a header that people read, a body, and a checksum over both.
//!
//! ```text
//! {"header": {
//!   "format": "raduet-model",
//!   "version": 2,
//!   …                                   one line a field
//!   "sha256": "…64 digits…"
//! },
//! "body": {"preprocess":…,"model":…}
//! }
//! ```
//!
//! The whole is JSON, so that any program can read it. The checksum is SHA-256 of all bytes but its
//! own digits. Numbers are written so that they read back to the same bits. A file is refused before
//! anything is made of its contents: first the frame, then format and version, then the header, then
//! the checksum, and at last the structure of every part. No size in a file is believed: memory grows
//! with what is really there.

use std::ops::Range;

use raduet_study::ClassNames;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::calibration::FittedCalibration;
use crate::error::{LearnError, Result};
use crate::pipeline::FittedPipeline;
use crate::preprocess::FittedPreprocess;
use crate::saved::{SavedModel, expect_size};
use crate::training::{DIGITS, Training, hexadecimal};

/// First field of every file.
const FORMAT: &str = "raduet-model";

/// Version of the layout. A reader refuses any other.
const VERSION: u32 = 2;

/// Who writes.
const PROGRAM: &str = concat!("raduet ", env!("CARGO_PKG_VERSION"));

/// Longest header: a hundred thousand long column names fit.
const LARGEST_HEADER: usize = 8 << 20;

// The frame.
const BEGINNING: &str = "{\"header\": {\n";
const CHECKSUM: &str = "  \"sha256\": \"";
const HEADER_END: &str = "\"\n},\n\"body\": ";
const END: &str = "\n}\n";

/// What people read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    /// Program and version that wrote the file.
    program: String,
    /// Learner, back end, and every setting of learner and pipeline.
    pipeline: Value,
    classes: ClassNames,
    /// Training columns in their order.
    columns: Vec<String>,
    training: Training,
    seed: u64,
    /// Of all bytes but these digits.
    #[serde(default)]
    sha256: String,
}

/// What stands in every version, read first so that another version is named as such.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// What programs read.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    preprocess: FittedPreprocess,
    model: SavedModel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration: Option<FittedCalibration>,
}

impl FittedPipeline {
    /// The pipeline as the text of a file.
    ///
    /// # Errors
    /// [`LearnError::Saved`] when the serialiser refuses.
    pub fn to_json(&self) -> Result<String> {
        let header = Header {
            format: FORMAT.into(),
            version: VERSION,
            program: PROGRAM.into(),
            pipeline: self.settings.clone(),
            classes: self.classes.clone(),
            columns: self.columns.clone(),
            training: self.training.clone(),
            seed: self.seed,
            sha256: String::new(),
        };
        let body = Body {
            preprocess: self.preprocess.clone(),
            model: self.model.to_saved(),
            calibration: self.calibration.clone(),
        };
        let before = lines(&header).map_err(|error| broken("header", &error))?;
        let body = serde_json::to_string(&body).map_err(|error| broken("body", &error))?;
        let digits = digest(&[&before, HEADER_END, &body, END]);
        Ok([&before, &*digits, HEADER_END, &body, END].concat())
    }

    /// Reads what [`FittedPipeline::to_json`] wrote.
    ///
    /// # Errors
    /// [`LearnError::Saved`] for anything else: another format or version, unknown or missing
    /// fields, another checksum, sizes that do not agree, values that are not finite, tree nodes
    /// that point backwards.
    pub fn from_json(text: &str) -> Result<Self> {
        let frame = Frame::of(text).map_err(|fault| foreign(text).unwrap_or(fault))?;
        let head: Head = json("header", frame.header)?;
        expect_version(&head)?;
        let header: Header = json("header", frame.header)?;
        let found = digest(&[&text[..frame.digits.start], &text[frame.digits.end..]]);
        if header.sha256 != found {
            return Err(LearnError::saved(
                "checksum",
                format!("{found} over the contents"),
                format!("{} as the header says: copy the file again", header.sha256),
            ));
        }
        header.training.check()?;
        let body: Body = json("body", frame.body)?;
        body.preprocess.check()?;
        same_columns(&header.columns, &body.preprocess)?;
        let width = body.preprocess.width();
        let model = body.model.into_model(width, header.classes.len())?;
        if let Some(calibration) = &body.calibration {
            calibration.check(header.classes.len())?;
        }
        Ok(Self {
            settings: header.pipeline,
            classes: header.classes,
            columns: header.columns,
            training: header.training,
            seed: header.seed,
            preprocess: body.preprocess,
            model,
            calibration: body.calibration,
        })
    }
}

/// The parts of a file's text.
struct Frame<'a> {
    /// The header as JSON.
    header: &'a str,
    /// Where the checksum's digits stand in the whole text.
    digits: Range<usize>,
    /// The body as JSON.
    body: &'a str,
}

impl<'a> Frame<'a> {
    fn of(text: &'a str) -> Result<Self> {
        let fault =
            |found: &str, expected: &str| LearnError::saved("frame", found.to_owned(), expected);
        if !text.starts_with(BEGINNING) {
            return Err(fault(
                "another beginning",
                "a model that raduet has written",
            ));
        }
        let within = text.floor_char_boundary(LARGEST_HEADER);
        let Some(end) = text[..within].find(HEADER_END) else {
            return Err(fault("no end of the header", "at most 8 MiB of header"));
        };
        let digits = end.saturating_sub(DIGITS)..end;
        let whole = text.is_char_boundary(digits.start)
            && text[..digits.start].ends_with(CHECKSUM)
            && text[digits.clone()]
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit());
        if !whole {
            return Err(fault("no checksum", "64 digits in the header's last line"));
        }
        let Some(body) = text[end + HEADER_END.len()..].strip_suffix(END) else {
            return Err(fault("no end of the body", "a file that is not cut off"));
        };
        // From the second brace to its partner, the last character but the body's key.
        let opening = BEGINNING.len() - "{\n".len();
        let closing = end + "\"\n}".len();
        Ok(Self {
            header: &text[opening..closing],
            digits,
            body,
        })
    }
}

/// A better reason for a text without our frame: another version, or another kind of file.
fn foreign(text: &str) -> Option<LearnError> {
    let head: Head = serde_json::from_str(text).ok()?;
    expect_version(&head).err()
}

fn expect_version(head: &Head) -> Result<()> {
    if head.format == FORMAT && head.version == VERSION {
        return Ok(());
    }
    Err(LearnError::saved(
        "format",
        format!("{} version {}", head.format, head.version),
        format!("{FORMAT} version {VERSION}: fit the model again with this program ({PROGRAM})"),
    ))
}

/// The frame's beginning and the header up to the digits of its checksum, one line a field; the
/// pipeline's settings go one level deeper.
fn lines(header: &Header) -> serde_json::Result<String> {
    let mut text = BEGINNING.to_owned();
    let Value::Object(mut fields) = serde_json::to_value(header)? else {
        return Ok(text);
    };
    fields.remove("sha256");
    for (name, value) in fields {
        let value = match value {
            Value::Object(inner) if name == "pipeline" => {
                let inner: Vec<String> = inner
                    .iter()
                    .map(|(name, value)| format!("    {}: {value}", Value::from(&**name)))
                    .collect();
                format!("{{\n{}\n  }}", inner.join(",\n"))
            }
            other => other.to_string(),
        };
        text.push_str("  \"");
        text.push_str(&name);
        text.push_str("\": ");
        text.push_str(&value);
        text.push_str(",\n");
    }
    text.push_str(CHECKSUM);
    Ok(text)
}

fn digest(parts: &[&str]) -> String {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    hexadecimal(&state.finalize())
}

/// Header and preprocessing must speak of the same columns.
fn same_columns(columns: &[String], preprocess: &FittedPreprocess) -> Result<()> {
    expect_size("columns", columns.len(), preprocess.inputs().len())?;
    if columns == preprocess.inputs() {
        return Ok(());
    }
    Err(LearnError::saved(
        "columns",
        "names that preprocess does not know",
        "the columns of preprocess",
    ))
}

fn json<'a, T: Deserialize<'a>>(place: &str, text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| broken(place, &error))
}

fn broken(place: &str, error: &serde_json::Error) -> LearnError {
    LearnError::saved(
        place,
        error.to_string(),
        "a model that raduet has written, whole",
    )
}
