//! One stream by several threads.
//!
//! ```text
//! packed    |  first piece  |  second piece  |  third piece  |          a round
//!           ^               ^                ^
//!           known           found: where a block seems to begin
//! ```
//!
//! The first piece of a round is unpacked to where it belongs. The others begin in the unknown ([`Piece`]). A piece
//! ends with the first block that the next one could have found. When the round is over, pieces are joined as long
//! as each begins where the one before ended, to the bit; the rest is thrown away. Of a piece that is joined only so
//! much is written at once as a repetition reaches, so that the next round can begin: what was noted in the rest is
//! filled in by the threads that are not first.
//! So a wrong guess costs time, never a byte: what is joined has been unpacked from the beginning of the stream on,
//! block by block, as one thread would have done.
//!
//! Idle threads only: what no other thread has taken up when the first piece is done is not done at all.

use rayon::FnContext;
use rayon::prelude::*;

use super::bits::Bits;
use super::blocks::{self, Stopped, Unpacked};
use super::page::PAGE;
use super::piece::{DENSEST, Joined, LARGEST, Piece};
use super::tables::Tables;
use super::{Damaged, REACH, Result};

/// How much longer the first piece is: nothing in it is noted, and nothing to be filled in.
const AHEAD: (usize, usize) = (3, 2);
/// Threads that share a stream, at most: each holds up to twelve megabytes.
const THREADS: usize = 8;
/// Fewer are not worth a second thread.
const SMALLEST: usize = 1 << 17;

/// Unpacks the stream that `packed` begins with, which fills `unpacked`: its length.
///
/// # Errors
/// [`Damaged`]: no deflate, cut off, or of another size.
pub(super) fn unpack(packed: &[u8], unpacked: &mut [u8]) -> Result<usize> {
    // The loop over symbols needs the room of a page.
    if unpacked.len() < PAGE {
        let mut room = vec![0; PAGE];
        let (end, len) = rounds(packed, &mut room, 1)?;
        if len != unpacked.len() {
            return Err(Damaged);
        }
        unpacked.copy_from_slice(&room[..len]);
        return Ok(end);
    }
    let dense = packed.len().saturating_mul(DENSEST) < unpacked.len();
    let threads = if dense {
        1
    } else {
        rayon::current_num_threads().min(THREADS)
    };
    let (end, len) = rounds(packed, unpacked, threads)?;
    if len == unpacked.len() {
        Ok(end)
    } else {
        Err(Damaged)
    }
}

/// Unpacks round by round: the bytes read, and those unpacked.
fn rounds(packed: &[u8], room: &mut [u8], threads: usize) -> Result<(usize, usize)> {
    let mut bits = Bits::at(packed, 0)?;
    let mut tables = Tables::new();
    let mut len = 0_usize;
    let mut joined: Vec<Joined> = Vec::new();
    loop {
        let cuts = cuts(packed, bits.position() / 8, threads);
        // Up to what repetitions reach there may be something to fill in, unless a page must begin there.
        if room.len() < len + PAGE {
            fill_in(&mut joined, room);
        }
        let fill_up_to = if joined.is_empty() { 0 } else { len - REACH };
        let (to_fill, units) = room.split_at_mut(fill_up_to);
        let mut unpacked = Unpacked {
            len: len - to_fill.len(),
            units,
        };
        // Nobody is woken for nothing.
        let alone = cuts.len() == 1 && joined.is_empty();
        let mut first = || blocks::unpack(&mut bits, &mut unpacked, &mut tables, cuts[0]);
        let others = |context: FnContext| {
            fill_in(&mut joined, to_fill);
            if !context.migrated() {
                return Vec::new();
            }
            cuts.par_windows(2)
                .with_max_len(1)
                .map(|cut| Piece::unpack(packed, cut[0], cut[1]))
                .collect()
        };
        let (first, others) = if alone {
            (first(), Vec::new())
        } else {
            rayon::join_context(|_| first(), others)
        };
        let mut stopped = first?;
        len = to_fill.len() + unpacked.len;
        for piece in others {
            let next = piece.filter(|piece| piece.start == bits.position());
            let Some(piece) = next.filter(|_| stopped == Stopped::Block) else {
                break;
            };
            let (end, then) = (piece.end, piece.stopped);
            let Ok(piece) = Joined::new(piece, room, len) else {
                break;
            };
            len += piece.piece.len();
            joined.push(piece);
            bits = Bits::at(packed, end)?;
            stopped = then;
        }
        if stopped == Stopped::End {
            break;
        }
    }
    fill_in(&mut joined, room);
    Ok((bits.position().div_ceil(8), len))
}

/// Writes what is not yet written of pieces.
fn fill_in(joined: &mut Vec<Joined>, room: &mut [u8]) {
    for piece in joined.drain(..) {
        piece.fill_in(room);
    }
}

/// Where the first piece of a round ends and each other one begins and ends, in bits; behind the end of the stream
/// where so little is left that one thread had better do it.
fn cuts(packed: &[u8], from: usize, threads: usize) -> Vec<usize> {
    let left = packed.len().saturating_sub(from);
    let len = (left / threads).min(LARGEST);
    if threads < 2 || len < SMALLEST {
        return vec![usize::MAX];
    }
    let cuts = (0..threads).map(|i| 8 * (from + len * AHEAD.0 / AHEAD.1 + i * len));
    cuts.collect()
}
