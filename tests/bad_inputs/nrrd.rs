//! NRRD: lines of the header, data inside and beside it.

use raduet::error::Code;

use crate::nifti_files::gzip;
use crate::{Door, Input};

const HEAD: &str = "NRRD0005\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 3 2\n\
                    space directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\n\
                    endian: little\nencoding: raw\nspace origin: (0,0,0)\n";

fn voxels() -> Vec<u8> {
    (0..24_i16).flat_map(i16::to_le_bytes).collect()
}

fn file(head: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = head.as_bytes().to_vec();
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

/// The head with one line in place of another.
fn line(old: &str, new: &str) -> String {
    assert!(HEAD.contains(old), "{old}");
    HEAD.replace(old, new)
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
            &format!("NRRD: {name}"),
            "x.nrrd",
            file(head, &voxels()),
            code,
            says,
        )
    };
    let mut inputs = vec![
        bad("no type", &line("type: short\n", ""), Code::Header, "type"),
        bad(
            "an unknown type",
            &line("short", "shortish"),
            Code::Datatype,
            "shortish",
        ),
        bad("a block", &line("short", "block"), Code::Datatype, "block"),
        bad(
            "no dimension",
            &line("dimension: 3\n", ""),
            Code::Header,
            "dimension",
        ),
        bad(
            "dimension 0",
            &line("dimension: 3", "dimension: 0"),
            Code::Header,
            "dimension",
        ),
        bad(
            "dimension 17",
            &line("dimension: 3", "dimension: 17"),
            Code::Header,
            "dimension",
        ),
        bad(
            "dimension x",
            &line("dimension: 3", "dimension: x"),
            Code::Header,
            "dimension",
        ),
        bad(
            "no sizes",
            &line("sizes: 4 3 2\n", ""),
            Code::Header,
            "sizes",
        ),
        bad("two sizes", &line("4 3 2", "4 3"), Code::Header, "sizes"),
        bad(
            "a size of 0",
            &line("4 3 2", "4 0 2"),
            Code::Header,
            "sizes",
        ),
        bad(
            "a size below 0",
            &line("4 3 2", "4 -3 2"),
            Code::Header,
            "sizes",
        ),
        bad(
            "sizes that overflow",
            &line("4 3 2", "4294967295 4294967295 4294967295"),
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
            "no encoding",
            &line("encoding: raw\n", ""),
            Code::Header,
            "encoding",
        ),
        bad(
            "an unknown encoding",
            &line("encoding: raw", "encoding: zstd"),
            Code::Format,
            "zstd",
        ),
        bad(
            "no endian",
            &line("endian: little\n", ""),
            Code::Header,
            "endian",
        ),
        bad(
            "an unknown endian",
            &line("endian: little", "endian: middle"),
            Code::Header,
            "endian",
        ),
        bad(
            "directions of nothing",
            &line("(1,0,0)", "(0,0,0)"),
            Code::Ndim,
            "",
        ),
        bad(
            "directions NaN",
            &line("(1,0,0)", "(nan,0,0)"),
            Code::Header,
            "",
        ),
        bad(
            "two directions",
            &line("(0,1,0) ", ""),
            Code::Header,
            "direction",
        ),
        bad(
            "directions in one plane",
            &line("(0,0,1)", "(1,0,0)"),
            Code::Header,
            "",
        ),
        bad(
            "an unknown space",
            &line("left-posterior-superior", "outer-space"),
            Code::Header,
            "space",
        ),
        bad(
            "an origin of words",
            &line("(0,0,0)\n", "(a,b,c)\n"),
            Code::Header,
            "origin",
        ),
        bad(
            "gzip that is none",
            &line("encoding: raw", "encoding: gzip"),
            Code::Corrupt,
            "",
        ),
        bad(
            "text that is none",
            &line("encoding: raw", "encoding: ascii"),
            Code::Corrupt,
            "",
        ),
    ];
    let detached = |name: &str, word: &str, code, says| {
        let head = format!("{HEAD}data file: {word}\n");
        Input::bad(
            Door::Image,
            &format!("NRRD: {name}"),
            "x.nhdr",
            file(&head, &[]),
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
            "a file of a folder",
            "a/x.raw",
            Code::Path,
            "plain file name",
        ),
        detached(
            "a file that is not there",
            "y.raw",
            Code::NotFound,
            "no such file",
        ),
        detached("the folder itself", ".", Code::Path, ""),
    ]);
    let cut = |name: &str, bytes: Vec<u8>, code, says| {
        Input::bad(
            Door::Image,
            &format!("NRRD: {name}"),
            "x.nrrd",
            bytes,
            code,
            says,
        )
    };
    let packed = gzip(&data);
    let gz = line("encoding: raw", "encoding: gzip");
    inputs.extend([
        cut("the mark only", b"NRRD".to_vec(), Code::Header, ""),
        cut(
            "a version to come",
            b"NRRD0099\n".to_vec(),
            Code::Header,
            "",
        ),
        cut(
            "no empty line",
            HEAD.as_bytes().to_vec(),
            Code::Truncated,
            "",
        ),
        cut(
            "half the voxels",
            file(HEAD, &data[..24]),
            Code::Truncated,
            "24 of 48",
        ),
        cut(
            "half the voxels, packed",
            file(&gz, &gzip(&data[..24])),
            Code::Truncated,
            "24 of 48",
        ),
        cut(
            "the packed end",
            file(&gz, &packed[..packed.len() - 10]),
            Code::Truncated,
            "",
        ),
        cut(
            "packed damage",
            file(&gz, &{
                let mut p = packed.clone();
                let at = p.len() - 6;
                p[at] ^= 255;
                p
            }),
            Code::Corrupt,
            "",
        ),
    ]);
    let good = |name: &str, bytes: Vec<u8>| {
        Input::good(Door::Image, &format!("NRRD: {name}"), "x.nrrd", bytes)
    };
    inputs.extend([
        good("raw", file(HEAD, &data)),
        good("packed", file(&gz, &packed)),
        good(
            "text",
            file(
                &line("encoding: raw", "encoding: ascii"),
                b"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
            ),
        ),
        good(
            "CRLF",
            file(
                &HEAD.replace('\n', "\r\n"),
                &[b"\n".as_slice(), &data].concat()[1..],
            ),
        ),
        good(
            "comments and keys",
            file(&format!("{HEAD}# a comment\nkey:=value\n"), &data),
        ),
    ]);
    inputs
}
