//! Where a network looks: Grad-CAM (R. R. Selvaraju et al., *Grad-CAM: visual explanations from deep networks via
//! gradient-based localization*, ICCV 2017, arXiv 1610.02391).
//!
//! With the last feature map A (channel k at place p) and the logit y of a class, in evaluation mode:
//! `α_k = mean over p of ∂y / ∂A_k(p)`, `map(p) = max(0, Σ_k α_k A_k(p))`.
//!
//! Networks of tokens have the same form with the tokens put back on their grid; a class token has no place on it and
//! takes no part. Which map is the last one is said where each network is.

use candle_core::{Result as TensorResult, Tensor, bail};
use raduet_study::Label;
use rayon::prelude::*;

use crate::error::{DeepError, Result};
use crate::graph::{Value, backward};
use crate::model::{Images, Model};
use crate::network::{Grid, Mode};
#[cfg(feature = "cuda")]
use crate::ops::cuda;
use crate::ops::on_gpu;
use crate::ops::tokens::to_tokens;
use crate::predict::{FittedNetwork, images};
use crate::sample::ImageSample;
use crate::state::numbers_of;
use crate::tensors::{Part, push_channels};

/// Grad-CAM of one image on the network's own grid.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMap {
    /// Rows of the grid.
    pub rows: usize,
    /// Columns of the grid.
    pub columns: usize,
    /// Row by row, zero or more; only their proportions mean something.
    pub values: Vec<f32>,
}

/// Grad-CAM of one slice, on the slice's own pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// The class that is asked about.
    pub class: Label,
    /// Its probability.
    pub probability: f64,
    /// Row by row, as many as the slice has pixels; zero where the network does not see.
    pub values: Vec<f32>,
    /// The part of the whole that lies inside the mask, 0 to 1; none without a mask, or where all is zero.
    pub share_inside: Option<f64>,
}

impl Model {
    /// Grad-CAM of each image for its class of `classes`.
    ///
    /// # Errors
    /// [`DeepError::Shape`] unless there is a class below K for every image, [`DeepError::Tensor`] when the images are
    /// too small for the network.
    pub fn grad_cam(&self, images: Images<'_>, classes: &[usize]) -> Result<Vec<ClassMap>> {
        let fits = classes.len() == images.count() && classes.iter().all(|c| *c < self.classes());
        if !fits {
            return Err(DeepError::Shape {
                place: "classes of a Grad-CAM".into(),
                found: classes.to_vec(),
                expected: vec![images.count(), self.classes()],
            });
        }
        self.class_maps(images, classes)
            .map_err(|error| DeepError::refused(&error))
    }

    fn class_maps(&self, images: Images<'_>, classes: &[usize]) -> TensorResult<Vec<ClassMap>> {
        let xs = images.value(self.place())?;
        let features = self.network().features(&xs, Mode::Evaluate)?;
        let leaf = Value::parameter(0, features.value.tensor().clone());
        let logits = self.network().head(&leaf, Mode::Evaluate)?;
        // The images do not touch each other: the sum of their logits has each one's own gradient.
        let mut chosen = vec![0.0_f32; classes.len() * self.classes()];
        for (row, class) in chosen.chunks_exact_mut(self.classes()).zip(classes) {
            row[*class] = 1.0;
        }
        let chosen = placed(&chosen, [classes.len(), self.classes()], logits.tensor())?;
        let Some(Some(gradient)) = backward(logits, chosen, 1)?.pop() else {
            bail!("an answer that does not depend on the last feature map")
        };
        let Grid {
            rows,
            columns,
            class_token,
        } = features.grid;
        let tokens = |tensor: Tensor| {
            let value = Value::constant(tensor);
            let tokens = if value.dims().len() == 4 {
                to_tokens(&value)?
            } else {
                value
            };
            let (_, count, channels) = tokens.dims3()?;
            let all = numbers_of(tokens.tensor())?;
            let tokens = all.chunks_exact(channels.max(1)).map(<[f32]>::to_vec);
            let tokens: Vec<Vec<f32>> = tokens.collect();
            Ok::<_, candle_core::Error>(
                tokens
                    .chunks(count.max(1))
                    .map(<[_]>::to_vec)
                    .collect::<Vec<_>>(),
            )
        };
        let activations = tokens(features.value.tensor().clone())?;
        let gradients = tokens(gradient)?;
        let maps = activations.into_iter().zip(gradients);
        Ok(maps
            .map(|(mut activations, mut gradients)| {
                if let Some(at) = class_token {
                    activations.remove(at);
                    gradients.remove(at);
                }
                ClassMap {
                    rows,
                    columns,
                    values: map(&activations, &gradients),
                }
            })
            .collect())
    }
}

/// Numbers beside a tensor, of its type.
fn placed(numbers: &[f32], [rows, columns]: [usize; 2], like: &Tensor) -> TensorResult<Tensor> {
    on_gpu!(
        like,
        cuda::upload(numbers, &[rows, columns], like.device(), like.dtype())
    );
    Tensor::from_slice(numbers, (rows, columns), like.device())
}

/// The map of one image: tokens (P, C) and their gradients to P numbers.
#[expect(clippy::cast_possible_truncation, reason = "tensors are f32")]
fn map(activations: &[Vec<f32>], gradients: &[Vec<f32>]) -> Vec<f32> {
    let channels = gradients.first().map_or(0, Vec::len);
    let mut weights = vec![0.0_f64; channels];
    for token in gradients {
        for (weight, g) in weights.iter_mut().zip(token) {
            *weight += f64::from(*g) / gradients.len() as f64;
        }
    }
    activations
        .iter()
        .map(|token| {
            let terms = token.iter().zip(&weights).map(|(a, w)| f64::from(*a) * w);
            terms.sum::<f64>().max(0.0) as f32
        })
        .collect()
}

impl FittedNetwork {
    /// Where the network looks in each sample, asked about the class it answers.
    ///
    /// # Errors
    /// [`DeepError::Sample`] for a sample that cannot become an image.
    pub fn attention(&self, samples: &[ImageSample]) -> Result<Vec<Attention>> {
        let settings = self.settings();
        let shape = settings.image_shape();
        let mut found = Vec::with_capacity(samples.len());
        for chunk in samples.chunks(settings.batch_size) {
            let mut pixels = Vec::new();
            for image in images(chunk, settings, self.classes())? {
                push_channels(&image, shape.channels, &mut pixels);
            }
            let images = Images::of(&pixels, chunk.len(), shape)?;
            let answers = self.predict_proba(chunk)?;
            let classes: Vec<usize> = answers.iter().map(|row| first_largest(row)).collect();
            let maps = self.model().grad_cam(images, &classes)?;
            let questions = chunk
                .par_iter()
                .zip(&maps)
                .zip(answers.par_iter().zip(&classes));
            let attention = questions.map(|((sample, map), (answer, class))| {
                let part = Part::of(sample, settings.input, settings.crop_margin)?;
                let values = spread(map, part, sample);
                Ok(Attention {
                    class: Label(*class),
                    probability: answer[*class],
                    share_inside: share_inside(&values, sample.mask.as_deref()),
                    values,
                })
            });
            found.extend(attention.collect::<Result<Vec<_>>>()?);
        }
        Ok(found)
    }
}

/// The most probable class; the first of equals.
fn first_largest(row: &[f64]) -> usize {
    (0..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best })
}

/// A map over the part that the network saw, on the pixels of the slice: bilinear between the centres of the map's
/// cells, the nearest cell's value beyond the outermost centres.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place inside the map; tensors are f32"
)]
fn spread(map: &ClassMap, part: Part, sample: &ImageSample) -> Vec<f32> {
    // For each pixel of a range the two cells around it, and the share of the second.
    let places = |[from, to]: [usize; 2], cells: usize| -> Vec<(usize, usize, f64)> {
        let scale = cells as f64 / (to - from) as f64;
        (0..to - from)
            .map(|k| {
                let last = (cells - 1) as f64;
                let place = ((k as f64 + 0.5) * scale - 0.5).clamp(0.0, last);
                let first = place.floor() as usize;
                (first, (first + 1).min(cells - 1), place - place.floor())
            })
            .collect()
    };
    let rows = places(part.rows, map.rows);
    let columns = places(part.cols, map.columns);
    let mut values = vec![0.0; sample.rows * sample.cols];
    let cell = |row: usize, column: usize| f64::from(map.values[row * map.columns + column]);
    for (row, (above, below, down)) in rows.iter().enumerate() {
        let begin = (part.rows[0] + row) * sample.cols + part.cols[0];
        let line = &mut values[begin..begin + columns.len()];
        for (value, (left, right, across)) in line.iter_mut().zip(&columns) {
            let between = |row| cell(row, *left) * (1.0 - across) + cell(row, *right) * across;
            *value = (between(*above) * (1.0 - down) + between(*below) * down) as f32;
        }
    }
    values
}

/// Σ inside the mask / Σ everywhere.
fn share_inside(values: &[f32], mask: Option<&[bool]>) -> Option<f64> {
    let mask = mask?;
    let (mut inside, mut all) = (0.0, 0.0);
    for (value, is_inside) in values.iter().zip(mask) {
        all += f64::from(*value);
        if *is_inside {
            inside += f64::from(*value);
        }
    }
    (all > 0.0).then(|| inside / all)
}

#[cfg(test)]
mod tests {
    use raduet_study::{CaseId, PatientId, SampleId};

    use super::*;

    fn sample(rows: usize, cols: usize, mask: Option<Vec<bool>>) -> ImageSample {
        ImageSample {
            id: SampleId::slice(CaseId::new("c"), 0),
            patient: PatientId::new("p"),
            pixels: vec![0.0; rows * cols],
            rows,
            cols,
            mask,
            label: Label(0),
        }
    }

    #[test]
    fn maps_closed_form() {
        // Weights (1, -0.5): 2 - 1, 0 - 2 cut to 0.
        let found = map(
            &[vec![2.0, 2.0], vec![0.0, 4.0]],
            &[vec![2.0, -1.0], vec![0.0, 0.0]],
        );
        assert_eq!(found, [1.0, 0.0]);
        assert!(map(&[], &[]).is_empty());
    }

    #[test]
    fn maps_spread_over_the_part_that_was_seen() {
        let map = ClassMap {
            rows: 1,
            columns: 2,
            values: vec![0.0, 1.0],
        };
        let part = Part {
            rows: [1, 3],
            cols: [0, 4],
        };
        let found = spread(&map, part, &sample(3, 5, None));
        let row = [0.0, 0.25, 0.75, 1.0, 0.0];
        assert_eq!(found[..5], [0.0; 5]);
        assert_eq!(found[5..10], row);
        assert_eq!(found[10..], row);
    }

    #[test]
    fn shares_closed_form() {
        let mask = [true, false, true, false];
        assert_eq!(share_inside(&[1.0, 2.0, 3.0, 2.0], Some(&mask)), Some(0.5));
        assert_eq!(share_inside(&[0.0; 4], Some(&mask)), None);
        assert_eq!(share_inside(&[1.0; 4], None), None);
    }
}
