//! The bytes of a manifest as headers and rows: encoding, byte order mark, delimiter, quotes.

use csv::{ReaderBuilder, StringRecord};

use crate::error::{Code, ToolError};

/// A row with the line it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) cells: Vec<String>,
}

/// Headers, rows and the delimiter they were told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) headers: Vec<String>,
    pub(crate) lines: Vec<Line>,
    pub(crate) delimiter: u8,
}

/// Reads the sheet; lines of another length than the header are faults.
pub(crate) fn read(bytes: &[u8]) -> Result<Sheet, Vec<ToolError>> {
    let text = decode(bytes).map_err(|error| vec![error])?;
    let delimiter = delimiter(text);
    let mut faults = Vec::new();
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let cells = |record: &StringRecord| -> Vec<String> {
        record.iter().map(|cell| cell.trim().to_owned()).collect()
    };
    let headers = match reader.headers() {
        Ok(headers) => cells(headers),
        Err(error) => return Err(vec![manifest_error(format!("unreadable header: {error}"))]),
    };
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.push(manifest_error(format!("unreadable: {error}")));
                break;
            }
        };
        let number = record.position().map_or(0, csv::Position::line);
        let cells = cells(&record);
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if cells.len() != headers.len() {
            faults.push(
                manifest_error(format!("line {number}: {} cells", cells.len()))
                    .expected(format!("{} as in the header", headers.len()))
                    .remedy("complete the line; put text with the delimiter in quotes"),
            );
            continue;
        }
        lines.push(Line { number, cells });
    }
    if faults.is_empty() {
        Ok(Sheet {
            headers,
            lines,
            delimiter,
        })
    } else {
        Err(faults)
    }
}

/// UTF-8 without its mark.
fn decode(bytes: &[u8]) -> Result<&str, ToolError> {
    const UTF8: &str = "save the file as CSV UTF-8";
    let utf16 = bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(4).any(|&b| b == 0);
    if utf16 {
        return Err(manifest_error("line 1: the text is UTF-16")
            .expected("UTF-8")
            .remedy(UTF8));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|&b| b == b'\n').count();
        manifest_error(format!("line {line}: bytes that are no UTF-8"))
            .expected("UTF-8")
            .remedy(UTF8)
    })
}

/// The one of comma, semicolon and tab that the header has most of, outside quotes.
pub(crate) fn delimiter(text: &str) -> u8 {
    let header = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let count = |wanted: u8| {
        let mut quoted = false;
        header
            .bytes()
            .filter(|&b| {
                quoted ^= b == b'"';
                !quoted && b == wanted
            })
            .count()
    };
    // Ties go to the comma: it comes last in the search for the largest.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|&d| count(d))
        .unwrap_or(b',')
}

/// A fault of the manifest.
pub(crate) fn manifest_error(found: impl Into<String>) -> ToolError {
    ToolError::new(Code::Manifest, found)
}
