//! DICOM pixels packed in other ways.

use std::io::Write;

use raduet::error::Code;
use raduet_testkit::dicom::{DataSet, PIXELS, PLAIN};
use raduet_testkit::dicom_series::{pixels, slice};

use super::dicom::{one, read};
use crate::Input;

const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG: &str = "1.2.840.10008.1.2.4.50";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

/// A frame in RLE, each byte of it literal.
pub(crate) fn rle(frame: &[u8]) -> Vec<u8> {
    let plane = |place: usize| -> Vec<u8> {
        let bytes: Vec<u8> = frame.iter().skip(place).step_by(2).copied().collect();
        let mut packed = vec![u8::try_from(bytes.len() - 1).unwrap()];
        packed.extend(bytes);
        packed
    };
    let (high, low) = (plane(1), plane(0));
    let second = 64 + u32::try_from(high.len()).unwrap();
    let mut packed = Vec::new();
    for word in [2, 64, second] {
        packed.extend(word.to_le_bytes());
    }
    packed.resize(64, 0);
    packed.extend(high);
    packed.extend(low);
    packed
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A file whose elements behind group 2 are these bytes.
fn behind_syntax(syntax: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = DataSet::default().file(syntax);
    file.extend(bytes);
    file
}

#[expect(
    clippy::too_many_lines,
    reason = "a list of inputs, one after the other"
)]
pub(crate) fn inputs() -> Vec<Input> {
    let by = |name: &str, syntax: &str, pieces: &[Vec<u8>], code, says| {
        one(name, slice(0).packed(&[], pieces).file(syntax), code, says)
    };
    let frame = rle(&pixels(0));
    let (mut third, mut beyond) = (frame.clone(), frame.clone());
    third[0] = 3;
    beyond[8] = 200;
    let mut inputs = vec![
        by(
            "RLE without a frame",
            RLE,
            &[],
            Code::Corrupt,
            "RLE frame without its header",
        ),
        by("JPEG without a frame", JPEG, &[], Code::Corrupt, "JPEG"),
        by(
            "half an RLE header",
            RLE,
            &[vec![2, 0, 0]],
            Code::Corrupt,
            "without its header",
        ),
        by(
            "three RLE planes",
            RLE,
            &[third],
            Code::Corrupt,
            "3 RLE planes",
        ),
        by(
            "an RLE plane outside",
            RLE,
            &[beyond],
            Code::Corrupt,
            "outside its frame",
        ),
        by(
            "an RLE plane that ends early",
            RLE,
            &[frame[..70].to_vec()],
            Code::Corrupt,
            "RLE plane",
        ),
        by("JPEG of noise", JPEG, &[vec![7; 40]], Code::Corrupt, "JPEG"),
        by(
            "JPEG of its first marks",
            JPEG,
            &[b"\xff\xd8\xff\xd9".to_vec()],
            Code::Corrupt,
            "JPEG",
        ),
        by(
            "packed in a plain file",
            PLAIN,
            std::slice::from_ref(&frame),
            Code::Corrupt,
            "contradict",
        ),
        one(
            "plain in an RLE file",
            slice(0).file(RLE),
            Code::Corrupt,
            "contradict",
        ),
        one(
            "packed pixels without end",
            slice(0)
                .raw(PIXELS, b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff")
                .file(RLE),
            Code::Truncated,
            "without their end",
        ),
    ];
    for (end, name) in [
        ("4.80", "JPEG-LS Lossless"),
        ("4.90", "JPEG 2000 Lossless"),
        ("4.91", "JPEG 2000"),
        ("4.102", "H.264"),
        ("4.201", "High-Throughput JPEG 2000"),
    ] {
        let syntax = format!("1.2.840.10008.1.2.{end}");
        inputs.push(by(name, &syntax, &[vec![0; 8]], Code::TransferSyntax, name));
    }
    for uid in [
        "1.2.3.4",
        "1.2.840.10008.1.2.4.999",
        "Explicit VR Little Endian",
    ] {
        let name = format!("syntax {uid}");
        inputs.push(one(
            &name,
            slice(0).file(uid),
            Code::TransferSyntax,
            "does not name",
        ));
    }
    let packed = deflated(&slice(0).bytes());
    let bomb = deflated(&vec![0; 64 << 20]);
    inputs.extend([
        one(
            "a deflate bomb",
            behind_syntax(DEFLATED, &bomb),
            Code::TooLarge,
            "unpack to more than allowed",
        ),
        one(
            "deflated data cut off",
            behind_syntax(DEFLATED, &packed[..packed.len() / 2]),
            Code::Truncated,
            "end early",
        ),
        one(
            "deflated data of noise",
            behind_syntax(DEFLATED, &[0xff; 64]),
            Code::Corrupt,
            "damaged packed data",
        ),
        read("deflated", behind_syntax(DEFLATED, &packed)),
        read("RLE", slice(0).packed(&[], &[frame]).file(RLE)),
    ]);
    inputs
}
