//! PNG: grey levels of 1 to 16 bits; palettes as their indices; colours only where the three channels are equal.

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Transformations};

use super::{colours, corrupt, grid, too_large, volume};
use crate::error::{Result, Warning, WarningCode};
use crate::io::room::{reserved, zeroed};
use crate::io::voxel_bytes::{ByteOrder, NumberType, declared, truncated, voxels};
use crate::io::{ReadOptions, ReadVolume};

/// What a packed byte can stand for at most, and slack for small files.
const LARGEST_RATIO: usize = 4 * 258;
const SLACK: usize = 1 << 16;

pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadVolume> {
    let mut warnings = Vec::new();
    let limit = usize::try_from(options.budget.0).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: limit });
    decoder.set_transformations(Transformations::IDENTITY);
    let broken = |error: png::DecodingError| match error {
        png::DecodingError::LimitsExceeded => too_large("PNG", options),
        error => corrupt(format!("damaged PNG: {error}")),
    };
    let mut reader = decoder.read_info().map_err(broken)?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    let (colour, depth) = reader.output_color_type();
    let bits = usize::from(u8::from(PngBits(depth)));
    let kind = if bits == 16 {
        NumberType::U16
    } else {
        NumberType::U8
    };
    let channels = u64::try_from(colour.samples()).unwrap_or(u64::MAX);
    declared(
        &[width.into(), height.into(), channels],
        kind,
        options.budget,
    )?;
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| corrupt("a PNG without a size"))?;
    if size
        > bytes
            .len()
            .saturating_mul(LARGEST_RATIO)
            .saturating_add(SLACK)
    {
        let what = format!("{width}x{height} PNG");
        return Err(truncated(bytes.len(), size, &what).found_also("too few packed bytes for that"));
    }
    let mut packed = zeroed::<u8>(size)?;
    let frame = reader.next_frame(&mut packed).map_err(broken)?;
    let packed = packed.get(..frame.buffer_size()).unwrap_or(&packed);
    let [columns, rows] = [width, height].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut doubt = |found: &str, done: &str| {
        warnings.push(Warning::new(WarningCode::Header, found, done));
    };
    let channels = match colour {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => {
            doubt("the picture has transparency", "it is passed over");
            2
        }
        ColorType::Indexed => {
            doubt(
                "the picture has a palette",
                "its indices are taken as values",
            );
            1
        }
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
    };
    let plain = if bits < 8 {
        unpacked(packed, frame.line_size, columns, bits)?
    } else {
        first_channel(packed, channels, bits / 8)?
    };
    if channels >= 3 {
        doubt(
            "a colour picture whose channels are equal",
            "one of them is taken",
        );
    }
    let stored = voxels(&plain, kind, ByteOrder::Big, [1, rows, columns])?;
    let grid = grid([columns, rows, 1], options, &mut warnings)?;
    volume(stored, grid, warnings)
}

struct PngBits(png::BitDepth);

impl From<PngBits> for u8 {
    fn from(PngBits(depth): PngBits) -> Self {
        match depth {
            png::BitDepth::One => 1,
            png::BitDepth::Two => 2,
            png::BitDepth::Four => 4,
            png::BitDepth::Eight => 8,
            png::BitDepth::Sixteen => 16,
        }
    }
}

/// Values of less than a byte, the first of a byte highest; every line begins a byte.
fn unpacked(packed: &[u8], line: usize, columns: usize, bits: usize) -> Result<Vec<u8>> {
    let mut plain = reserved(packed.len().saturating_mul(8))?;
    let mask = u8::MAX.checked_shr(u32::try_from(8_usize.saturating_sub(bits)).unwrap_or(0));
    for line in packed.chunks(line.max(1)) {
        for column in 0..columns {
            let bit = column.saturating_mul(bits);
            let byte = line.get(bit / 8).copied().unwrap_or(0);
            let shift = 8_usize.saturating_sub(bits).saturating_sub(bit % 8);
            let value = byte
                .checked_shr(u32::try_from(shift).unwrap_or(0))
                .unwrap_or(0);
            plain.push(value & mask.unwrap_or(u8::MAX));
        }
    }
    Ok(plain)
}

/// The first of the channels; of colours only where all are equal.
fn first_channel(packed: &[u8], channels: usize, width: usize) -> Result<Vec<u8>> {
    let mut plain = reserved(packed.len().checked_div(channels).unwrap_or(0))?;
    for pixel in packed.chunks_exact(channels.saturating_mul(width)) {
        let mut values = pixel.chunks_exact(width);
        let first = values.next().unwrap_or_default();
        if channels >= 3 && !values.take(2).all(|other| other == first) {
            return Err(colours("a colour picture"));
        }
        plain.extend_from_slice(first);
    }
    Ok(plain)
}
