//! A header judged: shape, type, place of the voxels, scaling. What it says is checked here, before
//! anything is allocated, so that the reader has nothing left to doubt.

use nifti::NiftiType;
use raduet_features::{Grid, Scaling};

use super::datatype;
use super::fields::{Edition, Fields, Layout, header_error};
use super::orientation;
use crate::error::{Code, Result, ToolError, Warning, WarningCode};
use crate::io::ByteBudget;
use crate::io::voxel_bytes::ByteOrder;

/// Whole numbers up to here are exact in `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A header that can be read by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) edition: Edition,
    pub(super) order: ByteOrder,
    pub(super) layout: Layout,
    pub(super) kind: NiftiType,
    pub(super) grid: Grid,
    pub(super) scaling: Scaling,
    /// Voxels of one volume.
    pub(super) voxels: usize,
    /// Bytes of one volume.
    pub(super) volume_bytes: u64,
    /// Bytes of all volumes.
    pub(super) data_bytes: u64,
    /// First byte of the volume to be read, in the file that holds the voxels.
    pub(super) start: u64,
    /// First byte behind the last volume.
    pub(super) end: u64,
}

impl Header {
    /// `12x11x10 int16`, sizes along x, y, z.
    pub(super) fn describe(&self) -> String {
        let [z, y, x] = self.grid.shape;
        format!("{x}x{y}x{z} {}", datatype::name(self.kind))
    }
}

/// Judges the fields; `volume` is the 0-based volume of a series that is wanted.
///
/// # Errors
/// `E_HEADER`, `E_NDIM`, `E_DATATYPE`, `E_TOO_LARGE`.
pub(super) fn judge(
    fields: &Fields,
    volume: Option<u64>,
    budget: ByteBudget,
    warnings: &mut Vec<Warning>,
) -> Result<Header> {
    let dims = Dims::read(fields)?;
    let kind = datatype::real_type(fields.datatype)?;
    let width = u64::try_from(kind.size_of()).unwrap_or(u64::MAX);
    let declared = fields.bitpix;
    if u64::try_from(declared).ok() != width.checked_mul(8) {
        warnings.push(Warning::new(
            WarningCode::Header,
            format!("bitpix {declared} with datatype {}", datatype::name(kind)),
            "the datatype is used",
        ));
    }
    let index = dims.choose(volume)?;

    let [x, y, z] = dims.size;
    let overflow = || header_error(format!("dim {x}x{y}x{z}: more bytes than can be counted"));
    let voxels = [y, z]
        .iter()
        .try_fold(x, |n, &m| n.checked_mul(m))
        .ok_or_else(overflow)?;
    let volume_bytes = voxels.checked_mul(width).ok_or_else(overflow)?;
    let data_bytes = volume_bytes
        .checked_mul(dims.volumes)
        .ok_or_else(overflow)?;
    let offset = vox_offset(fields)?;
    let start = volume_bytes
        .checked_mul(index)
        .and_then(|skip| skip.checked_add(offset))
        .ok_or_else(overflow)?;
    let end = data_bytes.checked_add(offset).ok_or_else(overflow)?;
    if volume_bytes > budget.0 || offset > budget.0 {
        return Err(ToolError::new(
            Code::TooLarge,
            format!(
                "the header declares {volume_bytes} voxel bytes ({x}x{y}x{z} {}) from byte {offset}",
                datatype::name(kind)
            ),
        )
        .expected(format!("at most {} bytes", budget.0))
        .remedy("allow more memory if the image really is that large; otherwise export it again"));
    }
    let size = dims.size.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let grid = orientation::grid(fields, size, warnings)?;
    Ok(Header {
        edition: fields.edition,
        order: fields.order,
        layout: fields.layout,
        kind,
        grid,
        scaling: scaling(fields, warnings)?,
        voxels: usize::try_from(voxels).map_err(|_| overflow())?,
        volume_bytes,
        data_bytes,
        start,
        end,
    })
}

/// Sizes along x, y, z and the number of volumes.
struct Dims {
    size: [u64; 3],
    volumes: u64,
}

impl Dims {
    fn read(fields: &Fields) -> Result<Self> {
        let [rank, sizes @ ..] = fields.dim;
        let rank = usize::try_from(rank)
            .ok()
            .filter(|r| (1..=7).contains(r))
            .ok_or_else(|| {
                header_error(format!("dim[0] = {rank}")).expected("1 to 7 dimensions")
            })?;
        let mut size = [1_u64; 3];
        let mut volumes = 1_u64;
        for (axis, &declared) in sizes.iter().take(rank).enumerate() {
            let n = u64::try_from(declared)
                .ok()
                .filter(|&n| n > 0)
                .ok_or_else(|| {
                    header_error(format!("dim[{}] = {declared}", axis + 1))
                        .expected("at least 1 voxel")
                })?;
            match size.get_mut(axis) {
                Some(slot) => *slot = n,
                None => {
                    volumes = volumes.checked_mul(n).ok_or_else(|| {
                        header_error("more volumes than can be counted".to_owned())
                    })?;
                }
            }
        }
        Ok(Self { size, volumes })
    }

    /// The volume to read: the only one, or the one asked for.
    fn choose(&self, volume: Option<u64>) -> Result<u64> {
        let [x, y, z] = self.size;
        match volume {
            Some(k) if k < self.volumes => Ok(k),
            None if self.volumes == 1 => Ok(0),
            Some(k) => Err(ToolError::new(
                Code::Ndim,
                format!(
                    "{} volume(s) of {x}x{y}x{z}, volume {k} asked for",
                    self.volumes
                ),
            )
            .remedy(format!(
                "ask for one of the volumes 0 to {}",
                self.volumes - 1
            ))),
            None => Err(ToolError::new(
                Code::Ndim,
                format!("{} volumes of {x}x{y}x{z}", self.volumes),
            )
            .expected("one volume")
            .remedy("choose one with --volume k, counted from 0")),
        }
    }
}

fn vox_offset(fields: &Fields) -> Result<u64> {
    let found = || header_error(format!("vox_offset = {}", fields.vox_offset));
    let offset = whole(fields.vox_offset)
        .ok_or_else(|| found().expected("a whole number of bytes, not negative"))?;
    let least = fields.edition.least_offset();
    match fields.layout {
        Layout::Single if offset < least => Err(found().expected(format!("at least {least}"))),
        _ => Ok(offset),
    }
}

/// `f64` to a count, if it is one.
fn whole(value: f64) -> Option<u64> {
    if !(0.0..=EXACT).contains(&value) || value.fract() != 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number between 0 and 2^53"
    )]
    Some(value as u64)
}

/// The standard's rule: slope 0 means "not scaled"; nibabel writes NaN for the same.
fn scaling(fields: &Fields, warnings: &mut Vec<Warning>) -> Result<Scaling> {
    let (slope, intercept) = (fields.scl_slope, fields.scl_inter);
    if slope == 0.0 || slope.is_nan() {
        let warning = Warning::new(
            WarningCode::Scale,
            format!("scl_slope {slope}, scl_inter {intercept}"),
            "values are taken as stored",
        );
        // Nothing is lost unless an offset was meant.
        let harmless = intercept == 0.0 || intercept.is_nan();
        warnings.push(if harmless { warning.note() } else { warning });
        return Ok(Scaling::NONE);
    }
    for (field, value) in [("scl_slope", slope), ("scl_inter", intercept)] {
        if !value.is_finite() {
            return Err(header_error(format!("{field} = {value}")).expected("a finite number"));
        }
    }
    Ok(Scaling { slope, intercept })
}
