//! What a network holds and costs.

use candle_core::{Device, Tensor};
use serde::Serialize;

use crate::error::{DeepError, Result};
use crate::graph::Value;
use crate::model::{CHANNELS, ImageShape};
use crate::network::Mode;
use crate::registry::NetworkEntry;
use crate::state::{Builder, Role};
use crate::tally::counted;

/// A network at an image size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Name in settings and outputs.
    pub name: &'static str,
    /// Name in tables.
    pub title: &'static str,
    /// Where it is described.
    pub paper: &'static str,
    /// Side of the square image.
    pub image_size: usize,
    /// Classes.
    pub classes: usize,
    /// Learned numbers.
    pub parameters: usize,
    /// Multiply-adds of one image through the network: convolutions, products of matrices, scans.
    pub multiply_adds: u64,
    /// Tensors of the state dict, in order.
    pub tensors: Vec<DescribedTensor>,
}

/// One tensor of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DescribedTensor {
    /// Name in the state dict.
    pub name: String,
    /// Sizes.
    pub shape: Vec<usize>,
    /// How many numbers.
    pub numbers: usize,
    /// Whether they are learned.
    pub learned: bool,
}

impl NetworkEntry {
    /// Describes the network for so many classes and square images of this side.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when the image is too small for the network.
    pub fn describe(&self, classes: usize, image_size: usize) -> Result<Description> {
        let refused = |error: candle_core::Error| DeepError::refused(&error);
        let mut builder = Builder::undrawn().for_images(ImageShape::of_side(image_size));
        let network = self.network(&mut builder, classes)?;
        let state = builder.finish();
        let shape = (1, CHANNELS, image_size, image_size);
        let image = Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu);
        let image = Value::constant(image.map_err(refused)?);
        let (answer, multiply_adds) = counted(|| network.forward(&image, Mode::Evaluate));
        answer.map_err(refused)?;
        let tensors: Vec<DescribedTensor> = state
            .entries
            .iter()
            .map(|entry| DescribedTensor {
                name: entry.info.name.clone(),
                shape: entry.info.shape.clone(),
                numbers: entry.value.elem_count(),
                learned: entry.info.role == Role::Parameter,
            })
            .collect();
        let learned = tensors.iter().filter(|tensor| tensor.learned);
        Ok(Description {
            name: self.name,
            title: self.title,
            paper: self.paper,
            image_size,
            classes,
            parameters: learned.map(|tensor| tensor.numbers).sum(),
            multiply_adds,
            tensors,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::registry::find;

    /// Parameters and `_ops` (billions of multiply-adds at 224 x 224, 1000 classes) of torchvision 0.29's
    /// weights' tables.
    #[test]
    fn multiply_adds_torchvision() {
        for (name, parameters, billions) in [
            ("resnet18", 11_689_512, 1.814),
            ("resnet50", 25_557_032, 4.089),
            ("mobilenet_v3_small", 2_542_856, 0.057),
            ("convnext_tiny", 28_589_128, 4.456),
        ] {
            let found = find(name).unwrap().describe(1000, 224).unwrap();
            assert_eq!(found.parameters, parameters, "{name}");
            let found = found.multiply_adds as f64 / 1e9;
            // Rounded to three digits behind the point.
            assert!((found - billions).abs() <= 0.0005, "{name}: {found}");
        }
    }
}
