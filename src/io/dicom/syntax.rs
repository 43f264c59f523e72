//! Transfer syntaxes: how the elements and the pixels of a file are written (PS3.6, annex A).

use super::elements::Encoding;
use crate::error::{Code, Result, ToolError};
use crate::io::voxel_bytes::ByteOrder;

/// How pixels are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pixels {
    Plain,
    Rle,
    Jpeg,
    /// Known by name only.
    Refused(&'static str),
}

/// A syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    pub(super) encoding: Encoding,
    pub(super) deflated: bool,
    pub(super) pixels: Pixels,
}

const EXPLICIT: Encoding = Encoding {
    explicit: true,
    order: ByteOrder::Little,
};

/// Implicit VR Little Endian, the default.
pub(super) const IMPLICIT: Encoding = Encoding {
    explicit: false,
    order: ByteOrder::Little,
};

/// UIDs behind `1.2.840.10008.1.2` whose pixels are packed, with what becomes of them.
const PACKED: &[(&str, Pixels)] = &[
    (".4.50", Pixels::Jpeg),
    (".4.51", Pixels::Jpeg),
    (".4.57", Pixels::Jpeg),
    (".4.70", Pixels::Jpeg),
    (".5", Pixels::Rle),
    (".4.80", Pixels::Refused("JPEG-LS Lossless")),
    (".4.81", Pixels::Refused("JPEG-LS Near-lossless")),
    (".4.90", Pixels::Refused("JPEG 2000 Lossless")),
    (".4.91", Pixels::Refused("JPEG 2000")),
    (".4.92", Pixels::Refused("JPEG 2000 Part 2 Lossless")),
    (".4.93", Pixels::Refused("JPEG 2000 Part 2")),
    (".4.94", Pixels::Refused("JPIP Referenced")),
    (".4.95", Pixels::Refused("JPIP Referenced Deflate")),
    (".4.100", Pixels::Refused("MPEG2 Main Profile / Main Level")),
    (".4.101", Pixels::Refused("MPEG2 Main Profile / High Level")),
    (".4.102", Pixels::Refused("MPEG-4 AVC/H.264 High Profile")),
    (".4.103", Pixels::Refused("MPEG-4 AVC/H.264 BD-compatible")),
    (".4.107", Pixels::Refused("HEVC/H.265 Main Profile")),
    (".4.110", Pixels::Refused("JPEG XL Lossless")),
    (".4.111", Pixels::Refused("JPEG XL JPEG Recompression")),
    (".4.112", Pixels::Refused("JPEG XL")),
    (
        ".4.201",
        Pixels::Refused("High-Throughput JPEG 2000 Lossless"),
    ),
    (
        ".4.202",
        Pixels::Refused("High-Throughput JPEG 2000 with RPCL Lossless"),
    ),
    (".4.203", Pixels::Refused("High-Throughput JPEG 2000")),
    (".8.1", Pixels::Refused("Deflated Image Frame Compression")),
];

/// The syntax of a UID.
///
/// # Errors
/// `E_TRANSFER_SYNTAX` for a UID that is not of the standard: how elements are written is unknown then.
pub(super) fn of(uid: &str) -> Result<Syntax> {
    let plain = |encoding| Syntax {
        encoding,
        deflated: false,
        pixels: Pixels::Plain,
    };
    match uid.strip_prefix("1.2.840.10008.1.2") {
        Some("") => Ok(plain(IMPLICIT)),
        Some(".1") => Ok(plain(EXPLICIT)),
        Some(".1.99") => Ok(Syntax {
            deflated: true,
            ..plain(EXPLICIT)
        }),
        Some(".2") => Ok(plain(Encoding {
            explicit: true,
            order: ByteOrder::Big,
        })),
        Some(rest) => {
            let known = PACKED.iter().find(|(end, _)| *end == rest);
            let pixels = known
                .map(|(_, pixels)| *pixels)
                .ok_or_else(|| unknown(uid))?;
            Ok(Syntax {
                pixels,
                ..plain(EXPLICIT)
            })
        }
        None => Err(unknown(uid)),
    }
}

fn unknown(uid: &str) -> ToolError {
    let shown: String = uid.chars().take(64).collect();
    refused(&format!(
        "transfer syntax {shown}, which the standard does not name"
    ))
}

/// The error of pixels that cannot be unpacked.
pub(super) fn refused(found: &str) -> ToolError {
    ToolError::new(Code::TransferSyntax, found)
        .expected("plain, deflated, RLE, JPEG baseline, JPEG extended or JPEG lossless")
        .remedy("unpack the files first, for example with gdcmconv --raw or dcmdjpeg")
}
