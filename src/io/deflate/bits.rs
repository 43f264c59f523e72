//! A packed stream, bit by bit: the lowest bit of a byte comes first.

use super::window::Window;
use super::{Damaged, Result};

/// A place in a packed stream, with the bits that follow it at hand.
pub(super) struct Bits<'a> {
    packed: Packed<'a>,
    /// The first byte of which nothing counts as held.
    next: usize,
    /// The next bits. Those above `count` are zero, or already what the stream will have there.
    pub(super) held: u64,
    /// How many of them count; below 64.
    pub(super) count: u32,
}

/// Where the packed bytes are.
enum Packed<'a> {
    /// All of them in memory.
    Whole(&'a [u8]),
    /// Those that are looked at.
    Window(Window<'a>),
}

impl Packed<'_> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Window(window) => window.bytes(),
        }
    }
}

impl<'a> Bits<'a> {
    /// The start of a stream that is read through a window.
    pub(super) fn through(window: Window<'a>) -> Self {
        Self {
            packed: Packed::Window(window),
            next: 0,
            held: 0,
            count: 0,
        }
    }

    /// The place so many bits behind the start.
    pub(super) fn at(packed: &'a [u8], bit: usize) -> Result<Self> {
        let mut bits = Self {
            packed: Packed::Whole(packed),
            next: 0,
            held: 0,
            count: 0,
        };
        bits.go_to(bit)?;
        Ok(bits)
    }

    /// Moves the window on, if there is one, unless so many bytes follow in it already or it reaches the end.
    #[inline]
    pub(super) fn follow(&mut self, n: usize) {
        let from = self.position() / 8;
        if let Packed::Window(window) = &mut self.packed
            && window.bytes().len() < self.next + n
        {
            self.next -= window.move_on(from);
        }
    }

    /// The packed bytes that are in memory: [`Self::position`] counts from the first of them.
    pub(super) fn view(&self) -> &[u8] {
        self.packed.bytes()
    }

    /// Whether these are the last ones of the stream.
    pub(super) fn sees_the_end(&self) -> bool {
        match &self.packed {
            Packed::Whole(_) => true,
            Packed::Window(window) => window.is_over(),
        }
    }

    /// Goes to the place so many bits behind the first of them.
    pub(super) fn go_to(&mut self, bit: usize) -> Result<()> {
        (self.next, self.held, self.count) = (bit / 8, 0, 0);
        self.take((bit % 8) as u32)?;
        Ok(())
    }

    /// The bytes that follow this place, as far as they are in memory; none of them counts as held.
    pub(super) fn ahead(&self) -> &[u8] {
        self.packed.bytes().get(self.next..).unwrap_or_default()
    }

    /// Bits between the start, or the window's, and this place.
    pub(super) fn position(&self) -> usize {
        self.next * 8 - self.count as usize
    }

    /// Holds at least 56 bits, or all that are left.
    #[inline]
    pub(super) fn refill(&mut self) {
        while self.count < 56
            && let Some(&byte) = self.packed.bytes().get(self.next)
        {
            self.held |= u64::from(byte) << self.count;
            self.next += 1;
            self.count += 8;
        }
    }

    /// The same place for the loop over symbols.
    #[inline]
    pub(super) fn near(&self) -> Near<'_> {
        Near {
            rest: self.ahead(),
            held: self.held,
            count: self.count,
        }
    }

    /// Goes to where the loop over symbols came.
    #[inline]
    pub(super) fn set(&mut self, reached: Reached) {
        self.next = self.packed.bytes().len() - reached.left;
        self.held = reached.held;
        self.count = reached.count;
    }

    /// The next bits as a number, passed over; at most 32.
    #[inline]
    pub(super) fn take(&mut self, n: u32) -> Result<u32> {
        let value = self.peek(n)?;
        self.held >>= n;
        self.count -= n;
        Ok(value)
    }

    /// The next bits as a number; at most 32.
    #[inline]
    pub(super) fn peek(&mut self, n: u32) -> Result<u32> {
        if self.count < n {
            self.refill();
            if self.count < n {
                return Err(Damaged);
            }
        }
        Ok((self.held & ((1 << n) - 1)) as u32)
    }

    /// So many whole bytes, from the next one that begins.
    pub(super) fn bytes(&mut self, n: usize) -> Result<&[u8]> {
        self.follow(n);
        let start = self.position().div_ceil(8);
        let end = start.checked_add(n).ok_or(Damaged)?;
        let bytes = self.packed.bytes().get(start..end).ok_or(Damaged)?;
        (self.next, self.held, self.count) = (end, 0, 0);
        Ok(bytes)
    }
}

/// A place in a packed stream that bytes are left behind of, with as little as can be: it is held in registers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near<'a> {
    /// Bytes of which nothing counts as held.
    rest: &'a [u8],
    pub(super) held: u64,
    count: u32,
}

/// Where the loop over symbols came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    /// Bytes of which nothing counts as held.
    left: usize,
    held: u64,
    count: u32,
}

impl Near<'_> {
    /// This place, by itself.
    #[inline(always)]
    pub(super) fn reached(&self) -> Reached {
        Reached {
            left: self.rest.len(),
            held: self.held,
            count: self.count,
        }
    }

    /// Holds at least 56 bits, if eight bytes follow.
    #[inline(always)]
    pub(super) fn refill(&mut self) -> bool {
        let Some(eight) = self.rest.first_chunk::<8>() else {
            return false;
        };
        self.held |= u64::from_le_bytes(*eight) << self.count;
        self.rest = &self.rest[((63 - self.count) / 8) as usize..];
        // What 56 bits more, or less of the last byte, come to.
        self.count |= 0b11_1000;
        true
    }

    /// Passes over bits that are held.
    #[inline(always)]
    pub(super) fn skip(&mut self, n: u8) {
        self.held >>= n & 63;
        self.count -= u32::from(n);
    }
}
