//! PNG: chunks that lie, colours, packings.

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

fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
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
        bytes.extend(chunk(*b"IHDR", &head));
        bytes.extend(&self.between);
        bytes.extend(chunk(*b"IDAT", &self.lines));
        bytes.extend(chunk(*b"IEND", b""));
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

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
pub(crate) fn inputs() -> Vec<Input> {
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
        between: chunk(*b"PLTE", &[0, 0, 0, 255, 0, 0, 0, 255, 0]),
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
