//! libsvm-rs: a solver of support vector machines.

use libsvm_rs::train::svm_train;
use libsvm_rs::{KernelType, SvmNode, SvmParameter, SvmProblem, SvmType, check_parameter};

use crate::error::{LearnError, Result};
use crate::svc::{BinaryMachine, BinaryProblem, KernelFunction, NAME, Panels};

/// MB for kernels of each machine unless given; scikit-learn's.
const CACHE_SIZE: f64 = 200.0;

/// Rows as lists of values. Kernels of such lists are slow: it walks them as sparse ones.
fn value_nodes(problem: &BinaryProblem<'_>) -> Vec<Vec<SvmNode>> {
    let nodes = |&row: &usize| nodes(1, problem.values(row).iter().copied());
    problem.rows.iter().map(nodes).collect()
}

/// Rows as lists of kernels with every row, headed by their own number from one.
fn kernel_nodes(problem: &BinaryProblem<'_>) -> Vec<Vec<SvmNode>> {
    let mut panels = Panels::default();
    let columns = problem.table.columns(problem.rows.clone(), &mut panels);
    let line = |(at, &row): (usize, &usize)| {
        let mut kernels = vec![0.0; problem.rows.len()];
        columns.fill(row, 0, &mut kernels);
        let kernels = kernels.into_iter().map(f64::from);
        nodes(0, std::iter::once((at + 1) as f64).chain(kernels))
    };
    problem.rows.iter().enumerate().map(line).collect()
}

/// Values numbered from `first`.
fn nodes(first: i32, values: impl Iterator<Item = f64>) -> Vec<SvmNode> {
    let node = |(index, value)| SvmNode { index, value };
    (first..).zip(values).map(node).collect()
}

/// Solves one pair of classes.
///
/// # Errors
/// [`LearnError::Backend`].
pub(crate) fn solve(problem: &BinaryProblem<'_>) -> Result<BinaryMachine> {
    let fault = |reason: String| LearnError::Backend {
        learner: NAME,
        reason,
    };
    let data = SvmProblem {
        labels: problem
            .positive
            .iter()
            .map(|&positive| if positive { 1.0 } else { -1.0 })
            .collect(),
        instances: if problem.table.is_full() {
            kernel_nodes(problem)
        } else {
            value_nodes(problem)
        },
    };
    let parameter = parameter(problem)?;
    check_parameter(&data, &parameter).map_err(|error| fault(error.to_string()))?;
    // It reports every solved machine on stderr otherwise.
    libsvm_rs::set_quiet(true);
    let model = svm_train(&data, &parameter);
    // Decisions are positive for the class it met first.
    let sign = match model.label.first() {
        Some(1) => 1.0,
        Some(-1) => -1.0,
        other => return Err(fault(format!("first label {other:?}"))),
    };
    let (Some(found), Some(rho)) = (model.sv_coef.first(), model.rho.first()) else {
        return Err(fault("a model without coefficients".into()));
    };
    let mut coefficients = vec![0.0; problem.rows.len()];
    for (&index, c) in model.sv_indices.iter().zip(found) {
        // Counted from one.
        let place = index.checked_sub(1).and_then(|at| coefficients.get_mut(at));
        *place.ok_or_else(|| fault(format!("support vector {index}")))? = sign * c;
    }
    Ok(BinaryMachine {
        coefficients,
        rho: sign * rho,
    })
}

fn parameter(problem: &BinaryProblem<'_>) -> Result<SvmParameter> {
    let settings = problem.settings;
    let plain = SvmParameter {
        svm_type: SvmType::CSvc,
        cache_size: settings.cache_size.unwrap_or(CACHE_SIZE),
        eps: settings.tol,
        c: settings.c,
        shrinking: settings.shrinking,
        probability: false,
        ..SvmParameter::default()
    };
    if problem.table.is_full() {
        return Ok(SvmParameter {
            kernel_type: KernelType::Precomputed,
            ..plain
        });
    }
    Ok(match problem.kernel {
        KernelFunction::Rbf { gamma } => SvmParameter {
            kernel_type: KernelType::Rbf,
            gamma,
            ..plain
        },
        KernelFunction::Linear {} => SvmParameter {
            kernel_type: KernelType::Linear,
            ..plain
        },
        KernelFunction::Poly {
            gamma,
            coef0,
            degree,
        } => SvmParameter {
            kernel_type: KernelType::Polynomial,
            gamma,
            coef0,
            degree: i32::try_from(degree)
                .map_err(|_| LearnError::settings(NAME, format!("degree is {degree}")))?,
            ..plain
        },
        KernelFunction::Sigmoid { gamma, coef0 } => SvmParameter {
            kernel_type: KernelType::Sigmoid,
            gamma,
            coef0,
            ..plain
        },
    })
}
