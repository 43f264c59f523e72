//! Volumes and masks on a grid, `[z, y, x]`.
//!
//! A volume keeps the number type it was stored in: only the bounding box of a region becomes `f64`.

use ndarray::Array3;

use crate::geometry::Grid;

/// Stored voxels, in their stored type.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the variants are the number types themselves")]
pub enum Voxels {
    U8(Array3<u8>),
    I8(Array3<i8>),
    U16(Array3<u16>),
    I16(Array3<i16>),
    U32(Array3<u32>),
    I32(Array3<i32>),
    U64(Array3<u64>),
    I64(Array3<i64>),
    F32(Array3<f32>),
    F64(Array3<f64>),
}

/// `value = stored · slope + intercept`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// Factor; finite and not zero.
    pub slope: f64,
    /// Offset; finite.
    pub intercept: f64,
}

impl Scaling {
    /// Values are as stored.
    pub const NONE: Self = Self {
        slope: 1.0,
        intercept: 0.0,
    };
}

/// An image on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    voxels: Voxels,
    scaling: Scaling,
    grid: Grid,
}

/// The voxels of one region of interest, on its image's grid.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskVolume {
    inside: Array3<bool>,
    grid: Grid,
}

macro_rules! for_each_type {
    ($voxels:expr, $array:ident => $body:expr) => {
        match $voxels {
            Voxels::U8($array) => $body,
            Voxels::I8($array) => $body,
            Voxels::U16($array) => $body,
            Voxels::I16($array) => $body,
            Voxels::U32($array) => $body,
            Voxels::I32($array) => $body,
            Voxels::U64($array) => $body,
            Voxels::I64($array) => $body,
            Voxels::F32($array) => $body,
            Voxels::F64($array) => $body,
        }
    };
}

impl Voxels {
    /// Voxels along z, y, x.
    pub fn shape(&self) -> [usize; 3] {
        let (z, y, x) = for_each_type!(self, array => array.dim());
        [z, y, x]
    }
}

impl Volume {
    /// Puts voxels on a grid, or `None` when the shapes differ.
    pub fn new(voxels: Voxels, scaling: Scaling, grid: Grid) -> Option<Self> {
        (voxels.shape() == grid.shape).then_some(Self {
            voxels,
            scaling,
            grid,
        })
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The stored voxels.
    pub fn voxels(&self) -> &Voxels {
        &self.voxels
    }

    /// How stored numbers become values.
    pub fn scaling(&self) -> Scaling {
        self.scaling
    }
}

impl MaskVolume {
    /// Puts a region on a grid, or `None` when the shapes differ.
    pub fn new(inside: Array3<bool>, grid: Grid) -> Option<Self> {
        let (z, y, x) = inside.dim();
        ([z, y, x] == grid.shape).then_some(Self { inside, grid })
    }

    /// The grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// True inside the region.
    pub fn inside(&self) -> &Array3<bool> {
        &self.inside
    }
}
