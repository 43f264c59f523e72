//! A Huffman code of deflate, given by how long the word of each symbol is (RFC 1951, 3.2.2).

use super::bits::Bits;
use super::{Damaged, Result};

/// Longest word.
pub(super) const LONGEST: usize = 15;
/// Symbols of the largest alphabet.
const SYMBOLS: usize = 288;

/// The words in their order: by length, then by symbol.
#[derive(Debug)]
pub(super) struct Code {
    /// How many words have this length; none has length zero.
    pub(super) counts: [u16; LONGEST + 1],
    /// The symbols in the order of their words.
    symbols: [u16; SYMBOLS],
}

/// A word, its first bit lowest, and what it stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) len: u32,
    pub(super) bits: usize,
    pub(super) symbol: usize,
}

impl Code {
    /// A code without words.
    pub(super) const fn empty() -> Self {
        Self {
            counts: [0; LONGEST + 1],
            symbols: [0; SYMBOLS],
        }
    }

    /// The code whose symbols have words of these lengths; symbols of length zero have none.
    ///
    /// # Errors
    /// [`Damaged`] when words are missing or too many, save that one word of one bit may stand alone, and that
    /// there may be none.
    pub(super) fn set(&mut self, lengths: &[u8]) -> Result<()> {
        let mut counts = [0_u16; LONGEST + 1];
        for &len in lengths {
            *counts.get_mut(usize::from(len)).ok_or(Damaged)? += 1;
        }
        counts[0] = 0;
        // Where the symbols of each length begin, and how many words of a length are still free.
        let mut starts = [0_u16; LONGEST + 2];
        let mut free = 1_i32;
        for len in 1..=LONGEST {
            free = 2 * free - i32::from(counts[len]);
            if free < 0 {
                return Err(Damaged);
            }
            starts[len + 1] = starts[len] + counts[len];
        }
        let words = starts[LONGEST + 1];
        if free > 0 && words != counts[1] {
            return Err(Damaged);
        }
        for (symbol, &len) in (0_u16..).zip(lengths) {
            if len > 0 {
                let start = &mut starts[usize::from(len)];
                self.symbols[usize::from(*start)] = symbol;
                *start += 1;
            }
        }
        self.counts = counts;
        Ok(())
    }

    /// All words, the shorter first.
    #[inline]
    pub(super) fn words(&self) -> Words<'_> {
        Words {
            code: self,
            given: 0,
            len: 0,
            left: 0,
            next: 0,
        }
    }

    /// The symbol of the next word, found bit by bit: no table is needed.
    pub(super) fn read(&self, bits: &mut Bits<'_>) -> Result<usize> {
        // The word so far, the first word of its length, and the place of that word's symbol.
        let (mut word, mut first, mut place) = (0_usize, 0, 0);
        for &count in &self.counts[1..] {
            let count = usize::from(count);
            word |= bits.take(1)? as usize;
            if word - first < count {
                return Ok(usize::from(self.symbols[place + word - first]));
            }
            place += count;
            first = (first + count) << 1;
            word <<= 1;
        }
        Err(Damaged)
    }
}

/// Walks through the words of a code.
#[derive(Debug)]
pub(super) struct Words<'a> {
    code: &'a Code,
    /// Words given.
    given: usize,
    /// Length of the words at hand, how many of them are left, and the next of them.
    len: usize,
    left: u16,
    next: u32,
}

impl Iterator for Words<'_> {
    type Item = Word;

    #[inline]
    fn next(&mut self) -> Option<Word> {
        while self.left == 0 {
            self.len += 1;
            self.left = *self.code.counts.get(self.len)?;
            self.next <<= 1;
        }
        let word = Word {
            len: self.len as u32,
            bits: (self.next.reverse_bits() >> (32 - self.len)) as usize,
            symbol: usize::from(self.code.symbols[self.given]),
        };
        self.left -= 1;
        self.next += 1;
        self.given += 1;
        Some(word)
    }
}
