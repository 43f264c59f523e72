//! Pixels of the test images: just enough of NIfTI and NRRD to read them, independent of the readers
//! under test. Trusts its files; panics otherwise.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// An image as plain numbers.
#[derive(Debug, Clone)]
pub struct Image {
    /// Voxels along z, y, x.
    pub shape: [usize; 3],
    /// Stored numbers, x fastest.
    pub values: Vec<f64>,
}

impl Image {
    /// Slice `z`: `y · x` numbers, row after row.
    ///
    /// # Panics
    /// When there is no such slice.
    pub fn slice(&self, z: usize) -> &[f64] {
        let size = self.shape[1] * self.shape[2];
        &self.values[z * size..(z + 1) * size]
    }
}

/// Reads a `.nii.gz` or `.nrrd` file.
///
/// # Panics
/// When the file is not what the test data hold.
pub fn read(path: &Path) -> Image {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path
        .extension()
        .is_some_and(|extension| extension == "nrrd")
    {
        nrrd(&bytes)
    } else {
        nifti(&unzipped(&bytes))
    }
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes)
        .read_to_end(&mut plain)
        .expect("a gzip file");
    plain
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("N bytes")
}

/// Little-endian numbers of a type named as in NRRD.
fn numbers(bytes: &[u8], kind: &str) -> Vec<f64> {
    match kind {
        "uint8" => bytes.iter().map(|byte| f64::from(*byte)).collect(),
        "int16" => bytes
            .chunks_exact(2)
            .map(|b| i16::from_le_bytes(array(b, 0)).into())
            .collect(),
        "uint16" => bytes
            .chunks_exact(2)
            .map(|b| u16::from_le_bytes(array(b, 0)).into())
            .collect(),
        "int32" => bytes
            .chunks_exact(4)
            .map(|b| i32::from_le_bytes(array(b, 0)).into())
            .collect(),
        "float" => bytes
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(array(b, 0)).into())
            .collect(),
        "double" => bytes
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(array(b, 0)))
            .collect(),
        other => panic!("number type {other}"),
    }
}

fn nifti(bytes: &[u8]) -> Image {
    assert_eq!(
        i32::from_le_bytes(array(bytes, 0)),
        348,
        "a little-endian NIfTI-1 file"
    );
    let dimension = |axis: usize| -> usize {
        i16::from_le_bytes(array(bytes, 40 + 2 * axis))
            .try_into()
            .expect("a size")
    };
    let shape = [dimension(3), dimension(2), dimension(1)];
    let kind = match i16::from_le_bytes(array(bytes, 70)) {
        2 => "uint8",
        4 => "int16",
        8 => "int32",
        16 => "float",
        64 => "double",
        512 => "uint16",
        other => panic!("number type {other}"),
    };
    let slope_and_intercept: [u8; 8] = array(bytes, 112);
    let as_stored = [[0.0_f32, 0.0], [1.0, 0.0]]
        .map(|[slope, intercept]| [slope.to_le_bytes(), intercept.to_le_bytes()].concat());
    assert!(
        as_stored
            .iter()
            .any(|stored| stored[..] == slope_and_intercept),
        "values as stored"
    );
    // In single files the numbers begin at byte 352 unless extensions follow the header.
    assert_eq!(
        f32::from_le_bytes(array(bytes, 108)).to_bits(),
        352.0_f32.to_bits()
    );
    image(shape, numbers(&bytes[352..], kind))
}

fn nrrd(bytes: &[u8]) -> Image {
    let end = bytes
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .expect("a blank line");
    let header = String::from_utf8_lossy(&bytes[..end]);
    let field = |name: &str| {
        let mut lines = header.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| *key == name);
        found
            .unwrap_or_else(|| panic!("no field '{name}'"))
            .1
            .trim()
            .to_owned()
    };
    let data = match field("encoding").as_str() {
        "gzip" | "gz" => unzipped(&bytes[end + 2..]),
        "raw" => bytes[end + 2..].to_vec(),
        other => panic!("encoding {other}"),
    };
    let kind = match field("type").as_str() {
        "unsigned char" | "uchar" | "uint8" => "uint8",
        "short" | "int16" | "signed short" => "int16",
        "unsigned short" | "ushort" | "uint16" => "uint16",
        "int" | "int32" => "int32",
        "float" => "float",
        "double" => "double",
        other => panic!("number type {other}"),
    };
    let sizes = field("sizes");
    let mut sizes = sizes
        .split_whitespace()
        .map(|size| size.parse().expect("a size"));
    let mut next = || sizes.next().expect("three sizes");
    let (x, y, z) = (next(), next(), next());
    image([z, y, x], numbers(&data, kind))
}

fn image(shape: [usize; 3], mut values: Vec<f64>) -> Image {
    let voxels = shape.iter().product();
    assert!(
        values.len() >= voxels,
        "{} numbers for {shape:?}",
        values.len()
    );
    values.truncate(voxels);
    Image { shape, values }
}
