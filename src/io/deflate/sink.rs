//! What is unpacked by little and little, where there is no room for all of it. What has just been unpacked lies near the
//! processor, and memory that is new to the process costs more than to unpack into it.

use super::page::PAGE;
use super::{Damaged, REACH, Result};

/// Takes what is unpacked.
pub(super) struct Sink<'a, U> {
    /// Is shown what it has not taken yet, of which it has seen the first so many before; tells how many it takes.
    pub(super) take: &'a mut (dyn FnMut(&[U], usize) -> Result<usize> + Send),
    /// Units of those there are that it has taken.
    pub(super) taken: usize,
    /// Units that it has been shown.
    pub(super) shown: usize,
}

/// Units behind which nothing that is unpacked later looks, and some more: no page that follows begins with the first.
const BEHIND: usize = REACH + PLACES;
/// Units are moved by wholes of so many, so that numbers stay on whole places.
const PLACES: usize = 64;

/// Units that must have room when pieces of so many are taken as wholes: two at a time, or two pages.
pub(super) fn room(piece: usize) -> Option<usize> {
    let more = piece.max(2 * PAGE);
    piece.checked_add(more)?.checked_add(BEHIND + PLACES)
}

impl<U: Copy> Sink<'_, U> {
    /// Hands over what is unpacked, and moves what is still needed to the front: how many units that are.
    pub(super) fn make_room(&mut self, units: &mut [U], len: usize) -> Result<usize> {
        self.show(&units[..len])?;
        let needed = self.taken.min(len.saturating_sub(BEHIND));
        let from = needed - needed % PLACES;
        units.copy_within(from..len, 0);
        self.taken -= from;
        self.shown -= from;
        Ok(len - from)
    }

    /// Hands over what is unpacked.
    pub(super) fn show(&mut self, units: &[U]) -> Result<()> {
        let seen = self.shown - self.taken;
        let taken = (self.take)(&units[self.taken..], seen)?;
        self.shown = units.len();
        self.taken = self.taken.checked_add(taken).ok_or(Damaged)?;
        if self.taken <= units.len() {
            Ok(())
        } else {
            Err(Damaged)
        }
    }
}
