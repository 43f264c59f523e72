//! Settings of a support vector machine, by scikit-learn's names.

use serde::{Deserialize, Serialize};

use super::NAME;
use super::kernel::KernelFunction;
use crate::error::{LearnError, Result};
use crate::samples::Samples;

/// Bytes of LIBSVM's megabyte.
const MEGABYTE: f64 = 1_048_576.0;

/// Bytes for every kernel, and for lines, of small tables.
const LEAST: (usize, usize) = (16 << 20, 4 << 20);

/// The part of a given memory that is kept for lines where the rest holds every kernel.
const LINES_PART: usize = 8;

/// Support vector classification and its settings; scikit-learn's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Svc {
    /// Price of a training row on the wrong side, times the row's weight.
    #[serde(rename = "C")]
    pub c: f64,
    /// Kernel function.
    pub kernel: Kernel,
    /// γ of the kernels but `linear`.
    pub gamma: Gamma,
    /// Power d of `poly`.
    pub degree: u32,
    /// Constant r of `poly` and `sigmoid`.
    pub coef0: f64,
    /// The optimality conditions may be violated by this much.
    pub tol: f64,
    /// Whether rows whose multiplier stays at its bound are put aside while solving.
    pub shrinking: bool,
    /// Memory for kernels in MB of 2²⁰ bytes, all threads together. None: every kernel is kept where that takes no
    /// more than 5/4 of the training table, or 16 MB, else kernels in half its size, or 4 MB.
    pub cache_size: Option<f64>,
    #[serde(skip)]
    pub(super) solver: Solver,
}

/// Which kernel function; formulas by scikit-learn's letters in its documentation of `SVC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// exp(−γ |a − b|²).
    Rbf,
    /// a·b.
    Linear,
    /// (γ a·b + r)^d.
    Poly,
    /// tanh(γ a·b + r).
    Sigmoid,
}

/// How γ is found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Gamma {
    /// From the data.
    Rule(GammaRule),
    /// Given.
    Value(f64),
}

/// γ from the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GammaRule {
    /// 1 / (p · variance of all values).
    Scale,
    /// 1 / p.
    Auto,
}

/// Who solves the machine of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Solver {
    #[default]
    Own,
    Libsvm,
    Linfa,
}

impl Default for Svc {
    fn default() -> Self {
        Self {
            c: 1.0,
            kernel: Kernel::Rbf,
            gamma: Gamma::Rule(GammaRule::Scale),
            degree: 3,
            coef0: 0.0,
            tol: 1e-3,
            shrinking: true,
            cache_size: None,
            solver: Solver::Own,
        }
    }
}

impl Svc {
    /// The same settings, solved by libsvm-rs.
    #[must_use]
    pub fn by_libsvm(self) -> Self {
        Self {
            solver: Solver::Libsvm,
            ..self
        }
    }

    /// The same settings, solved by linfa-svm, which keeps a dense kernel matrix: for a few thousand rows
    /// at most.
    #[must_use]
    pub fn by_linfa(self) -> Self {
        Self {
            solver: Solver::Linfa,
            ..self
        }
    }

    /// Refuses values that make no sense, and kernels that a back end does not have.
    pub(super) fn check_values(&self) -> Result<()> {
        let above_zero = |name: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                return Ok(());
            }
            let reason = format!("{name} is {value}: a finite number above 0 is needed");
            Err(LearnError::settings(NAME, reason))
        };
        above_zero("C", self.c)?;
        above_zero("tol", self.tol)?;
        if let Some(size) = self.cache_size {
            above_zero("cache_size", size)?;
        }
        if let Gamma::Value(gamma) = self.gamma {
            above_zero("gamma", gamma)?;
        }
        if !self.coef0.is_finite() {
            let reason = format!("coef0 is {}: a finite number is needed", self.coef0);
            return Err(LearnError::settings(NAME, reason));
        }
        if self.solver == Solver::Linfa && self.kernel == Kernel::Sigmoid {
            let reason = "linfa has no sigmoid kernel: choose another kernel or back end";
            return Err(LearnError::settings(NAME, reason));
        }
        Ok(())
    }

    /// The kernel with the parameters that these samples give it.
    pub(super) fn kernel_for(&self, samples: &Samples) -> KernelFunction {
        let gamma = match self.gamma {
            Gamma::Value(gamma) => gamma,
            Gamma::Rule(GammaRule::Auto) => 1.0 / samples.width() as f64,
            Gamma::Rule(GammaRule::Scale) => scale_gamma(samples),
        };
        let (coef0, degree) = (self.coef0, self.degree);
        match self.kernel {
            Kernel::Rbf => KernelFunction::Rbf { gamma },
            Kernel::Linear => KernelFunction::Linear {},
            Kernel::Poly => KernelFunction::Poly {
                gamma,
                coef0,
                degree,
            },
            Kernel::Sigmoid => KernelFunction::Sigmoid { gamma, coef0 },
        }
    }

    /// Memory for kernels of these samples.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "above zero; what is too large for the type means no bound"
    )]
    pub(super) fn room(&self, samples: &Samples) -> Room {
        if let Some(size) = self.cache_size {
            let bytes = (size * MEGABYTE) as usize;
            return Room {
                every_kernel: bytes - bytes / LINES_PART,
                lines: bytes,
            };
        }
        let table = size_of_val(samples.values());
        Room {
            every_kernel: (table + table / 4).max(LEAST.0),
            lines: (table / 2).max(LEAST.1),
        }
    }
}

/// Bytes for kernels.
pub(super) struct Room {
    /// Every kernel is computed at once if they fit into this.
    pub(super) every_kernel: usize,
    /// For the lines that solvers keep, all threads together.
    pub(super) lines: usize,
}

impl Room {
    /// For lines beside every kernel known, which makes them cheap.
    pub(super) fn beside(&self, known: usize) -> usize {
        let least = self.lines / LINES_PART;
        self.lines.saturating_sub(known).max(least)
    }
}

/// 1 / (p · population variance of all values), 1 where they are all equal.
fn scale_gamma(samples: &Samples) -> f64 {
    let values = samples.values();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    if variance > 0.0 {
        1.0 / (samples.width() as f64 * variance)
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use raduet_study::{ClassNames, Label};

    use super::*;

    #[test]
    fn room_follows_the_table_unless_it_is_given() {
        let samples = |rows: usize, width: usize| {
            let columns = (0..width).map(|i| format!("x{i}")).collect();
            let classes = ClassNames::new(["a"]).unwrap();
            Samples::new(
                vec![0.5; rows * width],
                columns,
                vec![Label(0); rows],
                classes,
            )
            .unwrap()
        };
        let bytes = |svc: Svc, samples: &Samples| {
            let room = svc.room(samples);
            (room.every_kernel, room.lines)
        };
        let plain = Svc::default();
        // 16 MB of values.
        let large = samples(2000, 1000);
        assert_eq!(bytes(plain, &large), (20_000_000, 8_000_000));
        assert_eq!(bytes(plain, &samples(5, 2)), (16 << 20, 4 << 20));
        let given = Svc {
            cache_size: Some(2.0),
            ..plain
        };
        assert_eq!(bytes(given, &large), (7 << 18, 1 << 21));
        // What is known leaves an eighth at least.
        let room = given.room(&large);
        assert_eq!(room.beside(1 << 20), 1 << 20);
        assert_eq!(room.beside(7 << 18), 1 << 18);
        assert_eq!(room.beside(usize::MAX), 1 << 18);
    }
}
