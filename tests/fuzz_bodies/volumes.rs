//! Images and masks: whole files through the one door, and headers with good bytes around the damage.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use raduet::io::{
    ByteBudget, GeometryRule, LabelChoice, ReadOptions, read_mask, read_volume, survey,
};

use super::well_said;

/// Bytes that a file may declare here.
const BUDGET: u64 = 1 << 20;

thread_local! {
    /// Files that are written over and over, in memory where the system has such a folder.
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// A file of these bytes; the folder is emptied by whoever needs it empty.
pub(super) fn placed(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = folder();
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a file in a folder of our own");
    path
}

fn folder() -> PathBuf {
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| {
            let memory = Path::new("/dev/shm");
            let made = if memory.is_dir() {
                tempfile::tempdir_in(memory)
            } else {
                tempfile::tempdir()
            };
            made.expect("a folder of our own")
        });
        folder.path().to_owned()
    })
}

fn options() -> ReadOptions {
    ReadOptions {
        budget: ByteBudget(BUDGET),
        ..ReadOptions::default()
    }
}

/// Reads an image and looks at its header; both end in a value or an error that is well said.
fn through(path: &Path) {
    let options = options();
    match read_volume(path, &options) {
        Ok(read) => {
            let [z, y, x] = read.volume.grid().shape;
            assert!(z * y * x > 0 && (z * y * x) as u64 <= BUDGET);
            for warning in &read.warnings {
                assert!(!warning.to_string().chars().any(char::is_control));
            }
            // What can be read whole has a header that can be read.
            survey(path, &options).expect("a header that was read before");
        }
        Err(error) => {
            well_said(&error);
            assert!(error.file.is_some(), "no file: {error}");
        }
    }
    if let Err(error) = survey(path, &options) {
        well_said(&error);
    }
}

pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(1));
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// A 4 x 3 x 2 volume of int16, NIfTI-1 or -2, with room for other types.
fn good_nifti(second: bool) -> Vec<u8> {
    let mut bytes = vec![0; if second { 544 } else { 352 }];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let dims = [3_u8, 4, 3, 2, 1, 1, 1, 1];
    if second {
        put(0, &540_i32.to_le_bytes());
        put(4, b"n+2\0\r\n\x1a\n");
        put(12, &4_i16.to_le_bytes());
        put(14, &16_i16.to_le_bytes());
        for (i, dim) in dims.into_iter().enumerate() {
            put(16 + 8 * i, &i64::from(dim).to_le_bytes());
            put(104 + 8 * i, &1_f64.to_le_bytes());
        }
        put(168, &544_i64.to_le_bytes());
        put(176, &1_f64.to_le_bytes());
        put(348, &1_i32.to_le_bytes());
        for row in 0..3 {
            put(400 + 40 * row, &1_f64.to_le_bytes());
        }
    } else {
        put(0, &348_i32.to_le_bytes());
        for (i, dim) in dims.into_iter().enumerate() {
            put(40 + 2 * i, &i16::from(dim).to_le_bytes());
            put(76 + 4 * i, &1_f32.to_le_bytes());
        }
        put(70, &4_i16.to_le_bytes());
        put(72, &16_i16.to_le_bytes());
        put(108, &352_f32.to_le_bytes());
        put(112, &1_f32.to_le_bytes());
        put(254, &1_i16.to_le_bytes());
        for row in 0..3 {
            put(280 + 20 * row, &1_f32.to_le_bytes());
        }
        put(344, b"n+1\0");
    }
    bytes.extend((0..24_i16).flat_map(i16::to_le_bytes));
    bytes
}

pub(super) fn seed_nifti() -> Vec<u8> {
    good_nifti(false)
}

pub(super) fn seed_header() -> Vec<u8> {
    // Changes to the place of dimensions and of the type.
    vec![40, 0, 7, 70, 0, 64, 108, 1, 9]
}

/// Three bytes change one of a good header: place (two), value.
fn changed(mut bytes: Vec<u8>, data: &[u8]) -> Vec<u8> {
    for change in data.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
        // Size and magic stay: without them nothing behind is looked at.
        if at >= 12 && !(344..348).contains(&at) || change[2] > 250 {
            bytes[at] = change[2];
        }
    }
    bytes
}

pub(super) fn nifti1_header(data: &[u8]) {
    through(&placed("a.nii", &changed(good_nifti(false), data)));
}

pub(super) fn nifti2_header(data: &[u8]) {
    through(&placed("b.nii", &changed(good_nifti(true), data)));
}

pub(super) fn nifti_file(data: &[u8]) {
    through(&placed("c.nii", data));
}

pub(super) fn nifti_packed(data: &[u8]) {
    through(&placed("d.nii.gz", &packed(data)));
}

/// Two members of any bytes, joined where the first byte says, and anything behind.
pub(super) fn gzip_layer(data: &[u8]) {
    through(&placed("e.nii.gz", data));
    if let Some((first, rest)) = data.split_first() {
        let cut = usize::from(*first) * rest.len() / 256;
        let good = good_nifti(false);
        let inner = (cut + 100) % good.len();
        let mut bytes = packed(&good[..inner]);
        bytes.extend(packed(&good[inner..]));
        bytes.extend(&rest[..cut]);
        through(&placed("f.nii.gz", &bytes));
    }
}

/// Blocks of deflate: the voxels, behind a good header in a block of its own.
pub(super) fn deflate_blocks(data: &[u8]) {
    let good = good_nifti(false);
    let (head, voxels) = good.split_at(352);
    let mut bytes = packed(&[])[..10].to_vec();
    bytes.push(0);
    bytes.extend(352_u16.to_le_bytes());
    bytes.extend((!352_u16).to_le_bytes());
    bytes.extend(head);
    bytes.extend(data);
    // No checksum fits; the size does, so that the blocks are unpacked in every way there is.
    bytes.extend([0; 4]);
    let size = u32::try_from(head.len() + voxels.len()).expect("a small file");
    bytes.extend(size.to_le_bytes());
    through(&placed("g.nii.gz", &bytes));
}

/// Voxels in blocks of three kinds.
pub(super) fn seed_deflate() -> Vec<Vec<u8>> {
    let deflated = |voxels: &[u8], level| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(voxels).expect("in memory");
        encoder.finish().expect("in memory")
    };
    let voxels = &good_nifti(false)[352..];
    // Enough of it for codes of its own.
    let many: Vec<u8> = (0..40_u8).flat_map(|i| [i, i / 7, i % 3, 0]).collect();
    vec![
        deflated(voxels, 0),
        deflated(voxels, 6),
        deflated(&many, 6),
        deflated(&many, 1),
    ]
}

pub(super) fn seed_nrrd() -> Vec<Vec<u8>> {
    let head = "NRRD0005\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 4 3 2\n\
                space directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\n\
                endian: little\nencoding: raw\nspace origin: (0,0,0)\n\n";
    let mut raw = head.as_bytes().to_vec();
    raw.extend((0..24_i16).flat_map(i16::to_le_bytes));
    let ascii = head.replace("raw", "ascii") + "0 1 2 3 4 5 6 7 8 9 1 1 1 1 1 1 1 1 1 1 1 1 1 1";
    let detached = head.replace("\n\n", "\ndata file: x.raw\n");
    vec![raw, ascii.into_bytes(), detached.into_bytes()]
}

/// A header of any lines over good data.
pub(super) fn nrrd_header(data: &[u8]) {
    let mut bytes = b"NRRD0005\n".to_vec();
    bytes.extend(data);
    bytes.extend(b"\n\n");
    bytes.extend((0..24_i16).flat_map(i16::to_le_bytes));
    through(&placed("g.nrrd", &bytes));
}

pub(super) fn nrrd_file(data: &[u8]) {
    placed("x.raw", &[1; 48]);
    through(&placed("h.nhdr", data));
}

pub(super) fn seed_metaimage() -> Vec<Vec<u8>> {
    let head = "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n\
                CompressedData = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\n\
                ElementSpacing = 1 1 1\nDimSize = 4 3 2\nElementType = MET_SHORT\nElementDataFile = ";
    let mut local = format!("{head}LOCAL\n").into_bytes();
    local.extend((0..24_i16).flat_map(i16::to_le_bytes));
    vec![
        local,
        format!("{head}x.raw\n").into_bytes(),
        format!("{head}s%02d.raw 0 1 1\n").into_bytes(),
        format!("{head}LIST\nx.raw\nx.raw\n").into_bytes(),
    ]
}

pub(super) fn metaimage(data: &[u8]) {
    placed("x.raw", &[1; 48]);
    through(&placed("i.mhd", data));
}

/// The smallest object with pixels: a 2 x 2 slice of CT, explicit little endian.
pub(super) fn seed_dicom() -> Vec<u8> {
    let mut meta = Vec::new();
    let mut set = Vec::new();
    let element = |to: &mut Vec<u8>, tag: (u16, u16), kind: &[u8; 2], value: &[u8]| {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(if kind == b"UI" { 0 } else { b' ' });
        }
        to.extend(tag.0.to_le_bytes());
        to.extend(tag.1.to_le_bytes());
        to.extend(kind);
        let length = u32::try_from(value.len()).expect("short");
        if matches!(kind, b"OB" | b"OW" | b"SQ" | b"UN") {
            to.extend([0, 0]);
            to.extend(length.to_le_bytes());
        } else {
            to.extend(u16::try_from(length).expect("short").to_le_bytes());
        }
        to.extend(value);
    };
    element(&mut meta, (2, 0x02), b"UI", b"1.2.840.10008.5.1.4.1.1.2");
    element(&mut meta, (2, 0x03), b"UI", b"1.2.3.4");
    element(&mut meta, (2, 0x10), b"UI", b"1.2.840.10008.1.2.1");
    element(&mut set, (8, 0x16), b"UI", b"1.2.840.10008.5.1.4.1.1.2");
    element(&mut set, (8, 0x18), b"UI", b"1.2.3.4");
    element(&mut set, (8, 0x60), b"CS", b"CT");
    element(&mut set, (0x10, 0x10), b"PN", b"SECRET^NAME");
    element(&mut set, (0x20, 0x0d), b"UI", b"1.2.3");
    element(&mut set, (0x20, 0x0e), b"UI", b"1.2.3.5");
    element(&mut set, (0x20, 0x32), b"DS", b"0\\0\\0");
    element(&mut set, (0x20, 0x37), b"DS", b"1\\0\\0\\0\\1\\0");
    element(&mut set, (0x28, 0x02), b"US", &1_u16.to_le_bytes());
    element(&mut set, (0x28, 0x04), b"CS", b"MONOCHROME2");
    element(&mut set, (0x28, 0x10), b"US", &2_u16.to_le_bytes());
    element(&mut set, (0x28, 0x11), b"US", &2_u16.to_le_bytes());
    element(&mut set, (0x28, 0x30), b"DS", b"1\\1");
    element(&mut set, (0x28, 0x100), b"US", &16_u16.to_le_bytes());
    element(&mut set, (0x28, 0x101), b"US", &16_u16.to_le_bytes());
    element(&mut set, (0x28, 0x102), b"US", &15_u16.to_le_bytes());
    element(&mut set, (0x28, 0x103), b"US", &1_u16.to_le_bytes());
    element(&mut set, (0x28, 0x1052), b"DS", b"-1024");
    element(&mut set, (0x28, 0x1053), b"DS", b"1");
    element(&mut set, (0x7fe0, 0x10), b"OW", &[0, 0, 1, 0, 2, 0, 3, 0]);
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    element(
        &mut bytes,
        (2, 0),
        b"UL",
        &u32::try_from(meta.len()).expect("short").to_le_bytes(),
    );
    bytes.extend(meta);
    bytes.extend(set);
    bytes
}

/// Any elements behind the mark of a DICOM file.
pub(super) fn dicom_elements(data: &[u8]) {
    let path = placed("j.dcm", data);
    through(&path);
    let good = seed_dicom();
    let meta = good[..132 + 12].to_vec();
    through(&placed("k.dcm", &[&meta, data].concat()));
}

/// A folder of up to four slices, each the good one with some of its bytes changed.
pub(super) fn dicom_series(data: &[u8]) {
    let folder = folder().join("series");
    let _ = std::fs::create_dir(&folder);
    let good = seed_dicom();
    for (number, changes) in data.chunks(data.len() / 4 + 1).enumerate() {
        let mut bytes = good.clone();
        // Its own position: the last digit of the third coordinate.
        let place = bytes
            .windows(5)
            .position(|w| w == b"0\\0\\0")
            .expect("a position");
        bytes[place + 4] = b'0' + u8::try_from(number).expect("four");
        for change in changes.chunks_exact(3) {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
            bytes[at] = change[2];
        }
        std::fs::write(folder.join(format!("{number}.dcm")), bytes).expect("our own folder");
    }
    let options = options();
    if let Err(error) = read_volume(&folder, &options) {
        well_said(&error);
        let text = error.to_string();
        assert!(
            !text.contains("SECRET"),
            "a patient's name in an error: {text}"
        );
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// A structure set: the good object's head with another class, and any elements.
pub(super) fn rtstruct(data: &[u8]) {
    of_class(b"1.2.840.10008.5.1.4.1.1.481.3", "l.dcm", data);
}

/// A segmentation object.
pub(super) fn seg(data: &[u8]) {
    of_class(b"1.2.840.10008.5.1.4.1.1.66.4", "m.dcm", data);
}

fn of_class(class: &[u8], name: &str, data: &[u8]) {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    let mut meta = Vec::new();
    for (tag, value) in [(0x02_u16, class), (0x10, b"1.2.840.10008.1.2.1\0")] {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(0);
        }
        meta.extend(2_u16.to_le_bytes());
        meta.extend(tag.to_le_bytes());
        meta.extend(b"UI");
        meta.extend(u16::try_from(value.len()).expect("short").to_le_bytes());
        meta.extend(value);
    }
    bytes.extend([2, 0, 0, 0]);
    bytes.extend(b"UL\x04\x00");
    bytes.extend(u32::try_from(meta.len()).expect("short").to_le_bytes());
    bytes.extend(meta);
    bytes.extend(data);
    let path = placed(name, &bytes);
    through(&path);
    as_mask(&path);
}

pub(super) fn seed_npy() -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let head = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3, 4), }";
    let head = format!("{head:<117}\n");
    bytes.extend(u16::try_from(head.len()).expect("short").to_le_bytes());
    bytes.extend(head.as_bytes());
    bytes.extend((0..24_i16).flat_map(i16::to_le_bytes));
    bytes
}

pub(super) fn npy(data: &[u8]) {
    through(&placed("n.npy", data));
    through(&placed("n.npz", data));
}

pub(super) fn seed_picture() -> Vec<u8> {
    let slice: Vec<f64> = (0..16).map(f64::from).collect();
    raduet::io::png::overlay(&slice, 4, 4, &[true; 16], None, 1).expect("a picture")
}

pub(super) fn picture(data: &[u8]) {
    through(&placed("o.png", data));
    through(&placed("o.tif", data));
}

/// Any file as the mask of a good image.
pub(super) fn mask_labels(data: &[u8]) {
    as_mask(&placed("p.nii", data));
    // Of a good header with any values.
    let mut bytes = good_nifti(false);
    let kind = [(2_i16, 8_i16), (4, 16), (16, 32), (64, 64)];
    let Some((first, values)) = data.split_first() else {
        return;
    };
    let (code, bits) = kind[usize::from(*first) % kind.len()];
    bytes[70..72].copy_from_slice(&code.to_le_bytes());
    bytes[72..74].copy_from_slice(&bits.to_le_bytes());
    bytes.truncate(352);
    bytes.extend(values);
    as_mask(&placed("q.nii", &bytes));
}

fn as_mask(path: &Path) {
    let options = options();
    let image = placed("image.nii", &good_nifti(false));
    let grid = *read_volume(&image, &options)
        .expect("a good image")
        .volume
        .grid();
    for choice in [LabelChoice::Only, LabelChoice::Value(1)] {
        let rule = GeometryRule::default();
        match read_mask(path, &choice, &grid, rule, &options) {
            Ok(read) => assert!(read.mask.inside().iter().any(|inside| *inside)),
            Err(error) => well_said(&error),
        }
    }
}
