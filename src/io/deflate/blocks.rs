//! Blocks one after another: their headers, those that are stored, and the ends of a stream, where the loop of
//! [`page`] has no room.

use super::bits::Bits;
use super::code::Code;
use super::page::{self, Before, Ended, FULL, PAGE, Unit};
use super::sink::Sink;
use super::tables::{DISTANCE_SYMBOLS, END, Tables, distance, length};
use super::{Damaged, REACH, Result};

/// Bits of a block's beginning: whether it is the last one, and its kind.
pub(super) const BEGINNING: u32 = 3;
/// The beginning of a block with codes of its own that is not the last one.
pub(super) const OWN_CODES: u32 = 0b100;

/// Bytes that a block's beginning and the description of its codes take, at most: 17 bits, three for the length of each
/// word that lengths are written in, and at most fourteen for each length.
const DESCRIPTION: usize =
    (17 + 3 * Described::WRITTEN + 14 * (SYMBOLS + DISTANCE_SYMBOLS)) / 8 + 1;
/// Bytes that a symbol with its distance takes, at most.
const SYMBOL: usize = 6;

/// Symbols for literals and lengths of which words can be.
const SYMBOLS: usize = 286;

/// What is being unpacked, and how far.
pub(super) struct Unpacked<'a, U> {
    pub(super) units: &'a mut [U],
    pub(super) len: usize,
    /// Takes it, where there is no room for all.
    pub(super) sink: Option<Sink<'a, U>>,
}

/// Why unpacking stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The stream ended.
    End,
    /// A block with codes of its own, not the last one, begins at or behind the place asked for.
    Block,
}

/// Unpacks blocks until one that another thread might have found, at `until` or behind it.
///
/// # Errors
/// [`Damaged`]: no deflate, cut off, or more than `unpacked` holds.
pub(super) fn unpack<U: Unit>(
    bits: &mut Bits<'_>,
    unpacked: &mut Unpacked<'_, U>,
    tables: &mut Tables,
    until: usize,
) -> Result<Stopped> {
    loop {
        if let Some(stopped) = step(bits, unpacked, tables, until)? {
            return Ok(stopped);
        }
    }
}

/// Unpacks one block, unless one begins here at which to stop.
pub(super) fn step<U: Unit>(
    bits: &mut Bits<'_>,
    unpacked: &mut Unpacked<'_, U>,
    tables: &mut Tables,
    until: usize,
) -> Result<Option<Stopped>> {
    if bits.position() >= until && bits.peek(BEGINNING)? == OWN_CODES {
        return Ok(Some(Stopped::Block));
    }
    let last = block(bits, unpacked, tables)?;
    Ok(last.then_some(Stopped::End))
}

/// Unpacks one block: whether it was the last.
fn block<U: Unit>(
    bits: &mut Bits<'_>,
    unpacked: &mut Unpacked<'_, U>,
    tables: &mut Tables,
) -> Result<bool> {
    bits.follow(DESCRIPTION);
    let last = bits.take(1)? == 1;
    match bits.take(2)? {
        0 => stored(bits, unpacked)?,
        1 => {
            fixed_codes(tables)?;
            symbols(bits, unpacked, tables)?;
        }
        2 => {
            own_codes(bits, tables)?;
            symbols(bits, unpacked, tables)?;
        }
        _ => return Err(Damaged),
    }
    Ok(last)
}

/// A block that is not packed: its length twice, then its bytes.
fn stored<U: Unit>(bits: &mut Bits<'_>, unpacked: &mut Unpacked<'_, U>) -> Result<()> {
    let &[a, b, c, d] = bits.bytes(4)?.first_chunk().ok_or(Damaged)?;
    let len = u16::from_le_bytes([a, b]);
    if len != !u16::from_le_bytes([c, d]) {
        return Err(Damaged);
    }
    let bytes = bits.bytes(len.into())?;
    let units = unpacked.next(bytes.len())?;
    for (unit, &byte) in units.iter_mut().zip(bytes) {
        *unit = U::literal(byte);
    }
    Ok(())
}

/// The codes that every unpacker knows (RFC 1951, 3.2.6).
fn fixed_codes(tables: &mut Tables) -> Result<()> {
    let mut lengths = [8; 288];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    tables.set(&lengths, &[5; 32])
}

/// The codes that a block describes (RFC 1951, 3.2.7).
fn own_codes(bits: &mut Bits<'_>, tables: &mut Tables) -> Result<()> {
    let described = Described::read(bits)?;
    let (symbols, distances) = described.lengths();
    tables.set(symbols, distances)
}

/// How long the words of both codes of a block are.
#[derive(Debug)]
pub(super) struct Described {
    lengths: [u8; SYMBOLS + DISTANCE_SYMBOLS],
    symbols: usize,
    all: usize,
}

impl Described {
    /// Symbols of the code in which lengths are written: lengths, then three kinds of runs.
    const WRITTEN: usize = 19;
    /// Bits of its longest word.
    const LONGEST: usize = 7;

    /// Reads the description, which the end of a block must be part of.
    pub(super) fn read(bits: &mut Bits<'_>) -> Result<Self> {
        /// In the order of RFC 1951: the most likely first.
        const ORDER: [usize; Described::WRITTEN] = [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ];
        let symbols = bits.take(5)? as usize + 257;
        let distances = bits.take(5)? as usize + 1;
        let written = bits.take(4)? as usize + 4;
        if symbols > SYMBOLS || distances > DISTANCE_SYMBOLS {
            return Err(Damaged);
        }
        let mut lengths = [0; Self::WRITTEN];
        for &symbol in &ORDER[..written] {
            lengths[symbol] = bits.take(3)? as u8;
        }
        let mut code = Code::empty();
        code.set(&lengths)?;
        // What the next seven bits stand for: a symbol, and the bits of its word.
        let mut table = [(0_u8, 0_u8); 1 << Self::LONGEST];
        for word in code.words() {
            for place in table[word.bits..].iter_mut().step_by(1 << word.len) {
                *place = (word.symbol as u8, word.len as u8);
            }
        }
        let mut described = Self {
            lengths: [0; SYMBOLS + DISTANCE_SYMBOLS],
            symbols,
            all: symbols + distances,
        };
        let mut given = 0;
        while given < described.all {
            // A word and the length of a run.
            if bits.count < 14 {
                bits.refill();
            }
            let (symbol, len) = table[bits.held as usize % table.len()];
            if len == 0 {
                return Err(Damaged);
            }
            bits.take(len.into())?;
            let (value, times) = match symbol {
                0..16 => (symbol, 1),
                16 => {
                    let last = given.checked_sub(1).ok_or(Damaged)?;
                    (described.lengths[last], 3 + bits.take(2)?)
                }
                17 => (0, 3 + bits.take(3)?),
                _ => (0, 11 + bits.take(7)?),
            };
            let end = given + times as usize;
            let run = described.lengths[..described.all].get_mut(given..end);
            run.ok_or(Damaged)?.fill(value);
            given = end;
        }
        if described.lengths[END] == 0 {
            return Err(Damaged);
        }
        Ok(described)
    }

    /// Whether both are codes.
    pub(super) fn makes_codes(&self) -> bool {
        let (symbols, distances) = self.lengths();
        [symbols, distances]
            .into_iter()
            .all(|lengths| Code::empty().set(lengths).is_ok())
    }

    /// Those of literals and lengths, and those of distances.
    pub(super) fn lengths(&self) -> (&[u8], &[u8]) {
        self.lengths[..self.all].split_at(self.symbols)
    }
}

/// Unpacks the symbols of a block.
fn symbols<U: Unit>(
    bits: &mut Bits<'_>,
    unpacked: &mut Unpacked<'_, U>,
    tables: &Tables,
) -> Result<()> {
    // The last page ends where the units do.
    while let Some(last) = unpacked.units.len().checked_sub(PAGE) {
        bits.follow(2 * SYMBOL);
        unpacked.make_room(FULL)?;
        let start = unpacked.len.saturating_sub(REACH).min(last);
        let Some(page) = unpacked.units[start..].first_chunk_mut() else {
            break;
        };
        let before = if start == 0 {
            Before::Nothing
        } else {
            Before::Enough
        };
        let from = unpacked.len - start;
        let mut at = from;
        let ended = page::unpack(bits, page, &mut at, before, tables)?;
        unpacked.len = start + at;
        match ended {
            Ended::Block => return Ok(()),
            Ended::Room if at == from => break,
            Ended::Room => {}
        }
    }
    symbol_by_symbol(bits, unpacked, tables)
}

/// The same bit by bit, where eight bytes are too many to read or to write.
fn symbol_by_symbol<U: Unit>(
    bits: &mut Bits<'_>,
    unpacked: &mut Unpacked<'_, U>,
    tables: &Tables,
) -> Result<()> {
    loop {
        bits.follow(SYMBOL);
        let symbol = tables.code.read(bits)?;
        if let Ok(literal) = u8::try_from(symbol) {
            unpacked.next(1)?[0] = U::literal(literal);
            continue;
        }
        let Some(symbol) = symbol.checked_sub(END + 1) else {
            return Ok(());
        };
        let (base, more) = length(symbol).ok_or(Damaged)?;
        let len = usize::from(base) + bits.take(more.into())? as usize;
        let symbol = tables.distance_code.read(bits)?;
        let (base, more) = distance(symbol).ok_or(Damaged)?;
        let distance = usize::from(base) + bits.take(more.into())? as usize;
        unpacked.next(len)?;
        let to = unpacked.len - len;
        let from = to.checked_sub(distance).ok_or(Damaged)?;
        for place in from..from + len {
            unpacked.units[place + distance] = unpacked.units[place];
        }
    }
}

impl<U: Unit> Unpacked<'_, U> {
    /// Hands over what is unpacked, if there is somebody to take it, unless so many more units have room.
    #[inline]
    fn make_room(&mut self, n: usize) -> Result<()> {
        match &mut self.sink {
            Some(sink) if self.units.len() - self.len < n => {
                self.len = sink.make_room(self.units, self.len)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The next units, which count as unpacked from now on.
    pub(super) fn next(&mut self, n: usize) -> Result<&mut [U]> {
        self.make_room(n)?;
        let end = self.len.checked_add(n).ok_or(Damaged)?;
        let units = self.units.get_mut(self.len..end).ok_or(Damaged)?;
        self.len = end;
        Ok(units)
    }
}
