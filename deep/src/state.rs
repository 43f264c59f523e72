//! The state dict: every parameter and buffer of a network by name, in the order PyTorch lists them.

use candle_core::{DType, Device, Result as TensorResult, Tensor, Var};

use crate::error::{DeepError, Result};
use crate::rng::{Purpose, Stream};

/// Whether the optimiser moves a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Learned from gradients.
    Parameter,
    /// Kept beside the parameters, such as running statistics.
    Buffer,
}

/// Name, shape and role of one tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name in the state dict, such as `layer1.0.bn1.weight`.
    pub name: String,
    /// Sizes; empty for a scalar.
    pub shape: Vec<usize>,
    /// Parameter or buffer.
    pub role: Role,
}

/// One tensor of a network.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) info: TensorInfo,
    pub(crate) value: Var,
}

impl Entry {
    /// Whether it counts batches instead of holding f32 numbers.
    pub(crate) fn is_counter(&self) -> bool {
        self.value.dtype() == DType::I64
    }

    /// A copy of its numbers (a counter's as f32, exact below 2^24).
    pub(crate) fn numbers(&self) -> Result<Vec<f32>> {
        self.value
            .flatten_all()
            .and_then(|t| t.to_dtype(DType::F32)?.to_vec1::<f32>())
            .map_err(|error| DeepError::refused(&error))
    }

    /// Replaces its numbers.
    pub(crate) fn replace(&self, numbers: &[f32]) -> Result<()> {
        if numbers.len() != self.value.elem_count() {
            return Err(DeepError::Shape {
                place: self.info.name.clone(),
                found: vec![numbers.len()],
                expected: vec![self.value.elem_count()],
            });
        }
        Tensor::from_slice(numbers, self.value.shape(), self.value.device())
            .and_then(|t| self.value.set(&t.to_dtype(self.value.dtype())?))
            .map_err(|error| DeepError::refused(&error))
    }
}

/// All tensors of a network in order.
#[derive(Debug, Default)]
pub(crate) struct StateDict {
    pub(crate) entries: Vec<Entry>,
}

impl StateDict {
    /// The parameters in order.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(|entry| entry.info.role == Role::Parameter)
    }

    /// A tensor by name.
    pub(crate) fn entry(&self, name: &str) -> Result<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.info.name == name)
            .ok_or_else(|| DeepError::TensorName {
                name: name.to_owned(),
                found: "the network has no tensor of this name",
            })
    }

    /// A copy of all numbers.
    pub(crate) fn snapshot(&self) -> Result<Vec<Vec<f32>>> {
        self.entries.iter().map(Entry::numbers).collect()
    }

    /// Puts a copy back.
    pub(crate) fn restore(&self, snapshot: &[Vec<f32>]) -> Result<()> {
        for (entry, numbers) in self.entries.iter().zip(snapshot) {
            entry.replace(numbers)?;
        }
        Ok(())
    }
}

/// How the numbers of a new tensor are drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Initial {
    /// The same number everywhere.
    Constant(f32),
    /// Normal with mean 0.
    Normal {
        /// Standard deviation.
        deviation: f64,
    },
    /// Uniform in -bound..bound.
    Uniform {
        /// Half-width.
        bound: f64,
    },
}

impl Initial {
    /// He's normal initialisation for rectifiers over the fan-out: deviation sqrt(2 / (O K²))
    /// (K. He et al., *Delving deep into rectifiers*, ICCV 2015).
    pub(crate) fn kaiming_fan_out(output: usize, kernel: usize) -> Self {
        Self::Normal {
            deviation: (2.0 / (output * kernel * kernel) as f64).sqrt(),
        }
    }

    /// PyTorch's default for fully connected layers: uniform within 1 / sqrt(fan-in).
    pub(crate) fn uniform_fan_in(input: usize) -> Self {
        Self::Uniform {
            bound: 1.0 / (input as f64).sqrt(),
        }
    }
}

/// A parameter as a layer holds it.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    /// The numbers, shared with the state dict.
    pub(crate) var: Var,
    /// Its position among the parameters of the state dict, and so among gradients.
    pub(crate) slot: usize,
}

/// Builds a network's tensors one after the other and remembers them in order.
pub(crate) struct Builder {
    dict: StateDict,
    prefix: String,
    seed: u64,
    device: Device,
}

impl Builder {
    pub(crate) fn new(seed: u64, device: &Device) -> Self {
        Self {
            dict: StateDict::default(),
            prefix: String::new(),
            seed,
            device: device.clone(),
        }
    }

    /// Everything built so far.
    pub(crate) fn finish(self) -> StateDict {
        self.dict
    }

    /// Builds a child module under `name.`; dots in the name descend several levels.
    pub(crate) fn inside<T>(
        &mut self,
        name: &str,
        build: impl FnOnce(&mut Self) -> TensorResult<T>,
    ) -> TensorResult<T> {
        let outer = self.prefix.len();
        self.prefix.push_str(name);
        self.prefix.push('.');
        let built = build(self);
        self.prefix.truncate(outer);
        built
    }

    /// A new parameter.
    pub(crate) fn parameter(
        &mut self,
        leaf: &str,
        shape: &[usize],
        initial: Initial,
    ) -> TensorResult<Parameter> {
        let numbers = self.draw(shape.iter().product(), initial);
        let value = Var::from_vec(numbers, shape, &self.device)?;
        let slot = self.dict.parameters().count();
        Ok(Parameter {
            var: self.keep(leaf, Role::Parameter, value),
            slot,
        })
    }

    /// A new buffer of one value everywhere.
    pub(crate) fn buffer(&mut self, leaf: &str, len: usize, value: f32) -> TensorResult<Var> {
        let value = Var::from_vec(vec![value; len], len, &self.device)?;
        Ok(self.keep(leaf, Role::Buffer, value))
    }

    /// A new counter at zero.
    pub(crate) fn counter(&mut self, leaf: &str) -> TensorResult<Var> {
        let value = Var::new(0_i64, &self.device)?;
        Ok(self.keep(leaf, Role::Buffer, value))
    }

    fn keep(&mut self, leaf: &str, role: Role, value: Var) -> Var {
        let info = TensorInfo {
            name: format!("{}{leaf}", self.prefix),
            shape: value.dims().to_vec(),
            role,
        };
        self.dict.entries.push(Entry {
            info,
            value: value.clone(),
        });
        value
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "draws are f64, tensors f32; a network has far fewer than 2^32 tensors"
    )]
    fn draw(&self, len: usize, initial: Initial) -> Vec<f32> {
        let index = self.dict.entries.len() as u32;
        let mut stream = Stream::new(self.seed, Purpose::Initialise, index, 0);
        match initial {
            Initial::Constant(value) => vec![value; len],
            Initial::Normal { deviation } => (0..len)
                .map(|_| (deviation * stream.normal()) as f32)
                .collect(),
            Initial::Uniform { bound } => (0..len)
                .map(|_| (bound * (2.0 * stream.uniform() - 1.0)) as f32)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(initial: Initial) -> (f64, f64, f64) {
        let mut builder = Builder::new(3, &Device::Cpu);
        let var = builder
            .parameter("weight", &[64, 64, 3, 3], initial)
            .unwrap()
            .var;
        let numbers = var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let n = numbers.len() as f64;
        let mean = numbers.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let square = numbers.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n;
        let largest = numbers
            .iter()
            .fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
        (mean, square.sqrt(), largest)
    }

    /// 36 864 draws: the mean's standard error is deviation / 192, the deviation's about deviation / 272.
    #[test]
    fn initial_weights_have_their_deviation() {
        let he = (2.0_f64 / (64.0 * 9.0)).sqrt();
        let (mean, deviation, _) = moments(Initial::kaiming_fan_out(64, 3));
        assert!(mean.abs() < 5.0 * he / 192.0, "{mean}");
        assert!((deviation - he).abs() < 5.0 * he / 272.0, "{deviation}");
        let (mean, deviation, largest) = moments(Initial::uniform_fan_in(64));
        assert!(mean.abs() < 5.0 * 0.125 / 192.0, "{mean}");
        assert!(
            (deviation - 0.125 / 3.0_f64.sqrt()).abs() < 1e-3,
            "{deviation}"
        );
        assert!(largest <= 0.125 && largest > 0.124, "{largest}");
    }

    #[test]
    fn tensors_draw_from_their_own_streams() {
        let mut builder = Builder::new(3, &Device::Cpu);
        let initial = Initial::Normal { deviation: 1.0 };
        let mut draw = |leaf: &str| {
            let parameter = builder.parameter(leaf, &[4], initial).unwrap();
            parameter.var.to_vec1::<f32>().unwrap()
        };
        assert_ne!(draw("a"), draw("b"));
    }
}
