//! A header judged: sizes, number type, orientation.

use raduet_features::{Affine, Grid, Scaling, Spacing};

use super::bad;
use super::fields::Fields;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::ReadOptions;
use crate::io::axes::Axes;
use crate::io::grid::{grid_of, lps_to_ras, shear};
use crate::io::voxel_bytes::{ByteOrder, Declared, NumberType, declared, describe};

/// A unit vector may be off by so much: matrices are often printed with six digits.
const UNIT: f64 = 1e-4;

/// A header that can be read by.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) kind: NumberType,
    pub(super) order: ByteOrder,
    pub(super) axes: Axes,
    pub(super) volume: usize,
    pub(super) declared: Declared,
    pub(super) grid: Grid,
    pub(super) scaling: Scaling,
    /// Numbers are bytes, not text.
    pub(super) binary: bool,
    pub(super) compressed: bool,
    /// For messages: `12x11x10 int16`.
    pub(super) what: String,
}

/// Judges the fields.
///
/// # Errors
/// `E_HEADER`, `E_DATATYPE`, `E_NDIM`, `E_TOO_LARGE`.
pub(super) fn judge(
    fields: &Fields<'_>,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Header> {
    if let Some((name, value)) = fields.get(&["ObjectType"])
        && !value.eq_ignore_ascii_case("image")
    {
        return Err(bad(name, value).expected("Image"));
    }
    let (dims, sizes) = sizes(fields)?;
    let kind = kind(fields)?;
    let channels = count(fields, "ElementNumberOfChannels", 1)?;
    let mut all = vec![channels];
    all.extend_from_slice(&sizes);
    let declared = declared(&all, kind, options.budget)?;
    let counts = all
        .iter()
        .map(|n| usize::try_from(*n).unwrap_or(usize::MAX))
        .collect();
    let axis = |n: usize| (n <= dims).then_some(n);
    let axes = Axes {
        sizes: counts,
        space: [axis(1), axis(2), axis(3)],
    };
    let what = if channels > 1 {
        "channels or volumes"
    } else {
        "volumes"
    };
    let volume = axes.choose(options.volume, what)?;
    let [z, y, x] = axes.shape();
    let msb = ["BinaryDataByteOrderMSB", "ElementByteOrderMSB"];
    Ok(Header {
        kind,
        order: if fields.switch(&msb, false)? {
            ByteOrder::Big
        } else {
            ByteOrder::Little
        },
        axes,
        volume,
        declared,
        grid: grid(fields, dims, [x, y, z], options, warnings)?,
        scaling: scaling(fields)?,
        binary: fields.switch(&["BinaryData"], true)?,
        compressed: fields.switch(&["CompressedData"], false)?,
        what: describe(&sizes, kind),
    })
}

fn sizes(fields: &Fields<'_>) -> Result<(usize, Vec<u64>)> {
    let dims = count(fields, "NDims", 3)?;
    let dims = usize::try_from(dims)
        .ok()
        .filter(|dims| (1..=4).contains(dims))
        .ok_or_else(|| bad("NDims", &dims.to_string()).expected("1 to 4"))?;
    let (name, value) = fields
        .get(&["DimSize"])
        .ok_or_else(|| bad("DimSize", "missing").expected("voxels along each axis"))?;
    let words = value.split_whitespace().take(dims.saturating_add(1));
    let sizes: Option<Vec<u64>> = words.map(|word| word.parse().ok()).collect();
    match sizes {
        Some(sizes) if sizes.len() == dims => Ok((dims, sizes)),
        _ => Err(bad(name, value).expected(format!("{dims} whole numbers"))),
    }
}

/// A whole number from 1.
fn count(fields: &Fields<'_>, name: &str, default: u64) -> Result<u64> {
    let Some((name, value)) = fields.get(&[name]) else {
        return Ok(default);
    };
    let number = value.parse().ok().filter(|n| *n > 0);
    number.ok_or_else(|| bad(name, value).expected("a whole number from 1"))
}

fn kind(fields: &Fields<'_>) -> Result<NumberType> {
    let (name, value) = fields
        .get(&["ElementType"])
        .ok_or_else(|| bad("ElementType", "missing").expected("MET_SHORT or another type"))?;
    Ok(match value {
        "MET_CHAR" => NumberType::I8,
        "MET_UCHAR" => NumberType::U8,
        "MET_SHORT" => NumberType::I16,
        "MET_USHORT" => NumberType::U16,
        // MetaIO's long has four bytes on every machine.
        "MET_INT" | "MET_LONG" => NumberType::I32,
        "MET_UINT" | "MET_ULONG" => NumberType::U32,
        "MET_LONG_LONG" => NumberType::I64,
        "MET_ULONG_LONG" => NumberType::U64,
        "MET_FLOAT" => NumberType::F32,
        "MET_DOUBLE" => NumberType::F64,
        _ => {
            let shown: String = value.chars().take(40).collect();
            return Err(ToolError::new(Code::Datatype, format!("{name} = {shown}"))
                .expected("a real number type of 8 to 64 bits")
                .remedy("convert the image to a real number type, such as MET_SHORT"));
        }
    })
}

fn scaling(fields: &Fields<'_>) -> Result<Scaling> {
    let one = |name: &str, default: f64| -> Result<f64> {
        let numbers = fields.numbers(&[name], 1)?;
        Ok(numbers.and_then(|n| n.first().copied()).unwrap_or(default))
    };
    let slope = one("ElementToIntensityFunctionSlope", 1.0)?;
    let intercept = one("ElementToIntensityFunctionOffset", 0.0)?;
    if slope == 0.0 {
        return Err(bad("ElementToIntensityFunctionSlope", "0").expected("another number"));
    }
    Ok(Scaling { slope, intercept })
}

fn grid(
    fields: &Fields<'_>,
    dims: usize,
    size: [usize; 3],
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Grid> {
    let spacing = spacing(fields, dims, options, warnings)?;
    let doubt = |found: &str, done: &str| Warning::new(WarningCode::Orientation, found, done);
    let matrix = fields.numbers(
        &["TransformMatrix", "Rotation", "Orientation"],
        dims.saturating_mul(dims),
    )?;
    let offset = fields.numbers(&["Offset", "Position", "Origin"], dims)?;
    // Row i of the file's matrix is the direction of axis i.
    let mut directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    match &matrix {
        Some(numbers) => {
            for (direction, row) in directions.iter_mut().zip(numbers.chunks(dims)) {
                for (slot, number) in direction.iter_mut().zip(row) {
                    *slot = *number;
                }
            }
        }
        None => warnings.push(doubt("no TransformMatrix", "axes are taken as stored")),
    }
    let mut origin = [0.0; 3];
    match &offset {
        Some(numbers) => {
            for (slot, number) in origin.iter_mut().zip(numbers) {
                *slot = *number;
            }
        }
        None => warnings.push(doubt("no Offset", "the first voxel is put at 0, 0, 0")),
    }
    let [dx, dy, dz] = directions;
    let [sx, sy, sz] = spacing;
    let [ax, ay, az] = dx.map(|v| v * sx);
    let [bx, by, bz] = dy.map(|v| v * sy);
    let [cx, cy, cz] = dz.map(|v| v * sz);
    let [ox, oy, oz] = origin;
    let affine = lps_to_ras(Affine([
        [ax, bx, cx, ox],
        [ay, by, cy, oy],
        [az, bz, cz, oz],
    ]));
    let mut grid = grid_of(affine, size).ok_or_else(|| {
        let (name, value) = fields
            .get(&["TransformMatrix"])
            .unwrap_or(("grid", "out of range"));
        bad(name, value).expected("axes that span a volume, in finite numbers")
    })?;
    // The distances as written, not as the matrix's rounded digits make them.
    let near = directions.iter().all(|d| {
        let length = d.iter().map(|v| v * v).sum::<f64>().sqrt();
        (length - 1.0).abs() <= UNIT
    });
    if near && let Some(spacing) = Spacing::new([sz, sy, sx]) {
        grid.spacing = spacing;
    }
    if let Some(cosine) = shear(&grid.affine) {
        let found = format!("axes are not at right angles (cosine {cosine:.4})");
        let done = "read as stored; areas and lengths assume right angles";
        warnings.push(doubt(&found, done));
    }
    Ok(grid)
}

fn spacing(
    fields: &Fields<'_>,
    dims: usize,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<[f64; 3]> {
    let names = ["ElementSpacing", "ElementSize"];
    let mut spacing = [1.0; 3];
    match fields.numbers(&names, dims)? {
        Some(numbers) => {
            for (slot, number) in spacing.iter_mut().zip(&numbers) {
                if *number <= 0.0 {
                    let (name, value) = fields.get(&names).unwrap_or(("ElementSpacing", ""));
                    return Err(bad(name, value).expected("positive voxel sizes"));
                }
                *slot = *number;
            }
        }
        None => match options.spacing {
            Some(given) => spacing = given,
            None => warnings.push(Warning::new(
                WarningCode::Orientation,
                "no ElementSpacing",
                "voxels are taken as 1 mm",
            )),
        },
    }
    Ok(spacing)
}
