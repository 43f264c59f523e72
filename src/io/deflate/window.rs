//! One stream by one thread that reads it through a window. Memory that is new to the process costs about as much as to
//! unpack into it, so that a thread which has nobody to share a stream with does without the packed bytes' own.

use std::io::{self, Read};

use super::bits::Bits;
use super::blocks::{self, Unpacked};
use super::tables::Tables;
use super::{Damaged, Result, TRAILER, member};

/// Bytes of a window, in which a stored block has to fit.
pub(crate) const WINDOW: usize = 1 << 17;

/// Unpacks the gzip member that `packed` yields, which fills `unpacked`: its trailer, behind which nothing follows.
///
/// # Errors
/// [`Damaged`]: no member, one that is damaged or cut off, one of another size, or one with something behind it.
pub(super) fn unpack(
    packed: &mut (dyn Read + Send),
    room: &mut [u8],
    unpacked: &mut [u8],
) -> Result<[u8; TRAILER]> {
    let mut bits = Bits::through(Window::new(packed, room));
    let start = bits.ahead().len() - member(bits.ahead())?.len();
    bits.bytes(start)?;
    let mut tables = Tables::new();
    let mut unpacked = Unpacked {
        units: unpacked,
        len: 0,
    };
    while !blocks::block(&mut bits, &mut unpacked, &mut tables)? {}
    let trailer = *bits.bytes(TRAILER)?.first_chunk().ok_or(Damaged)?;
    bits.follow(1);
    let whole = bits.ahead().is_empty() && unpacked.len == unpacked.units.len();
    if whole { Ok(trailer) } else { Err(Damaged) }
}

/// A stretch of what is read.
pub(super) struct Window<'a> {
    packed: &'a mut (dyn Read + Send),
    room: &'a mut [u8],
    len: usize,
    /// Nothing more is to be had.
    over: bool,
}

impl<'a> Window<'a> {
    fn new(packed: &'a mut (dyn Read + Send), room: &'a mut [u8]) -> Self {
        let mut window = Self {
            packed,
            room,
            len: 0,
            over: false,
        };
        window.move_on(0);
        window
    }

    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.room[..self.len]
    }

    /// Begins so many bytes later, and reads as many more, unless nothing follows: by how many it moved.
    pub(super) fn move_on(&mut self, from: usize) -> usize {
        if self.over {
            return 0;
        }
        self.room.copy_within(from..self.len, 0);
        self.len -= from;
        while self.len < self.room.len() {
            match self.packed.read(&mut self.room[self.len..]) {
                Ok(read) if read > 0 => self.len += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The slower way comes upon the error again, and words it.
                Ok(_) | Err(_) => {
                    self.over = true;
                    break;
                }
            }
        }
        from
    }
}
