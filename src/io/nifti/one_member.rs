//! The common packed file: one gzip member that holds header and voxels and nothing else. Its size is known from the
//! header and repeated in its last four bytes, so that it is unpacked to where the numbers stay, while it is read.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use bytemuck::Pod;

use super::gzip::{BUFFER, Delivered, Wanted, rewound};
use crate::error::Result;
use crate::io::Unpacking;
use crate::io::deflate::{self, Damaged};
use crate::io::fingerprint::Fingerprinted;
use crate::io::open::{RegularFile, read_error};
use crate::io::room::{give_back, of_any_content};

/// Bytes that a packed byte can stand for: two bits for 258 bytes, the longest repetition of deflate.
const LARGEST_RATIO: usize = 4 * 258;

/// A file that may be one member with what its header declares.
pub(super) struct OneMember<'a> {
    source: &'a RegularFile,
    /// Bytes packed.
    len: usize,
    /// Where the wanted numbers begin in the unpacked file, in bytes.
    start: usize,
    /// Bytes unpacked.
    end: usize,
}

impl<'a> OneMember<'a> {
    /// None where the sizes or the last four bytes say that the file is something else, or where `T`s would not lie on
    /// whole places.
    ///
    /// # Errors
    /// `E_READ`.
    pub(super) fn of<T>(
        source: &'a RegularFile,
        path: &Path,
        wanted: &Wanted,
    ) -> Result<Option<Self>> {
        let (Ok(len), Ok(end)) = (usize::try_from(source.len), usize::try_from(wanted.end)) else {
            return Ok(None);
        };
        let Ok(start) = usize::try_from(wanted.start) else {
            return Ok(None);
        };
        // Deflate adds at most a few bytes per 16 KiB: a longer file holds something else.
        if start.checked_add(wanted.len) != Some(end) || len > end.saturating_add(BUFFER) {
            return Ok(None);
        }
        // And it unpacks to a thousand times its size at most: what declares more is cut off, or worse.
        if end > len.saturating_mul(LARGEST_RATIO).saturating_add(BUFFER) {
            return Ok(None);
        }
        // Numbers must lie on whole places from the first byte on.
        if !start.is_multiple_of(size_of::<T>()) || !end.is_multiple_of(size_of::<T>()) {
            return Ok(None);
        }
        // The last four bytes of a member are its size modulo 2^32.
        let mut declared = [0; 4];
        let mut file = &source.file;
        let told = file
            .seek(SeekFrom::Start(source.len.saturating_sub(4)))
            .and_then(|_| file.read_exact(&mut declared));
        match told {
            Ok(()) => {}
            // The file may have shrunk since it was opened.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(read_error(path, &error)),
        }
        let fits = u64::from(u32::from_le_bytes(declared)) == wanted.end & u64::from(u32::MAX);
        Ok(fits.then_some(Self {
            source,
            len,
            start,
            end,
        }))
    }

    /// Unpacks all of it, or none where it is damaged. What stands in front of the first voxel is kept, too.
    ///
    /// # Errors
    /// `E_READ`, `E_TOO_LARGE` when the system has no room.
    pub(super) fn unpack<T: Pod + Send>(
        &self,
        path: &Path,
        unpacking: Unpacking,
    ) -> Result<Option<Delivered<T>>> {
        // Every byte is written over, or none is used.
        let mut stored = of_any_content::<T>(self.end / size_of::<T>())?;
        let bytes = bytemuck::cast_slice_mut(&mut stored);
        let mut packed = Fingerprinted::new(rewound(self.source, path)?);
        let unpacked = deflate::unpack_member_as_read(&mut packed, self.len, bytes, unpacking);
        if let Err(Damaged) = unpacked {
            give_back(stored);
            return Ok(None);
        }
        Ok(Some(Delivered {
            stored,
            from: self.start / size_of::<T>(),
            trailing: false,
            fingerprint: Some(packed.finish()),
        }))
    }

    /// Unpacks it without keeping it: shows the wanted bytes in pieces of so many, one after another, until `take` wants
    /// no more. The file's fingerprint, unless it is damaged or was not wanted any more.
    ///
    /// # Errors
    /// `E_READ`.
    pub(super) fn pass(
        &self,
        path: &Path,
        piece: usize,
        mut take: impl FnMut(&[u8]) -> Option<()> + Send,
    ) -> Result<Option<String>> {
        let mut packed = Fingerprinted::new(rewound(self.source, path)?);
        let mut in_front = self.start;
        let mut taken = 0;
        let passed = deflate::unpack_member_to(&mut packed, self.len, piece, |bytes| {
            let skipped = in_front.min(bytes.len());
            in_front -= skipped;
            let pieces = bytes[skipped..].chunks_exact(piece);
            let mut used = skipped;
            for piece in pieces {
                take(piece).ok_or(Damaged)?;
                used += piece.len();
            }
            taken += used;
            Ok(used)
        });
        Ok((passed == Ok(()) && taken == self.end).then(|| packed.finish()))
    }
}
