//! The solver against a plain projected gradient, and what must leave no trace in its answer.

use raduet_study::random::Stream;
use raduet_study::{ClassNames, Label};

use super::kernel::KernelFunction;
use super::kernel_table::KernelTable;
use super::solver::{Solution, Space, Task, solve};
use crate::samples::Samples;

/// Rows of two overlapping classes, with a bound each.
struct Problem {
    samples: Samples,
    positive: Vec<bool>,
    bounds: Vec<f64>,
}

impl Problem {
    fn new(rows: usize, width: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, "solver test", 0);
        let positive: Vec<bool> = (0..rows).map(|i| i % 3 == 0).collect();
        let values = (0..rows * width).map(|i| {
            let side = if positive[i / width] { 0.4 } else { -0.4 };
            side + stream.normal()
        });
        let values = values.collect();
        let columns = (0..width).map(|i| format!("x{i}")).collect();
        let classes = ClassNames::new(["a"]).unwrap();
        let samples = Samples::new(values, columns, vec![Label(0); rows], classes).unwrap();
        let bounds = (0..rows)
            .map(|_| if stream.unit() < 0.3 { 2.5 } else { 1.0 })
            .collect();
        Self {
            samples,
            positive,
            bounds,
        }
    }

    fn solve(
        &self,
        kernel: KernelFunction,
        change: impl Fn(&mut Task<'_>),
        full: bool,
    ) -> Solution {
        let table = KernelTable::new(&self.samples, kernel, if full { usize::MAX } else { 0 });
        let rows: Vec<usize> = (0..self.samples.rows()).collect();
        let mut task = Task {
            table: &table,
            rows: &rows,
            positive: &self.positive,
            bounds: &self.bounds,
            tolerance: 1e-6,
            shrinking: true,
            cache_bytes: 1 << 20,
        };
        change(&mut task);
        solve(&task, &mut Space::default())
    }

    fn gram(&self, kernel: KernelFunction) -> Vec<Vec<f64>> {
        let row = |i| self.samples.row(i);
        (0..self.samples.rows())
            .map(|i| {
                (0..self.samples.rows())
                    .map(|j| kernel.of_rows(row(i), row(j)))
                    .collect()
            })
            .collect()
    }

    /// Signed multipliers by accelerated projected gradient steps, far past convergence.
    fn by_projection(&self, gram: &[Vec<f64>]) -> Vec<f64> {
        let n = gram.len();
        let step = 1.0
            / gram
                .iter()
                .map(|line| line.iter().map(|k| k.abs()).sum::<f64>())
                .fold(0.0, f64::max);
        let sign = |i: usize| if self.positive[i] { 1.0 } else { -1.0 };
        // β = y α: maximise Σ y β − ½ βᵀKβ with Σ β = 0 and β between 0 and y C.
        let boxed = |i: usize, v: f64| {
            let (low, high) = if self.positive[i] {
                (0.0, self.bounds[i])
            } else {
                (-self.bounds[i], 0.0)
            };
            v.clamp(low, high)
        };
        let project = |v: &[f64]| -> Vec<f64> {
            let (mut low, mut high) = (-1e3, 1e3);
            for _ in 0..200 {
                let middle = f64::midpoint(low, high);
                let sum: f64 = v
                    .iter()
                    .enumerate()
                    .map(|(i, v)| boxed(i, v - middle))
                    .sum();
                if sum > 0.0 {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            v.iter()
                .enumerate()
                .map(|(i, v)| boxed(i, v - low))
                .collect()
        };
        let (mut beta, mut ahead, mut t) = (vec![0.0; n], vec![0.0; n], 1.0_f64);
        for _ in 0..20_000 {
            let moved: Vec<f64> = (0..n)
                .map(|i| {
                    let slope: f64 = gram[i].iter().zip(&ahead).map(|(k, b)| k * b).sum();
                    ahead[i] + step * (sign(i) - slope)
                })
                .collect();
            let next = project(&moved);
            let faster = f64::midpoint(1.0, (1.0 + 4.0 * t * t).sqrt());
            ahead = next
                .iter()
                .zip(&beta)
                .map(|(n, b)| n + (t - 1.0) / faster * (n - b))
                .collect();
            (beta, t) = (next, faster);
        }
        beta
    }

    fn objective(gram: &[Vec<f64>], beta: &[f64]) -> f64 {
        let of_row = |(line, b): (&Vec<f64>, &f64)| {
            let sum: f64 = line.iter().zip(beta).map(|(k, b)| k * b).sum();
            0.5 * b * sum - b.abs()
        };
        gram.iter().zip(beta).map(of_row).sum()
    }
}

const KERNELS: [KernelFunction; 3] = [
    KernelFunction::Rbf { gamma: 0.3 },
    KernelFunction::Linear {},
    KernelFunction::Poly {
        gamma: 0.5,
        coef0: 1.0,
        degree: 2,
    },
];

#[test]
fn tiny_problems_are_solved_as_by_projected_gradients() {
    for seed in 0..4 {
        for kernel in KERNELS {
            let problem = Problem::new(16, 2, seed);
            let gram = problem.gram(kernel);
            let expected = problem.by_projection(&gram);
            let found = problem.solve(kernel, |_| {}, true);
            let least = Problem::objective(&gram, &expected);
            let reached = Problem::objective(&gram, &found.coefficients);
            assert!(
                (reached - least).abs() < 1e-5,
                "{kernel:?}: {reached} {least}"
            );
            assert!((found.objective - least).abs() < 1e-5, "{kernel:?}");
            for line in &gram {
                let decide =
                    |beta: &[f64]| -> f64 { line.iter().zip(beta).map(|(k, b)| k * b).sum() };
                let difference = decide(&found.coefficients) - decide(&expected);
                assert!(difference.abs() < 1e-4, "{kernel:?}: {difference}");
            }
        }
    }
}

#[test]
fn the_answer_satisfies_the_optimality_conditions() {
    for kernel in KERNELS {
        let problem = Problem::new(700, 3, 9);
        let gram = problem.gram(kernel);
        for shrinking in [true, false] {
            let found = problem.solve(
                kernel,
                |task| {
                    task.tolerance = 1e-3;
                    task.shrinking = shrinking;
                },
                false,
            );
            // Rows are put aside for the first time after as many steps as there are rows.
            assert!(found.steps > 700, "{kernel:?}: {} steps", found.steps);
            let sum: f64 = found.coefficients.iter().sum();
            assert!(sum.abs() < 1e-9, "{sum}");
            let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
            for (i, line) in gram.iter().enumerate() {
                let (beta, bound) = (found.coefficients[i], problem.bounds[i]);
                let (y, low, high) = if problem.positive[i] {
                    (1.0, 0.0, bound)
                } else {
                    (-1.0, -bound, 0.0)
                };
                assert!((low..=high).contains(&beta), "{beta}");
                let score: f64 = y - line
                    .iter()
                    .zip(&found.coefficients)
                    .map(|(k, b)| k * b)
                    .sum::<f64>();
                if beta < high {
                    highest = highest.max(score);
                }
                if beta > low {
                    lowest = lowest.min(score);
                }
            }
            // The kernels of the solver are rounded to single precision.
            assert!(
                highest - lowest < 1e-3 + 1e-4,
                "{kernel:?}: {}",
                highest - lowest
            );
            assert!(found.violation <= 1e-3, "{kernel:?}: {found:?}");
            assert!(
                (lowest..=highest).contains(&-found.rho)
                    || (highest..=lowest).contains(&-found.rho)
            );
        }
    }
}

#[test]
fn memory_and_known_kernels_leave_no_trace_and_shrinking_none_that_matters() {
    let problem = Problem::new(900, 4, 3);
    let kernel = KERNELS[0];
    let whole = problem.solve(kernel, |_| {}, true);
    let computed = problem.solve(kernel, |task| task.cache_bytes = 100_000, false);
    let without = problem.solve(kernel, |task| task.cache_bytes = 0, false);
    assert!(whole == computed && whole == without);
    let plain = problem.solve(kernel, |task| task.shrinking = false, true);
    assert!((plain.objective - whole.objective).abs() < 1e-6 * whole.objective.abs());
    assert!((plain.rho - whole.rho).abs() < 1e-5);
}
