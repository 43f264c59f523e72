//! MetaImage: keys of the header, data inside and beside it.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use raduet::error::Code;

use crate::{Door, Input};

const HEAD: &str = "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n\
                    CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n\
                    ElementSpacing = 1 1 1\nDimSize = 4 3 2\nElementType = MET_SHORT\nElementDataFile = LOCAL\n";

fn voxels() -> Vec<u8> {
    (0..24_i16).flat_map(i16::to_le_bytes).collect()
}

fn file(head: &str, data: &[u8]) -> Vec<u8> {
    [head.as_bytes(), data].concat()
}

fn line(old: &str, new: &str) -> String {
    assert!(HEAD.contains(old), "{old}");
    HEAD.replace(old, new)
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
pub(crate) fn inputs() -> Vec<Input> {
    let data = voxels();
    let bad = |name: &str, head: &str, code, says| {
        Input::bad(
            Door::Image,
            &format!("MetaImage: {name}"),
            "x.mha",
            file(head, &voxels()),
            code,
            says,
        )
    };
    let mut inputs = vec![
        bad(
            "0 dimensions",
            &line("NDims = 3", "NDims = 0"),
            Code::Header,
            "NDims",
        ),
        bad(
            "99 dimensions",
            &line("NDims = 3", "NDims = 99"),
            Code::Header,
            "NDims",
        ),
        bad(
            "dimensions of words",
            &line("NDims = 3", "NDims = three"),
            Code::Header,
            "NDims",
        ),
        bad(
            "no sizes",
            &line("DimSize = 4 3 2\n", ""),
            Code::Header,
            "DimSize",
        ),
        bad("two sizes", &line("4 3 2", "4 3"), Code::Header, "DimSize"),
        bad(
            "a size of 0",
            &line("4 3 2", "4 0 2"),
            Code::Header,
            "without voxels",
        ),
        bad(
            "a size below 0",
            &line("4 3 2", "4 3 -2"),
            Code::Header,
            "DimSize",
        ),
        bad(
            "sizes that overflow",
            &line("4 3 2", "9999999999 9999999999 9999999999"),
            Code::Header,
            "",
        ),
        bad(
            "sizes beyond the budget",
            &line("4 3 2", "4000 4000 4000"),
            Code::TooLarge,
            "bytes",
        ),
        bad(
            "more voxels than bytes",
            &line("4 3 2", "4 3 9"),
            Code::Truncated,
            "48 of 216",
        ),
        bad(
            "no type",
            &line("ElementType = MET_SHORT\n", ""),
            Code::Header,
            "ElementType",
        ),
        bad(
            "an unknown type",
            &line("MET_SHORT", "MET_LOOSE"),
            Code::Datatype,
            "MET_LOOSE",
        ),
        bad(
            "a type of other things",
            &line("MET_SHORT", "MET_STRING"),
            Code::Datatype,
            "MET_STRING",
        ),
        bad(
            "no data",
            &line("ElementDataFile = LOCAL\n", ""),
            Code::Header,
            "Name = value",
        ),
        bad(
            "voxels of size 0",
            &line("ElementSpacing = 1 1 1", "ElementSpacing = 1 0 1"),
            Code::Header,
            "ElementSpacing",
        ),
        bad(
            "voxels of size NaN",
            &line("ElementSpacing = 1 1 1", "ElementSpacing = nan 1 1"),
            Code::Header,
            "ElementSpacing",
        ),
        bad(
            "a matrix of nothing",
            &line("1 0 0 0 1 0 0 0 1", "0 0 0 0 0 0 0 0 0"),
            Code::Header,
            "TransformMatrix",
        ),
        bad(
            "a matrix short",
            &line("1 0 0 0 1 0 0 0 1", "1 0 0 0 1"),
            Code::Header,
            "TransformMatrix",
        ),
        bad(
            "an offset of words",
            &line("Offset = 0 0 0", "Offset = a b c"),
            Code::Header,
            "Offset",
        ),
        bad(
            "another object",
            &line("ObjectType = Image", "ObjectType = Tube"),
            Code::Header,
            "Tube",
        ),
        bad(
            "packed that is not",
            &line("CompressedData = False", "CompressedData = True"),
            Code::Corrupt,
            "",
        ),
    ];
    let detached = |name: &str, word: &str, code, says| {
        let head = line("LOCAL", word);
        Input::bad(
            Door::Image,
            &format!("MetaImage: {name}"),
            "x.mhd",
            head,
            code,
            says,
        )
        .with("x.raw", voxels())
    };
    inputs.extend([
        detached("a file above", "../x.raw", Code::Path, "plain file name"),
        detached(
            "a file of the system",
            "/etc/passwd",
            Code::Path,
            "/etc/passwd",
        ),
        detached(
            "a file that is not there",
            "y.raw",
            Code::NotFound,
            "no such file",
        ),
        detached("a pattern of a string", "%s%s%s%n", Code::Header, ""),
        detached(
            "a pattern without end",
            "x%d.raw 0 4000000000 1",
            Code::Header,
            "",
        ),
        detached("a pattern without steps", "x%d.raw 0 5 0", Code::Header, ""),
        detached("a wide pattern", "x%999999999d.raw 0 1 1", Code::Header, ""),
        detached("a list of nothing", "LIST", Code::Header, ""),
    ]);
    let cut = |name: &str, bytes: Vec<u8>, code, says| {
        Input::bad(
            Door::Image,
            &format!("MetaImage: {name}"),
            "x.mha",
            bytes,
            code,
            says,
        )
    };
    let packed = line("CompressedData = False", "CompressedData = True");
    let stream = zlib(&data);
    inputs.extend([
        cut(
            "half the voxels",
            file(HEAD, &data[..24]),
            Code::Truncated,
            "24 of 48",
        ),
        cut(
            "half the voxels, packed",
            file(&packed, &zlib(&data[..24])),
            Code::Truncated,
            "24 of 48",
        ),
        cut(
            "the packed end",
            file(&packed, &stream[..stream.len() - 8]),
            Code::Truncated,
            "",
        ),
        cut(
            "one line",
            b"ObjectType = Image\n".to_vec(),
            Code::Header,
            "",
        ),
    ]);
    let good = |name: &str, file: &str, bytes: Vec<u8>| {
        Input::good(Door::Image, &format!("MetaImage: {name}"), file, bytes)
    };
    inputs.extend([
        good("raw", "x.mha", file(HEAD, &data)),
        // Their number can be told from the sizes.
        good(
            "no dimensions",
            "x.mha",
            file(&line("NDims = 3\n", ""), &data),
        ),
        good("packed", "x.mha", file(&packed, &stream)),
        good("beside", "x.mhd", line("LOCAL", "x.raw").into_bytes()).with("x.raw", data.clone()),
        good(
            "a list",
            "x.mhd",
            line("LOCAL", "LIST\na.raw\nb.raw").into_bytes(),
        )
        .with("a.raw", data[..24].to_vec())
        .with("b.raw", data[24..].to_vec()),
    ]);
    inputs
}
