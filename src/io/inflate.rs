//! Packed voxel bytes that lie in memory: gzip, zlib or bare deflate, bounded by what a header declares.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::deflate;
use super::room::{reserved, zeroed};
use super::voxel_bytes::truncated;
use crate::error::{Code, Result, ToolError};

/// Bytes that a packed byte can stand for: two bits for 258 bytes, the longest repetition of deflate.
const LARGEST_RATIO: usize = 4 * 258;
/// Slack of that bound, for short data.
const SLACK: usize = 1 << 16;
/// Unpacked at a time.
const PIECE: usize = 1 << 16;

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Members with a header, a checksum and a size; several may follow one another.
    Gzip,
    /// A header of two bytes and a checksum.
    Zlib,
    /// Neither header nor checksum.
    Deflate,
}

/// Unpacked bytes, and whether more would have followed.
#[derive(Debug)]
pub(crate) struct Unpacked {
    /// As many as were wanted.
    pub(crate) bytes: Vec<u8>,
    /// Something stands behind them.
    pub(crate) trailing: bool,
}

/// Unpacks exactly `wanted` bytes (declared by a header and within the budget). Memory grows as the data
/// deliver, so that a lying header costs nothing. The checksum of the member that holds the last byte is read.
///
/// # Errors
/// `E_TRUNCATED`, `E_CORRUPT`; `E_TOO_LARGE` when the system has no room.
pub(crate) fn unpack(
    packed: &[u8],
    packing: Packing,
    wanted: usize,
    what: &str,
) -> Result<Unpacked> {
    if wanted
        > packed
            .len()
            .saturating_mul(LARGEST_RATIO)
            .saturating_add(SLACK)
    {
        let most = packed.len().saturating_mul(LARGEST_RATIO);
        return Err(
            truncated(most, wanted, what).found_also("at most, by the length of the packed data")
        );
    }
    if packing == Packing::Gzip
        && let Some(bytes) = member_alone(packed, wanted)?
    {
        return Ok(Unpacked {
            bytes,
            trailing: false,
        });
    }
    let mut bytes = reserved(wanted.min(packed.len().saturating_mul(8).saturating_add(SLACK)))?;
    let mut rest = packed;
    loop {
        let behind = match packing {
            Packing::Gzip => {
                let mut decoder = GzDecoder::new(rest);
                fill(&mut decoder, &mut bytes, wanted, what)?;
                decoder.into_inner()
            }
            Packing::Zlib => {
                let mut decoder = ZlibDecoder::new(rest);
                fill(&mut decoder, &mut bytes, wanted, what)?;
                decoder.into_inner()
            }
            Packing::Deflate => {
                let mut decoder = DeflateDecoder::new(rest);
                fill(&mut decoder, &mut bytes, wanted, what)?;
                decoder.into_inner()
            }
        };
        let another = packing == Packing::Gzip && behind.starts_with(&[0x1f, 0x8b]);
        if bytes.len() < wanted && another {
            rest = behind;
            continue;
        }
        if bytes.len() < wanted {
            return Err(truncated(bytes.len(), wanted, what));
        }
        let trailing = bytes.len() > wanted || !behind.is_empty();
        bytes.truncate(wanted);
        return Ok(Unpacked { bytes, trailing });
    }
}

/// One member that says that it holds as many bytes as are wanted, and does: the fast way. Zeros cost memory only
/// where the data deliver.
fn member_alone(packed: &[u8], wanted: usize) -> Result<Option<Vec<u8>>> {
    let size = packed
        .last_chunk::<4>()
        .map(|size| u32::from_le_bytes(*size));
    if size.map(usize::try_from) != Some(Ok(wanted)) {
        return Ok(None);
    }
    let mut bytes = zeroed(wanted)?;
    let whole = deflate::unpack_member(packed, &mut bytes).is_ok();
    Ok(whole.then_some(bytes))
}

/// Reads a stream to its end, or to one byte behind what is wanted: the end is where checksums are compared.
fn fill(stream: &mut impl Read, bytes: &mut Vec<u8>, wanted: usize, what: &str) -> Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        if bytes.len() > wanted {
            return Ok(());
        }
        match stream.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => {
                let fresh = piece.get(..n).unwrap_or_default();
                let open = wanted.saturating_add(1).saturating_sub(bytes.len());
                let fresh = fresh.get(..open).unwrap_or(fresh);
                bytes.try_reserve(fresh.len()).map_err(|_| {
                    ToolError::new(Code::TooLarge, "no memory for the unpacked data")
                        .remedy("close other programs or use a machine with more memory")
                })?;
                bytes.extend_from_slice(fresh);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(truncated(bytes.len().min(wanted), wanted, what)
                    .found_also("the packed data end early"));
            }
            Err(error) => {
                return Err(
                    ToolError::new(Code::Corrupt, format!("damaged packed data: {error}"))
                        .remedy("copy the file again or restore it from its source"),
                );
            }
        }
    }
}

/// Unpacks everything, at most `limit` bytes.
///
/// # Errors
/// `E_TOO_LARGE` when there is more; `E_TRUNCATED`, `E_CORRUPT`.
pub(crate) fn unpack_all(packed: &[u8], packing: Packing, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let what = "a packed data set";
    match packing {
        Packing::Gzip => fill(&mut GzDecoder::new(packed), &mut bytes, limit, what)?,
        Packing::Zlib => fill(&mut ZlibDecoder::new(packed), &mut bytes, limit, what)?,
        Packing::Deflate => fill(&mut DeflateDecoder::new(packed), &mut bytes, limit, what)?,
    }
    if bytes.len() > limit {
        return Err(ToolError::new(
            Code::TooLarge,
            "packed data that unpack to more than allowed",
        )
        .expected(format!("at most {limit} bytes"))
        .remedy("allow more memory (--max-memory) if the file really is that large"));
    }
    Ok(bytes)
}
