//! PNG and TIFF: chunks and fields that lie, colours, packings.

use std::io::Write;

use flate2::{Compression, Crc, write::ZlibEncoder};
use raduet::error::Code;

use crate::{Door, Input};

const WIDTH: u32 = 4;
const HEIGHT: u32 = 3;

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A PNG of its head's fields (width, height, bits, colour, interlaced) and unpacked lines.
#[derive(Clone)]
struct Png {
    size: [u32; 2],
    bits: u8,
    colour: u8,
    interlaced: u8,
    /// Whole chunks between head and pixels.
    between: Vec<u8>,
    /// Packed.
    lines: Vec<u8>,
}

const GREY: u8 = 0;
const RGB: u8 = 2;
const INDEXED: u8 = 3;
const RGBA: u8 = 6;

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(name);
    bytes.extend(content);
    let mut sum = Crc::new();
    sum.update(&bytes[4..]);
    bytes.extend(sum.sum().to_be_bytes());
    bytes
}

impl Png {
    /// Lines of `line` bytes each, none filtered.
    fn new(bits: u8, colour: u8, line: &[u8]) -> Self {
        let lines: Vec<u8> = (0..HEIGHT).flat_map(|_| [&[0], line].concat()).collect();
        Self {
            size: [WIDTH, HEIGHT],
            bits,
            colour,
            interlaced: 0,
            between: Vec::new(),
            lines: zlib(&lines),
        }
    }

    fn sized(self, width: u32, height: u32) -> Self {
        Self {
            size: [width, height],
            ..self
        }
    }

    fn file(&self) -> Vec<u8> {
        let mut head: Vec<u8> = self.size.iter().flat_map(|n| n.to_be_bytes()).collect();
        head.extend([self.bits, self.colour, 0, 0, self.interlaced]);
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.extend(chunk(b"IHDR", &head));
        bytes.extend(&self.between);
        bytes.extend(chunk(b"IDAT", &self.lines));
        bytes.extend(chunk(b"IEND", b""));
        bytes
    }
}

/// Grey levels of 16 bits in the seven passes of Adam7: of each the first place and the steps, along x and y.
fn interlaced() -> Png {
    const PASSES: [[u32; 4]; 7] = [
        [0, 0, 8, 8],
        [4, 0, 8, 8],
        [0, 4, 4, 8],
        [2, 0, 4, 4],
        [0, 2, 2, 4],
        [1, 0, 2, 2],
        [0, 1, 1, 2],
    ];
    let mut lines = Vec::new();
    for [x, y, dx, dy] in PASSES {
        if x >= WIDTH {
            continue;
        }
        for row in (y..HEIGHT).step_by(usize::try_from(dy).unwrap()) {
            lines.push(0);
            for column in (x..WIDTH).step_by(usize::try_from(dx).unwrap()) {
                lines.extend(u16::try_from(1000 * row + column).unwrap().to_be_bytes());
            }
        }
    }
    Png {
        interlaced: 1,
        lines: zlib(&lines),
        ..Png::new(16, GREY, &[])
    }
}

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = png();
    inputs.extend(tiff());
    inputs
}

fn png() -> Vec<Input> {
    let bad = |name: &str, bytes: Vec<u8>, code, says| {
        Input::bad(
            Door::Image,
            &format!("PNG: {name}"),
            "x.png",
            bytes,
            code,
            says,
        )
    };
    let good =
        |name: &str, bytes| Input::good(Door::Image, &format!("PNG: {name}"), "x.png", bytes);
    let grey = Png::new(8, GREY, &[1, 2, 3, 4]);
    let whole = grey.file();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        bytes
    };
    let palette = Png {
        between: chunk(b"PLTE", &[0, 0, 0, 255, 0, 0, 0, 255, 0]),
        ..Png::new(8, INDEXED, &[0, 1, 2, 1])
    };
    let without_pixels = [&whole[..33], &whole[whole.len() - 12..]].concat();
    let few = Png {
        lines: zlib(&[0, 1, 2, 3, 4]),
        ..grey.clone()
    };
    let noise = Png {
        lines: vec![0x55; 40],
        ..grey.clone()
    };
    let line = |pixel: &[u8]| pixel.repeat(usize::try_from(WIDTH).unwrap());
    let coloured = line(&[9, 9, 8]);
    vec![
        bad(
            "the mark only",
            whole[..8].to_vec(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad(
            "half a head",
            whole[..20].to_vec(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad(
            "half its pixels",
            whole[..whole.len() - 20].to_vec(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad("another mark", flipped(1), Code::Corrupt, "damaged PNG"),
        bad(
            "a wrong checksum of the head",
            flipped(30),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad(
            "a wrong checksum of the pixels",
            flipped(whole.len() - 14),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad("no pixels", without_pixels, Code::Corrupt, "damaged PNG"),
        bad(
            "two of three lines missing",
            few.file(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad("packed noise", noise.file(), Code::Corrupt, "damaged PNG"),
        bad(
            "no columns",
            grey.clone().sized(0, 3).file(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad(
            "2147483647 columns",
            grey.clone().sized(i32::MAX.unsigned_abs(), 1).file(),
            Code::TooLarge,
            "bytes",
        ),
        bad(
            "60000 x 60000",
            grey.clone().sized(60000, 60000).file(),
            Code::TooLarge,
            "60000x60000",
        ),
        bad(
            "4000 x 4000 in a few bytes",
            grey.clone().sized(4000, 4000).file(),
            Code::Truncated,
            "too few packed bytes",
        ),
        bad(
            "colours above the budget",
            Png::new(8, RGBA, &line(&[1, 1, 1, 9]))
                .sized(2200, 2200)
                .file(),
            Code::TooLarge,
            "2200x2200x4",
        ),
        bad(
            "three bits",
            Png {
                bits: 3,
                ..grey.clone()
            }
            .file(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad(
            "a colour of no meaning",
            Png {
                colour: 5,
                ..grey.clone()
            }
            .file(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad(
            "16 bits a palette",
            Png {
                bits: 16,
                ..palette.clone()
            }
            .file(),
            Code::Corrupt,
            "damaged PNG",
        ),
        bad(
            "colours",
            Png::new(8, RGB, &coloured).file(),
            Code::Datatype,
            "a colour picture",
        ),
        bad(
            "colours of 16 bits",
            Png::new(16, RGB, &line(&[0, 9, 0, 9, 1, 9])).file(),
            Code::Datatype,
            "a colour picture",
        ),
        bad(
            "transparent colours",
            Png::new(8, RGBA, &line(&[9, 8, 9, 0])).file(),
            Code::Datatype,
            "a colour picture",
        ),
        good("grey", whole.clone()),
        good("bits", Png::new(1, GREY, &[0b1010_0000]).file()),
        good("16 bits", Png::new(16, GREY, &line(&[1, 200])).file()),
        good("16 bits, interlaced", interlaced().file()),
        good("a palette", palette.file()),
        good("equal colours", Png::new(8, RGB, &line(&[9, 9, 9])).file()),
        good(
            "equal transparent colours",
            Png::new(8, RGBA, &line(&[9, 9, 9, 0])).file(),
        ),
    ]
}

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

fn tiff() -> Vec<Input> {
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
