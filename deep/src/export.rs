//! Weights under other programs' names: what PyTorch loads with `load_state_dict` as it is.
//!
//! Plain safetensors of f32 tensors (and i64 counters) with the metadata `format: pt` that Python's readers expect.
//! What `to_safetensors` of a [`FittedNetwork`] writes has the network's own names too, and its settings beside.

use std::collections::HashMap;

use safetensors::tensor::{TensorView, serialize};

use crate::checkpoint::Stored;
use crate::error::{DeepError, Result};
use crate::layouts::{self, Layout};
use crate::model::Model;
use crate::predict::FittedNetwork;

impl Model {
    /// The weights as safetensors bytes in a layout.
    ///
    /// # Errors
    /// [`DeepError::Weights`] for a layout that the network is not found in.
    pub fn export(&self, layout: Layout) -> Result<Vec<u8>> {
        let network = self.entry().name;
        let infos = self.tensors();
        let places = layouts::places(network, layout, infos).ok_or_else(|| {
            let known: Vec<&str> = layouts::layouts(network).map(Layout::name).collect();
            DeepError::Weights {
                found: format!("the layout {} for {network}", layout.name()),
                expected: known.join(" or "),
            }
        })?;
        let tensors: Vec<Stored> = self
            .state()
            .entries
            .iter()
            .zip(places)
            .map(|(entry, place)| {
                let mut numbers = entry.numbers()?;
                if place.shift != 0.0 {
                    for number in &mut numbers {
                        *number += place.shift;
                    }
                }
                Ok(Stored::placed(place.name, &place.shape, entry, &numbers))
            })
            .collect::<Result<_>>()?;
        let refused = |error: safetensors::SafeTensorError| DeepError::Weights {
            found: error.to_string(),
            expected: "tensors that fit the format".into(),
        };
        let views: Vec<(&str, TensorView<'_>)> = tensors
            .iter()
            .map(|tensor| Ok((tensor.name(), tensor.view().map_err(refused)?)))
            .collect::<Result<_>>()?;
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        serialize(views, Some(metadata)).map_err(refused)
    }
}

impl FittedNetwork {
    /// The weights as safetensors bytes in a layout; see [`Model::export`].
    ///
    /// # Errors
    /// Those of [`Model::export`].
    pub fn export(&self, layout: Layout) -> Result<Vec<u8>> {
        self.model().export(layout)
    }
}
