//! Deflate (RFC 1951) in a gzip member (RFC 1952), unpacked in one go, by as many threads as are idle.
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
//! | [`window`] | the part of a packed stream that is in memory |
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

use bits::Bits;
use window::Window;

use crate::io::Unpacking;
use crate::io::room::{give_back, of_any_content};

/// No gzip member, a damaged one, one of another size, or one with something behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

type Result<T> = std::result::Result<T, Damaged>;

/// Farthest that a repetition reaches back.
const REACH: usize = 1 << 15;

/// Unpacks the gzip member that `packed` is, which fills `unpacked`. Its checksum and its size are compared.
///
/// # Errors
/// [`Damaged`]; then `unpacked` holds anything.
pub(crate) fn unpack_member(packed: &[u8], unpacked: &mut [u8]) -> Result<()> {
    let threads = pieces::threads(packed.len(), unpacked.len());
    whole_member(&mut Bits::at(packed, 0)?, unpacked, threads)
}

/// The same of a member of `len` bytes that `packed` yields. Only a part of them is kept in memory.
///
/// # Errors
/// [`Damaged`]; then `unpacked` holds anything, and `packed` may have been read in part.
pub(crate) fn unpack_member_as_read(
    packed: &mut (dyn Read + Send),
    len: usize,
    unpacked: &mut [u8],
    unpacking: Unpacking,
) -> Result<()> {
    let threads = match unpacking {
        Unpacking::Shared => pieces::threads(len, unpacked.len()),
        Unpacking::Alone => 1,
    };
    let window = if threads > 1 {
        pieces::round(threads)
    } else {
        window::ALONE
    };
    let mut room = of_any_content(window).map_err(|_| Damaged)?;
    let mut packed = packed.take(len as u64);
    let mut bits = Bits::through(Window::new(&mut packed, &mut room));
    let done = whole_member(&mut bits, unpacked, threads);
    give_back(room);
    done?;
    // Fewer bytes may be had by now.
    if packed.limit() == 0 {
        Ok(())
    } else {
        Err(Damaged)
    }
}

/// Unpacks the gzip member that begins here and ends with the bytes there are.
fn whole_member(bits: &mut Bits<'_>, unpacked: &mut [u8], threads: usize) -> Result<()> {
    let header = bits.ahead().len() - member(bits.ahead())?.len();
    bits.bytes(header)?;
    pieces::unpack(bits, unpacked, threads)?;
    let &[a, b, c, d, e, f, g, h] = bits.bytes(8)?.first_chunk().ok_or(Damaged)?;
    bits.follow(1);
    let size = u64::from(u32::from_le_bytes([e, f, g, h]));
    let whole = bits.ahead().is_empty()
        && size == unpacked.len() as u64 & u64::from(u32::MAX)
        && u32::from_le_bytes([a, b, c, d]) == crc32fast::hash(unpacked);
    if whole { Ok(()) } else { Err(Damaged) }
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
