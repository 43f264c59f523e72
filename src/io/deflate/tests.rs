//! Streams of two writers against what they were made of, and damaged ones against zlib.

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::{DeflateEncoder, GzEncoder};
use libdeflater::{CompressionLvl, Compressor};
use proptest::collection::vec;
use proptest::prelude::*;
use std::array::IntoIter;
use std::io::{Read, Write};
use std::iter::Cycle;

use super::page::PAGE;
use super::*;

/// Numbers that look random, the same ones each time.
fn random(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 33
    })
}

/// Little-endian noise of so many levels in front of a background of zeros, as in an image.
fn image(bytes: usize, levels: u64) -> Vec<u8> {
    let rows = random(levels).flat_map(|n| (n % levels).to_le_bytes().into_iter().take(2));
    rows.enumerate()
        .map(|(i, byte)| if i % 1024 < 300 { 0 } else { byte })
        .take(bytes)
        .collect()
}

fn contents(bytes: usize) -> Vec<Vec<u8>> {
    let text = b"size zone, run length, grey level, co-occurrence; ";
    vec![
        vec![0; bytes],
        image(bytes, 3),
        image(bytes, 40),
        image(bytes, 300),
        image(bytes, 60_000),
        text.iter().copied().cycle().take(bytes).collect(),
        // Repetitions over one to nine bytes.
        (0..bytes).map(|i| (i % (1 + i / 500 % 9)) as u8).collect(),
        random(7).map(|n| n.ilog2() as u8).take(bytes).collect(),
    ]
}

fn by_zlib(content: &[u8], level: u32) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::new(level));
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn by_libdeflate(content: &[u8], level: i32) -> Vec<u8> {
    let mut writer = Compressor::new(CompressionLvl::new(level).unwrap());
    let mut packed = vec![0; writer.gzip_compress_bound(content.len())];
    let len = writer.gzip_compress(content, &mut packed).unwrap();
    packed.truncate(len);
    packed
}

/// Unpacks a stream by all threads: how many bytes it has.
fn inflate(packed: &[u8], unpacked: &mut [u8]) -> Result<usize> {
    let mut bits = Bits::at(packed, 0)?;
    let threads = pieces::threads(packed.len(), unpacked.len());
    pieces::unpack(&mut bits, unpacked, threads)?;
    Ok(bits.position().div_ceil(8))
}

/// What comes out on so many threads, which has to be what comes out of windows, at once and in pieces.
fn unpacked(packed: &[u8], len: usize, threads: usize) -> Result<Vec<u8>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let mut bytes = vec![0xaa; len];
    pool.unwrap().install(|| {
        let unpacked = unpack_member(packed, &mut bytes).map(|()| bytes);
        for unpacking in [Unpacking::Shared, Unpacking::Alone] {
            assert!(unpacked == through_window(packed, len, unpacking));
        }
        for piece in [1000, 100_000] {
            assert!(unpacked == in_pieces(packed, len, piece));
        }
        unpacked
    })
}

/// A stream that is had by little and little.
struct ByLittle<'a>(&'a [u8], Cycle<IntoIter<usize, 4>>);

impl<'a> ByLittle<'a> {
    fn new(packed: &'a [u8]) -> Self {
        Self(packed, [70_000, 1, 3, 100_000].into_iter().cycle())
    }
}

impl Read for ByLittle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = self.1.next().unwrap_or(1).min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

/// What comes out of a window.
fn through_window(packed: &[u8], len: usize, unpacking: Unpacking) -> Result<Vec<u8>> {
    let mut bytes = vec![0x55; len];
    let mut reader = ByLittle::new(packed);
    unpack_member_as_read(&mut reader, packed.len(), &mut bytes, unpacking)?;
    Ok(bytes)
}

/// What is taken in pieces of so many bytes, with what is left over in the end.
fn in_pieces(packed: &[u8], len: usize, piece: usize) -> Result<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), Vec::new());
    let mut reader = ByLittle::new(packed);
    unpack_member_to(&mut reader, packed.len(), piece, |shown| {
        let (pieces, left) = shown.split_at(shown.len() / piece * piece);
        bytes.extend_from_slice(pieces);
        rest = left.to_vec();
        Ok(pieces.len())
    })?;
    bytes.append(&mut rest);
    if bytes.len() == len {
        Ok(bytes)
    } else {
        Err(Damaged)
    }
}

#[test]
fn what_is_taken_decides_what_is_shown_again() {
    let content = image(900_000, 300);
    let packed = by_zlib(&content, 6);
    let unpack = |piece, take: &mut (dyn FnMut(&[u8]) -> Result<usize> + Send)| {
        unpack_member_to(&mut &packed[..], packed.len(), piece, take)
    };
    // All, at once or all but a part of a piece.
    for left in [0, 1, 700, 50_000] {
        let mut taken = 0;
        let mut shown_at_all = 0;
        let done = unpack(50_001, &mut |shown| {
            assert!(shown == &content[taken..taken + shown.len()]);
            let used = shown.len().saturating_sub(left);
            taken += used;
            shown_at_all = taken - used + shown.len();
            Ok(used)
        });
        assert_eq!(done, Ok(()));
        assert_eq!(shown_at_all, content.len());
    }
    // Nothing at all has no room, more than there is cannot be taken, and a taker's refusal is an end.
    assert_eq!(unpack(1000, &mut |_| Ok(0)), Err(Damaged));
    assert_eq!(unpack(1000, &mut |shown| Ok(shown.len() + 1)), Err(Damaged));
    assert_eq!(unpack(1000, &mut |_| Err(Damaged)), Err(Damaged));
    assert_eq!(unpack(usize::MAX / 2, &mut |_| Ok(0)), Err(Damaged));
}

#[test]
fn pieces_begin_on_places_of_eight_bytes() {
    let content = image(900_000, 300);
    let packed = by_zlib(&content, 6);
    let mut places = Vec::new();
    let done = unpack_member_to(&mut &packed[..], packed.len(), 70_000, |shown| {
        places.push(shown.as_ptr().addr() % 8);
        Ok(shown.len() / 70_000 * 70_000)
    });
    assert_eq!(done, Ok(()));
    assert!(
        places.len() > 3 && places.iter().all(|place| *place == places[0]),
        "{places:?}"
    );
}

#[test]
fn streams_of_every_level_unpack_to_what_they_were_made_of() {
    for bytes in [
        0,
        1,
        2,
        300,
        PAGE - 1,
        PAGE,
        PAGE + 1,
        2 * PAGE + 77,
        700_001,
    ] {
        for (kind, content) in contents(bytes).iter().enumerate() {
            for level in 0..=9 {
                let packed = by_zlib(content, level);
                let again = unpacked(&packed, bytes, 1).unwrap();
                assert!(
                    again == *content,
                    "zlib {level}, kind {kind}, {bytes} bytes"
                );
            }
            for level in [0, 1, 4, 7, 10, 12] {
                let packed = by_libdeflate(content, level);
                let again = unpacked(&packed, bytes, 1).unwrap();
                assert!(
                    again == *content,
                    "libdeflate {level}, kind {kind}, {bytes} bytes"
                );
            }
        }
    }
}

#[test]
fn many_threads_give_the_same_bytes_as_one() {
    let content = image(5_000_001, 200);
    for packed in [
        by_zlib(&content, 1),
        by_zlib(&content, 6),
        by_libdeflate(&content, 6),
        by_zlib(&content, 0),
    ] {
        for threads in [1, 2, 3, 4, 8] {
            let again = unpacked(&packed, content.len(), threads).unwrap();
            assert!(again == content, "{threads} threads");
        }
    }
}

#[test]
fn a_block_longer_than_the_view_is_unpacked() {
    // One block of words of eight bits, longer than two threads have in view at once, and a short one.
    let literals: Vec<u8> = random(3)
        .map(|n| (n >> 40) as u8 % 144)
        .take(3 << 20)
        .collect();
    let block = ByHand::default().number(0b010, 3);
    let block = literals.iter().fold(block, |block, &literal| {
        block.word(0x30 + u32::from(literal), 8)
    });
    let block = block.word(0, 7).number(0b011, 3).word(0x30, 8).word(0, 7);
    let content = [&literals[..], &[0]].concat();
    let mut packed = by_zlib(b"", 6)[..10].to_vec();
    packed.extend(&block.bytes);
    packed.extend(crc32fast::hash(&content).to_le_bytes());
    packed.extend((content.len() as u32).to_le_bytes());
    for threads in [1, 2, 4] {
        let again = unpacked(&packed, content.len(), threads).unwrap();
        assert!(again == content, "{threads} threads");
    }
}

#[test]
fn many_threads_see_damage_as_one_does() {
    let content = image(1_500_000, 200);
    let whole = by_zlib(&content, 6);
    let mut numbers = random(3);
    for _ in 0..40 {
        let mut packed = whole.clone();
        let place = numbers.next().unwrap() as usize % packed.len();
        packed[place] ^= 1 << (numbers.next().unwrap() % 8);
        let stream = member(&packed).unwrap_or_default();
        let [one, four] = [1, 4].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let mut bytes = vec![0; content.len()];
            let end = pool.unwrap().install(|| inflate(stream, &mut bytes));
            end.map(|end| (end, bytes))
        });
        assert!(one == four, "byte {place}");
    }
}

#[test]
fn fields_of_a_header_are_passed_over() {
    let content = image(5000, 20);
    let plain = by_zlib(&content, 6);
    let fields: [(u8, &[u8]); 5] = [
        (4, &[3, 0, 1, 2, 3]),
        (8, b"image.nii\0"),
        (16, b"a comment\0"),
        (2, &[0x12, 0x34]),
        (1, &[]),
    ];
    // Each alone, then all, in their order.
    let alone = fields.map(|(flag, field)| (flag, field.to_vec()));
    let all = (
        31,
        fields
            .iter()
            .flat_map(|(_, field)| field.to_vec())
            .collect(),
    );
    for (flags, field) in alone.into_iter().chain([all]) {
        let mut packed = plain[..10].to_vec();
        packed[3] = flags;
        packed.extend(field);
        let cut = packed.len();
        packed.extend(&plain[10..]);
        assert!(
            unpacked(&packed, content.len(), 1).unwrap() == content,
            "{flags}"
        );
        assert_eq!(unpacked(&packed[..cut], content.len(), 1), Err(Damaged));
    }
    for (place, value) in [(0, 0), (1, 0), (2, 7), (3, 0x20), (3, 0x80)] {
        let mut packed = plain.clone();
        packed[place] = value;
        assert_eq!(unpacked(&packed, content.len(), 1), Err(Damaged));
    }
}

#[test]
fn another_size_or_checksum_or_anything_behind_is_refused() {
    let content = image(100_000, 20);
    let packed = by_zlib(&content, 6);
    // More or fewer packed bytes than were told.
    for (told, fits) in [(0, true), (1, false), (-1, false)] {
        let told = packed.len().checked_add_signed(told).unwrap();
        let mut bytes = vec![0; content.len()];
        for unpacking in [Unpacking::Shared, Unpacking::Alone] {
            let done = unpack_member_as_read(&mut &packed[..], told, &mut bytes, unpacking);
            assert_eq!(done.is_ok(), fits, "{told}");
        }
    }
    for len in [
        0,
        1,
        content.len() - 1,
        content.len() + 1,
        2 * content.len(),
    ] {
        assert_eq!(unpacked(&packed, len, 1), Err(Damaged));
    }
    for place in 1..=8 {
        let mut packed = packed.clone();
        let place = packed.len() - place;
        packed[place] ^= 1;
        assert_eq!(unpacked(&packed, content.len(), 1), Err(Damaged));
    }
    for cut in 0..packed.len() {
        let cut = cut - cut % 97;
        assert_eq!(unpacked(&packed[..cut], content.len(), 1), Err(Damaged));
    }
    let two = [&packed[..], &packed[..]].concat();
    assert_eq!(unpacked(&two, content.len(), 1), Err(Damaged));
    let more = [&packed[..], &[0]].concat();
    assert_eq!(unpacked(&more, content.len(), 1), Err(Damaged));
}

/// A stream written by hand, the lowest bit of each number first; codes of words the other way round.
#[derive(Default)]
struct ByHand {
    bytes: Vec<u8>,
    bits: usize,
}

impl ByHand {
    fn number(mut self, value: u32, bits: usize) -> Self {
        for i in 0..bits {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = u64::from(value) >> i & 1;
            *self.bytes.last_mut().unwrap() |= (bit as u8) << (self.bits % 8);
            self.bits += 1;
        }
        self
    }

    fn word(self, value: u32, bits: usize) -> Self {
        self.number(value.reverse_bits() >> (32 - bits), bits)
    }

    fn unpack(&self, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        inflate(&self.bytes, &mut bytes).map(|_| bytes)
    }
}

/// The beginning of a last block with the codes that everyone knows.
fn fixed() -> ByHand {
    ByHand::default().number(0b011, 3)
}

#[test]
fn a_repetition_from_before_the_beginning_is_refused() {
    // `a`, three bytes from one before, the end: `aaaa`.
    let one = fixed().word(0x30 + 97, 8).word(1, 7).word(0, 5).word(0, 7);
    assert_eq!(one.unpack(4), Ok(b"aaaa".to_vec()));
    // From two before: there is one only.
    let two = fixed().word(0x30 + 97, 8).word(1, 7).word(1, 5).word(0, 7);
    assert_eq!(two.unpack(4), Err(Damaged));
    // The farthest distance.
    let far = fixed()
        .word(0x30 + 97, 8)
        .word(1, 7)
        .word(29, 5)
        .number(8191, 13)
        .word(0, 7);
    assert_eq!(far.unpack(4), Err(Damaged));
    // Distance symbols 30 and 31, length symbols 286 and 287 stand for nothing.
    for symbol in [30, 31] {
        let none = fixed()
            .word(0x30 + 97, 8)
            .word(1, 7)
            .word(symbol, 5)
            .word(0, 7);
        assert_eq!(none.unpack(4), Err(Damaged));
    }
    for word in [0b1100_0110, 0b1100_0111] {
        let none = fixed()
            .word(0x30 + 97, 8)
            .word(word, 8)
            .word(0, 5)
            .word(0, 7);
        assert_eq!(none.unpack(4), Err(Damaged));
    }
}

#[test]
fn blocks_that_are_none_are_refused() {
    // The fourth kind of block; a stored one whose lengths differ; one that is cut off.
    assert_eq!(ByHand::default().number(0b111, 3).unpack(0), Err(Damaged));
    let stored = |len, again| {
        ByHand::default()
            .number(0b001, 8)
            .number(len, 16)
            .number(again, 16)
    };
    assert_eq!(stored(0, 0xffff).unpack(0), Ok(Vec::new()));
    assert_eq!(stored(0, 0xfffe).unpack(0), Err(Damaged));
    assert_eq!(stored(1, 0xfffe).unpack(1), Err(Damaged));
    assert_eq!(stored(1, 0xfffe).number(7, 8).unpack(1), Ok(vec![7]));
    // Codes of its own: with 287 symbols, with 31 distances, and with lengths that begin by repeating the last.
    let own = |symbols, distances| {
        ByHand::default()
            .number(0b101, 3)
            .number(symbols, 5)
            .number(distances, 5)
    };
    assert_eq!(
        own(30, 0).number(15, 4).number(0, 64).unpack(0),
        Err(Damaged)
    );
    assert_eq!(
        own(0, 30).number(15, 4).number(0, 64).unpack(0),
        Err(Damaged)
    );
    // Words of one bit for `repeat` (16) and for `none` (17).
    let lengths = own(0, 0)
        .number(0, 4)
        .number(1, 3)
        .number(1, 3)
        .number(0, 6);
    assert_eq!(lengths.word(0, 1).number(0, 64).unpack(0), Err(Damaged));
}

#[test]
fn tables_tell_what_words_say_bit_by_bit() {
    // Codes with words of all lengths, short ones for literals or for repetitions.
    let steps = |first: usize| {
        let mut lengths = [0_u8; 286];
        for (i, len) in (1..=15).enumerate() {
            lengths[(first + 17 * i) % 286] = len;
        }
        lengths[tables::END] = 15;
        lengths
    };
    for first in [0, 100, 257, 265] {
        let mut lengths = steps(first);
        // As many words of fifteen bits as a code has room for.
        let taken: u32 = lengths
            .iter()
            .filter(|&&len| len > 0)
            .map(|&len| 1 << (15 - len))
            .sum();
        let free = lengths.iter().position(|&len| len == 0).unwrap();
        lengths[free] = if taken < 1 << 15 { 15 } else { 0 };
        let distances = [
            2, 2, 3, 3, 4, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15,
        ];
        let mut tables = tables::Tables::new();
        tables.set(&lengths, &distances).unwrap();
        let mut numbers = random(first as u64);
        for _ in 0..20_000 {
            let held = numbers.next().unwrap() << 31 ^ numbers.next().unwrap();
            let bytes = held.to_le_bytes();
            let mut bits = bits::Bits::at(&bytes, 0).unwrap();
            let symbol = tables.code.read(&mut bits).unwrap();
            let (usual, mut entry) = tables.usual(held);
            let long = entry.kind() == tables::Kind::Long;
            if long {
                entry = tables.long_symbol(entry, held);
            }
            let takes = match symbol {
                0..256 => {
                    assert_eq!(entry.kind(), tables::Kind::Literal);
                    assert_eq!(usize::from(entry.bytes()[0]), symbol);
                    if entry.count() == 2 {
                        let second = tables.code.read(&mut bits).unwrap();
                        assert_eq!(usize::from(entry.bytes()[1]), second);
                    }
                    assert_eq!(long, usual == 0);
                    usize::from(entry.words())
                }
                _ if entry.kind() == tables::Kind::Repetition => {
                    let (len, more) = tables::length(symbol - 257).unwrap();
                    let added = bits.take(more.into()).unwrap();
                    assert_eq!(entry.count(), usize::from(len) + added as usize);
                    let symbol = tables.distance_code.read(&mut bits).unwrap();
                    assert_eq!(usize::from(entry.words()), bits.position());
                    let (distance, more) = tables::distance(symbol).unwrap();
                    assert!(usize::from(distance) >= entry.count());
                    let added = bits.take(more.into()).unwrap() as usize;
                    assert_eq!(entry.value(held), usize::from(distance) + added);
                    // So that eleven of 56 bits are left behind two.
                    assert!((1..=22).contains(&usual));
                    usize::from(usual)
                }
                tables::END => {
                    assert_eq!(entry.kind(), tables::Kind::End);
                    assert_eq!(usual, 0);
                    usize::from(entry.taken())
                }
                _ => {
                    assert_eq!(entry.kind(), tables::Kind::Length);
                    assert_eq!(usual, 0);
                    let (len, more) = tables::length(symbol - 257).unwrap();
                    let added = bits.take(more.into()).unwrap() as usize;
                    assert_eq!(entry.value(held), usize::from(len) + added);
                    usize::from(entry.taken())
                }
            };
            assert_eq!(takes, bits.position());
        }
    }
}

/// Streams tried: about a second's worth, or a hundred times as many.
fn cases() -> u32 {
    let some = if cfg!(debug_assertions) { 200 } else { 4000 };
    match std::env::var_os("RADUET_FULL_TESTS") {
        Some(_) => 100 * some,
        None => some,
    }
}

/// A stream unpacks to so many bytes, or is refused, with us as with zlib.
fn as_zlib_has_it(packed: &[u8], bytes: usize) -> std::result::Result<(), TestCaseError> {
    let mut ours = vec![0; bytes];
    let end = inflate(packed, &mut ours);
    let mut theirs = Vec::new();
    // One byte more would be too many.
    let limit = bytes as u64 + 1;
    let mut reader = DeflateDecoder::new(packed).take(limit);
    let whole = reader.read_to_end(&mut theirs).is_ok() && theirs.len() == bytes;
    prop_assert_eq!(end.is_ok(), whole);
    if whole {
        prop_assert_eq!(ours, theirs);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// What is damaged is refused, or unpacks as zlib has it; nothing panics.
    #[test]
    fn damage_is_refused_or_harmless(
        levels in 1_u64..300,
        bytes in 0_usize..9000,
        level in 0_u32..10,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let content = image(bytes, levels);
        let mut writer = DeflateEncoder::new(Vec::new(), Compression::new(level));
        writer.write_all(&content).unwrap();
        let mut packed = writer.finish().unwrap();
        for (place, value) in damage {
            let place = place.index(packed.len());
            packed[place] ^= value;
        }
        as_zlib_has_it(&packed, bytes)?;
    }

    /// So are streams of any bytes.
    #[test]
    fn any_bytes_are_refused_or_unpack_as_zlib_has_it(
        packed in vec(any::<u8>(), 0..400),
        bytes in 0_usize..2000,
    ) {
        as_zlib_has_it(&packed, bytes)?;
    }
}
