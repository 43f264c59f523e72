//! The two codes of a block as tables: what the next bits stand for.
//!
//! The table of literals and lengths is asked with eleven bits, and tells as much as they hold: two literals, or a
//! repetition with its length *and* the word of its distance. Only the bits that complete a distance are still to
//! be read. Everything else is `rare`: repetitions of more than [`Entry::MOST`] bytes, of more bytes than they reach
//! back, or of more than [`Entry::WIDEST`] bits, words longer than the table, the end of the block.
//!
//! How many bits a symbol takes stands in a table of its own beside: the next look waits for nothing else, and these
//! two kilobytes stay near the processor whatever repetitions reach for.

use super::Result;
use super::code::{Code, LONGEST, Word};

/// Bits that ask the table of literals and lengths. With ten, images take up to a tenth longer, with twelve an eighth.
pub(super) const BITS: usize = 11;
const SIZE: usize = 1 << BITS;
/// Bits that are held at least when two usual symbols are read; the table is asked once more before others come.
const HELD: usize = 56;
/// Bits that ask the table of distances.
const DISTANCE_BITS: usize = 9;
const DISTANCES: usize = 1 << DISTANCE_BITS;

/// Symbols that stand for distances.
pub(super) const DISTANCE_SYMBOLS: usize = 30;

/// The symbol that ends a block.
pub(super) const END: usize = 256;

/// Shortest repetition that a length symbol stands for, counted from the first such symbol, and how many bits add
/// to it: 3, 4, ... 10 without any, then four symbols with each number of bits; the last is 258.
pub(super) fn length(symbol: usize) -> Option<(u16, u8)> {
    match symbol {
        0..8 => Some((3 + symbol as u16, 0)),
        8..28 => {
            let more = symbol / 4 - 1;
            Some((3 + ((4 + symbol as u16 % 4) << more), more as u8))
        }
        28 => Some((258, 0)),
        _ => None,
    }
}

/// Shortest distance that a symbol stands for, and how many bits add to it: 1, 2 without any, then two symbols with
/// each number of bits.
pub(super) fn distance(symbol: usize) -> Option<(u16, u8)> {
    match symbol {
        0..2 => Some((1 + symbol as u16, 0)),
        2..DISTANCE_SYMBOLS => {
            let more = symbol / 2 - 1;
            Some((1 + ((2 + symbol as u16 % 2) << more), more as u8))
        }
        _ => None,
    }
}

/// What an entry of a table means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes back in what is unpacked; in a table of distances, a distance.
    Repetition,
    /// One literal, or two.
    Literal,
    /// The length of a repetition whose distance is still to be read.
    Length,
    /// The beginning of words longer than the table.
    Long,
    /// The end of the block.
    End,
    /// No word begins like this.
    None,
}

/// What some bits stand for, in eight bytes that are written at once and read one by one.
///
/// ```text
/// byte 0      bits it takes, with those that add to a distance; zero when rare
/// byte 1      bits of its words
/// byte 2      bytes it stands for; when rare, or in a table of distances, the bits it takes
/// byte 3      the kind
/// byte 4, 5   shortest distance or length, the literals, or where the table of longer words begins
/// byte 6, 7   picks the bits behind the words that add to the distance or length
/// ```
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry([u8; 8]);

impl Entry {
    /// Most bytes of a repetition that is not rare.
    pub(super) const MOST: u16 = 16;

    /// Most bits that a symbol takes which is not rare. So many are held that the table can be asked behind two such.
    const WIDEST: u8 = ((HELD - BITS) / 2) as u8;

    const NONE: Self = Self::rare(Kind::None, 0, 0, 0);

    /// Literals are looked up like repetitions: with this one behind it, a single one from a place that is not being
    /// written at the time.
    const FAR: u16 = 0x40 << 8;

    const fn new(bits: u8, words: u8, count: u8, kind: Kind, base: u16, more: u8) -> Self {
        let bytes = u64::from_le_bytes([bits, words, count, kind as u8, 0, 0, 0, 0]);
        let mask = (1 << more) - 1;
        Self((bytes | (base as u64) << 32 | mask << 48).to_le_bytes())
    }

    const fn rare(kind: Kind, base: u16, words: u8, more: u8) -> Self {
        Self::new(0, words, words + more, kind, base, more)
    }

    /// One literal or two.
    const fn literals(literals: u16, words: u8, count: u8) -> Self {
        Self::new(words, words, count, Kind::Literal, literals, 0)
    }

    /// A repetition with its distance.
    const fn repetition(count: u8, distance: u16, words: u8, more: u8) -> Self {
        Self::new(words + more, words, count, Kind::Repetition, distance, more)
    }

    /// The same distance behind a length of so many bits, for so many bytes.
    fn behind_length(self, bits: u8, count: u8) -> Self {
        let length = u64::from_le_bytes([bits, bits, count, 0, 0, 0, 0, 0]);
        Self((u64::from_le_bytes(self.0) + length).to_le_bytes())
    }

    /// The entry of a symbol for literals and lengths, which is rare unless it is a literal.
    fn of(word: Word) -> Self {
        let words = word.len as u8;
        match (u8::try_from(word.symbol), word.symbol.checked_sub(END + 1)) {
            (Ok(literal), _) => Self::literals(Self::FAR | u16::from(literal), words, 1),
            (_, None) => Self::rare(Kind::End, 0, words, 0),
            (_, Some(symbol)) => length(symbol).map_or(Self::NONE, |(base, more)| {
                Self::rare(Kind::Length, base, words, more)
            }),
        }
    }

    /// The entry of a symbol for distances.
    fn of_distance(word: Word) -> Self {
        distance(word.symbol).map_or(Self::NONE, |(base, more)| {
            Self::rare(Kind::Repetition, base, word.len as u8, more)
        })
    }

    /// Bits of the words.
    #[inline(always)]
    pub(super) fn words(&self) -> u8 {
        self.0[1]
    }

    /// Bytes it stands for.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        usize::from(self.0[2])
    }

    /// Bits it takes, when it is rare or a distance.
    #[inline(always)]
    pub(super) fn taken(&self) -> u8 {
        self.0[2]
    }

    #[inline(always)]
    pub(super) fn kind(&self) -> Kind {
        const KINDS: [Kind; 6] = [
            Kind::Repetition,
            Kind::Literal,
            Kind::Length,
            Kind::Long,
            Kind::End,
            Kind::None,
        ];
        KINDS[usize::from(self.0[3]).min(5)]
    }

    /// Whether this is a repetition or, in a table of distances, a distance.
    #[inline(always)]
    pub(super) fn repeats(&self) -> bool {
        self.0[3] == Kind::Repetition as u8
    }

    #[inline(always)]
    fn base(&self) -> u16 {
        u16::from_le_bytes([self.0[4], self.0[5]])
    }

    /// The literals, the first one first; a single one has anything behind it.
    #[inline(always)]
    pub(super) fn bytes(&self) -> [u8; 2] {
        [self.0[4], self.0[5]]
    }

    /// The length or the distance, with the bits that add to it.
    #[inline(always)]
    pub(super) fn value(&self, held: u64) -> usize {
        let more = (held >> (self.words() & 63)) as usize & usize::from(self.mask());
        usize::from(self.base()) + more
    }

    #[inline(always)]
    fn mask(&self) -> u16 {
        u16::from_le_bytes([self.0[6], self.0[7]])
    }
}

/// The two codes of a block.
pub(super) struct Tables {
    pub(super) code: Code,
    pub(super) distance_code: Code,
    symbols: Box<[Entry; SIZE]>,
    /// Bits that each of the symbols takes, zero when it is rare: all that the next look waits for.
    usual: Box<[u8; SIZE]>,
    distances: Box<[Entry; DISTANCES]>,
    /// Words longer than the tables, asked with the bits behind those that ask the table.
    long_symbols: Vec<Entry>,
    long_distances: Vec<Entry>,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            code: Code::empty(),
            distance_code: Code::empty(),
            symbols: Box::new([Entry::NONE; SIZE]),
            usual: Box::new([0; SIZE]),
            distances: Box::new([Entry::NONE; DISTANCES]),
            long_symbols: Vec::new(),
            long_distances: Vec::new(),
        }
    }

    /// The codes whose words have these lengths.
    ///
    /// # Errors
    /// [`Damaged`](super::Damaged) when they are no codes.
    pub(super) fn set(&mut self, lengths: &[u8], distance_lengths: &[u8]) -> Result<()> {
        self.code.set(lengths)?;
        self.distance_code.set(distance_lengths)?;
        fill(
            &mut self.distances[..],
            &mut self.long_distances,
            &self.distance_code,
            Entry::of_distance,
        );
        fill(
            &mut self.symbols[..],
            &mut self.long_symbols,
            &self.code,
            Entry::of,
        );
        self.join_literals();
        self.join_distances();
        for (bits, entry) in self.usual.iter_mut().zip(&self.symbols[..]) {
            *bits = entry.0[0];
        }
        Ok(())
    }

    /// Two literals where both fit.
    fn join_literals(&mut self) {
        let literals = || self.code.words().filter(|word| word.symbol < END);
        let shortest = literals().next().map_or(BITS, |word| word.len as usize);
        for first in literals().take_while(|word| word.len as usize + shortest <= BITS) {
            let room = BITS - first.len as usize;
            for second in literals().take_while(|word| word.len as usize <= room) {
                let bits = (first.len + second.len) as u8;
                let both = (first.symbol | second.symbol << 8) as u16;
                let entry = Entry::literals(both, bits, 2);
                let start = first.bits | second.bits << first.len;
                for place in self.symbols[start..].iter_mut().step_by(1 << bits) {
                    *place = entry;
                }
            }
        }
    }

    /// A length and the word of its distance where both fit.
    fn join_distances(&mut self) {
        // The shorter words come first.
        let mut distances = [(0, 0, Entry::NONE); DISTANCE_SYMBOLS];
        let mut found = 0;
        for word in self.distance_code.words() {
            if let Some((base, more)) = distance(word.symbol) {
                let entry = Entry::repetition(0, base, word.len as u8, more);
                distances[found] = (word.bits, word.len as usize, entry);
                found += 1;
            }
        }
        for word in self.code.words() {
            let symbol = word.symbol.checked_sub(END + 1);
            let Some((base, more)) = symbol.and_then(length) else {
                continue;
            };
            let len = word.len as usize + usize::from(more);
            for added in 0..1 << more {
                let count = base + added;
                if count > Entry::MOST || len >= BITS {
                    break;
                }
                let start = word.bits | usize::from(added) << word.len;
                let distances = distances[..found].iter();
                for (bits, distance_len, distance) in
                    distances.take_while(|(_, distance_len, _)| len + distance_len <= BITS)
                {
                    let entry = distance.behind_length(len as u8, count as u8);
                    // Where it ends before it begins again, nothing is copied that has just been written.
                    if distance.base() >= count && entry.0[0] <= Entry::WIDEST {
                        let places = &mut self.symbols[start | bits << len..];
                        for place in places.iter_mut().step_by(1 << (len + distance_len)) {
                            *place = entry;
                        }
                    }
                }
            }
        }
    }

    /// What the next bits stand for, and how many it takes; none when it is rare.
    #[inline(always)]
    pub(super) fn usual(&self, held: u64) -> (u8, &Entry) {
        let place = held as usize % SIZE;
        (self.usual[place], &self.symbols[place])
    }

    /// The same of a word longer than the table.
    #[inline]
    pub(super) fn long_symbol(&self, entry: &Entry, held: u64) -> &Entry {
        long(&self.long_symbols, entry, held >> BITS, LONGEST - BITS)
    }

    /// The distance that the next bits stand for.
    #[inline(always)]
    pub(super) fn distance(&self, held: u64) -> &Entry {
        let entry = &self.distances[held as usize % DISTANCES];
        if entry.kind() == Kind::Long {
            let held = held >> DISTANCE_BITS;
            return long(&self.long_distances, entry, held, LONGEST - DISTANCE_BITS);
        }
        entry
    }
}

/// Entry of a word longer than a table by the bits behind those that ask the table.
fn long<'a>(table: &'a [Entry], entry: &Entry, held: u64, bits: usize) -> &'a Entry {
    let place = usize::from(entry.base()) + held as usize % (1 << bits);
    table.get(place).unwrap_or(&Entry::NONE)
}

/// Fills a table. For each length of words its first half is doubled: what has been written for shorter words
/// then stands wherever their bits are followed by others.
fn fill(table: &mut [Entry], long: &mut Vec<Entry>, code: &Code, entry: impl Fn(Word) -> Entry) {
    let bits = table.len().ilog2() as usize;
    let more = LONGEST - bits;
    long.clear();
    table[0] = Entry::NONE;
    let mut filled = 1;
    for word in code.words() {
        let len = word.len as usize;
        while filled < 1 << len.min(bits) {
            table.copy_within(..filled, filled);
            filled *= 2;
        }
        if len <= bits {
            table[word.bits] = entry(word);
            continue;
        }
        let place = &mut table[word.bits % (1 << bits)];
        if place.kind() != Kind::Long {
            *place = Entry::rare(Kind::Long, long.len() as u16, 0, 0);
            long.resize(long.len() + (1 << more), Entry::NONE);
        }
        let start = usize::from(place.base()) + (word.bits >> bits);
        let end = usize::from(place.base()) + (1 << more);
        for place in long[start..end].iter_mut().step_by(1 << (len - bits)) {
            *place = entry(word);
        }
    }
    while filled < table.len() {
        table.copy_within(..filled, filled);
        filled *= 2;
    }
}
