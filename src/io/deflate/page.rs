//! The loop over symbols. It works inside a page, a stretch of fixed size of what is being unpacked: places in it
//! are masked, so that none has to be compared with an end.

use std::hint::select_unpredictable;

use bytemuck::{Pod, cast};

use super::bits::{Bits, Near};
use super::tables::{Entry, Kind, Tables};
use super::{Damaged, Result};

/// Units that places lie in.
const PLACES: usize = 1 << 16;
/// Units of a page: twice eight can be copied from and to each place.
pub(super) const PAGE: usize = PLACES + 2 * EIGHT;
/// Repetitions that are worth a call.
const LONG: usize = 64;
/// Units copied at once.
const EIGHT: usize = 8;
/// Nothing begins behind this place: the longest repetition, copied by eights, ends within the page.
const LAST: usize = PLACES - 258 - 2 * EIGHT;
/// With fewer units to the end of a page, it is full.
pub(super) const FULL: usize = PAGE - LAST;

/// What a byte is unpacked to.
pub(super) trait Unit: Pod + PartialEq {
    /// Eight of them.
    type Eight: Pod;

    /// Two literals, and six of whatever.
    fn literals(literals: [u8; 2]) -> Self::Eight;

    fn literal(literal: u8) -> Self;
}

impl Unit for u8 {
    type Eight = u64;

    #[inline(always)]
    fn literals(literals: [u8; 2]) -> u64 {
        u64::from(u16::from_le_bytes(literals)).to_le()
    }

    #[inline(always)]
    fn literal(literal: u8) -> u8 {
        literal
    }
}

impl Unit for u16 {
    type Eight = u128;

    #[inline(always)]
    fn literals([first, second]: [u8; 2]) -> u128 {
        let (first, second) = (u128::from(first), u128::from(second));
        if cfg!(target_endian = "little") {
            first | second << 16
        } else {
            first << 112 | second << 96
        }
    }

    #[inline(always)]
    fn literal(literal: u8) -> u16 {
        literal.into()
    }
}

/// How far what is unpacked goes back in front of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing stands before the page: repetitions may reach too far.
    Nothing,
    /// As much stands there, or in the page, as a repetition reaches.
    Enough,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The block did.
    Block,
    /// The page is full, or fewer than eight packed bytes follow.
    Room,
}

/// Unpacks symbols from `at` on, until the block ends or little room is left.
///
/// # Errors
/// [`Damaged`]: no word, or a repetition from before the beginning.
pub(super) fn unpack<U: Unit>(
    bits: &mut Bits<'_>,
    page: &mut [U; PAGE],
    at: &mut usize,
    before: Before,
    tables: &Tables,
) -> Result<Ended> {
    match before {
        Before::Nothing => symbols::<U, true>(bits, page, at, tables),
        Before::Enough => symbols::<U, false>(bits, page, at, tables),
    }
}

fn symbols<U: Unit, const CHECKED: bool>(
    bits: &mut Bits<'_>,
    page: &mut [U; PAGE],
    at: &mut usize,
    tables: &Tables,
) -> Result<Ended> {
    // Nothing whose address goes elsewhere: all of it stays in registers.
    let mut near = bits.near();
    let mut place = *at;
    let ended = 'page: loop {
        if place > LAST || !near.refill() {
            break Ended::Room;
        }
        let (mut taken, mut entry) = tables.usual(near.held);
        while taken != 0 {
            place += usual::<U, CHECKED>(near.held, page, place, entry)?;
            near.skip(taken);
            (taken, entry) = tables.usual(near.held);
            if taken == 0 {
                // A rare symbol may take 48 bits, as two usual ones.
                if !near.refill() {
                    break 'page Ended::Room;
                }
                break;
            }
            place += usual::<U, CHECKED>(near.held, page, place, entry)?;
            near.skip(taken);
            // Looked up before more is held: the way from one look to the next does not lead through the packed bytes.
            (taken, entry) = tables.usual(near.held);
            if place > LAST || !near.refill() {
                break 'page Ended::Room;
            }
        }
        let (behind, next) = rare::<U, CHECKED>(near, page, place, entry, tables)?;
        near = behind;
        match next {
            Some(next) => place = next,
            None => break Ended::Block,
        }
    };
    let reached = near.reached();
    bits.set(reached);
    *at = place;
    Ok(ended)
}

/// A rare symbol: the place behind it in the stream, and the next one in the page unless the block ends. Both come
/// and go by value, so that the loop's own stay in registers.
#[inline(always)]
fn rare<'a, 't, U: Unit, const CHECKED: bool>(
    mut near: Near<'a>,
    page: &mut [U; PAGE],
    place: usize,
    mut entry: &'t Entry,
    tables: &'t Tables,
) -> Result<(Near<'a>, Option<usize>)> {
    if entry.kind() == Kind::Long {
        entry = tables.long_symbol(entry, near.held);
    }
    match entry.kind() {
        Kind::Length => {}
        Kind::Literal => {
            page[place] = U::literal(entry.bytes()[0]);
            near.skip(entry.words());
            return Ok((near, Some(place + 1)));
        }
        Kind::End => {
            near.skip(entry.taken());
            return Ok((near, None));
        }
        Kind::Repetition | Kind::Long | Kind::None => return Err(Damaged),
    }
    let len = entry.value(near.held);
    near.skip(entry.taken());
    let entry = tables.distance(near.held);
    if entry.kind() != Kind::Repetition {
        return Err(Damaged);
    }
    let distance = entry.value(near.held);
    near.skip(entry.taken());
    if CHECKED && distance > place {
        return Err(Damaged);
    }
    repeat(page, place, distance, len);
    Ok((near, Some(place + len)))
}

/// One or two literals, or a repetition of at most sixteen: how many. Sixteen units are written in any case.
#[inline(always)]
fn usual<U: Unit, const CHECKED: bool>(
    held: u64,
    page: &mut [U; PAGE],
    place: usize,
    entry: &Entry,
) -> Result<usize> {
    let repeats = entry.repeats();
    let distance = entry.value(held);
    if CHECKED && repeats && distance > place {
        return Err(Damaged);
    }
    let from = place.wrapping_sub(distance) % PLACES;
    let (first, second) = (load(page, from), load(page, from + EIGHT));
    let literals = U::literals(entry.bytes());
    // Which of the two is a coin's toss in noise, so it had better be no branch.
    let first = select_unpredictable(repeats, first, literals);
    let place = place % PLACES;
    store(page, place, first);
    store(page, place + EIGHT, second);
    Ok(entry.count())
}

/// Writes `len` units again that stand `distance` before `place`, and up to seven more.
#[inline]
fn repeat<U: Unit>(page: &mut [U; PAGE], place: usize, distance: usize, len: usize) {
    if distance >= len && len > LONG {
        let from = place - distance;
        page.copy_within(from..from + len, place);
        return;
    }
    if distance >= EIGHT {
        for step in (0..len).step_by(EIGHT) {
            let eight = load(page, (place + step).wrapping_sub(distance) % PLACES);
            store(page, (place + step) % PLACES, eight);
        }
        return;
    }
    if distance == 1 && len > LONG {
        let unit = page[place - 1];
        page[place..place + len].fill(unit);
        return;
    }
    // The units between repeat by themselves: as many wholes of them as fit into eight.
    let from = place.wrapping_sub(distance);
    let (within, step) = WHOLES[distance];
    let eight = within.map(|i| page[from.wrapping_add(i) % PLACES]);
    for behind in (0..len).step_by(step) {
        store(page, (place + behind) % PLACES, cast(eight));
    }
}

/// Where each of eight units stands in what repeats itself, and how many of the eight are wholes, by distance.
static WHOLES: [([usize; EIGHT], usize); EIGHT] = {
    let mut wholes = [([0; EIGHT], EIGHT); EIGHT];
    let mut distance = 1;
    while distance < EIGHT {
        let mut i = 0;
        while i < EIGHT {
            wholes[distance].0[i] = i % distance;
            i += 1;
        }
        wholes[distance].1 = EIGHT - EIGHT % distance;
        distance += 1;
    }
    wholes
};

#[inline(always)]
fn load<U: Unit>(page: &[U; PAGE], place: usize) -> U::Eight {
    let mut eight = [U::zeroed(); EIGHT];
    eight.copy_from_slice(&page[place..place + EIGHT]);
    cast(eight)
}

#[inline(always)]
fn store<U: Unit>(page: &mut [U; PAGE], place: usize, eight: U::Eight) {
    let eight: [U; EIGHT] = cast(eight);
    page[place..place + EIGHT].copy_from_slice(&eight);
}
