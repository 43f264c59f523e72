//! Arrays of any number of axes as volumes: which axes are those of space, and which volume of several.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use std::borrow::Cow;

use super::room::reserved;
use crate::error::{Code, Result, ToolError};

/// Sizes along all axes, fastest first, and which of them run along x, y and z.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Axes {
    /// Numbers along each axis; their product is counted already.
    pub(crate) sizes: Vec<usize>,
    /// Positions of x, y, z among the axes; none where the array has no such axis.
    pub(crate) space: [Option<usize>; 3],
}

impl Axes {
    /// Voxels along `[z, y, x]`.
    pub(crate) fn shape(&self) -> [usize; 3] {
        let [x, y, z] = self.space.map(|axis| self.size(axis));
        [z, y, x]
    }

    fn size(&self, axis: Option<usize>) -> usize {
        axis.and_then(|axis| self.sizes.get(axis))
            .copied()
            .unwrap_or(1)
    }

    /// Axes that are not of space.
    fn others(&self) -> impl Iterator<Item = usize> {
        (0..self.sizes.len()).filter(|axis| !self.space.contains(&Some(*axis)))
    }

    /// Volumes, or channels.
    pub(crate) fn volumes(&self) -> usize {
        self.others()
            .fold(1, |n, axis| n.saturating_mul(self.size(Some(axis))))
    }

    /// The volume to read: the only one, or the one asked for.
    ///
    /// # Errors
    /// `E_NDIM`; `kind` says what the volumes are (`volumes`, `channels (RGB-color)`).
    pub(crate) fn choose(&self, asked: Option<u64>, kind: &str) -> Result<usize> {
        let volumes = self.volumes();
        let [z, y, x] = self.shape();
        let chosen = match asked {
            None if volumes == 1 => Some(0),
            None => None,
            Some(k) => usize::try_from(k).ok().filter(|k| *k < volumes),
        };
        chosen.ok_or_else(|| {
            let found = format!("{volumes} {kind} of {x}x{y}x{z}");
            let error = ToolError::new(Code::Ndim, found);
            match asked {
                None => error
                    .expected("one volume")
                    .remedy("choose one with --volume k, counted from 0"),
                Some(k) => error
                    .expected(format!("a volume {k}"))
                    .remedy("ask for one that is there, counted from 0"),
            }
        })
    }

    /// The bytes of one volume in the order `[z, y, x]`, x fastest.
    ///
    /// # Errors
    /// `E_TOO_LARGE` when the system has no room; `E_INTERNAL` when there are fewer bytes than counted.
    pub(crate) fn pick<'a>(
        &self,
        bytes: &'a [u8],
        width: usize,
        volume: usize,
    ) -> Result<Cow<'a, [u8]>> {
        let lost = || ToolError::internal("voxel bytes and sizes do not fit");
        let strides = self.strides(width);
        let stride = |axis: Option<usize>| axis.and_then(|a| strides.get(a)).copied().unwrap_or(0);
        let mut start = 0_usize;
        let mut left = volume;
        for axis in self.others() {
            let size = self.size(Some(axis));
            let at = left.checked_rem(size).unwrap_or(0);
            left = left.checked_div(size).unwrap_or(0);
            start = start.saturating_add(at.saturating_mul(stride(Some(axis))));
        }
        let [nz, ny, nx] = self.shape();
        let [sx, sy, sz] = self.space.map(stride);
        let row = nx.saturating_mul(width);
        let total = row.saturating_mul(ny).saturating_mul(nz);
        let together = |n: usize, stride: usize, dense: usize| n == 1 || stride == dense;
        let plane = row.saturating_mul(ny);
        if together(nx, sx, width) && together(ny, sy, row) && together(nz, sz, plane) {
            let end = start.saturating_add(total);
            return bytes.get(start..end).map(Cow::Borrowed).ok_or_else(lost);
        }
        let mut picked = reserved(total)?;
        for z in 0..nz {
            for y in 0..ny {
                let line = start
                    .saturating_add(z.saturating_mul(sz))
                    .saturating_add(y.saturating_mul(sy));
                for x in 0..nx {
                    let from = line.saturating_add(x.saturating_mul(sx));
                    let number = bytes.get(from..from.saturating_add(width));
                    picked.extend_from_slice(number.ok_or_else(lost)?);
                }
            }
        }
        Ok(Cow::Owned(picked))
    }

    /// Bytes from a number to its neighbour along each axis.
    fn strides(&self, width: usize) -> Vec<usize> {
        let mut stride = width;
        let mut strides = Vec::new();
        for size in &self.sizes {
            strides.push(stride);
            stride = stride.saturating_mul(*size);
        }
        strides
    }
}
