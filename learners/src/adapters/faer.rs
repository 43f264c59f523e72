//! faer: products and decompositions of dense matrices. Its matrices stay inside this file; slices
//! are row-major.
//!
//! It chooses vector instructions when the program runs, which safe code of our own cannot. It is
//! built without its threads: a sum's order depends on shapes only.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
};
use faer::linalg::matmul::matmul;
use faer::linalg::qr::no_pivoting::factor::{
    qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::linalg::solvers::{Llt, Qr, SelfAdjointEigen, Solve};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Accum, Conj, Mat, MatMut, MatRef, Par, Side, Spec};

use crate::error::{LearnError, Result};

/// A row-major matrix with a distance between rows, part of a larger one perhaps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub(crate) values: &'a [f64],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl<'a> Block<'a> {
    /// `values` holds `rows` × `columns` numbers.
    pub(crate) fn new(values: &'a [f64], rows: usize, columns: usize) -> Self {
        debug_assert_eq!(values.len(), rows * columns);
        Self {
            values,
            rows,
            columns,
        }
    }

    fn view(self) -> MatRef<'a, f64> {
        MatRef::from_row_major_slice(self.values, self.rows, self.columns)
    }
}

/// A Bᵀ, A of m × k and B of n × k; `out` takes m × n.
pub(crate) fn product_transposed(out: &mut [f64], a: Block<'_>, b: Block<'_>) {
    let out = MatMut::from_row_major_slice_mut(out, a.rows, b.rows);
    matmul(
        out,
        Accum::Replace,
        a.view(),
        b.view().transpose(),
        1.0,
        Par::Seq,
    );
}

/// A Bᵀ as by [`product_transposed`], in single precision.
pub(crate) fn product_transposed_f32(
    out: &mut [f32],
    (a, rows): (&[f32], usize),
    (b, columns): (&[f32], usize),
    width: usize,
) {
    matmul(
        MatMut::from_row_major_slice_mut(out, rows, columns),
        Accum::Replace,
        MatRef::from_row_major_slice(a, rows, width),
        MatRef::from_row_major_slice(b, columns, width).transpose(),
        1.0,
        Par::Seq,
    );
}

/// Adds rows `first..first + panel.len() / p` of `BᵀB` to `panel`, up to the diagonal block: the rest
/// of a row beyond it is left alone. `block` is of r × p.
pub(crate) fn add_gram_panel(panel: &mut [f64], first: usize, block: Block<'_>) {
    let p = block.columns;
    let count = panel.len() / p;
    let b = block.view();
    matmul(
        MatMut::from_row_major_slice_mut(panel, count, p).subcols_mut(0, first + count),
        Accum::Add,
        b.subcols(first, count).transpose(),
        b.subcols(0, first + count),
        1.0,
        Par::Seq,
    );
}

/// Eigenvalues, ascending, and eigenvectors, one a row, of a symmetric matrix.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Eigen {
    /// Ascending.
    pub(crate) values: Vec<f64>,
    /// Row j is the unit eigenvector of `values[j]`; its sign is arbitrary but reproducible.
    pub(crate) vectors: Vec<f64>,
}

/// Singular values, descending, and right singular vectors, one a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RightSingular {
    /// Descending, min(rows, columns) of them.
    pub(crate) values: Vec<f64>,
    /// Row j is the unit vector of `values[j]`.
    pub(crate) vectors: Vec<f64>,
}

fn failed(learner: &'static str, what: &str) -> LearnError {
    LearnError::Backend {
        learner,
        reason: format!("the {what} decomposition did not converge"),
    }
}

/// Eigen-decomposition of a symmetric n × n matrix; only its lower triangle is read.
///
/// # Errors
/// [`LearnError::Backend`] when it does not converge, as with values that are not finite.
pub(crate) fn symmetric_eigen(matrix: &[f64], n: usize, learner: &'static str) -> Result<Eigen> {
    let view = MatRef::from_row_major_slice(matrix, n, n);
    let found = SelfAdjointEigen::new(view, Side::Lower).map_err(|_| failed(learner, "eigen"))?;
    let values = found.S().column_vector().iter().copied().collect();
    Ok(Eigen {
        values,
        vectors: by_columns(found.U()),
    })
}

/// Singular values and right singular vectors of a matrix.
///
/// # Errors
/// [`LearnError::Backend`] when it does not converge, as with values that are not finite.
pub(crate) fn right_singular(matrix: Block<'_>, learner: &'static str) -> Result<RightSingular> {
    let (columns, count) = (matrix.columns, matrix.rows.min(matrix.columns));
    let mut vectors = vec![0.0; count * columns];
    let right = MatMut::from_column_major_slice_mut(&mut vectors, columns, count);
    let values = singular(matrix, Some(right), learner)?;
    Ok(RightSingular { values, vectors })
}

/// Singular values of a matrix alone, as in [`RightSingular`], in a fraction of time and memory.
///
/// # Errors
/// As of [`right_singular`].
pub(crate) fn singular_values(matrix: Block<'_>, learner: &'static str) -> Result<Vec<f64>> {
    singular(matrix, None, learner)
}

fn singular(
    matrix: Block<'_>,
    right: Option<MatMut<'_, f64>>,
    learner: &'static str,
) -> Result<Vec<f64>> {
    let (rows, columns) = (matrix.rows, matrix.columns);
    let mut values = Diag::zeros(rows.min(columns));
    let wanted = match right {
        Some(_) => ComputeSvdVectors::Thin,
        None => ComputeSvdVectors::No,
    };
    let (none, spec) = (ComputeSvdVectors::No, Spec::default());
    let scratch = svd_scratch::<f64>(rows, columns, none, wanted, Par::Seq, spec);
    svd(
        matrix.view(),
        values.as_mut(),
        None,
        right,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        spec,
    )
    .map_err(|_| failed(learner, "singular value"))?;
    Ok(values.column_vector().iter().copied().collect())
}

/// R⁻ᵀ of an upper triangular R of n × n, added to `out`, both row-major.
pub(crate) fn add_inverse_transposed(out: &mut Vec<f64>, triangle: &[f64], n: usize) {
    let start = out.len();
    out.resize(start + n * n, 0.0);
    invert_lower_triangular(
        MatMut::from_row_major_slice_mut(&mut out[start..], n, n),
        MatRef::from_column_major_slice(triangle, n, n),
        Par::Seq,
    );
}

/// The columns of a matrix, one after the other.
fn by_columns(matrix: MatRef<'_, f64>) -> Vec<f64> {
    matrix
        .col_iter()
        .flat_map(|column| column.iter().copied())
        .collect()
}

/// Rows of a matrix X, of which the upper triangular R of X = Q R is made in their own memory.
pub(crate) struct Stack {
    matrix: Mat<f64>,
    filled: usize,
}

impl Stack {
    /// No rows yet of `order` numbers; `capacity` of them at most.
    pub(crate) fn new(capacity: usize, order: usize) -> Self {
        Self {
            matrix: Mat::zeros(capacity, order),
            filled: 0,
        }
    }

    /// Adds rows, row-major.
    ///
    /// # Panics
    /// Beyond the capacity.
    pub(crate) fn push(&mut self, rows: &[f64]) {
        let order = self.matrix.ncols();
        let count = rows.len() / order;
        let mut place = self.matrix.as_mut().subrows_mut(self.filled, count);
        place.copy_from(MatRef::from_row_major_slice(rows, count, order));
        self.filled += count;
    }

    /// Puts the triangle in the place of the rows; no more rows than columns are left as they are.
    pub(crate) fn reduce(&mut self) {
        let order = self.matrix.ncols();
        if self.filled <= order {
            return;
        }
        let block = recommended_block_size::<f64>(self.filled, order);
        let mut coefficients = Mat::zeros(block, order);
        let spec = Spec::default();
        let scratch = qr_in_place_scratch::<f64>(self.filled, order, block, Par::Seq, spec);
        qr_in_place(
            self.matrix.as_mut().subrows_mut(0, self.filled),
            coefficients.as_mut(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            spec,
        );
        // Below the triangle stands what Q is made of.
        for column in 0..order {
            let below = self.matrix.as_mut().col_mut(column);
            below.subrows_mut(column + 1, order - column - 1).fill(0.0);
        }
        self.filled = order;
    }

    /// The rows, row-major.
    pub(crate) fn rows(&self) -> Vec<f64> {
        by_columns(self.matrix.subrows(0, self.filled).transpose())
    }
}

/// A wide matrix X (n × p, n < p) as L Qᵀ, L lower triangular of n × n, Q with orthonormal columns.
pub(crate) struct RowSpace {
    qr: Qr<f64>,
    width: usize,
}

impl RowSpace {
    pub(crate) fn new(matrix: Block<'_>) -> Self {
        Self {
            qr: Qr::new(matrix.view().transpose()),
            width: matrix.columns,
        }
    }

    /// L, row-major.
    pub(crate) fn coordinates(&self) -> Vec<f64> {
        by_columns(self.qr.thin_R())
    }

    /// Q v for each row v (n numbers) of `vectors`; rows of p numbers.
    pub(crate) fn back(&self, vectors: &[f64]) -> Vec<f64> {
        let rank = self.qr.thin_R().nrows();
        let count = vectors.len() / rank;
        let mut out = vec![0.0; count * self.width];
        for (whole, part) in out
            .chunks_exact_mut(self.width)
            .zip(vectors.chunks_exact(rank))
        {
            whole[..rank].copy_from_slice(part);
        }
        let columns = MatMut::from_column_major_slice_mut(&mut out, self.width, count);
        let block = self.qr.Q_coeff().nrows();
        let scratch = apply_block_householder_sequence_on_the_left_in_place_scratch::<f64>(
            self.width, block, count,
        );
        apply_block_householder_sequence_on_the_left_in_place_with_conj(
            self.qr.Q_basis(),
            self.qr.Q_coeff(),
            Conj::No,
            columns,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
        out
    }
}

/// The Cholesky factor of a positive definite matrix.
pub(crate) struct Cholesky {
    factor: Llt<f64>,
    order: usize,
}

impl Cholesky {
    /// `None` unless the n × n matrix, given by its lower triangle, is numerically positive definite.
    pub(crate) fn new(matrix: &[f64], n: usize) -> Option<Self> {
        let view = MatRef::from_row_major_slice(matrix, n, n);
        let factor = Llt::new(view, Side::Lower).ok()?;
        Some(Self { factor, order: n })
    }

    /// Replaces each row b (n numbers) of `rows` by the solution of A x = b.
    pub(crate) fn solve(&self, rows: &mut [f64]) {
        let count = rows.len() / self.order;
        let columns = MatMut::from_column_major_slice_mut(rows, self.order, count);
        self.factor.solve_in_place(columns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern in −0.5..0.5.
    fn numbers(count: usize) -> Vec<f64> {
        let mut state = 7_u64;
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f64 / f64::from(1 << 24) - 0.5
        };
        (0..count).map(next).collect()
    }

    fn plain_gram(values: &[f64], p: usize) -> Vec<f64> {
        let mut gram = vec![0.0; p * p];
        for row in values.chunks_exact(p) {
            for i in 0..p {
                for j in 0..p {
                    gram[i * p + j] += row[i] * row[j];
                }
            }
        }
        gram
    }

    fn close(a: &[f64], b: &[f64], tolerance: f64) {
        assert_eq!(a.len(), b.len());
        for (x, y) in a.iter().zip(b) {
            assert!((x - y).abs() <= tolerance, "{x} {y}");
        }
    }

    #[test]
    fn eigenvectors_rebuild_the_matrix() {
        for p in [1, 2, 5, 40] {
            let values = numbers(p * p * 2);
            let gram = plain_gram(&values, p);
            let eigen = symmetric_eigen(&gram, p, "test").unwrap();
            assert!(eigen.values.windows(2).all(|w| w[0] <= w[1]));
            let mut rebuilt = vec![0.0; p * p];
            for (value, v) in eigen.values.iter().zip(eigen.vectors.chunks_exact(p)) {
                for i in 0..p {
                    for j in 0..p {
                        rebuilt[i * p + j] += value * v[i] * v[j];
                    }
                }
            }
            close(&rebuilt, &gram, 1e-12);
            // Orthonormal.
            let mut out = vec![0.0; p * p];
            let vectors = Block::new(&eigen.vectors, p, p);
            product_transposed(&mut out, vectors, vectors);
            let unit: Vec<f64> = (0..p * p)
                .map(|at| f64::from(u8::from(at / p == at % p)))
                .collect();
            close(&out, &unit, 1e-13);
        }
    }

    #[test]
    fn singular_values_are_roots_of_eigenvalues_and_survive_a_triangle() {
        let (n, p) = (30, 7);
        let values = numbers(n * p);
        let block = Block::new(&values, n, p);
        let direct = right_singular(block, "test").unwrap();
        let mut stack = Stack::new(n, p);
        stack.push(&values[..p]);
        stack.reduce();
        assert_eq!(stack.rows(), &values[..p]);
        stack.push(&values[p..]);
        stack.reduce();
        let triangle = stack.rows();
        let below = |at: &usize| at % p < at / p;
        assert!((0..p * p).filter(below).all(|at| triangle[at] == 0.0));
        let small = singular_values(Block::new(&triangle, p, p), "test").unwrap();
        close(&direct.values, &small, 1e-13);
        let eigen = symmetric_eigen(&plain_gram(&values, p), p, "test").unwrap();
        for (s, e) in direct.values.iter().zip(eigen.values.iter().rev()) {
            assert!((s * s - e).abs() < 1e-12, "{s} {e}");
        }
    }

    #[test]
    fn an_inverse_stands_behind_what_was_there() {
        let (n, p) = (50, 40);
        let mut stack = Stack::new(n, p);
        stack.push(&numbers(n * p));
        stack.reduce();
        let r = stack.rows();
        let mut out = vec![7.0; 3];
        add_inverse_transposed(&mut out, &r, p);
        assert_eq!(out[..3], [7.0; 3]);
        // R⁻ᵀ Rᵀ.
        let mut unit = vec![0.0; p * p];
        product_transposed(&mut unit, Block::new(&out[3..], p, p), Block::new(&r, p, p));
        let expected = |at: usize| f64::from(u8::from(at / p == at % p));
        close(&unit, &(0..p * p).map(expected).collect::<Vec<_>>(), 1e-12);
    }

    #[test]
    fn a_row_space_keeps_products() {
        let (n, p) = (6, 20);
        let values = numbers(n * p);
        let space = RowSpace::new(Block::new(&values, n, p));
        let small = space.coordinates();
        // Scores of coefficients v in the small space are those of Q v in the large one.
        let v = numbers(2 * n);
        let w = space.back(&v);
        let (mut a, mut b) = (vec![0.0; 2 * n], vec![0.0; 2 * n]);
        product_transposed(&mut a, Block::new(&v, 2, n), Block::new(&small, n, n));
        product_transposed(&mut b, Block::new(&w, 2, p), Block::new(&values, n, p));
        close(&a, &b, 1e-13);
    }

    #[test]
    fn a_cholesky_factor_solves_and_refuses() {
        let p = 9;
        let gram = plain_gram(&numbers(p * 30), p);
        let x = numbers(2 * p);
        let mut b = vec![0.0; 2 * p];
        product_transposed(&mut b, Block::new(&x, 2, p), Block::new(&gram, p, p));
        Cholesky::new(&gram, p).unwrap().solve(&mut b);
        close(&b, &x, 1e-11);
        assert!(Cholesky::new(&[1.0, 0.0, 0.0, -1.0], 2).is_none());
    }

    #[test]
    fn the_place_in_memory_leaves_no_trace() {
        let (n, p) = (70, 33);
        let values = numbers(n * p + 7);
        let answer = |offset: usize| {
            let mut moved = vec![0.0; offset];
            moved.extend_from_slice(&values[..n * p]);
            let block = Block::new(&moved[offset..], n, p);
            let mut out = vec![0.0; n * n + offset];
            product_transposed(&mut out[offset..], block, block);
            let mut gram = vec![0.0; p * p + offset];
            add_gram_panel(&mut gram[offset..], 0, block);
            let one = Block::new(&moved[offset..offset + p], 1, p);
            let mut row = vec![0.0; n + offset];
            product_transposed(&mut row[offset..], one, block);
            let singular = right_singular(block, "test").unwrap();
            (
                out[offset..].to_vec(),
                gram[offset..].to_vec(),
                row[offset..].to_vec(),
                singular,
            )
        };
        let first = answer(0);
        for offset in 1..8 {
            assert!(answer(offset) == first, "{offset}");
        }
    }
}
