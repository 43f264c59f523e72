//! NIfTI-1 and NIfTI-2, single files and pairs, compressed or not, either byte order.
//!
//! ```text
//! bytes ─ gzip ─► fields ─► header (judged: shape, type, place, scaling) ─► decode ─► Volume
//!                               └ orientation (grid in mm)
//! ```
//!
//! Checks of the header and the gzip layer are our own and come first, so that a damaged or hostile
//! file ends in a typed error before anything is allocated. The `nifti` crate gives the type codes. Its
//! reader is not used: it takes the first gzip member only, rescales integers in their own type and
//! panics on a negative `pixdim` and on quaternions longer than 1. Its writer is not used: it cuts a
//! name like `a.b.nii` to `a.nii`, writes to a path only and not atomically.

mod datatype;
mod decode;
mod fields;
mod gzip;
mod header;
mod one_member;
mod orientation;
mod passing;
mod qform;
mod read;
mod write;

pub(crate) use gzip::is_gzip;
pub(crate) use passing::Passing;
pub use read::read_nifti;
pub(crate) use read::{files_of, recognise, survey};
pub use write::write_nifti;
