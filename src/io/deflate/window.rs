//! A packed stream that is read as it is unpacked. To read a file into memory that is new to the process takes several
//! times as long as to read it into a window.

use std::io::{self, Read};

/// Bytes of a window that one thread looks through, in which a stored block has to fit.
pub(super) const ALONE: usize = 5 << 14;

/// A stretch of what is read.
pub(super) struct Window<'a> {
    packed: &'a mut (dyn Read + Send),
    room: &'a mut [u8],
    len: usize,
    /// Nothing more is to be had.
    over: bool,
}

impl<'a> Window<'a> {
    pub(super) fn new(packed: &'a mut (dyn Read + Send), room: &'a mut [u8]) -> Self {
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

    pub(super) fn is_over(&self) -> bool {
        self.over
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
