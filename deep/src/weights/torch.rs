//! PyTorch's two file formats around a pickle: an archive with an entry for each storage (since 1.6), and the
//! older stream with the storages behind the pickles.

use std::collections::BTreeMap;

use super::pickle::{self, Id, Node, Objects, Storage};
use super::stored::StoredTensor;
use super::{Tensors, refused, unwrap, zip};
use crate::error::{DeepError, Result};

/// Begins the stream: the pickle of its magic number 0x1950a86a20f9469cfc6c.
pub(super) const STREAM: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

const PICKLE: &str = "data.pkl";

type Read<'a> = (Tensors<'a>, Vec<String>);

/// `NAME/data.pkl` and `NAME/data/KEY`.
pub(super) fn archive(bytes: &[u8]) -> Result<Read<'_>> {
    let entries = zip::entries(bytes)?;
    let mut roots = entries.keys().filter_map(|name| {
        let root = name.strip_suffix(PICKLE)?;
        (root.is_empty() || root.ends_with('/')).then_some(root)
    });
    let (Some(root), None) = (roots.next(), roots.next()) else {
        return Err(refused(
            "a ZIP archive without one data.pkl".into(),
            "a .pth file as torch.save writes it",
        ));
    };
    if let Some(order) = entries.get(format!("{root}byteorder").as_str())
        && *order != b"little"
    {
        return Err(refused(
            "numbers of another byte order".into(),
            "little-endian numbers",
        ));
    }
    let (objects, whole, _) = pickle::load(entries[format!("{root}{PICKLE}").as_str()])?;
    tensors(&objects, whole, |storage| {
        let name = format!("{root}data/{}", storage.key);
        let content = entries.get(name.as_str()).copied();
        content.filter(|content| Some(content.len()) == length(storage))
    })
}

/// Magic number, version, machine, object, keys of storages; then of each storage its count and its numbers.
pub(super) fn stream(bytes: &[u8]) -> Result<Read<'_>> {
    let mut rest = &bytes[STREAM.len()..];
    for _ in ["version", "machine"] {
        (_, _, rest) = pickle::load(rest)?;
    }
    let (objects, whole, rest) = pickle::load(rest)?;
    let (list, keys, mut rest) = pickle::load(rest)?;
    let Node::List(keys) = list.node(keys) else {
        return Err(cut());
    };
    let mut known = BTreeMap::new();
    for node in objects.all() {
        if let Node::Storage(storage) = node {
            known.insert(storage.key, *storage);
        }
    }
    let mut contents: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for key in keys {
        let Node::Text(key) = list.node(*key) else {
            return Err(cut());
        };
        let storage = known.get(key).ok_or_else(cut)?;
        let (count, after) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        if u64::try_from(storage.count) != Ok(u64::from_le_bytes(*count)) {
            return Err(cut());
        }
        let length = length(storage).ok_or_else(cut)?;
        let (content, after) = after.split_at_checked(length).ok_or_else(cut)?;
        contents.insert(key, content);
        rest = after;
    }
    tensors(&objects, whole, |storage| {
        let content = contents.get(storage.key).copied();
        content.filter(|content| Some(content.len()) == length(storage))
    })
}

fn cut() -> DeepError {
    refused(
        "storages that do not fit the tensors".into(),
        "a whole .pth file",
    )
}

/// Bytes of a storage.
fn length(storage: &Storage<'_>) -> Option<usize> {
    storage.count.checked_mul(storage.number.size())
}

/// The tensors of the state dict inside an object.
fn tensors<'a>(
    objects: &Objects<'a>,
    whole: Id,
    content: impl Fn(&Storage<'a>) -> Option<&'a [u8]>,
) -> Result<Read<'a>> {
    let (items, keys) = unwrap::state_dict(objects, whole).ok_or_else(|| {
        refused(
            "no dictionary of tensors".into(),
            "a state dict, by itself or under a key such as 'state_dict' or 'model'",
        )
    })?;
    let mut tensors = BTreeMap::new();
    for (name, value) in items {
        let (Node::Text(name), Node::Tensor(tensor)) = (objects.node(*name), objects.node(*value))
        else {
            continue;
        };
        let storage = &tensor.storage;
        let bytes = content(storage).ok_or_else(|| {
            refused(
                format!(
                    "no storage of {} numbers for '{}'",
                    storage.count,
                    name.escape_debug()
                ),
                "a whole .pth file",
            )
        })?;
        let tensor = StoredTensor::new(
            name,
            storage.number,
            bytes,
            tensor.offset,
            &tensor.shape,
            &tensor.strides,
        )?;
        tensors.insert((*name).to_owned(), tensor);
    }
    Ok((tensors, keys))
}
