//! A volume as the bytes of an inline NRRD file, packed with gzip, little-endian, in LPS as ITK writes it.

use std::fmt::Write as _;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use raduet_features::Volume;

use crate::io::grid::{columns, lps_to_ras};
use crate::io::numbers;
use crate::io::voxel_bytes::put_little_endian;

/// Writes header and voxels in their stored type; numbers of the header are written so that they read back as
/// the same. NRRD has no scaling: a scaled volume must be brought to its values first.
///
/// # Errors
/// Whatever `out` reports.
pub fn write_nrrd(volume: &Volume, out: &mut impl Write) -> io::Result<()> {
    let grid = volume.grid();
    let [z, y, x] = grid.shape;
    let lps = lps_to_ras(grid.affine);
    let mut text = String::from("NRRD0004\n");
    let kind = match numbers(volume.voxels()) {
        "float32" => "float",
        "float64" => "double",
        whole => whole,
    };
    let vector = |[a, b, c]: [f64; 3]| format!("({},{},{})", a + 0.0, b + 0.0, c + 0.0);
    let directions = columns(&lps).map(vector).join(" ");
    let origin = vector(lps.0.map(|[.., last]| last));
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "type: {kind}\ndimension: 3\nspace: left-posterior-superior\nsizes: {x} {y} {z}\n\
         space directions: {directions}\nkinds: domain domain domain\nendian: little\n\
         encoding: gzip\nspace origin: {origin}\n\n"
    );
    out.write_all(text.as_bytes())?;
    let mut packed = GzEncoder::new(out, Compression::default());
    put_little_endian(volume.voxels(), &mut packed)?;
    packed.try_finish()
}
