//! Networks and training states as bytes, in the safetensors format.
//!
//! Tensors carry the names of the state dict, so a fitted network opens in PyTorch as it is. Everything
//! else stands as JSON under one metadata key: one, because the format keeps metadata in a hash map whose
//! order would otherwise change the bytes from run to run.

use std::collections::{BTreeMap, HashMap};

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{DeepError, Result};
use crate::state::{Entry, StateDict};

/// The metadata key.
const KEY: &str = "raduet";

/// One tensor on its way into bytes.
pub(crate) struct Stored {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    /// f32 numbers under a name.
    pub(crate) fn numbers(name: String, shape: &[usize], numbers: &[f32]) -> Self {
        Self {
            name,
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            bytes: numbers.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }

    /// The numbers of a state-dict entry under `prefix` and its own name.
    pub(crate) fn entry(prefix: &str, entry: &Entry, numbers: &[f32]) -> Self {
        let name = format!("{prefix}{}", entry.info.name);
        Self::placed(name, &entry.info.shape, entry, numbers)
    }

    /// The numbers of a state-dict entry under another name and of another shape.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a counter's numbers are whole"
    )]
    pub(crate) fn placed(name: String, shape: &[usize], entry: &Entry, numbers: &[f32]) -> Self {
        let mut stored = Self::numbers(name, shape, numbers);
        if entry.is_counter() {
            stored.dtype = Dtype::I64;
            stored.bytes = numbers
                .iter()
                .flat_map(|v| (*v as i64).to_le_bytes())
                .collect();
        }
        stored
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// As the format takes it.
    pub(crate) fn view(&self) -> std::result::Result<TensorView<'_>, SafeTensorError> {
        TensorView::new(self.dtype, self.shape.clone(), &self.bytes)
    }
}

/// All entries of a state dict with the given numbers.
pub(crate) fn stored_state(prefix: &str, state: &StateDict, numbers: &[Vec<f32>]) -> Vec<Stored> {
    state
        .entries
        .iter()
        .zip(numbers)
        .map(|(entry, numbers)| Stored::entry(prefix, entry, numbers))
        .collect()
}

/// Metadata and tensors as bytes: the same bytes for the same content.
pub(crate) fn encode(metadata: &impl Serialize, tensors: &[Stored]) -> Result<Vec<u8>> {
    let text = serde_json::to_string(metadata).map_err(|error| unreadable(&error.to_string()))?;
    let metadata = HashMap::from([(KEY.to_owned(), text)]);
    let views: Vec<(&str, TensorView<'_>)> = tensors
        .iter()
        .map(|t| {
            t.view()
                .map(|view| (t.name(), view))
                .map_err(|error| unreadable(&error.to_string()))
        })
        .collect::<Result<_>>()?;
    serialize(views, Some(metadata)).map_err(|error| unreadable(&error.to_string()))
}

/// Shape and numbers of a tensor.
type Shaped = (Vec<usize>, Vec<f32>);

/// Tensors by name, taken out one after the other.
pub(crate) struct Decoded {
    tensors: BTreeMap<String, Shaped>,
}

impl Decoded {
    /// A tensor of this shape.
    pub(crate) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let (found, numbers) = self
            .tensors
            .remove(name)
            .ok_or_else(|| DeepError::Checkpoint {
                found: format!("no tensor '{name}'"),
                expected: "every tensor of the network".into(),
            })?;
        if found != shape {
            return Err(DeepError::Checkpoint {
                found: format!("shape {found:?} of '{name}'"),
                expected: format!("{shape:?}"),
            });
        }
        Ok(numbers)
    }

    /// A whole state dict under a prefix.
    pub(crate) fn take_state(&mut self, prefix: &str, state: &StateDict) -> Result<Vec<Vec<f32>>> {
        state
            .entries
            .iter()
            .map(|entry| self.take(&format!("{prefix}{}", entry.info.name), &entry.info.shape))
            .collect()
    }

    /// Refuses bytes that hold more than was asked for.
    pub(crate) fn finish(self) -> Result<()> {
        match self.tensors.keys().next() {
            None => Ok(()),
            Some(name) => Err(DeepError::Checkpoint {
                found: format!("the unknown tensor '{name}'"),
                expected: "the tensors of the network only".into(),
            }),
        }
    }
}

/// Metadata and tensors from bytes.
pub(crate) fn decode<M: DeserializeOwned>(bytes: &[u8]) -> Result<(M, Decoded)> {
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| unreadable(&error.to_string()))?;
    let text = header
        .metadata()
        .as_ref()
        .and_then(|map| map.get(KEY))
        .ok_or_else(|| unreadable("no description of a network in the metadata"))?;
    let metadata = serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?;
    let tensors = decode_tensors(bytes)?;
    Ok((metadata, Decoded { tensors }))
}

/// The tensors of a file of this room.
fn decode_tensors(bytes: &[u8]) -> Result<BTreeMap<String, Shaped>> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| unreadable(&error.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let numbers = numbers(&view)
            .ok_or_else(|| unreadable(&format!("tensor '{name}' of type {:?}", view.dtype())))?;
        tensors.insert(name, (view.shape().to_vec(), numbers));
    }
    Ok(tensors)
}

/// The numbers of an f32 or i64 tensor.
fn numbers(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => Some(
            data.as_chunks::<4>()
                .0
                .iter()
                .map(|b| f32::from_le_bytes(*b))
                .collect(),
        ),
        Dtype::I64 => Some(
            data.as_chunks::<8>()
                .0
                .iter()
                .map(|b| i64::from_le_bytes(*b) as f32)
                .collect(),
        ),
        _ => None,
    }
}

fn unreadable(found: &str) -> DeepError {
    DeepError::Checkpoint {
        found: found.to_owned(),
        expected: "safetensors bytes of f32 tensors that fit this use".into(),
    }
}
