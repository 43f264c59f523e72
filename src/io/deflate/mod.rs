//! Deflate (RFC 1951) in a gzip member (RFC 1952), unpacked in one go, by as many threads as are idle or by one that
//! needs less memory.
//!
//! Reading is most of what a case costs, and unpacking most of reading. What the libraries at hand leave out is
//! two things. They unpack a stream on one thread; here an idle thread starts in the middle, at a block it finds
//! by itself, and notes what it cannot know yet ([`pieces`]). And they look up a symbol at a time, with a branch
//! for literal or repetition that noise makes a coin's toss; here one look yields two literals or a whole
//! repetition, and the choice between the two is no branch ([`tables`], [`page`]).
//!
//! | file | holds |
//! |---|---|
//! | [`bits`] | the packed stream, bit by bit |
//! | [`code`] | a Huffman code by the lengths of its words |
//! | [`tables`] | the same as tables: what the next eleven bits stand for |
//! | [`page`] | the loop over symbols, inside a stretch of fixed size |
//! | [`blocks`] | headers of blocks, stored blocks, the ends of a stream |
//! | [`pieces`] | one stream by several threads, round by round |
//! | [`piece`] | what a thread unpacks that begins in the middle |
//! | [`search`] | where a block seems to begin there |
//! | [`window`] | one stream by one thread, read as it is unpacked |
//!
//! Whatever is wrong with a stream is [`Damaged`]: the caller has a slower way that words the error. Nothing here
//! asks for memory by the word of the stream.

#![expect(
    clippy::cast_possible_truncation,
    reason = "numbers of a few bits, masked or bounded just before"
)]
#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "an entry's fields are loaded one by one, which is faster than to shift them out of one word"
)]
#![expect(
    clippy::inline_always,
    reason = "the loop over symbols holds its state in registers"
)]

mod bits;
mod blocks;
mod code;
mod page;
mod piece;
mod pieces;
mod search;
mod tables;
#[cfg(test)]
mod tests;
mod window;

use std::io::Read;

use crate::io::room::{give_back, of_any_content};
pub(crate) use window::WINDOW;

/// No gzip member, a damaged one, one of another size, or one with something behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

type Result<T> = std::result::Result<T, Damaged>;

/// Bytes of a member's trailer: its checksum, and its size.
const TRAILER: usize = 8;

/// Farthest that a repetition reaches back.
const REACH: usize = 1 << 15;

/// Unpacks the gzip member that `packed` is, which fills `unpacked`. Its checksum and its size are compared.
///
/// # Errors
/// [`Damaged`]; then `unpacked` holds anything.
pub(crate) fn unpack_member(packed: &[u8], unpacked: &mut [u8]) -> Result<()> {
    let stream = member(packed)?;
    let end = pieces::unpack(stream, unpacked)?;
    let trailer = stream.get(end..).ok_or(Damaged)?;
    hold(trailer.try_into().map_err(|_| Damaged)?, unpacked)
}

/// The same by one thread that reads `packed` through a window.
///
/// # Errors
/// [`Damaged`]; then `unpacked` holds anything, and `packed` may have been read in part.
pub(crate) fn unpack_member_through_window(
    packed: &mut (dyn Read + Send),
    unpacked: &mut [u8],
) -> Result<()> {
    let mut room = of_any_content(WINDOW).map_err(|_| Damaged)?;
    let trailer = window::unpack(packed, &mut room, unpacked);
    give_back(room);
    hold(trailer?, unpacked)
}

/// Holds a member's trailer against what was unpacked: its checksum, and its size.
fn hold(trailer: [u8; TRAILER], unpacked: &[u8]) -> Result<()> {
    let [a, b, c, d, e, f, g, h] = trailer;
    let size = u64::from(u32::from_le_bytes([e, f, g, h]));
    let fits = size == unpacked.len() as u64 & u64::from(u32::MAX)
        && u32::from_le_bytes([a, b, c, d]) == crc32fast::hash(unpacked);
    if fits { Ok(()) } else { Err(Damaged) }
}

/// What stands behind the header of a gzip member.
fn member(packed: &[u8]) -> Result<&[u8]> {
    const CHECKSUM: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const RESERVED: u8 = 0xe0;

    let (&[0x1f, 0x8b, 8, flags, ..], rest) = packed.split_first_chunk::<10>().ok_or(Damaged)?
    else {
        return Err(Damaged);
    };
    if flags & RESERVED != 0 {
        return Err(Damaged);
    }
    let mut rest = rest;
    if flags & EXTRA != 0 {
        let (&len, behind) = rest.split_first_chunk::<2>().ok_or(Damaged)?;
        rest = behind
            .get(usize::from(u16::from_le_bytes(len))..)
            .ok_or(Damaged)?;
    }
    for field in [NAME, COMMENT] {
        if flags & field != 0 {
            let end = rest.iter().position(|&byte| byte == 0).ok_or(Damaged)?;
            rest = rest.get(end.saturating_add(1)..).ok_or(Damaged)?;
        }
    }
    // That of the header, which few write and fewer compare.
    if flags & CHECKSUM != 0 {
        rest = rest.get(2..).ok_or(Damaged)?;
    }
    Ok(rest)
}
