//! NIfTI files made byte by byte, independently of the tool's own writer, and ways to damage them.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]
#![allow(dead_code, reason = "every test file uses another part of this one")]

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use raduet::error::{Code, ToolError, Warning, WarningCode};
use raduet::io::{ReadOptions, ReadVolume, read_volume};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    One,
    Two,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// A header as a list of values; the defaults describe a 12x11x10 int16 volume of 2 mm voxels.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) edition: Edition,
    pub(crate) order: Order,
    pub(crate) pair: bool,
    pub(crate) dim: [i64; 8],
    pub(crate) datatype: i16,
    pub(crate) bitpix: i16,
    pub(crate) pixdim: [f64; 8],
    pub(crate) vox_offset: f64,
    pub(crate) slope: f64,
    pub(crate) intercept: f64,
    pub(crate) units: u8,
    pub(crate) qform_code: i16,
    pub(crate) sform_code: i16,
    pub(crate) quatern: [f64; 3],
    pub(crate) qoffset: [f64; 3],
    pub(crate) srow: [[f64; 4]; 3],
}

impl Default for Header {
    fn default() -> Self {
        Self {
            edition: Edition::One,
            order: Order::Little,
            pair: false,
            dim: [3, 12, 11, 10, 1, 1, 1, 1],
            datatype: 4,
            bitpix: 16,
            pixdim: [1.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0],
            vox_offset: 352.0,
            slope: 1.0,
            intercept: 0.0,
            units: 2,
            qform_code: 0,
            sform_code: 1,
            quatern: [0.0; 3],
            qoffset: [0.0; 3],
            srow: [
                [2.0, 0.0, 0.0, -5.0],
                [0.0, 2.0, 0.0, 3.0],
                [0.0, 0.0, 2.0, 7.0],
            ],
        }
    }
}

struct Bytes {
    bytes: Vec<u8>,
    order: Order,
}

macro_rules! put {
    ($name:ident, $kind:ty) => {
        fn $name(&mut self, at: usize, value: $kind) {
            let bytes = match self.order {
                Order::Little => value.to_le_bytes(),
                Order::Big => value.to_be_bytes(),
            };
            self.bytes[at..at + bytes.len()].copy_from_slice(&bytes);
        }
    };
}

impl Bytes {
    put!(i16, i16);
    put!(i32, i32);
    put!(i64, i64);
    put!(f32, f32);
    put!(f64, f64);
}

#[expect(clippy::cast_possible_truncation, reason = "the format's precision")]
impl Header {
    /// A header of NIfTI-2 with the offset that goes with it.
    pub(crate) fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        if !self.pair {
            self.vox_offset = if edition == Edition::Two {
                544.0
            } else {
                352.0
            };
        }
        self
    }

    /// The header of a pair.
    pub(crate) fn of_pair(mut self) -> Self {
        self.pair = true;
        self.vox_offset = 0.0;
        self
    }

    /// Header and extension flag: 352 or 544 bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self.edition {
            Edition::One => self.bytes_1(),
            Edition::Two => self.bytes_2(),
        }
    }

    fn bytes_1(&self) -> Vec<u8> {
        let mut b = Bytes {
            bytes: vec![0; 352],
            order: self.order,
        };
        b.i32(0, 348);
        for (i, &n) in self.dim.iter().enumerate() {
            b.i16(40 + 2 * i, n as i16);
        }
        b.i16(70, self.datatype);
        b.i16(72, self.bitpix);
        for (i, &v) in self.pixdim.iter().enumerate() {
            b.f32(76 + 4 * i, v as f32);
        }
        b.f32(108, self.vox_offset as f32);
        b.f32(112, self.slope as f32);
        b.f32(116, self.intercept as f32);
        b.bytes[123] = self.units;
        b.i16(252, self.qform_code);
        b.i16(254, self.sform_code);
        for i in 0..3 {
            b.f32(256 + 4 * i, self.quatern[i] as f32);
            b.f32(268 + 4 * i, self.qoffset[i] as f32);
            for j in 0..4 {
                b.f32(280 + 16 * i + 4 * j, self.srow[i][j] as f32);
            }
        }
        b.bytes[344..348].copy_from_slice(if self.pair { b"ni1\0" } else { b"n+1\0" });
        b.bytes
    }

    fn bytes_2(&self) -> Vec<u8> {
        let mut b = Bytes {
            bytes: vec![0; 544],
            order: self.order,
        };
        b.i32(0, 540);
        b.bytes[4..12].copy_from_slice(if self.pair {
            b"ni2\0\r\n\x1a\n"
        } else {
            b"n+2\0\r\n\x1a\n"
        });
        b.i16(12, self.datatype);
        b.i16(14, self.bitpix);
        for (i, &n) in self.dim.iter().enumerate() {
            b.i64(16 + 8 * i, n);
        }
        for (i, &v) in self.pixdim.iter().enumerate() {
            b.f64(104 + 8 * i, v);
        }
        b.i64(168, self.vox_offset as i64);
        b.f64(176, self.slope);
        b.f64(184, self.intercept);
        b.i32(344, i32::from(self.qform_code));
        b.i32(348, i32::from(self.sform_code));
        for i in 0..3 {
            b.f64(352 + 8 * i, self.quatern[i]);
            b.f64(376 + 8 * i, self.qoffset[i]);
            for j in 0..4 {
                b.f64(400 + 32 * i + 8 * j, self.srow[i][j]);
            }
        }
        b.i32(500, i32::from(self.units));
        b.bytes
    }

    /// A single file: header, flag, voxel bytes.
    pub(crate) fn file(&self, voxels: &[u8]) -> Vec<u8> {
        let mut bytes = self.bytes();
        bytes.extend_from_slice(voxels);
        bytes
    }

    /// A single file whose voxels count up from 0 (int16).
    pub(crate) fn counting(&self) -> Vec<u8> {
        self.file(&counting(1320, self.order))
    }
}

/// `0, 1, 2, …` as int16.
pub(crate) fn counting(n: i16, order: Order) -> Vec<u8> {
    (0..n)
        .flat_map(|v| match order {
            Order::Little => v.to_le_bytes(),
            Order::Big => v.to_be_bytes(),
        })
        .collect()
}

/// One gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder for one test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and gives its path.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).unwrap();
        }
        // A new file is quick; overwriting an old one makes some file systems wait for the disk.
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes a file and reads it as an image.
    pub(crate) fn read(&self, name: &str, bytes: &[u8]) -> Result<ReadVolume, ToolError> {
        read_volume(&self.put(name, bytes), &ReadOptions::default())
    }

    /// Writes a file that must be refused with a code; the error names file and remedy.
    pub(crate) fn refused(&self, name: &str, bytes: &[u8], code: Code) -> ToolError {
        let error = self
            .read(name, bytes)
            .expect_err(&format!("{name} should be refused with {code}"));
        assert_eq!(error.code, code, "{error}");
        assert!(error.file.is_some(), "no file: {error}");
        assert!(!error.remedy.is_empty(), "no remedy: {error}");
        error
    }
}

/// The codes of warnings, sorted, notes left out.
pub(crate) fn codes(warnings: &[Warning]) -> Vec<WarningCode> {
    let mut codes: Vec<_> = warnings
        .iter()
        .filter(|w| w.level == raduet::error::Level::Warning)
        .map(|w| w.code)
        .collect();
    codes.sort();
    codes
}
