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
//!
//! Of a stream that is read as it is unpacked, a round is what is in view. When nobody has come, the rest of the view is
//! unpacked by one thread, so that little has to be moved before the next round sees a full one.

use rayon::FnContext;
use rayon::prelude::*;

use super::bits::Bits;
use super::blocks::{self, Stopped, Unpacked};
use super::page::PAGE;
use super::piece::{DENSEST, Joined, LARGEST, Piece};
use super::tables::Tables;
use super::{Damaged, REACH, Result};

/// How much longer the first piece is: no block has to be found for it, nothing in it is noted, and nothing to be filled
/// in. In used memory twice would be best, in fresh memory, which the first thread takes most of, one and a half.
const AHEAD: (usize, usize) = (7, 4);
/// Threads that share a stream, at most: each holds up to twelve megabytes.
const THREADS: usize = 8;
/// Fewer are not worth a second thread.
const SMALLEST: usize = 1 << 17;
/// Packed bytes that are in view behind a round: as long as blocks of the usual writers become.
const OVER: usize = 1 << 18;

/// How many threads had better share a stream.
pub(super) fn threads(packed: usize, unpacked: usize) -> usize {
    let dense = packed.saturating_mul(DENSEST) < unpacked;
    if dense {
        1
    } else {
        rayon::current_num_threads().min(THREADS)
    }
}

/// Packed bytes that have to be in view when so many threads share them: what the first piece and the others begin
/// with, and what the last one goes on to, the end of a block.
pub(super) fn round(threads: usize) -> usize {
    LARGEST * AHEAD.0 / AHEAD.1 + LARGEST * (threads - 1) + OVER
}

/// Unpacks the stream from here on, which fills `unpacked`.
///
/// # Errors
/// [`Damaged`]: no deflate, cut off, or of another size.
pub(super) fn unpack(bits: &mut Bits<'_>, unpacked: &mut [u8], threads: usize) -> Result<()> {
    // The loop over symbols needs the room of a page.
    if unpacked.len() < PAGE {
        let mut room = vec![0; PAGE];
        let len = rounds(bits, &mut room, 1)?;
        if len != unpacked.len() {
            return Err(Damaged);
        }
        unpacked.copy_from_slice(&room[..len]);
        return Ok(());
    }
    if rounds(bits, unpacked, threads)? == unpacked.len() {
        Ok(())
    } else {
        Err(Damaged)
    }
}

/// Unpacks round by round: how many bytes.
fn rounds(bits: &mut Bits<'_>, room: &mut [u8], mut threads: usize) -> Result<usize> {
    let mut tables = Tables::new();
    let mut len = 0_usize;
    let mut joined: Vec<Joined> = Vec::new();
    loop {
        if threads > 1 && bits.ahead().len() <= OVER {
            bits.follow(round(threads));
        }
        let cuts = cuts(bits, threads);
        // Up to what repetitions reach there may be something to fill in, unless a page must begin there.
        if room.len() < len + PAGE {
            fill_in(&mut joined, room);
        }
        let fill_up_to = if joined.is_empty() { 0 } else { len - REACH };
        let (to_fill, units) = room.split_at_mut(fill_up_to);
        let mut unpacked = Unpacked {
            len: len - to_fill.len(),
            units,
            sink: None,
        };
        // Nobody is woken for nothing.
        if cuts.len() == 1 && joined.is_empty() {
            let stopped = blocks::unpack(bits, &mut unpacked, &mut tables, cuts[0])?;
            len = unpacked.len;
            if stopped == Stopped::End {
                return Ok(len);
            }
            continue;
        }
        let view = bits.view();
        let mut ahead = Bits::at(view, bits.position())?;
        let others = |context: FnContext| {
            fill_in(&mut joined, to_fill);
            if !context.migrated() {
                return Vec::new();
            }
            cuts.par_windows(2)
                .with_max_len(1)
                .map(|cut| Piece::unpack(view, cut[0], cut[1]))
                .collect()
        };
        let (first, others) = rayon::join_context(
            |_| blocks::unpack(&mut ahead, &mut unpacked, &mut tables, cuts[0]),
            others,
        );
        let mut stopped = match first {
            Ok(stopped) => stopped,
            // A block longer than what is in view.
            Err(Damaged) if !bits.sees_the_end() => {
                threads = 1;
                continue;
            }
            Err(Damaged) => return Err(Damaged),
        };
        len = to_fill.len() + unpacked.len;
        let mut position = ahead.position();
        for piece in others {
            let next = piece.filter(|piece| piece.start == position);
            let Some(piece) = next.filter(|_| stopped == Stopped::Block) else {
                break;
            };
            let (end, then) = (piece.end, piece.stopped);
            let Ok(piece) = Joined::new(piece, room, len) else {
                break;
            };
            len += piece.piece.len();
            joined.push(piece);
            position = end;
            stopped = then;
        }
        bits.go_to(position)?;
        if stopped == Stopped::End {
            break;
        }
    }
    fill_in(&mut joined, room);
    Ok(len)
}

/// Writes what is not yet written of pieces.
fn fill_in(joined: &mut Vec<Joined>, room: &mut [u8]) {
    for piece in joined.drain(..) {
        piece.fill_in(room);
    }
}

/// Where the first piece of a round ends and each other one begins and ends, in bits of what is in view; behind the end
/// of the stream where so little is left that one thread had better do it.
fn cuts(bits: &Bits<'_>, threads: usize) -> Vec<usize> {
    if threads < 2 {
        return vec![usize::MAX];
    }
    let (from, end) = (bits.position() / 8, bits.view().len());
    let left = end - from;
    // The next round begins with a full view again.
    if !bits.sees_the_end() && left < round(threads) {
        return vec![8 * end.saturating_sub(OVER)];
    }
    let len = (left / threads).min(LARGEST);
    if len < SMALLEST {
        return vec![usize::MAX];
    }
    let cuts = (0..threads).map(|i| 8 * (from + len * AHEAD.0 / AHEAD.1 + i * len));
    cuts.collect()
}
