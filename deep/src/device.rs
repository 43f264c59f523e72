//! Where the numbers are worked out.
//!
//! | word | place |
//! |---|---|
//! | `cpu` | the processor, f32 |
//! | `cuda:0`, `cuda:1` … | an NVIDIA GPU: bf16 with f32 sums and f32 copies of the weights |
//! | `auto` | the first GPU where there is one and the program was built for it (feature `cuda`), else the processor |

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use candle_core::{DType, Device};

use crate::error::{DeepError, Result};

/// A wish for a place to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// A GPU where there is one, else the processor.
    Auto,
    /// The processor.
    #[default]
    Cpu,
    /// The GPU of this number.
    Cuda(usize),
}

impl FromStr for Choice {
    type Err = DeepError;

    fn from_str(word: &str) -> Result<Self> {
        let number = word.strip_prefix("cuda:").map(str::parse);
        match (word, number) {
            ("auto", _) => Ok(Self::Auto),
            ("cpu", _) => Ok(Self::Cpu),
            ("cuda", _) => Ok(Self::Cuda(0)),
            (_, Some(Ok(number))) => Ok(Self::Cuda(number)),
            _ => Err(DeepError::Device {
                found: word.to_owned(),
                expected: "auto, cpu or cuda:N".into(),
            }),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => write!(f, "auto"),
            Self::Cpu => write!(f, "cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

/// The type of number that a GPU computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// bf16, weights kept in f32 beside: for training.
    Bf16,
    /// f32 throughout, as the processor computes: for comparisons.
    F32,
}

/// An opened place.
#[derive(Debug, Clone)]
pub struct Place {
    pub(crate) device: Device,
    pub(crate) dtype: DType,
}

impl Place {
    /// The processor.
    pub const fn cpu() -> Self {
        Self {
            device: Device::Cpu,
            dtype: DType::F32,
        }
    }

    /// The GPU of a number.
    ///
    /// # Errors
    /// [`DeepError::Device`] when the program was built without the feature `cuda`, or the driver or the
    /// GPU is missing.
    #[cfg(feature = "cuda")]
    pub fn cuda(number: usize, numbers: Numbers) -> Result<Self> {
        use crate::ops::cuda;
        cuda::set_precision(match numbers {
            Numbers::Bf16 => cuda::Precision::Fast,
            Numbers::F32 => cuda::Precision::Exact,
        });
        let device = cuda::open(number).map_err(|error| DeepError::Device {
            found: format!("cuda:{number}: {error}"),
            expected: "an NVIDIA GPU of that number and its driver".into(),
        })?;
        Ok(Self {
            device,
            dtype: match numbers {
                Numbers::Bf16 => DType::BF16,
                Numbers::F32 => DType::F32,
            },
        })
    }

    /// The GPU of a number.
    ///
    /// # Errors
    /// [`DeepError::Device`]: this program was built without the feature `cuda`.
    #[cfg(not(feature = "cuda"))]
    pub fn cuda(number: usize, _numbers: Numbers) -> Result<Self> {
        Err(DeepError::Device {
            found: format!("cuda:{number}"),
            expected: "cpu: this program was built without the feature `cuda`".into(),
        })
    }

    /// What a wish comes to.
    ///
    /// # Errors
    /// [`DeepError::Device`] when a GPU is asked for by number and cannot be had; `auto` never fails.
    pub fn of(choice: Choice) -> Result<Self> {
        match choice {
            Choice::Cpu => Ok(Self::cpu()),
            Choice::Cuda(number) => Self::cuda(number, Numbers::Bf16),
            Choice::Auto => Ok(Self::cuda(0, Numbers::Bf16).unwrap_or_else(|_| Self::cpu())),
        }
    }

    /// Whether this is a GPU.
    pub fn is_gpu(&self) -> bool {
        self.device.is_cuda()
    }

    /// Largest number of bytes in use on the GPU so far; `None` on the processor.
    pub fn peak_bytes(&self) -> Option<u64> {
        #[cfg(feature = "cuda")]
        if self.is_gpu() {
            return crate::ops::cuda::peak_bytes(&self.device).ok();
        }
        None
    }

    /// Begins anew to look for the largest number of bytes in use on a GPU.
    pub fn forget_peak(&self) {
        #[cfg(feature = "cuda")]
        if self.is_gpu() {
            crate::ops::cuda::forget_peak(&self.device).ok();
        }
    }

    /// Waits until everything handed to a GPU is done.
    ///
    /// # Errors
    /// [`DeepError::Tensor`] when some of it failed.
    pub fn wait(&self) -> Result<()> {
        self.device
            .synchronize()
            .map_err(|error| DeepError::refused(&error))
    }

    /// In words, for the provenance of results.
    ///
    /// On the processor bits are the same on any number of threads, but not with vector instructions of
    /// another width, whose matrix products add in another order.
    pub fn describe(&self) -> String {
        if self.is_gpu() {
            let numbers = match self.dtype {
                DType::BF16 => "bf16 with f32 weights",
                _ => "f32",
            };
            return format!("{} ({numbers})", self.name());
        }
        format!(
            "cpu ({}), {} threads",
            vectors(),
            rayon::current_num_threads()
        )
    }

    #[cfg(feature = "cuda")]
    fn name(&self) -> String {
        crate::ops::cuda::name(&self.device).unwrap_or_else(|_| "cuda".into())
    }

    #[cfg(not(feature = "cuda"))]
    fn name(&self) -> String {
        format!("{:?}", self.device.location())
    }
}

/// Where models are made from now on, if not on the processor.
static CHOSEN: Mutex<Option<Place>> = Mutex::new(None);

/// Makes `place` the place of all models that are made from now on. To be called once, by a program's
/// start.
pub fn choose(place: Place) {
    *CHOSEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
}

/// Where models are made.
pub fn chosen() -> Place {
    let chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
    chosen.clone().unwrap_or_else(Place::cpu)
}

/// The chosen place in words, for the provenance of results.
pub fn describe() -> String {
    chosen().describe()
}

/// The widest instructions that the matrix products use.
#[cfg(target_arch = "x86_64")]
fn vectors() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "avx-512"
    } else if std::arch::is_x86_feature_detected!("fma") {
        "avx2 and fma"
    } else {
        "x86-64"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn vectors() -> &'static str {
    std::env::consts::ARCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_processor_and_threads() {
        let text = Place::cpu().describe();
        assert!(
            text.starts_with("cpu (") && text.ends_with(" threads"),
            "{text}"
        );
    }

    #[test]
    fn words_for_places() {
        for (word, choice) in [
            ("auto", Choice::Auto),
            ("cpu", Choice::Cpu),
            ("cuda:0", Choice::Cuda(0)),
            ("cuda:3", Choice::Cuda(3)),
        ] {
            assert_eq!(word.parse::<Choice>().unwrap(), choice);
            assert_eq!(choice.to_string(), word);
        }
        for word in ["", "gpu", "cuda:", "cuda:-1", "cuda:x"] {
            assert!(word.parse::<Choice>().is_err(), "{word}");
        }
    }

    /// Whatever the machine has: a wish for the best place is granted, one for a GPU that is not there is
    /// an error and no panic.
    #[test]
    fn a_missing_gpu_is_no_fault_of_auto() {
        assert!(Place::of(Choice::Auto).is_ok());
        assert!(matches!(
            Place::of(Choice::Cuda(4000)),
            Err(DeepError::Device { .. })
        ));
    }
}
