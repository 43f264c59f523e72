//! Starting from weights that were learned elsewhere.
//!
//! The layout of a file is the one that finds most of its places filled. What does not fit as it is:
//!
//! | tensor | what is done |
//! |---|---|
//! | classifier of another number of classes | keeps its random start |
//! | first convolution of other input channels | summed to one channel, or repeated and scaled (timm's rule) |
//! | position table of another image size | resized bicubically |
//! | anything else of another shape | the file is refused: it is of another network |

use crate::error::{DeepError, Result};
use crate::layouts::{self, Layout, Place};
use crate::model::Model;
use crate::networks::position_table::resize_position_table;
use crate::state::Entry;
use crate::train::Trainer;
use crate::weights::{self, StoredTensor, Tensors};

/// What became of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOutcome {
    /// It holds the file's numbers.
    Loaded,
    /// It holds the file's numbers, fitted to its shape: how.
    Fitted(String),
    /// It keeps its random start: why.
    Kept(String),
    /// The file has it, the network does not.
    Unused,
}

impl KeyOutcome {
    /// In a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Fitted(_) => "fitted",
            Self::Kept(_) => "kept",
            Self::Unused => "unused",
        }
    }

    /// Why or how, where there is something to say.
    pub fn reason(&self) -> &str {
        match self {
            Self::Fitted(reason) | Self::Kept(reason) => reason,
            Self::Loaded | Self::Unused => "",
        }
    }
}

/// One line of the key report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyReport {
    /// Name in the file; of a kept tensor the name that was looked for.
    pub in_file: String,
    /// Name in the network, of a tensor it has.
    pub in_network: Option<String>,
    /// What became of it.
    pub outcome: KeyOutcome,
}

/// What a file of weights was taken for, and what became of each tensor: those of the network in order, then
/// those of the file that were not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedWeights {
    /// Whose names the file uses.
    pub layout: Layout,
    /// What was taken off: keys of outer dictionaries, then prefixes.
    pub unwrapped: Vec<String>,
    /// One line per tensor.
    pub keys: Vec<KeyReport>,
}

impl LoadedWeights {
    /// The lines of one outcome, by its [`KeyOutcome::name`].
    pub fn of(&self, outcome: &str) -> impl Iterator<Item = &KeyReport> {
        self.keys
            .iter()
            .filter(move |key| key.outcome.name() == outcome)
    }

    /// In one sentence, and one more for everything that is not as in the file.
    pub fn sentences(&self) -> Vec<String> {
        let count = |outcome| self.of(outcome).count();
        let mut first = format!(
            "pretrained weights in {}'s layout: {} tensors loaded, {} fitted, {} kept, {} unused",
            self.layout.name(),
            count("loaded"),
            count("fitted"),
            count("kept"),
            count("unused")
        );
        if !self.unwrapped.is_empty() {
            first = format!("{first} (unwrapped: {})", self.unwrapped.join(", "));
        }
        let told = self.keys.iter().filter_map(|key| {
            let name = key.in_network.as_ref()?;
            let reason = key.outcome.reason();
            (!reason.is_empty() && reason != ABSENT)
                .then(|| format!("{} {name}: {reason}", key.outcome.name()))
        });
        let mut sentences: Vec<String> = std::iter::once(first).chain(told).collect();
        let absent = self.of("kept").filter(|key| key.outcome.reason() == ABSENT);
        let absent: Vec<&str> = absent.map(|key| key.in_file.as_str()).collect();
        if let Some(first) = absent.first() {
            sentences.push(format!(
                "{} tensors keep their random start, for the file lacks them: {first} and so on",
                absent.len()
            ));
        }
        sentences
    }
}

impl Model {
    /// Takes over the weights of a file: safetensors, or a `.pth` file of PyTorch, which is read without running
    /// anything in it.
    ///
    /// # Errors
    /// [`DeepError::Weights`] for other bytes, a file of another network, or a number that is not finite; the network
    /// is then as it was.
    pub fn load_weights(&mut self, bytes: &[u8]) -> Result<LoadedWeights> {
        let mut file = weights::read(bytes)?;
        let network = self.entry().name;
        let state = self.state();
        let (layout, places) = recognise(network, &file.tensors, &state.entries)?;
        let mut keys = Vec::with_capacity(places.len());
        let mut changes = Vec::new();
        let first_convolution = state
            .entries
            .iter()
            .position(|entry| entry.info.shape.len() == 4);
        for (at, (entry, place)) in state.entries.iter().zip(places).enumerate() {
            let taken = match file.tensors.remove(&place.name) {
                None => Taken::Kept(ABSENT.into()),
                Some(tensor) => {
                    let is_first = first_convolution == Some(at);
                    fit(entry, &place, &tensor, is_first, self.classes())?
                }
            };
            let outcome = match taken {
                Taken::Kept(reason) => KeyOutcome::Kept(reason),
                Taken::Numbers(numbers, how) => {
                    finite(&place.name, &numbers)?;
                    changes.push((entry, numbers));
                    how.map_or(KeyOutcome::Loaded, KeyOutcome::Fitted)
                }
            };
            keys.push(KeyReport {
                in_file: place.name,
                in_network: Some(entry.info.name.clone()),
                outcome,
            });
        }
        for (entry, numbers) in changes {
            entry.replace(&numbers)?;
        }
        keys.extend(file.tensors.into_keys().map(|name| KeyReport {
            in_file: name,
            in_network: None,
            outcome: KeyOutcome::Unused,
        }));
        Ok(LoadedWeights {
            layout,
            unwrapped: file.unwrapped,
            keys,
        })
    }
}

impl Trainer {
    /// Takes over the weights of a file before the first epoch; see [`Model::load_weights`].
    ///
    /// # Errors
    /// Those of [`Model::load_weights`], and [`DeepError::Weights`] after the first epoch.
    pub fn load_weights(&mut self, bytes: &[u8]) -> Result<LoadedWeights> {
        let epochs = self.history().len();
        if epochs > 0 {
            return Err(refused(
                format!("weights to start from after {epochs} epochs"),
                "weights to start from before the first epoch",
            ));
        }
        let loaded = self.model.load_weights(bytes)?;
        // The mean of the weights begins with them.
        self.restart_mean()?;
        Ok(loaded)
    }
}

const ABSENT: &str = "not in the file";

fn refused(found: String, expected: &str) -> DeepError {
    DeepError::Weights {
        found,
        expected: expected.into(),
    }
}

fn finite(name: &str, numbers: &[f32]) -> Result<()> {
    if numbers.iter().all(|v| v.is_finite()) {
        return Ok(());
    }
    Err(refused(
        format!("a number in '{name}' that is not finite"),
        "finite weights",
    ))
}

/// The layout that finds most of its places in the file; the first of equals.
fn recognise(
    network: &str,
    tensors: &Tensors<'_>,
    entries: &[Entry],
) -> Result<(Layout, Vec<Place>)> {
    let found = |places: &[Place]| {
        let present = places.iter().filter(|p| tensors.contains_key(&p.name));
        present.count()
    };
    let mut best: Option<(usize, Layout, Vec<Place>)> = None;
    for layout in layouts::layouts(network) {
        let infos = entries.iter().map(|entry| &entry.info);
        let Some(places) = layouts::places(network, layout, infos) else {
            continue;
        };
        let count = found(&places);
        if count > best.as_ref().map_or(0, |(most, ..)| *most) {
            best = Some((count, layout, places));
        }
    }
    best.map(|(_, layout, places)| (layout, places))
        .ok_or_else(|| {
            let first: Vec<String> = tensors.keys().take(3).cloned().collect();
            refused(
                format!("names such as {}", first.join(", ").escape_debug()),
                &format!("the weights of {network}"),
            )
        })
}

enum Taken {
    /// The numbers, and how they were fitted.
    Numbers(Vec<f32>, Option<String>),
    /// Why the random start is kept.
    Kept(String),
}

/// The file's numbers for a tensor of the network.
fn fit(
    entry: &Entry,
    place: &Place,
    tensor: &StoredTensor<'_>,
    is_first_convolution: bool,
    classes: usize,
) -> Result<Taken> {
    let (found, wanted) = (&tensor.shape, &place.shape);
    let numbers = || {
        let mut numbers = tensor.numbers();
        if place.shift != 0.0 {
            for number in &mut numbers {
                *number -= place.shift;
            }
        }
        numbers
    };
    if found == wanted {
        return Ok(Taken::Numbers(numbers(), None));
    }
    // One number with or without a dimension.
    if entry.is_counter() && tensor.count() == 1 {
        return Ok(Taken::Numbers(numbers(), None));
    }
    let same_rank = found.len() == wanted.len() && !found.is_empty();
    if same_rank && is_head(&entry.info.name) && wanted[0] == classes && found[1..] == wanted[1..] {
        return Ok(Taken::Kept(format!(
            "a classifier of {} classes in the file, of {classes} here",
            found[0]
        )));
    }
    if same_rank
        && is_first_convolution
        && found[0] == wanted[0]
        && found[2..] == wanted[2..]
        && found[1] > 0
    {
        let adapted = adapt_channels(
            &numbers(),
            [found[0], found[1], found[2] * found[3]],
            wanted[1],
        );
        let how = format!("input channels {} to {}", found[1], wanted[1]);
        return Ok(Taken::Numbers(adapted, Some(how)));
    }
    if let ([1, before, found], [1, rows, channels]) = (&found[..], &wanted[..])
        && entry.info.name == "pos_embed"
        && found == channels
        && let Some(resized) = resize_position_table(&numbers(), *channels, *rows)
    {
        let how = format!("{before} positions to {rows}");
        return Ok(Taken::Numbers(resized, Some(how)));
    }
    Err(refused(
        format!("shape {found:?} of '{}'", place.name),
        &format!("{wanted:?}, as the network has it"),
    ))
}

/// The layer that answers: every layout here names it so.
fn is_head(name: &str) -> bool {
    let top = name.split('.').next().unwrap_or(name);
    ["fc", "head", "classifier", "linear4"].contains(&top)
}

/// Kernels (O, C, K) for another number of input channels: their sum for one channel, else the channels repeated as
/// often as needed and scaled by C / C', so that answers keep their size (timm's rule, R. Wightman,
/// doi 10.5281/zenodo.4414861).
fn adapt_channels(kernels: &[f32], [output, input, pixels]: [usize; 3], wanted: usize) -> Vec<f32> {
    let mut adapted = Vec::with_capacity(output * wanted * pixels);
    for filter in kernels.chunks_exact(input * pixels) {
        if wanted == 1 {
            let sum = |pixel| filter.iter().skip(pixel).step_by(pixels).sum::<f32>();
            adapted.extend((0..pixels).map(sum));
            continue;
        }
        #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
        let scale = (input as f64 / wanted as f64) as f32;
        for channel in 0..wanted {
            let from = channel % input * pixels;
            adapted.extend(filter[from..from + pixels].iter().map(|v| v * scale));
        }
    }
    adapted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_convolutions_timm() {
        let text = include_str!("../../tests/reference/torch/weights.json");
        let table: serde_json::Value = serde_json::from_str(text).unwrap();
        let table = &table["adapt_input_conv"];
        let numbers = |value: &serde_json::Value| -> Vec<f32> {
            let bits = value.as_array().unwrap().iter();
            let bits = bits.map(|v| u32::try_from(v.as_u64().unwrap()).unwrap());
            bits.map(f32::from_bits).collect()
        };
        let kernels = numbers(&table["kernels"]);
        let channels = table["channels"].as_object().unwrap();
        assert_eq!(channels.len(), 5);
        for (wanted, expected) in channels {
            let found = adapt_channels(&kernels, [2, 3, 4], wanted.parse().unwrap());
            let expected = numbers(expected);
            assert_eq!(found.len(), expected.len(), "{wanted}");
            for (f, e) in found.iter().zip(&expected) {
                // Sums of three numbers of about one, in any order.
                assert!((f - e).abs() < 1e-6, "{wanted}: {f} {e}");
            }
        }
    }
}
