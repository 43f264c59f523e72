//! TIFF: fields that lie, colours, packings, pages.

use raduet::error::Code;

use crate::{Door, Input};

const WIDTH: u32 = 4;
const HEIGHT: u32 = 3;

/// Fields of a page: tag, type, count, value.
type Field = (u16, u16, u32, u32);

const SHORT: u16 = 3;
const LONG: u16 = 4;
/// Where the pixels stand.
const DATA: u32 = 8;

/// A page of one strip of 8-bit grey levels.
fn page() -> Vec<Field> {
    vec![
        (256, LONG, 1, WIDTH),
        (257, LONG, 1, HEIGHT),
        (258, SHORT, 1, 8),
        (259, SHORT, 1, 1),
        (262, SHORT, 1, 1),
        (273, LONG, 1, DATA),
        (277, SHORT, 1, 1),
        (278, LONG, 1, HEIGHT),
        (279, LONG, 1, WIDTH * HEIGHT),
    ]
}

/// A page with other values of some tags, or more tags.
fn with(changes: &[Field]) -> Vec<Field> {
    let mut fields = page();
    for change in changes {
        fields.retain(|field| field.0 != change.0);
        fields.push(*change);
    }
    fields.sort_unstable();
    fields
}

fn without(tag: u16) -> Vec<Field> {
    page().into_iter().filter(|field| field.0 != tag).collect()
}

/// A file of pages behind 96 bytes of pixels; the last names the next page at `then`.
fn pages(pages: &[Vec<Field>], then: u32) -> Vec<u8> {
    let mut bytes = b"II*\0".to_vec();
    bytes.extend((DATA + 96).to_le_bytes());
    bytes.extend(0..96_u8);
    for (at, fields) in pages.iter().enumerate() {
        bytes.extend(u16::try_from(fields.len()).unwrap().to_le_bytes());
        for (tag, kind, count, value) in fields {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        let behind = u32::try_from(bytes.len()).unwrap() + 4;
        let next = if at + 1 == pages.len() { then } else { behind };
        bytes.extend(next.to_le_bytes());
    }
    bytes
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
pub(crate) fn inputs() -> Vec<Input> {
    let bad = |name: &str, bytes: Vec<u8>, code, says| {
        Input::bad(
            Door::Image,
            &format!("TIFF: {name}"),
            "x.tif",
            bytes,
            code,
            says,
        )
    };
    let good =
        |name: &str, bytes| Input::good(Door::Image, &format!("TIFF: {name}"), "x.tif", bytes);
    let one = |changes: &[Field]| pages(&[with(changes)], 0);
    // One strip of all rows.
    let size = |width, height| {
        [
            (256, LONG, 1, width),
            (257, LONG, 1, height),
            (278, LONG, 1, height),
        ]
    };
    let bits = |bits| (258, SHORT, 1, bits);
    let sample = |format| (339, SHORT, 1, format);
    let whole = pages(&[page()], 0);
    let mut marked = whole.clone();
    marked[2] = 7;
    let colours = [(258, SHORT, 1, 8), (262, SHORT, 1, 2), (277, SHORT, 1, 3)];
    let tiles: Vec<Field> = with(&[
        (322, LONG, 1, 1 << 30),
        (323, LONG, 1, 1 << 30),
        (324, LONG, 1, DATA),
        (325, LONG, 1, 12),
    ])
    .into_iter()
    .filter(|field| !matches!(field.0, 273 | 278 | 279))
    .collect();
    let doubles = [size(1500, 1500).to_vec(), vec![bits(64), sample(3)]].concat();
    let second = with(&[(256, LONG, 1, 2), (279, LONG, 1, 6)]);
    vec![
        bad(
            "the mark only",
            whole[..4].to_vec(),
            Code::Corrupt,
            "damaged TIFF",
        ),
        bad(
            "a place of no page",
            whole[..8].to_vec(),
            Code::Corrupt,
            "damaged TIFF",
        ),
        bad(
            "half a page",
            whole[..150].to_vec(),
            Code::Corrupt,
            "damaged TIFF",
        ),
        bad("another mark", marked, Code::Corrupt, "damaged TIFF"),
        bad(
            "no width",
            pages(&[without(256)], 0),
            Code::Corrupt,
            "damaged TIFF",
        ),
        bad(
            "no place of pixels",
            pages(&[without(273)], 0),
            Code::Corrupt,
            "damaged TIFF",
        ),
        bad(
            "no columns",
            one(&size(0, 3)),
            Code::Corrupt,
            "invalid dimensions: 0x3",
        ),
        bad(
            "a billion squared",
            one(&size(1_000_000_000, 1_000_000_000)),
            Code::TooLarge,
            "1000000000x1000000000",
        ),
        bad(
            "4000 x 4000 in a few bytes",
            one(&size(4000, 4000)),
            Code::Truncated,
            "4000x4000",
        ),
        bad(
            "18 MB of doubles",
            one(&doubles),
            Code::TooLarge,
            "1500x1500x1",
        ),
        bad(
            "tiles of a billion",
            pages(&[tiles], 0),
            Code::Corrupt,
            "TIFF",
        ),
        bad(
            "pixels beyond the file",
            one(&[(273, LONG, 1, 1 << 30)]),
            Code::Corrupt,
            "damaged TIFF",
        ),
        bad(
            "a strip of 4 GB",
            one(&[(279, LONG, 1, u32::MAX), (259, SHORT, 1, 5)]),
            Code::TooLarge,
            "unpacks to more than allowed",
        ),
        bad(
            "a field of a billion",
            one(&[(273, LONG, 1 << 30, DATA)]),
            Code::TooLarge,
            "unpacks to more than allowed",
        ),
        bad("colours", one(&colours), Code::Datatype, "RGB"),
        bad(
            "a palette",
            one(&[(262, SHORT, 1, 3)]),
            Code::Datatype,
            "grey levels",
        ),
        bad("12 bits", one(&[bits(12)]), Code::Datatype, "12 bits"),
        bad(
            "an unknown packing",
            one(&[(259, SHORT, 1, 9999)]),
            Code::Datatype,
            "Unknown(9999)",
        ),
        bad(
            "a packing for faxes",
            one(&[(259, SHORT, 1, 4)]),
            Code::Datatype,
            "Fax4",
        ),
        bad(
            "LZW of noise",
            one(&[(259, SHORT, 1, 5)]),
            Code::Corrupt,
            "TIFF",
        ),
        bad(
            "deflated noise",
            one(&[(259, SHORT, 1, 8)]),
            Code::Corrupt,
            "TIFF",
        ),
        bad(
            "a page that comes again",
            pages(&[page()], DATA + 96),
            Code::Corrupt,
            "TIFF",
        ),
        bad(
            "the next page beyond the file",
            pages(&[page()], 1 << 30),
            Code::Corrupt,
            "TIFF",
        ),
        bad(
            "pages of two sizes",
            pages(&[page(), second], 0),
            Code::Ndim,
            "pages of 4x3 and of 2x3",
        ),
        bad(
            "pages of two types",
            pages(&[page(), with(&[bits(16), (279, LONG, 1, 24)])], 0),
            Code::Datatype,
            "several types",
        ),
        good("grey", whole),
        // Plain pixels are as many as the size says; some programs count a strip's bytes wrongly.
        good(
            "two bytes of pixels by their count",
            one(&[(279, LONG, 1, 2)]),
        ),
        good("two pages", pages(&[page(), page()], 0)),
        good(
            "16 bits with a sign",
            one(&[bits(16), sample(2), (279, LONG, 1, 24)]),
        ),
        good("doubles", one(&[bits(64), sample(3), (279, LONG, 1, 96)])),
    ]
}
