//! Matrix products on slices: the only file that names the `gemm` crate.
//!
//! Every product runs on the calling thread. Callers share work over samples with rayon, so the order
//! of additions inside a product, and with it the bits, never depend on the number of threads.

/// A matrix view: element (i, j) lies at `i * row_stride + j * column_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of length `columns`, one after the other.
    pub(crate) fn dense(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// Rows of length `columns` that start `row_stride` apart.
    pub(crate) fn strided(data: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        Self {
            data,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        }
    }

    /// The same elements with rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// One past the last element's position.
    fn end(&self) -> usize {
        end(self.rows, self.columns, self.row_stride, self.column_stride)
    }
}

/// What happens to the numbers that already stand in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// They are replaced.
    Overwrite,
    /// The product is added to them.
    Add,
}

fn end(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> usize {
    if rows == 0 || columns == 0 {
        return 0;
    }
    (rows - 1) * row_stride + (columns - 1) * column_stride + 1
}

/// out = lhs · rhs, or out += lhs · rhs, with rows of `out` starting `out_stride` apart.
///
/// # Panics
/// When shapes do not fit together or a view reaches beyond its slice: a bug of the caller.
pub(crate) fn multiply(
    out: &mut [f32],
    out_stride: usize,
    output: Output,
    lhs: Matrix<'_>,
    rhs: Matrix<'_>,
) {
    let (m, k, n) = (lhs.rows, lhs.columns, rhs.columns);
    assert_eq!(k, rhs.rows, "inner dimensions of a matrix product");
    assert!(lhs.end() <= lhs.data.len(), "left matrix exceeds its slice");
    assert!(
        rhs.end() <= rhs.data.len(),
        "right matrix exceeds its slice"
    );
    assert!(
        end(m, n, out_stride, 1) <= out.len() && (out_stride >= n || m <= 1),
        "output exceeds its slice or its rows overlap"
    );
    if m == 0 || n == 0 {
        return;
    }
    call(out, out_stride, output, lhs, rhs);
}

/// The call itself, after `multiply` has checked every bound.
#[expect(
    unsafe_code,
    reason = "the gemm crate takes pointers; it is an order of magnitude faster than safe loops (bench deep_step)"
)]
#[expect(
    clippy::cast_possible_wrap,
    reason = "strides are below the length of a slice, which fits isize"
)]
fn call(out: &mut [f32], out_stride: usize, output: Output, lhs: Matrix<'_>, rhs: Matrix<'_>) {
    // SAFETY: `multiply` has asserted that every (row, column) of the three views lies inside its
    // slice and that the rows of `out` do not overlap; `out` is borrowed exclusively, so it cannot
    // alias the inputs; one thread only.
    unsafe {
        gemm::gemm(
            lhs.rows,
            rhs.columns,
            lhs.columns,
            out.as_mut_ptr(),
            1,
            out_stride as isize,
            output == Output::Add,
            lhs.data.as_ptr(),
            lhs.column_stride as isize,
            lhs.row_stride as isize,
            rhs.data.as_ptr(),
            rhs.column_stride as isize,
            rhs.row_stride as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Stream};

    /// The definition, in f64.
    fn plain(lhs: Matrix<'_>, rhs: Matrix<'_>) -> Vec<f64> {
        let at = |m: &Matrix<'_>, i: usize, j: usize| {
            f64::from(m.data[i * m.row_stride + j * m.column_stride])
        };
        let mut out = Vec::new();
        for i in 0..lhs.rows {
            for j in 0..rhs.columns {
                out.push(
                    (0..lhs.columns)
                        .map(|k| at(&lhs, i, k) * at(&rhs, k, j))
                        .sum(),
                );
            }
        }
        out
    }

    #[test]
    fn product_closed_form_for_every_layout() {
        let mut stream = Stream::new(1, Purpose::Initialise, 0, 0);
        let mut draw = |n: usize| -> Vec<f32> {
            (0..n)
                .map(|_| stream.next_u32() as f32 / 2e9 - 1.0)
                .collect()
        };
        for (m, k, n) in [(1, 1, 1), (3, 5, 2), (16, 33, 47), (64, 576, 60), (5, 0, 3)] {
            let (a, b) = (draw(m * k), draw(k * n));
            let at = draw(k * m);
            let bt = draw(n * k);
            for (lhs, rhs) in [
                (Matrix::dense(&a, m, k), Matrix::dense(&b, k, n)),
                (
                    Matrix::dense(&at, k, m).transposed(),
                    Matrix::dense(&b, k, n),
                ),
                (
                    Matrix::dense(&a, m, k),
                    Matrix::dense(&bt, n, k).transposed(),
                ),
            ] {
                let expected = plain(lhs, rhs);
                let stride = n + 3;
                let mut out = vec![2.0; m * stride];
                multiply(&mut out, stride, Output::Overwrite, lhs, rhs);
                multiply(&mut out, stride, Output::Add, lhs, rhs);
                for i in 0..m {
                    for j in 0..n {
                        let found = f64::from(out[i * stride + j]);
                        // k products of |value| < 1.2, each rounded once in f32.
                        let tolerance = 2.0 * 1.5 * (k + 1) as f64 * f64::from(f32::EPSILON);
                        assert!((found - 2.0 * expected[i * n + j]).abs() <= tolerance);
                    }
                    assert!(
                        out[i * stride + n..(i + 1) * stride]
                            .iter()
                            .all(|v| v.to_bits() == 2.0_f32.to_bits())
                    );
                }
            }
        }
    }
}
