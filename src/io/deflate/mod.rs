//! Deflate (RFC 1951) in a gzip member (RFC 1952), unpacked in one go by as many threads as are idle, or by little and
//! little by one.
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
//! | [`sink`] | what is unpacked by little and little |
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
mod sink;
mod tables;
#[cfg(test)]
mod tests;
mod window;

use std::io::Read;

use bits::Bits;
use blocks::Unpacked;
use sink::Sink;
use tables::Tables;
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
    all_was_read(&packed)
}

/// Unpacks the gzip member of `len` bytes that `packed` yields, without keeping it: `take` is shown again and again what it
/// has not taken yet, and tells how many bytes it takes. Pieces of `piece` bytes are shown as wholes if all before them
/// were taken, each as far from a multiple of 64 bytes in memory as it is in the member. Checksum and size are compared in
/// the end.
///
/// # Errors
/// [`Damaged`], which may be `take`'s; then what was taken is worth nothing.
pub(crate) fn unpack_member_to(
    packed: &mut (dyn Read + Send),
    len: usize,
    piece: usize,
    mut take: impl FnMut(&[u8]) -> Result<usize> + Send,
) -> Result<()> {
    let room = sink::room(piece).ok_or(Damaged)?;
    let mut window = of_any_content(window::ALONE).map_err(|_| Damaged)?;
    let mut units = of_any_content(room).map_err(|_| Damaged)?;
    let mut packed = packed.take(len as u64);
    let mut bits = Bits::through(Window::new(&mut packed, &mut window));
    let (mut checksum, mut size) = (crc32fast::Hasher::new(), 0_u64);
    let unpack = || {
        skip_header(&mut bits)?;
        let mut taking = |units: &[u8], seen: usize| {
            checksum.update(&units[seen..]);
            size += (units.len() - seen) as u64;
            take(units)
        };
        let mut unpacked = Unpacked {
            units: &mut units,
            len: 0,
            sink: Some(Sink {
                take: &mut taking,
                taken: 0,
                shown: 0,
            }),
        };
        blocks::unpack(&mut bits, &mut unpacked, &mut Tables::new(), usize::MAX)?;
        if let Some(mut sink) = unpacked.sink {
            sink.show(&unpacked.units[..unpacked.len])?;
        }
        hold_trailer(&mut bits, size, || checksum.finalize())
    };
    let done = unpack();
    give_back(window);
    give_back(units);
    done?;
    all_was_read(&packed)
}

/// Fewer bytes than there were may be had by now.
fn all_was_read<R>(packed: &std::io::Take<R>) -> Result<()> {
    if packed.limit() == 0 {
        Ok(())
    } else {
        Err(Damaged)
    }
}

/// Unpacks the gzip member that begins here and ends with the bytes there are.
fn whole_member(bits: &mut Bits<'_>, unpacked: &mut [u8], threads: usize) -> Result<()> {
    skip_header(bits)?;
    pieces::unpack(bits, unpacked, threads)?;
    hold_trailer(bits, unpacked.len() as u64, || crc32fast::hash(unpacked))
}

/// Goes behind the header of a member.
fn skip_header(bits: &mut Bits<'_>) -> Result<()> {
    let header = bits.ahead().len() - member(bits.ahead())?.len();
    bits.bytes(header)?;
    Ok(())
}

/// Holds what was unpacked against a member's last bytes, behind which nothing may follow.
fn hold_trailer(bits: &mut Bits<'_>, size: u64, checksum: impl FnOnce() -> u32) -> Result<()> {
    let &[a, b, c, d, e, f, g, h] = bits.bytes(8)?.first_chunk().ok_or(Damaged)?;
    bits.follow(1);
    let whole = bits.ahead().is_empty()
        && u64::from(u32::from_le_bytes([e, f, g, h])) == size & u64::from(u32::MAX)
        && u32::from_le_bytes([a, b, c, d]) == checksum();
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
