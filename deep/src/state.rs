//! The state dict: every parameter and buffer of a network by name, in the order PyTorch lists them.

use candle_core::{DType, Device, Result as TensorResult, Tensor, Var};

use rayon::prelude::*;

use crate::error::{DeepError, Result};
use crate::model::ImageShape;
#[cfg(feature = "cuda")]
use crate::ops::cuda;
use crate::ops::on_gpu;
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
    /// The numbers in f32; channels-last on a GPU where the rank is 4.
    pub(crate) value: Var,
    /// What the network computes with where that is not `value` itself: a rounded copy.
    #[cfg_attr(not(feature = "cuda"), expect(dead_code, reason = "only GPUs round"))]
    pub(crate) copy: Option<Var>,
}

/// The numbers of a tensor as f32 in C order, wherever it lies (a counter's exact below 2^24).
pub(crate) fn numbers_of(tensor: &Tensor) -> TensorResult<Vec<f32>> {
    on_gpu!(tensor, cuda::download(tensor));
    tensor.flatten_all()?.to_dtype(DType::F32)?.to_vec1()
}

/// A new tensor like another with these numbers, given in C order.
pub(crate) fn tensor_of(numbers: &[f32], like: &Tensor) -> TensorResult<Tensor> {
    on_gpu!(
        like,
        cuda::upload(numbers, like.dims(), like.device(), like.dtype())
    );
    Tensor::from_slice(numbers, like.shape(), like.device())?.to_dtype(like.dtype())
}

impl Entry {
    /// Whether it counts batches instead of holding f32 numbers.
    pub(crate) fn is_counter(&self) -> bool {
        self.value.dtype() == DType::I64
    }

    /// A copy of its numbers (a counter's as f32, exact below 2^24).
    pub(crate) fn numbers(&self) -> Result<Vec<f32>> {
        numbers_of(&self.value).map_err(|error| DeepError::refused(&error))
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
        tensor_of(numbers, &self.value)
            .and_then(|tensor| self.set(&tensor))
            .map_err(|error| DeepError::refused(&error))
    }

    /// Takes over the numbers of a tensor that lies in the same order.
    pub(crate) fn set(&self, tensor: &Tensor) -> TensorResult<()> {
        self.value.set(tensor)?;
        #[cfg(feature = "cuda")]
        if let Some(copy) = &self.copy {
            copy.set(&cuda::cast(tensor, copy.dtype())?)?;
        }
        Ok(())
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
    /// Normal with mean 0, cut at twice the deviation.
    CutNormal {
        /// Standard deviation before the cut.
        deviation: f64,
    },
    /// Rows ln 1, ln 2, ... of so many numbers: the decays of a state-space network.
    LogarithmRows(usize),
    /// What softplus turns into step sizes between the two, uniform in their logarithm.
    StepSizes {
        /// The smallest and the largest step.
        range: [f64; 2],
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

    /// LeCun's normal initialisation over the fan-in, cut at two deviations and scaled so that the variance
    /// is 1 / fan-in all the same.
    pub(crate) fn lecun_fan_in(input: usize) -> Self {
        /// Deviation of a standard normal variable cut at ±2.
        const CUT_DEVIATION: f64 = 0.879_625_661_034_239_8;
        Self::CutNormal {
            deviation: 1.0 / (input as f64).sqrt() / CUT_DEVIATION,
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
    /// What to compute with instead, if not with the numbers themselves.
    pub(crate) copy: Option<Var>,
    /// Its position among the parameters of the state dict, and so among gradients.
    pub(crate) slot: usize,
}

/// Matrices of numbers that are exponentiated, or that lie on the way of such: always f32. Leaf names as in
/// the authors' code of the state-space networks.
const KEPT_WHOLE: [&str; 4] = ["A_log", "A_logs", "A_b_log", "dt_projs_bias"];
/// Whether first weights are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weights {
    Drawn,
    /// Zeros, for who asks for shapes only.
    Zero,
}

/// Builds a network's tensors one after the other and remembers them in order.
pub(crate) struct Builder {
    dict: StateDict,
    prefix: String,
    seed: u64,
    weights: Weights,
    device: Device,
    /// The images that the network will see.
    images: ImageShape,
    /// Type of the matrices that the network computes with.
    dtype: DType,
}

/// The cirrhosis staging paper's side of an image.
pub(crate) const PAPER_SIDE: usize = 256;

impl Builder {
    pub(crate) fn new(seed: u64, device: &Device) -> Self {
        Self::with_type(seed, device, DType::F32)
    }

    /// A builder whose network computes with copies of its matrices in another type.
    pub(crate) fn with_type(seed: u64, device: &Device, dtype: DType) -> Self {
        Self {
            dict: StateDict::default(),
            prefix: String::new(),
            seed,
            weights: Weights::Drawn,
            device: device.clone(),
            images: ImageShape::of_side(PAPER_SIDE),
            dtype,
        }
    }

    /// For other images than the paper's.
    pub(crate) fn for_images(self, images: ImageShape) -> Self {
        Self { images, ..self }
    }

    /// Side of the images to come, for networks whose tables depend on it.
    pub(crate) fn side(&self) -> usize {
        self.images.side
    }

    /// Channels of the images to come.
    pub(crate) fn image_channels(&self) -> usize {
        self.images.channels
    }

    /// A builder on the CPU whose weights are all zero: for names and shapes.
    pub(crate) fn undrawn() -> Self {
        Self {
            weights: Weights::Zero,
            ..Self::new(0, &Device::Cpu)
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
        let value = self.place(numbers, shape)?;
        let copy = self.copy(leaf, &value)?;
        let slot = self.dict.parameters().count();
        Ok(Parameter {
            var: self.keep(leaf, Role::Parameter, value, copy.clone()),
            copy,
            slot,
        })
    }

    /// A new buffer of one value everywhere.
    pub(crate) fn buffer(&mut self, leaf: &str, len: usize, value: f32) -> TensorResult<Var> {
        let value = self.place(vec![value; len], &[len])?;
        Ok(self.keep(leaf, Role::Buffer, value, None))
    }

    /// A new counter at zero.
    pub(crate) fn counter(&mut self, leaf: &str) -> TensorResult<Var> {
        // Counted by the processor, wherever the network is: reading it never waits for a device.
        let value = Var::new(0_i64, &Device::Cpu)?;
        Ok(self.keep(leaf, Role::Buffer, value, None))
    }

    /// New numbers where the network lies.
    fn place(&self, numbers: Vec<f32>, shape: &[usize]) -> TensorResult<Var> {
        #[cfg(feature = "cuda")]
        if self.device.is_cuda() {
            let tensor = cuda::upload(&numbers, shape, &self.device, DType::F32)?;
            return Var::from_tensor(&tensor);
        }
        Var::from_vec(numbers, shape, &self.device)
    }

    /// The rounded copy of a parameter, where the network computes with one: matrices, but not those whose
    /// exponentials are taken.
    #[cfg_attr(
        not(feature = "cuda"),
        expect(clippy::unnecessary_wraps, reason = "a GPU may refuse")
    )]
    fn copy(&self, leaf: &str, value: &Var) -> TensorResult<Option<Var>> {
        let is_rounded =
            value.rank() > 1 && value.dtype() != self.dtype && !KEPT_WHOLE.contains(&leaf);
        if !is_rounded {
            return Ok(None);
        }
        on_gpu!(
            value,
            Var::from_tensor(&cuda::cast(value, self.dtype)?).map(Some)
        );
        Ok(None)
    }

    fn keep(&mut self, leaf: &str, role: Role, value: Var, copy: Option<Var>) -> Var {
        let info = TensorInfo {
            name: format!("{}{leaf}", self.prefix),
            shape: value.dims().to_vec(),
            role,
        };
        self.dict.entries.push(Entry {
            info,
            value: value.clone(),
            copy,
        });
        value
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "draws are f64, tensors f32; a network has far fewer than 2^32 tensors"
    )]
    fn draw(&self, len: usize, initial: Initial) -> Vec<f32> {
        if self.weights == Weights::Zero {
            return vec![0.0; len];
        }
        let index = self.dict.entries.len() as u32;
        let stream = Stream::new(self.seed, Purpose::Initialise, index, 0);
        match initial {
            Initial::Constant(value) => vec![value; len],
            Initial::Normal { deviation } => {
                in_chunks(len, &stream, 1, |s| (deviation * s.normal()) as f32)
            }
            Initial::Uniform { bound } => in_chunks(len, &stream, 2, |s| {
                (bound * (2.0 * s.uniform() - 1.0)) as f32
            }),
            Initial::CutNormal { deviation } => in_chunks(len, &stream, 2, |s| {
                (deviation * cut_normal(s.uniform())) as f32
            }),
            Initial::LogarithmRows(row) => (0..len)
                .map(|at| ((at % row + 1) as f64).ln() as f32)
                .collect(),
            Initial::StepSizes { range } => in_chunks(len, &stream, 2, |s| {
                let [least, largest] = range.map(f64::ln);
                let step = (least + (largest - least) * s.uniform()).exp();
                // The inverse of softplus.
                (step + (-(-step).exp_m1()).ln()) as f32
            }),
        }
    }
}

/// The standard normal number cut at ±2 below which a share `u` of all lie. The inverse error function by
/// M. Giles, *Approximating the erfinv function*, 2010, whose central branch reaches beyond the cut.
fn cut_normal(u: f64) -> f64 {
    /// erf(sqrt 2): the share of a normal variable within two deviations.
    const WITHIN: f64 = 0.954_499_736_103_641_6;
    const CENTRAL: [f64; 9] = [
        2.810_226_36e-8,
        3.432_739_39e-7,
        -3.523_387_7e-6,
        -4.391_506_54e-6,
        2.185_808_7e-4,
        -1.253_725_03e-3,
        -4.177_681_64e-3,
        2.466_407_27e-1,
        1.501_409_41,
    ];
    let x = WITHIN * (2.0 * u - 1.0);
    let w = -(-x * x).ln_1p() - 2.5;
    let p = CENTRAL.iter().fold(0.0, |p, c| p * w + c);
    std::f64::consts::SQRT_2 * p * x
}

/// `len` draws on several threads, the same as in one go; a block of the stream serves `per_block` draws.
fn in_chunks(
    len: usize,
    stream: &Stream,
    per_block: usize,
    draw: impl Fn(&mut Stream) -> f32 + Sync,
) -> Vec<f32> {
    const CHUNK: usize = 64 * 1024;
    let mut numbers = vec![0.0; len];
    numbers
        .par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(at, numbers)| {
            // A tensor has far fewer than 2^32 numbers.
            let block = u32::try_from(at * CHUNK / per_block).unwrap_or(u32::MAX);
            let mut stream = stream.entered_at(block);
            for number in numbers {
                *number = draw(&mut stream);
            }
        });
    numbers
}

#[cfg(test)]
mod tests;
