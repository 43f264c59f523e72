//! Whose names a file of weights uses: torchvision's, timm's, or those of a network's authors.
//!
//! A network has one set of names here, its *own*; the map to another layout is a function from an own tensor to its
//! [`Place`] there. The same map serves both ways: a file is read by looking its places up, and written by
//! putting each tensor into its place.

mod convnext;
mod mobilenet_v3;
mod pvt_v2;
mod vgg;

use serde::{Deserialize, Serialize};

use crate::state::TensorInfo;

/// Whose names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// torchvision, part of PyTorch.
    Torchvision,
    /// timm, PyTorch Image Models.
    Timm,
    /// The checkpoints that a network's authors published.
    Authors,
}

impl Layout {
    /// As it stands in settings and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Torchvision => "torchvision",
            Self::Timm => "timm",
            Self::Authors => "authors",
        }
    }
}

/// Where a tensor stands in another layout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// As many numbers as here, perhaps in other dimensions.
    pub(crate) shape: Vec<usize>,
    /// Added to each number on the way out, taken away on the way in.
    pub(crate) shift: f32,
}

impl Place {
    /// The same shape and numbers under another name.
    fn named(name: String, info: &TensorInfo) -> Self {
        Self {
            name,
            shape: info.shape.clone(),
            shift: 0.0,
        }
    }
}

/// From an own tensor to its place; `None` for a tensor that the map does not know.
type Map = fn(&TensorInfo) -> Option<Place>;

#[expect(clippy::unnecessary_wraps, reason = "a map like the others")]
fn own(info: &TensorInfo) -> Option<Place> {
    Some(Place::named(info.name.clone(), info))
}

/// The layouts that a network's weights are found in, its own first.
fn maps(network: &str) -> &'static [(Layout, Map)] {
    use Layout::{Authors, Timm, Torchvision};
    const AUTHORS: &[(Layout, Map)] = &[(Authors, own)];
    const FAMILIES: &[(&str, &[(Layout, Map)])] = &[
        // The only network with the same names in both.
        ("resnet", &[(Torchvision, own), (Timm, own)]),
        ("vgg", &[(Torchvision, own), (Timm, vgg::timm)]),
        ("mobilenet_v3_small_167", AUTHORS),
        (
            "mobilenet_v3_small",
            &[(Torchvision, own), (Timm, mobilenet_v3::timm)],
        ),
        (
            "convnext",
            &[
                (Torchvision, own),
                (Timm, convnext::timm),
                (Authors, convnext::authors),
            ],
        ),
        ("pvt_v2", &[(Timm, own), (Authors, pvt_v2::authors)]),
    ];
    FAMILIES
        .iter()
        .find(|(family, _)| network.starts_with(family))
        .map_or(AUTHORS, |(_, maps)| maps)
}

/// The layouts of a network, its own first.
pub fn layouts(network: &str) -> impl Iterator<Item = Layout> {
    maps(network).iter().map(|(layout, _)| *layout)
}

/// The places of tensors in a layout, in order; `None` when the network is not known there.
pub(crate) fn places<'i>(
    network: &str,
    layout: Layout,
    infos: impl Iterator<Item = &'i TensorInfo>,
) -> Option<Vec<Place>> {
    let (_, map) = maps(network).iter().find(|(l, _)| *l == layout)?;
    infos.map(*map).collect()
}

/// A name as a prefix of whole levels and what follows it: `classifier.0` and `weight`.
fn levels(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::NETWORKS;

    /// Every layout has a place of its own for every tensor, of as many numbers.
    #[test]
    fn maps_know_every_tensor() {
        // Those of few parameters, at least one of each family: weights are drawn, which takes its time.
        let few = ["mobilenet_v3_small", "mobilenet_v3_small_167", "pvt_v2_b0"];
        let is_small = |name: &str| name.ends_with("_micro") || few.contains(&name);
        for network in NETWORKS.iter().filter(|network| is_small(network.name)) {
            let (_, state) = network
                .build(
                    3,
                    0,
                    crate::model::ImageShape::of_side(64),
                    &crate::device::Place::cpu(),
                )
                .unwrap();
            for layout in layouts(network.name) {
                let infos = state.entries.iter().map(|entry| &entry.info);
                let places = places(network.name, layout, infos);
                let places =
                    places.unwrap_or_else(|| panic!("{} in {}", network.name, layout.name()));
                let mut names: Vec<&str> = places.iter().map(|p| p.name.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), state.entries.len(), "{}", network.name);
                for (place, entry) in places.iter().zip(&state.entries) {
                    assert_eq!(
                        place.shape.iter().product::<usize>(),
                        entry.info.shape.iter().product::<usize>(),
                        "{}",
                        place.name
                    );
                }
            }
        }
    }
}
