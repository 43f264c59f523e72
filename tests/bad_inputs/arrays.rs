//! NumPy's arrays, and archives of them.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder};
use raduet::error::Code;

use crate::{Door, Input};

/// A file of version 1 with a header, and numbers behind it.
fn array(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn described(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
    array(&header, data)
}

/// 2 x 3 x 4 numbers of 16 bits.
fn plain() -> Vec<u8> {
    described("'<i2'", "False", "(2, 3, 4)", &numbers())
}

fn numbers() -> Vec<u8> {
    (0..24_i16).flat_map(i16::to_le_bytes).collect()
}

pub(crate) fn inputs() -> Vec<Input> {
    let mut inputs = arrays();
    inputs.extend(archives());
    inputs
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn arrays() -> Vec<Input> {
    let bad = |name: &str, bytes: Vec<u8>, code, says| {
        Input::bad(
            Door::Image,
            &format!("npy: {name}"),
            "x.npy",
            bytes,
            code,
            says,
        )
    };
    let good =
        |name: &str, bytes| Input::good(Door::Image, &format!("npy: {name}"), "x.npy", bytes);
    let kind = |descr: &str| described(descr, "False", "(2, 3, 4)", &numbers());
    let shape = |shape: &str| described("'<i2'", "False", shape, &numbers());
    let whole = plain();
    let mut other = whole.clone();
    other[5] = b'X';
    let mut version = whole.clone();
    version[6] = 9;
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(2_000_000_000_u32.to_le_bytes());
    let mut no_text = whole.clone();
    no_text[12] = 0xff;
    let mut lying = whole.clone();
    lying[8] = 255;
    lying[9] = 255;
    vec![
        bad(
            "the mark only",
            whole[..6].to_vec(),
            Code::Truncated,
            "6 bytes of a NumPy header",
        ),
        bad(
            "half a header",
            whole[..40].to_vec(),
            Code::Truncated,
            "40 bytes of a NumPy header",
        ),
        bad(
            "half its numbers",
            whole[..whole.len() - 24].to_vec(),
            Code::Truncated,
            "24 of 48",
        ),
        bad("another mark", other, Code::Header, "no NumPy array"),
        bad("version 9", version, Code::Header, "format version 9"),
        bad(
            "a header of 2 GB",
            long,
            Code::Header,
            "a header of 2000000000 bytes",
        ),
        bad(
            "a header longer than the file",
            lying,
            Code::Truncated,
            "NumPy header",
        ),
        bad("a header that is no text", no_text, Code::Header, "no text"),
        bad(
            "a file that ends with its length",
            array("", b""),
            Code::Truncated,
            "10 bytes of a NumPy header",
        ),
        bad(
            "no shape",
            array("{'descr': '<i2', 'fortran_order': False}", &numbers()),
            Code::Header,
            "no entry 'shape'",
        ),
        bad(
            "an order of neither kind",
            described("'<i2'", "Maybe", "(2, 3, 4)", &numbers()),
            Code::Header,
            "neither True nor False",
        ),
        bad(
            "objects",
            kind("'|O'"),
            Code::Datatype,
            "a pickle, which may run code",
        ),
        bad(
            "records",
            kind("[('a', '<i4'), ('b', '<f8')]"),
            Code::Datatype,
            "numbers of type",
        ),
        bad("complex numbers", kind("'<c8'"), Code::Datatype, "'<c8'"),
        bad("half floats", kind("'<f2'"), Code::Datatype, "'<f2'"),
        bad("letters", kind("'<U3'"), Code::Datatype, "'<U3'"),
        bad(
            "a negative size",
            shape("(2, -3, 4)"),
            Code::Header,
            "shape (2, -3, 4)",
        ),
        bad(
            "a size in words",
            shape("(2, three, 4)"),
            Code::Header,
            "shape (2, three, 4)",
        ),
        bad(
            "no bracket",
            shape("2, 3, 4"),
            Code::Header,
            "shape 2, 3, 4",
        ),
        bad(
            "an axis of nothing",
            shape("(2, 0, 4)"),
            Code::Header,
            "an axis without voxels",
        ),
        bad(
            "sizes that overflow",
            shape("(4294967296, 4294967296, 4294967296)"),
            Code::Header,
            "more bytes than can be counted",
        ),
        bad(
            "a size beyond 64 bits",
            shape("(99999999999999999999999,)"),
            Code::Header,
            "shape (99",
        ),
        bad(
            "8 billion numbers",
            shape("(2000, 2000, 2000)"),
            Code::TooLarge,
            "2000x2000x2000",
        ),
        bad(
            "more than the file holds",
            shape("(2, 3, 400)"),
            Code::Truncated,
            "48 of 4800",
        ),
        bad(
            "nine axes",
            shape("(1, 1, 1, 1, 1, 1, 2, 3, 4)"),
            Code::Ndim,
            "more than eight axes",
        ),
        bad(
            "two volumes",
            shape("(2, 1, 3, 4)"),
            Code::Ndim,
            "2 volumes",
        ),
        good("plain", whole),
        good(
            "Fortran order",
            described("'<i2'", "True", "(2, 3, 4)", &numbers()),
        ),
        good("the other byte order", kind("'>i2'")),
        good("one slice", shape("(6, 4)")),
        good("one volume of four axes", shape("(1, 2, 3, 4)")),
        good("truths", described("'|b1'", "False", "(2, 3, 4)", &[1; 24])),
        good("more behind it", [plain(), vec![0; 8]].concat()),
    ]
}

/// A member of a zip archive, as both of its heads describe it.
struct Member {
    name: String,
    method: u16,
    sum: u32,
    packed: Vec<u8>,
    /// Bytes of it packed and unpacked, as stated.
    sizes: [u32; 2],
}

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

impl Member {
    fn stored(name: &str, content: &[u8]) -> Self {
        let length = u32::try_from(content.len()).unwrap();
        let mut sum = Crc::new();
        sum.update(content);
        Self {
            name: name.to_owned(),
            method: STORED,
            sum: sum.sum(),
            packed: content.to_vec(),
            sizes: [length; 2],
        }
    }

    fn deflated(name: &str, content: &[u8]) -> Self {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
        packer.write_all(content).unwrap();
        let packed = packer.finish().unwrap();
        let of_packed = u32::try_from(packed.len()).unwrap();
        let stored = Self::stored(name, content);
        Self {
            method: DEFLATED,
            sizes: [of_packed, stored.sizes[1]],
            packed,
            ..stored
        }
    }

    /// What both heads say.
    fn head(&self) -> Vec<u8> {
        let mut bytes = [20, 0, 0, 0].to_vec();
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0, 0, 0x21, 0]);
        for word in [self.sum, self.sizes[0], self.sizes[1]] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(u16::try_from(self.name.len()).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }
}

fn archive(members: &[Member]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for member in members {
        let place = u32::try_from(bytes.len()).unwrap();
        bytes.extend(b"PK\x03\x04");
        bytes.extend(member.head());
        bytes.extend(member.name.as_bytes());
        bytes.extend(&member.packed);
        list.extend(b"PK\x01\x02\x14\x00");
        list.extend(member.head());
        list.extend([0; 10]);
        list.extend(place.to_le_bytes());
        list.extend(member.name.as_bytes());
    }
    let (start, length) = (bytes.len(), list.len());
    bytes.extend(list);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    bytes.extend([count, count].as_flattened());
    for word in [length, start] {
        bytes.extend(u32::try_from(word).unwrap().to_le_bytes());
    }
    bytes.extend([0, 0]);
    bytes
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
fn archives() -> Vec<Input> {
    let bad = |name: &str, bytes: Vec<u8>, code, says| {
        Input::bad(
            Door::Image,
            &format!("npz: {name}"),
            "x.npz",
            bytes,
            code,
            says,
        )
    };
    let good =
        |name: &str, bytes| Input::good(Door::Image, &format!("npz: {name}"), "x.npz", bytes);
    let one = |member: Member| archive(&[member]);
    let stored = || Member::stored("a.npy", &plain());
    let deflated = || Member::deflated("a.npy", &plain());
    let whole = one(stored());
    let packed = one(deflated());
    let mut flipped = whole.clone();
    // The last number of the array.
    let last = 30 + "a.npy".len() + plain().len() - 1;
    flipped[last] ^= 1;
    let pickle = described("'|O'", "False", "(1,)", b"\x80\x04N.");
    let many = (0..4097)
        .map(|at| Member::stored(&format!("{at}.npy"), b""))
        .collect::<Vec<_>>();
    let odd = Member {
        sum: 7,
        ..Member::stored("a\n\u{1b}[2J.npy", &plain())
    };
    vec![
        bad(
            "the mark only",
            whole[..4].to_vec(),
            Code::Corrupt,
            "damaged archive",
        ),
        bad(
            "cut in half",
            whole[..whole.len() / 2].to_vec(),
            Code::Corrupt,
            "damaged archive",
        ),
        bad(
            "without its last bytes",
            packed[..packed.len() - 10].to_vec(),
            Code::Corrupt,
            "damaged archive",
        ),
        bad(
            "another number, stored",
            flipped,
            Code::Corrupt,
            "the checksum of array 'a' is wrong",
        ),
        bad(
            "another checksum, deflated",
            one(Member {
                sum: 7,
                ..deflated()
            }),
            Code::Corrupt,
            "the checksum of array 'a' is wrong",
        ),
        bad(
            "a name of control characters",
            one(odd),
            Code::Corrupt,
            "the checksum of array",
        ),
        bad(
            "deflated noise",
            one(Member {
                packed: vec![0xff; 60],
                sizes: [60, 200],
                ..deflated()
            }),
            Code::Corrupt,
            "damaged packed data",
        ),
        bad(
            "half its deflated data",
            {
                let member = deflated();
                let half = member.packed.len() / 2;
                one(Member {
                    packed: member.packed[..half].to_vec(),
                    sizes: [u32::try_from(half).unwrap(), member.sizes[1]],
                    ..member
                })
            },
            Code::Truncated,
            "array 'a'",
        ),
        bad(
            "a bomb",
            one(Member::deflated("a.npy", &vec![0; 64 << 20])),
            Code::TooLarge,
            "array 'a' of 67108864 bytes",
        ),
        bad(
            "4 GB by its word",
            one(Member {
                sizes: [30, u32::MAX - 1],
                ..deflated()
            }),
            Code::TooLarge,
            "array 'a' of",
        ),
        bad(
            "a bomb that says it is small",
            one(Member {
                sizes: [Member::deflated("a.npy", &vec![0; 8 << 20]).sizes[0], 48],
                packed: Member::deflated("a.npy", &vec![0; 8 << 20]).packed,
                ..deflated()
            }),
            Code::Corrupt,
            "checksum",
        ),
        bad(
            "10 MB in 100 bytes",
            one(Member {
                sizes: [u32::try_from(deflated().packed.len()).unwrap(), 10 << 20],
                ..deflated()
            }),
            Code::Truncated,
            "array 'a'",
        ),
        bad(
            "packed by bzip2",
            one(Member {
                method: 12,
                ..stored()
            }),
            Code::Format,
            "packed by",
        ),
        bad(
            "objects in a member",
            one(Member::stored("a.npy", &pickle)),
            Code::Datatype,
            "a pickle",
        ),
        bad(
            "half an array in a member",
            one(Member::stored("a.npy", &plain()[..60])),
            Code::Truncated,
            "in array 'a'",
        ),
        bad(
            "no arrays",
            one(Member::stored("readme.txt", b"text")),
            Code::Format,
            "without NumPy arrays",
        ),
        bad(
            "no members",
            archive(&[]),
            Code::Format,
            "without NumPy arrays",
        ),
        bad(
            "two arrays",
            archive(&[stored(), Member::stored("b.npy", &plain())]),
            Code::Ndim,
            "2 arrays: a, b",
        ),
        bad(
            "4097 members",
            archive(&many),
            Code::Corrupt,
            "more than 4096 members",
        ),
        good("stored", whole),
        good("deflated", packed),
        // A name is a name only: nothing is written where it points.
        good(
            "a name that leaves the folder",
            one(Member::stored("../../../etc/x.npy", &plain())),
        ),
        good(
            "text beside the array",
            archive(&[stored(), Member::stored("readme.txt", b"text")]),
        ),
    ]
}
