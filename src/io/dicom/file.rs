//! A file: preamble, group 2, data set.

use super::elements::{Dataset, Encoding, Reader};
use super::syntax::{self, IMPLICIT, Syntax};
use super::values::Set;
use crate::error::{Code, Result, ToolError};
use crate::io::ByteBudget;
use crate::io::inflate::{Packing, unpack_all};

/// What a deflated data set may become at most, whatever the budget.
const MOST_INFLATED: u64 = 512 << 20;

/// A file that was read, with its bytes.
#[derive(Debug)]
pub(super) struct DicomFile {
    bytes: Vec<u8>,
    set: Dataset,
    pub(super) syntax: Syntax,
    pub(super) syntax_uid: String,
}

impl DicomFile {
    /// Reads the elements.
    ///
    /// # Errors
    /// `E_FORMAT`, `E_CORRUPT`, `E_TRUNCATED`, `E_TRANSFER_SYNTAX`, `E_TOO_LARGE`.
    pub(super) fn parse(bytes: Vec<u8>, budget: ByteBudget) -> Result<Self> {
        let explicit = syntax::of("1.2.840.10008.1.2.1")?;
        let start = if bytes.get(128..132) == Some(b"DICM") {
            132
        } else if super::recognise(&bytes) {
            0
        } else {
            return Err(ToolError::new(Code::Format, "no DICOM file")
                .expected("DICM at byte 128")
                .remedy("give a DICOM file"));
        };
        let marked = bytes
            .get(start..)
            .is_some_and(|rest| rest.starts_with(&[2, 0]));
        let (syntax, syntax_uid, at) = if marked {
            let meta = Reader::new(&bytes, start, explicit.encoding);
            let (meta, at) = meta.group(2)?;
            let set = Set::new(&bytes, &meta, explicit.encoding.order);
            let uid = set.text((2, 0x0010)).unwrap_or_default();
            // Files without the element are written in the standard's default.
            let uid = if uid.is_empty() {
                "1.2.840.10008.1.2".to_owned()
            } else {
                uid
            };
            (syntax::of(&uid)?, uid, at)
        } else {
            let rest = bytes.get(start..).unwrap_or_default();
            let typed = rest
                .get(4..6)
                .is_some_and(|vr| vr.iter().all(u8::is_ascii_uppercase));
            let encoding = if typed { explicit.encoding } else { IMPLICIT };
            let syntax = Syntax {
                encoding,
                ..explicit
            };
            (syntax, "1.2.840.10008.1.2.1".to_owned(), start)
        };
        let (bytes, at) = if syntax.deflated {
            let packed = bytes.get(at..).unwrap_or_default();
            let limit = usize::try_from(budget.0.min(MOST_INFLATED)).unwrap_or(usize::MAX);
            (unpack_all(packed, Packing::Deflate, limit)?, 0)
        } else {
            (bytes, at)
        };
        let set = Reader::new(&bytes, at, syntax.encoding).all()?;
        Ok(Self {
            bytes,
            set,
            syntax,
            syntax_uid,
        })
    }

    /// The data set.
    pub(super) fn set(&self) -> Set<'_> {
        Set::new(&self.bytes, &self.set, self.encoding().order)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.syntax.encoding
    }

    /// All bytes, unpacked.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Elements, nested ones included.
    pub(super) fn elements(&self) -> usize {
        self.set.count()
    }
}
