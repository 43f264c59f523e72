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
    /// Memory for kernels in MB of 2²⁰ bytes, all machines at work together; rows packed for computing them take no
    /// more than that or than the table. None: every kernel is kept where that takes no more than 5/4 of the
    /// training table, or 16 MB; else kernels and packed rows take 5/4 of it on two threads, in proportion on
    /// more, but kernels 4 MB at least.
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
        Room {
            table: size_of_val(samples.values()),
            given: self.cache_size.map(|size| (size * MEGABYTE) as usize),
        }
    }
}

/// Bytes for kernels, by those of the training table unless they are given.
#[derive(Clone, Copy)]
pub(super) struct Room {
    table: usize,
    given: Option<usize>,
}

impl Room {
    /// Every kernel is computed at once if they fit into this.
    pub(super) fn every_kernel(self) -> usize {
        let by_table = (self.table + self.table / 4).max(LEAST.0);
        self.given
            .map_or(by_table, |given| given - given / LINES_PART)
    }

    /// For the rows that machines pack where kernels are not known: half the table a thread, since packing for
    /// each thread alone would take up to a table a thread.
    pub(super) fn packed(self, threads: usize) -> usize {
        let by_table = self.table / 2 * threads.max(2);
        self.given.map_or(by_table, |given| given.max(self.table))
    }

    /// For the lines that solvers keep beside every kernel known, which makes them cheap.
    pub(super) fn lines_beside_known(self, known: usize) -> usize {
        let all = self.given.unwrap_or((self.table / 2).max(LEAST.1));
        all.saturating_sub(known).max(all / LINES_PART)
    }

    /// For the lines that solvers keep beside packed rows.
    pub(super) fn lines_beside_packed(self, packed: usize, threads: usize) -> usize {
        let all = self.table / 8 * 5 * threads.max(2);
        let left = all.saturating_sub(packed).max(LEAST.1);
        self.given.unwrap_or(left)
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
        let plain = Svc::default();
        // 16 MB of values.
        let large = samples(2000, 1000);
        let room = plain.room(&large);
        assert_eq!(room.every_kernel(), 20_000_000);
        assert_eq!(room.lines_beside_known(6_000_000), 2_000_000);
        assert_eq!(room.lines_beside_known(20_000_000), 1_000_000);
        for (threads, packed, beside) in [
            (1, 16_000_000, 8_000_000),
            (2, 16_000_000, 8_000_000),
            (8, 64_000_000, 68_000_000),
        ] {
            assert_eq!(room.packed(threads), packed);
            assert_eq!(room.lines_beside_packed(12_000_000, threads), beside);
        }
        assert_eq!(room.lines_beside_packed(18_000_000, 2), 4 << 20);
        let room = plain.room(&samples(5, 2));
        assert_eq!(room.every_kernel(), 16 << 20);
        assert_eq!(room.lines_beside_known(0), 4 << 20);
        assert_eq!(room.lines_beside_packed(0, 2), 4 << 20);
        let given = Svc {
            cache_size: Some(2.0),
            ..plain
        };
        let room = given.room(&large);
        assert_eq!((room.every_kernel(), room.packed(8)), (7 << 18, 16_000_000));
        assert_eq!(room.lines_beside_packed(16_000_000, 8), 1 << 21);
        // What is known leaves an eighth at least.
        assert_eq!(room.lines_beside_known(1 << 20), 1 << 20);
        assert_eq!(room.lines_beside_known(7 << 18), 1 << 18);
        assert_eq!(room.lines_beside_known(usize::MAX), 1 << 18);
    }
}
