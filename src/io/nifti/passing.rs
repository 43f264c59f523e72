//! A packed file whose slices are looked at one after another while it is unpacked, and not kept.

use std::path::Path;

use raduet_features::{Grid, Scaling};

use super::datatype;
use super::fields::{self, HEADER_2, Layout};
use super::gzip::Wanted;
use super::header::{self, Header};
use super::one_member::OneMember;
use super::read::{Source, extension};
use crate::error::Result;
use crate::io::ReadOptions;
use crate::io::voxel_bytes::{ByteOrder, NumberType};

/// Larger slices are not looked at one after another: two of them are kept at a time.
const LARGEST_SLICE: usize = 8 << 20;

/// An open file about which there is no doubt.
pub(crate) struct Passing {
    source: Source,
    header: Header,
    numbers: NumberType,
}

impl Passing {
    /// Opens a file; none where it is not a packed one of the usual kind, or anything about it is doubtful.
    ///
    /// # Errors
    /// Those of reading the header.
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Option<Self>> {
        let (kind, packed) = extension(path);
        if kind.as_deref() != Some("nii") || !packed {
            return Ok(None);
        }
        let source = Source::open(path)?;
        if !source.is_packed() {
            return Ok(None);
        }
        let fields = fields::read(&source.head(HEADER_2)?)?;
        let mut doubts = Vec::new();
        let header = header::judge(&fields, options.volume, options.budget, &mut doubts)?;
        let Some(numbers) = datatype::number_type(header.kind) else {
            return Ok(None);
        };
        let plain = doubts.is_empty()
            && fields.layout == Layout::Single
            && (header.order == ByteOrder::NATIVE || numbers.width() == 1);
        Ok(plain.then_some(Self {
            source,
            header,
            numbers,
        }))
    }

    pub(crate) fn grid(&self) -> &Grid {
        &self.header.grid
    }

    pub(crate) fn scaling(&self) -> Scaling {
        self.header.scaling
    }

    /// How they are stored.
    pub(crate) fn numbers(&self) -> NumberType {
        self.numbers
    }

    /// Shows the bytes of each slice, from the first to the last, until `take` wants no more. The file's fingerprint,
    /// unless it is damaged, not of one member, or was not wanted any more.
    ///
    /// # Errors
    /// `E_READ`.
    pub(crate) fn slices(
        &self,
        mut take: impl FnMut(usize, &[u8]) -> Option<()> + Send,
    ) -> Result<Option<String>> {
        let wanted = Wanted {
            start: self.header.start,
            len: usize::try_from(self.header.volume_bytes).unwrap_or(usize::MAX),
            end: self.header.end,
            what: self.header.describe(),
        };
        let [slices, ..] = self.header.grid.shape;
        let slice = wanted.len / slices.max(1);
        if !(1..=LARGEST_SLICE).contains(&slice) {
            return Ok(None);
        }
        let (file, path) = self.source.file();
        let Some(file) = OneMember::of::<u8>(file, path, &wanted)? else {
            return Ok(None);
        };
        let mut z = 0;
        file.pass(path, slice, |bytes| {
            take(z, bytes)?;
            z += 1;
            Some(())
        })
    }
}
