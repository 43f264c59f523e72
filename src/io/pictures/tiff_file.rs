//! TIFF: pages of one size and number type, plain or packed (deflate, LZW, `PackBits`).

use std::io::Cursor;

use raduet_features::Voxels;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};

use super::{colours, corrupt, grid, too_large, volume};
use crate::error::{Code, Result, ToolError};
use crate::io::voxel_bytes::{NumberType, declared, shaped};
use crate::io::{ReadOptions, ReadVolume};

/// Pages at most.
const MOST_PAGES: usize = 1 << 16;
/// What a packed byte can stand for at most (LZW and deflate alike), and slack for small files.
const LARGEST_RATIO: usize = 2048;
const SLACK: usize = 1 << 16;
/// Bytes of a single field of a page's description at most.
const LARGEST_FIELD: usize = 16 << 20;

pub(super) fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadVolume> {
    let mut warnings = Vec::new();
    let broken = |error: tiff::TiffError| match error {
        tiff::TiffError::LimitsExceeded => too_large("TIFF", options),
        tiff::TiffError::UnsupportedError(what) => ToolError::new(
            Code::Datatype,
            format!("a TIFF form that is not read: {what}"),
        )
        .expected("grey levels, plain or packed by deflate, LZW or PackBits")
        .remedy("convert the picture"),
        error => corrupt(format!("damaged TIFF: {error}")),
    };
    let limit = usize::try_from(options.budget.0).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = limit;
    limits.intermediate_buffer_size = limit;
    limits.ifd_value_size = LARGEST_FIELD;
    let decoder = Decoder::new(Cursor::new(bytes)).map_err(broken)?;
    let mut decoder = decoder.with_limits(limits);
    let mut pages: Option<(Pages, [u32; 2])> = None;
    let mut count = 0_usize;
    loop {
        let (width, height) = decoder.dimensions().map_err(broken)?;
        let kind = match decoder.colortype().map_err(broken)? {
            ColorType::Gray(8) => NumberType::U8,
            ColorType::Gray(16) => NumberType::U16,
            ColorType::Gray(32) => NumberType::U32,
            ColorType::Gray(64) => NumberType::U64,
            ColorType::Gray(bits) => return Err(colours(&format!("{bits} bits a pixel"))),
            other => return Err(colours(&format!("a picture of kind {other:?}"))),
        };
        let held = u64::try_from(count.saturating_add(1)).unwrap_or(u64::MAX);
        let sizes = [width.into(), height.into(), held];
        let one = declared(&sizes, kind, options.budget)?;
        let page = one.bytes.checked_div(count.saturating_add(1)).unwrap_or(0);
        if page
            > bytes
                .len()
                .saturating_mul(LARGEST_RATIO)
                .saturating_add(SLACK)
        {
            return Err(ToolError::new(
                Code::Truncated,
                format!(
                    "a page of {width}x{height} in a file of {} bytes",
                    bytes.len()
                ),
            )
            .remedy("the file is cut off: copy it again"));
        }
        let image = decoder.read_image().map_err(broken)?;
        match &mut pages {
            None => pages = Some((Pages::first(image)?, [width, height])),
            Some((pages, size)) if *size == [width, height] => pages.add(image)?,
            Some((_, [x, y])) => {
                return Err(ToolError::new(
                    Code::Ndim,
                    format!("pages of {x}x{y} and of {width}x{height}"),
                )
                .expected("pages of one size")
                .remedy("put the slices of one volume into a file of their own"));
            }
        }
        count = count.saturating_add(1);
        if !decoder.more_images() {
            break;
        }
        if count >= MOST_PAGES {
            return Err(corrupt(format!("more than {MOST_PAGES} pages")));
        }
        decoder.next_image().map_err(broken)?;
    }
    let (pages, [width, height]) = pages.ok_or_else(|| corrupt("no page"))?;
    let [columns, rows] = [width, height].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let voxels = pages.voxels([count, rows, columns])?;
    let grid = grid([columns, rows, count], options, &mut warnings)?;
    volume(voxels, grid, warnings)
}

macro_rules! pages {
    ($($variant:ident($number:ty)),+) => {
        /// Numbers of all pages, one behind the other.
        enum Pages { $($variant(Vec<$number>),)+ }

        impl Pages {
            fn first(page: DecodingResult) -> Result<Self> {
                match page {
                    $(DecodingResult::$variant(numbers) => Ok(Self::$variant(numbers)),)+
                    _ => Err(other()),
                }
            }

            fn add(&mut self, page: DecodingResult) -> Result<()> {
                match (self, page) {
                    $((Self::$variant(all), DecodingResult::$variant(page)) => {
                        all.try_reserve(page.len())
                            .map_err(|_| ToolError::new(Code::TooLarge, "no memory for the pages"))?;
                        all.extend_from_slice(&page);
                        Ok(())
                    })+
                    _ => Err(other()),
                }
            }

            fn voxels(self, shape: [usize; 3]) -> Result<Voxels> {
                match self {
                    $(Self::$variant(numbers) => Ok(Voxels::$variant(shaped(fitting(numbers, shape)?, shape)?)),)+
                }
            }
        }
    };
}

pages!(
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    U64(u64),
    I64(i64),
    F32(f32),
    F64(f64)
);

fn other() -> ToolError {
    ToolError::new(
        Code::Datatype,
        "pages of a type that is no real number, or of several types",
    )
    .expected("one real number type of 8 to 64 bits")
    .remedy("convert the picture")
}

fn fitting<T>(numbers: Vec<T>, [z, y, x]: [usize; 3]) -> Result<Vec<T>> {
    let needed = z.saturating_mul(y).saturating_mul(x);
    if numbers.len() == needed {
        Ok(numbers)
    } else {
        Err(corrupt(format!("{} of {needed} pixels", numbers.len())))
    }
}
