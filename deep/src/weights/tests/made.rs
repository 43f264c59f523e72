//! Files made here, byte by byte: pickles by instructions, archives by entries.

use std::fmt::Write as _;

use super::super::{read, refused};
use crate::error::Result;

/// The front of each file of tests.
pub(super) const BEGIN: &[u8] = b"\x80\x02";

pub(super) fn text(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_le_bytes();
    [b"X", &length[..], text.as_bytes()].concat()
}

pub(super) fn int(number: i64) -> Vec<u8> {
    [b"\x8a\x08", &number.to_le_bytes()[..]].concat()
}

pub(super) fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", &items.concat()[..], b"t"].concat()
}

pub(super) fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// A storage of `count` f32 numbers.
pub(super) fn storage(key: &str, count: i64) -> Vec<u8> {
    let parts = [
        text("storage"),
        global("torch", "FloatStorage"),
        text(key),
        text("cpu"),
        int(count),
    ];
    [tuple(&parts), b"Q".to_vec()].concat()
}

/// A tensor over a storage.
pub(super) fn tensor(storage: &[u8], offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let ints = |list: &[i64]| tuple(&list.iter().map(|n| int(*n)).collect::<Vec<_>>());
    let arguments = [
        storage.to_vec(),
        int(offset),
        ints(shape),
        ints(strides),
        b"\x89".to_vec(),
        b"N".to_vec(),
    ];
    let rebuild = global("torch._utils", "_rebuild_tensor_v2");
    [rebuild, tuple(&arguments), b"R".to_vec()].concat()
}

/// A dictionary of text keys.
pub(super) fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<u8> = items
        .iter()
        .flat_map(|(key, value)| [text(key), value.clone()].concat())
        .collect();
    [b"}(", &items[..], b"u"].concat()
}

pub(super) fn pickle(body: &[u8]) -> Vec<u8> {
    [BEGIN, body, b"."].concat()
}

/// An entry's own words about itself, which may differ from what it is.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
    pub(super) method: u16,
    pub(super) size: u32,
    pub(super) place: Option<u32>,
}

impl Entry {
    pub(super) fn stored(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.into(),
            content: content.to_vec(),
            method: 0,
            size: u32::try_from(content.len()).unwrap(),
            place: None,
        }
    }
}

/// An archive without checksums, which are not looked at.
pub(super) fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let place = entry.place.unwrap_or(u32::try_from(bytes.len()).unwrap());
        let name_length = u16::try_from(entry.name.len()).unwrap().to_le_bytes();
        let sizes = [entry.size.to_le_bytes(), entry.size.to_le_bytes()].concat();
        let method = entry.method.to_le_bytes();
        bytes.extend_from_slice(b"PK\x03\x04\x00\x00\x00\x00");
        bytes.extend_from_slice(&method);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&sizes);
        bytes.extend_from_slice(&name_length);
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(entry.name.as_bytes());
        bytes.extend_from_slice(&entry.content);
        directory.extend_from_slice(b"PK\x01\x02\x00\x00\x00\x00\x00\x00");
        directory.extend_from_slice(&method);
        directory.extend_from_slice(&[0; 8]);
        directory.extend_from_slice(&sizes);
        directory.extend_from_slice(&name_length);
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(&place.to_le_bytes());
        directory.extend_from_slice(entry.name.as_bytes());
    }
    let begin = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    bytes.extend_from_slice(&[count, count].concat());
    bytes.extend_from_slice(&length);
    bytes.extend_from_slice(&begin);
    bytes.extend_from_slice(&[0; 2]);
    bytes
}

/// A file as PyTorch lays it out, with storage `0` of four numbers 0, 1, 2, 3.
pub(super) fn file(pickle: &[u8]) -> Vec<u8> {
    let numbers: Vec<u8> = (0..4).flat_map(|k| (k as f32).to_le_bytes()).collect();
    zip(&[
        Entry::stored("x/data.pkl", pickle),
        Entry::stored("x/byteorder", b"little"),
        Entry::stored("x/data/0", &numbers),
    ])
}

/// Name, shape and numbers of every tensor, as one text.
pub(super) fn described(bytes: &[u8]) -> Result<String> {
    let file = read(bytes)?;
    let mut text = file.unwrapped.join(" ");
    for (name, tensor) in &file.tensors {
        write!(text, "[{name} {:?} {:?}]", tensor.shape, tensor.numbers())
            .map_err(|_| refused(String::new(), ""))?;
    }
    Ok(text)
}

#[test]
fn a_made_file_is_read() {
    let a = tensor(&storage("0", 4), 1, &[3], &[1]);
    let b = tensor(&storage("0", 4), 0, &[2, 2], &[1, 2]);
    let whole = pickle(&dict(&[("a", a.clone()), ("b", b)]));
    assert_eq!(
        described(&file(&whole)).unwrap(),
        "[a [3] [1.0, 2.0, 3.0]][b [2, 2] [0.0, 2.0, 1.0, 3.0]]"
    );
    let plain = dict(&[("w", a.clone())]);
    for (wrapped, expected) in [
        (dict(&[("model", plain.clone())]), "model"),
        // Averaged weights before the last step's.
        (
            dict(&[("model", plain.clone()), ("model_ema", plain.clone())]),
            "model_ema",
        ),
        // A counter beside the weights is not the weights.
        (
            dict(&[("n_averaged", a), ("state_dict", plain.clone())]),
            "state_dict",
        ),
        (
            dict(&[
                ("checkpoint", int(1)),
                ("state_dict", dict(&[("model", plain)])),
            ]),
            "state_dict model",
        ),
    ] {
        assert_eq!(
            described(&file(&pickle(&wrapped))).unwrap(),
            format!("{expected}[w [3] [1.0, 2.0, 3.0]]")
        );
    }
}
