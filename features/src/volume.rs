//! Volumes and masks on a grid, `[z, y, x]`.
//!
//! A volume keeps the number type it was stored in: only the bounding box of a region becomes `f64`.

use ndarray::{Array2, Array3, ArrayView2, Axis, Zip, s};
use rayon::prelude::*;

use crate::error::{FeatureError, Result};
use crate::geometry::Grid;
use crate::roi::{PLANES_AT_A_TIME, crop};

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

    /// A box that lies inside.
    fn cut(&self, low: [usize; 3], shape: [usize; 3]) -> Self {
        match self {
            Self::U8(array) => Self::U8(crop(&array.view(), low, shape)),
            Self::I8(array) => Self::I8(crop(&array.view(), low, shape)),
            Self::U16(array) => Self::U16(crop(&array.view(), low, shape)),
            Self::I16(array) => Self::I16(crop(&array.view(), low, shape)),
            Self::U32(array) => Self::U32(crop(&array.view(), low, shape)),
            Self::I32(array) => Self::I32(crop(&array.view(), low, shape)),
            Self::U64(array) => Self::U64(crop(&array.view(), low, shape)),
            Self::I64(array) => Self::I64(crop(&array.view(), low, shape)),
            Self::F32(array) => Self::F32(crop(&array.view(), low, shape)),
            Self::F64(array) => Self::F64(crop(&array.view(), low, shape)),
        }
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

    /// The stored voxels, without their scaling and grid.
    pub fn into_voxels(self) -> Voxels {
        self.voxels
    }

    /// How stored numbers become values.
    pub fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// All values of slice `z`, `[row, column]`.
    ///
    /// # Errors
    /// [`FeatureError::NoSuchSlice`] when there is no slice `z`.
    pub fn slice_f64(&self, z: usize) -> Result<Array2<f64>> {
        let [slices, rows, columns] = self.grid.shape;
        check_slice(z, slices)?;
        let plane = self.box_f64([z, 0, 0], [1, rows, columns]);
        Ok(plane.index_axis_move(Axis(0), 0))
    }

    /// A box that lies inside the volume, as a volume of its own.
    pub(crate) fn cut(&self, low: [usize; 3], shape: [usize; 3]) -> Self {
        Self {
            voxels: self.voxels.cut(low, shape),
            scaling: self.scaling,
            grid: self.grid.cut(low, shape),
        }
    }

    /// The values of a box that lies inside the volume, `[z, y, x]`.
    pub(crate) fn box_f64(&self, low: [usize; 3], shape: [usize; 3]) -> Array3<f64> {
        let Scaling { slope, intercept } = self.scaling;
        let [z, y, x] = low;
        let [nz, ny, nx] = shape;
        let cut = s![z..z + nz, y..y + ny, x..x + nx];
        let mut values = Array3::zeros((nz, ny, nx));
        for_each_type!(&self.voxels, array => {
            let stored = array.slice(cut);
            let planes = values.outer_iter_mut().zip(stored.outer_iter());
            let planes: Vec<_> = planes.collect();
            planes
                .into_par_iter()
                .with_min_len(PLANES_AT_A_TIME)
                .for_each(|(values, stored)| {
                    Zip::from(values).and(stored).for_each(|value, stored| {
                        *value = Stored::value(*stored, slope, intercept);
                    });
                });
        });
        values
    }
}

fn check_slice(slice: usize, slices: usize) -> Result<()> {
    if slice < slices {
        Ok(())
    } else {
        Err(FeatureError::NoSuchSlice { slice, slices })
    }
}

/// A stored number turned into a value.
trait Stored: Copy {
    fn value(self, slope: f64, intercept: f64) -> f64;
}

macro_rules! stored {
    ($($number:ty)*) => {$(
        impl Stored for $number {
            #[expect(
                clippy::allow_attributes,
                reason = "the lint below fires for some of the number types only"
            )]
            #[allow(
                clippy::cast_lossless,
                trivial_numeric_casts,
                reason = "one body for all number types"
            )]
            fn value(self, slope: f64, intercept: f64) -> f64 {
                self as f64 * slope + intercept
            }
        }
    )*};
}

stored!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

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

    /// The region without its grid.
    pub fn into_inside(self) -> Array3<bool> {
        self.inside
    }

    /// A box that lies inside the volume, as a volume of its own.
    pub(crate) fn cut(&self, low: [usize; 3], shape: [usize; 3]) -> Self {
        Self {
            inside: crop(&self.inside.view(), low, shape),
            grid: self.grid.cut(low, shape),
        }
    }

    /// Slice `z` of the mask, `[row, column]`.
    ///
    /// # Errors
    /// [`FeatureError::NoSuchSlice`] when there is no slice `z`.
    pub fn slice(&self, z: usize) -> Result<ArrayView2<'_, bool>> {
        check_slice(z, self.grid.shape[0])?;
        Ok(self.inside.index_axis(Axis(0), z))
    }

    /// Indices of the slices that hold at least one voxel of the region, in ascending order.
    pub fn occupied_slices(&self) -> Vec<usize> {
        let planes = self.inside.outer_iter().enumerate();
        planes
            .filter(|(_, plane)| plane.fold(false, |any, inside| any | inside))
            .map(|(z, _)| z)
            .collect()
    }
}
