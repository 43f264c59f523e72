//! A part of a stream that is unpacked before what precedes it.
//!
//! It begins in the unknown: where the stream is cut, a block is looked for, and a repetition that reaches in front of
//! it notes *which* byte it means. The bytes a piece notes die out: a new literal is known, and so is all that repeats
//! it. Once none is left in what repetitions can reach, the rest of the piece is unpacked to bytes.

use rayon::prelude::*;

use super::bits::Bits;
use super::blocks::{self, Stopped, Unpacked};
use super::page::Unit;
use super::search::find;
use super::tables::Tables;
use super::{Damaged, REACH, Result};
use crate::io::room::{give_back, of_any_content};

/// Packed bytes of a piece, at most: what pieces hold until they are joined is a few times as much.
pub(super) const LARGEST: usize = 1 << 19;
/// Streams that are packed more than so many times are unpacked faster than pieces are joined.
pub(super) const DENSEST: usize = 6;
/// Units that a piece is unpacked to, at most; it costs memory only where something is written.
const ROOM: usize = REACH + 2 * DENSEST * LARGEST;
/// Places that only seemed to begin a block, before a piece is given up. Noise has none, so that many are somebody's
/// making.
const GUESSES: usize = 4;
/// A byte that is not known: its place among those a repetition reaches, counted from here.
const UNKNOWN: u16 = 1 << 8;
/// Bytes joined at a time.
const JOINED: usize = 1 << 16;

/// What a thread unpacked that began in the unknown.
pub(super) struct Piece {
    /// Where it begins and ends in the packed stream, in bits.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) stopped: Stopped,
    /// As many unknown bytes as a repetition reaches, then its own: known, or one of those.
    noted: Own<u16>,
    /// As many known bytes, then those that follow, all known; if it came so far.
    known: Option<Own<u8>>,
}

impl Piece {
    /// Looks for a block between two places of a stream, in bits, and unpacks from there to behind the second.
    pub(super) fn unpack(packed: &[u8], from: usize, until: usize) -> Option<Self> {
        let mut tables = Tables::new();
        let mut from = from;
        for _ in 0..GUESSES {
            let start = find(packed, from, until)?;
            if let Ok(piece) = Self::from_block(packed, start, until, &mut tables) {
                return Some(piece);
            }
            from = start + 1;
        }
        None
    }

    /// Unpacks from a block on to the first behind a place that another thread might find.
    fn from_block(packed: &[u8], start: usize, until: usize, tables: &mut Tables) -> Result<Self> {
        let mut bits = Bits::at(packed, start)?;
        let mut noted = Own::new(UNKNOWN..)?;
        let mut known = None;
        let stopped = loop {
            if let Some(stopped) = noted.step(&mut bits, tables, until)? {
                break stopped;
            }
            if noted.reach().iter().all(|&unit| unit < UNKNOWN) {
                let reach = noted.reach().iter().map(|&unit| unit as u8);
                let bytes: &mut Own<u8> = known.insert(Own::new(reach)?);
                break bytes.unpack(&mut bits, tables, until)?;
            }
        };
        Ok(Self {
            start,
            end: bits.position(),
            stopped,
            noted,
            known,
        })
    }

    /// Bytes of the piece.
    pub(super) fn len(&self) -> usize {
        self.noted.own().len() + self.known.as_ref().map_or(0, |known| known.own().len())
    }

    /// Keeps the memory for other pieces.
    fn give_back(self) {
        give_back(self.noted.units);
        if let Some(known) = self.known {
            give_back(known.units);
        }
    }
}

/// A piece with what stands before it, so that all its bytes are known.
pub(super) struct Joined {
    pub(super) piece: Piece,
    /// Where it begins in what is unpacked.
    start: usize,
    /// What each unit stands for.
    meant: Vec<u8>,
}

impl Joined {
    /// Joins a piece behind so many unpacked bytes, and writes as much of its end as a repetition reaches. The rest
    /// can wait.
    ///
    /// # Errors
    /// [`Damaged`] when there is no room, or when less than a repetition reaches stands before it: then nothing has
    /// been written.
    pub(super) fn new(piece: Piece, room: &mut [u8], start: usize) -> Result<Self> {
        let before = start.checked_sub(REACH).ok_or(Damaged)?;
        let mut meant: Vec<u8> = (0..=u8::MAX).collect();
        meant.extend_from_slice(&room[before..start]);
        let joined = Self {
            piece,
            start,
            meant,
        };
        let bytes = room.get_mut(start..).ok_or(Damaged)?;
        let bytes = bytes.get_mut(..joined.piece.len()).ok_or(Damaged)?;
        let waits = joined.waits();
        joined.write(waits, &mut bytes[waits..]);
        Ok(joined)
    }

    /// Bytes that are not yet written.
    fn waits(&self) -> usize {
        self.piece.len().saturating_sub(REACH)
    }

    /// Writes the rest.
    pub(super) fn fill_in(self, room: &mut [u8]) {
        let rest = room[self.start..][..self.waits()].par_chunks_mut(JOINED);
        rest.enumerate()
            .for_each(|(number, bytes)| self.write(number * JOINED, bytes));
        self.piece.give_back();
    }

    /// Writes some bytes of the piece.
    fn write(&self, from: usize, bytes: &mut [u8]) {
        let noted = self.piece.noted.own();
        let known = self.piece.known.as_ref().map_or(&[][..], Own::own);
        let (to_look_up, to_copy) =
            bytes.split_at_mut(noted.len().saturating_sub(from).min(bytes.len()));
        for (byte, unit) in to_look_up.iter_mut().zip(noted.iter().skip(from)) {
            *byte = self.meant[usize::from(*unit)];
        }
        let from = (from + to_look_up.len()).saturating_sub(noted.len());
        to_copy.copy_from_slice(&known[from..][..to_copy.len()]);
    }
}

/// What a piece is unpacked to.
struct Own<U> {
    /// Those behind `len` may be anything.
    units: Vec<U>,
    len: usize,
}

impl<U: Unit + Send> Own<U> {
    /// Begins with what a repetition reaches.
    fn new(reach: impl IntoIterator<Item = U>) -> Result<Self> {
        let mut units = of_any_content(ROOM).map_err(|_| Damaged)?;
        for (unit, value) in units.iter_mut().zip(reach).take(REACH) {
            *unit = value;
        }
        Ok(Self { units, len: REACH })
    }

    /// What a repetition reaches.
    fn reach(&self) -> &[U] {
        &self.units[self.len - REACH..self.len]
    }

    /// What was unpacked.
    fn own(&self) -> &[U] {
        &self.units[REACH..self.len]
    }

    fn step(
        &mut self,
        bits: &mut Bits<'_>,
        tables: &mut Tables,
        until: usize,
    ) -> Result<Option<Stopped>> {
        self.with(|unpacked| blocks::step(bits, unpacked, tables, until))
    }

    fn unpack(
        &mut self,
        bits: &mut Bits<'_>,
        tables: &mut Tables,
        until: usize,
    ) -> Result<Stopped> {
        self.with(|unpacked| blocks::unpack(bits, unpacked, tables, until))
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Unpacked<'_, U>) -> T) -> T {
        let mut unpacked = Unpacked {
            units: &mut self.units,
            len: self.len,
            sink: None,
        };
        let result = work(&mut unpacked);
        self.len = unpacked.len;
        result
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    /// What zlib makes of some noise that repeats itself, and the noise.
    fn stream(bytes: usize, values: u32, level: u32) -> (Vec<u8>, Vec<u8>) {
        let mut state = 1_u32;
        let content: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % values
        })
        .flat_map(|value| (value as u16).to_le_bytes())
        .take(bytes)
        .collect();
        let mut writer = DeflateEncoder::new(Vec::new(), Compression::new(level));
        writer.write_all(&content).unwrap();
        (writer.finish().unwrap(), content)
    }

    /// Unpacks up to a cut, then what a piece found behind it: what the piece noted, how many bytes it knew, and
    /// all bytes.
    fn in_two(packed: &[u8], len: usize, cut: usize) -> (Vec<u16>, usize, Vec<u8>) {
        let mut bits = Bits::at(packed, 0).unwrap();
        let mut units = vec![0; len];
        let mut unpacked = Unpacked {
            units: &mut units,
            len: 0,
            sink: None,
        };
        let mut tables = Tables::new();
        let stopped = blocks::unpack(&mut bits, &mut unpacked, &mut tables, cut).unwrap();
        assert_eq!(stopped, Stopped::Block);
        let piece = Piece::unpack(packed, cut, 8 * packed.len()).unwrap();
        assert_eq!(piece.start, bits.position());
        assert_eq!(piece.stopped, Stopped::End);
        assert_eq!(piece.end.div_ceil(8), packed.len());
        let start = unpacked.len;
        assert_eq!(start + piece.len(), len);
        let joined = Joined::new(piece, &mut units, start).unwrap();
        let noted = joined.piece.noted.own().to_vec();
        let known = joined
            .piece
            .known
            .as_ref()
            .map_or(0, |known| known.own().len());
        joined.fill_in(&mut units);
        (noted, known, units)
    }

    #[test]
    fn a_piece_begins_where_the_one_before_ends_and_fills_in_what_it_noted() {
        let (packed, content) = stream(1_000_000, 500, 6);
        for part in 1..8 {
            let (noted, _, again) = in_two(&packed, content.len(), packed.len() * part);
            assert!(noted.iter().any(|&unit| unit >= UNKNOWN));
            assert!(again == content, "part {part}");
        }
    }

    #[test]
    fn a_piece_of_literals_is_known_soon() {
        // So many values that little is repeated.
        let (packed, content) = stream(2_000_000, 60_000, 6);
        let (noted, known, again) = in_two(&packed, content.len(), packed.len());
        assert!(known > noted.len(), "{known}");
        assert!(again == content);
    }

    #[test]
    fn too_little_before_a_piece_is_no_place_to_join() {
        let (packed, content) = stream(400_000, 500, 6);
        for (len, fits) in [
            (0, false),
            (REACH - 1, false),
            (REACH, true),
            (399_000, false),
        ] {
            let piece = Piece::unpack(&packed, packed.len(), 8 * packed.len()).unwrap();
            let mut room = content.clone();
            assert_eq!(Joined::new(piece, &mut room, len).is_ok(), fits, "{len}");
            assert_eq!(room != content, fits, "{len}");
        }
    }

    #[test]
    fn bytes_that_hold_no_block_make_no_piece() {
        let mut state = 9_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .take(60_000)
        .collect();
        assert!(Piece::unpack(&noise, 0, 8 * noise.len()).is_none());
        assert!(Piece::unpack(&[], 0, 0).is_none());
    }
}
