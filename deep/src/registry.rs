//! The list of networks: one line each.

use crate::device::Place;
use crate::error::{DeepError, Result};
use crate::model::ImageShape;
use crate::network::Network;
use crate::networks::convnext::ConvNext;
use crate::networks::mambavision::MambaVision;
use crate::networks::medmamba::MedMamba;
use crate::networks::mobilenet_v3::MobileNetV3;
use crate::networks::mobilenet_v3_small_167::MobileNetV3Small167;
use crate::networks::pvt_v2::PvtV2;
use crate::networks::resnet::ResNet;
use crate::networks::vgg::Vgg;
use crate::networks::vim::Vim;
use crate::state::{Builder, Role, StateDict};

/// Builds a network's layers for a number of classes.
type Build = fn(&mut Builder, usize) -> candle_core::Result<Box<dyn Network>>;

/// One network that can be trained.
#[derive(Debug, Clone, Copy)]
pub struct NetworkEntry {
    /// Name in settings and outputs.
    pub name: &'static str,
    /// Name in tables.
    pub title: &'static str,
    /// Where it is described.
    pub paper: &'static str,
    build: Build,
}

/// Every network of this room.
#[rustfmt::skip]
pub const NETWORKS: &[NetworkEntry] = &[
    NetworkEntry { name: "vgg19", title: "VGG-19", paper: "arXiv 1409.1556", build: Vgg::vgg19 },
    NetworkEntry { name: "vgg_micro", title: "VGG (micro)", paper: "arXiv 1409.1556", build: Vgg::micro },
    NetworkEntry { name: "resnet18", title: "ResNet-18", paper: "arXiv 1512.03385", build: ResNet::resnet18 },
    NetworkEntry { name: "resnet34", title: "ResNet-34", paper: "arXiv 1512.03385", build: ResNet::resnet34 },
    NetworkEntry { name: "resnet50", title: "ResNet-50", paper: "arXiv 1512.03385", build: ResNet::resnet50 },
    NetworkEntry { name: "resnet152", title: "ResNet-152", paper: "arXiv 1512.03385", build: ResNet::resnet152 },
    NetworkEntry { name: "resnet_micro", title: "ResNet (micro)", paper: "arXiv 1512.03385", build: ResNet::micro },
    NetworkEntry { name: "mobilenet_v3_small", title: "MobileNetV3-S", paper: "arXiv 1905.02244", build: MobileNetV3::small },
    NetworkEntry { name: "mobilenet_v3_small_167", title: "MobileNetV3-S (1.67 M)", paper: "arXiv 1905.02244", build: MobileNetV3Small167::build },
    NetworkEntry { name: "convnext_tiny", title: "ConvNeXt-T", paper: "arXiv 2201.03545", build: ConvNext::tiny },
    NetworkEntry { name: "convnext_base", title: "ConvNeXt-B", paper: "arXiv 2201.03545", build: ConvNext::base },
    NetworkEntry { name: "convnext_micro", title: "ConvNeXt (micro)", paper: "arXiv 2201.03545", build: ConvNext::micro },
    NetworkEntry { name: "pvt_v2_b0", title: "PVTv2-B0", paper: "arXiv 2106.13797", build: PvtV2::b0 },
    NetworkEntry { name: "pvt_v2_b2", title: "PVTv2-B2", paper: "arXiv 2106.13797", build: PvtV2::b2 },
    NetworkEntry { name: "pvt_v2_micro", title: "PVTv2 (micro)", paper: "arXiv 2106.13797", build: PvtV2::micro },
    NetworkEntry { name: "vim_small", title: "Vim-S", paper: "arXiv 2401.09417", build: Vim::small },
    NetworkEntry { name: "vim_tiny", title: "Vim-Ti", paper: "arXiv 2401.09417", build: Vim::tiny },
    NetworkEntry { name: "vim_micro", title: "Vim (micro)", paper: "arXiv 2401.09417", build: Vim::micro },
    NetworkEntry { name: "medmamba_t", title: "MedMamba-T", paper: "arXiv 2403.03849", build: MedMamba::tiny },
    NetworkEntry { name: "medmamba_s", title: "MedMamba-S", paper: "arXiv 2403.03849", build: MedMamba::small },
    NetworkEntry { name: "medmamba_b", title: "MedMamba-B", paper: "arXiv 2403.03849", build: MedMamba::base },
    NetworkEntry { name: "medmamba_micro", title: "MedMamba (micro)", paper: "arXiv 2403.03849", build: MedMamba::micro },
    NetworkEntry { name: "mambavision_t", title: "MambaVision-T", paper: "arXiv 2407.08083", build: MambaVision::tiny },
    NetworkEntry { name: "mambavision_t2", title: "MambaVision-T2", paper: "arXiv 2407.08083", build: MambaVision::tiny2 },
    NetworkEntry { name: "mambavision_s", title: "MambaVision-S", paper: "arXiv 2407.08083", build: MambaVision::small },
    NetworkEntry { name: "mambavision_b", title: "MambaVision-B", paper: "arXiv 2407.08083", build: MambaVision::base },
    NetworkEntry { name: "mambavision_micro", title: "MambaVision (micro)", paper: "arXiv 2407.08083", build: MambaVision::micro },
];

impl NetworkEntry {
    /// Learned numbers for so many classes and images of the paper's side.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when the tensors cannot be made.
    pub fn parameters(&self, classes: usize) -> Result<usize> {
        let mut builder = Builder::undrawn();
        (self.build)(&mut builder, classes).map_err(|error| DeepError::refused(&error))?;
        Ok(builder
            .finish()
            .entries
            .iter()
            .filter(|entry| entry.info.role == Role::Parameter)
            .map(|entry| entry.value.elem_count())
            .sum())
    }

    /// A new network for images of a shape, and its tensors.
    pub(crate) fn build(
        &self,
        classes: usize,
        seed: u64,
        images: ImageShape,
        place: &Place,
    ) -> Result<(Box<dyn Network>, StateDict)> {
        let mut builder = Builder::with_type(seed, &place.device, place.dtype).for_images(images);
        let network = self.network(&mut builder, classes)?;
        Ok((network, builder.finish()))
    }

    /// The network's layers, their tensors left with the builder.
    pub(crate) fn network(
        &self,
        builder: &mut Builder,
        classes: usize,
    ) -> Result<Box<dyn Network>> {
        (self.build)(builder, classes).map_err(|error| DeepError::refused(&error))
    }
}

/// The entry of a name.
///
/// # Errors
/// [`DeepError::UnknownNetwork`] with the names there are.
pub fn find(name: &str) -> Result<&'static NetworkEntry> {
    NETWORKS
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| DeepError::UnknownNetwork {
            found: name.to_owned(),
            known: NETWORKS.iter().map(|entry| entry.name).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Learned numbers for three classes at 256 x 256, counted by PyTorch in torchvision's and timm's networks and in
    /// the authors' (plain PyTorch code of the last three families).
    #[test]
    fn parameters_torch() {
        for (name, expected) in [
            ("vgg19", 139_582_531),
            ("resnet18", 11_178_051),
            ("resnet34", 21_286_211),
            ("resnet50", 23_514_179),
            ("resnet152", 58_149_955),
            ("mobilenet_v3_small", 1_520_931),
            ("mobilenet_v3_small_167", 1_673_367),
            ("convnext_tiny", 27_822_435),
            ("convnext_base", 87_569_539),
            ("pvt_v2_b0", 3_410_531),
            ("pvt_v2_b2", 24_851_395),
            ("vim_tiny", 6_967_107),
            ("vim_small", 25_435_779),
            ("medmamba_t", 14_454_915),
            ("medmamba_s", 18_622_851),
            ("medmamba_b", 39_861_763),
            ("mambavision_t", 31_155_171),
            ("mambavision_t2", 34_464_931),
            ("mambavision_s", 49_373_891),
            ("mambavision_b", 96_663_363),
        ] {
            let found = find(name).unwrap().parameters(3).unwrap();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for (i, entry) in NETWORKS.iter().enumerate() {
            assert!(NETWORKS[..i].iter().all(|other| other.name != entry.name));
            assert_eq!(find(entry.name).unwrap().name, entry.name);
        }
        assert!(matches!(
            find("resnet19"),
            Err(DeepError::UnknownNetwork { .. })
        ));
    }
}
