//! y = x Wᵀ + b over the last dimension.
//!
//! x: (N, I), (N, L, I) or more dimensions; W: (O, I) or (O, I, 1, 1); b: (O) or absent; y: (…, O).
//! Rows are shared out in blocks when there are many, outputs when there are few (a classifier of a small
//! batch has far more weights than rows). How they are cut depends on the sizes alone.

use candle_core::{Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::gemm::{Matrix, Output, multiply};
use super::memory::{read, read2};
use crate::graph::{Value, record};
use crate::tally::multiply_adds;

/// Rows, inputs I and outputs O.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    rows: usize,
    input: usize,
    output: usize,
}

/// Fewest rows that are shared out.
const MANY_ROWS: usize = 128;
/// Rows of a block.
const BLOCK_ROWS: [usize; 2] = [64, 256];
/// Blocks there should be.
const BLOCKS: usize = 8;
/// Columns of a block of outputs or inputs at least.
const LEAST_COLUMNS: usize = 64;
/// Partial sums of the bias' gradient at most.
const SUM_PARTS: usize = 16;
/// The gradient of W is summed in parts of the rows when each part has this many rows per column of x or y,
/// so that the sums weigh little beside the products, and there are at least and at most so many parts.
const ROWS_PER_COLUMN: usize = 2;
const LEAST_PARTS: usize = 4;
const MOST_PARTS: usize = 16;

impl Sizes {
    fn new(x: &Shape, w: &Shape) -> Result<Self> {
        match (x.dims(), w.dims()) {
            ([before @ .., input], [output, columns] | [output, columns, 1, 1])
                if columns == input && !before.is_empty() && input * output > 0 =>
            {
                Ok(Self {
                    rows: before.iter().product(),
                    input: *input,
                    output: *output,
                })
            }
            _ => bail!("linear: weight {w:?} for input {x:?}"),
        }
    }

    fn block_rows(&self) -> usize {
        let [least, most] = BLOCK_ROWS;
        self.rows.div_ceil(BLOCKS).clamp(least, most)
    }
}

/// Columns of a block where `columns` are shared out.
fn block_columns(columns: usize) -> usize {
    columns.div_ceil(BLOCKS).max(LEAST_COLUMNS)
}

/// out (rows, columns) = lhs (rows, k) · rhs (k, columns), rows or columns shared out.
fn product(lhs: Matrix<'_>, rhs: Matrix<'_>, block_rows: usize) -> Vec<f32> {
    let (rows, columns) = (lhs.rows, rhs.columns);
    let mut out = vec![0.0; rows * columns];
    if rows >= MANY_ROWS {
        out.par_chunks_mut(block_rows * columns)
            .enumerate()
            .for_each(|(at, out)| {
                let first = at * block_rows;
                let part = Matrix {
                    data: &lhs.data[first * lhs.row_stride..],
                    rows: block_rows.min(rows - first),
                    ..lhs
                };
                multiply(out, columns, Output::Overwrite, part, rhs);
            });
        return out;
    }
    let block = block_columns(columns);
    let parts: Vec<Vec<f32>> = (0..columns.div_ceil(block))
        .into_par_iter()
        .map(|at| {
            let first = at * block;
            let part = Matrix {
                data: &rhs.data[first * rhs.column_stride..],
                columns: block.min(columns - first),
                ..rhs
            };
            let mut out = vec![0.0; rows * part.columns];
            multiply(&mut out, part.columns, Output::Overwrite, lhs, part);
            out
        })
        .collect();
    for (part, first) in parts.iter().zip((0..).step_by(block)) {
        let width = part.len() / rows.max(1);
        for (to, from) in out
            .chunks_exact_mut(columns)
            .zip(part.chunks_exact(width.max(1)))
        {
            to[first..first + width].copy_from_slice(from);
        }
    }
    out
}

fn forward(s: &Sizes, x: &[f32], w: &[f32]) -> Vec<f32> {
    let lhs = Matrix::dense(x, s.rows, s.input);
    let rhs = Matrix::dense(w, s.output, s.input).transposed();
    product(lhs, rhs, s.block_rows())
}

fn backward_input(s: &Sizes, w: &[f32], dy: &[f32]) -> Vec<f32> {
    let lhs = Matrix::dense(dy, s.rows, s.output);
    let rhs = Matrix::dense(w, s.output, s.input);
    product(lhs, rhs, s.block_rows())
}

/// Gradient of W from x and the gradient of y. With many rows each part of them is summed by itself, and the
/// parts are added in order; with few, every block of outputs sums over all rows.
fn backward_weight(s: &Sizes, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let parts = (s.rows / (ROWS_PER_COLUMN * s.input.max(s.output))).min(MOST_PARTS);
    if parts >= LEAST_PARTS {
        let rows = s.rows.div_ceil(parts);
        let sums: Vec<Vec<f32>> = x
            .par_chunks(rows * s.input)
            .zip(dy.par_chunks(rows * s.output))
            .map(|(x, dy)| {
                let mut dw = vec![0.0; s.output * s.input];
                let rows = x.len() / s.input;
                let lhs = Matrix::dense(dy, rows, s.output).transposed();
                let rhs = Matrix::dense(x, rows, s.input);
                multiply(&mut dw, s.input, Output::Overwrite, lhs, rhs);
                dw
            })
            .collect();
        return total(sums);
    }
    let block = block_columns(s.output);
    let mut dw = vec![0.0; s.output * s.input];
    dw.par_chunks_mut(block * s.input)
        .enumerate()
        .for_each(|(at, dw)| {
            let outputs = dw.len() / s.input;
            let dy = &dy[(at * block).min(dy.len())..];
            let lhs = Matrix::strided(dy, s.rows, outputs, s.output).transposed();
            let rhs = Matrix::dense(x, s.rows, s.input);
            multiply(dw, s.input, Output::Overwrite, lhs, rhs);
        });
    dw
}

/// The sum of lists of one length, added in order.
fn total(parts: Vec<Vec<f32>>) -> Vec<f32> {
    let mut parts = parts.into_iter();
    let mut sums = parts.next().unwrap_or_default();
    for part in parts {
        for (sum, number) in sums.iter_mut().zip(part) {
            *sum += number;
        }
    }
    sums
}

/// Adds the bias to every row.
fn add_bias(y: &mut [f32], bias: &[f32], block_rows: usize) {
    y.par_chunks_mut(block_rows * bias.len()).for_each(|y| {
        for row in y.chunks_exact_mut(bias.len()) {
            for (y, b) in row.iter_mut().zip(bias) {
                *y += b;
            }
        }
    });
}

/// The sum of each column of dy: the gradient of a bias.
fn column_sums(s: &Sizes, dy: &[f32]) -> Vec<f32> {
    let rows = s.rows.div_ceil(SUM_PARTS).max(MANY_ROWS);
    let parts: Vec<Vec<f32>> = dy
        .par_chunks(rows * s.output)
        .map(|dy| {
            let mut sums = vec![0.0; s.output];
            for row in dy.chunks_exact(s.output) {
                for (sum, dy) in sums.iter_mut().zip(row) {
                    *sum += dy;
                }
            }
            sums
        })
        .collect();
    total(parts)
}

/// x Wᵀ, plus b where there is one.
///
/// # Errors
/// When shapes do not fit together.
pub(crate) fn linear(xs: &Value, weight: &Value, bias: Option<&Value>) -> Result<Value> {
    let s = Sizes::new(xs.tensor().shape(), weight.tensor().shape())?;
    if let Some(bias) = bias
        && bias.dims() != [s.output]
    {
        bail!("linear: bias {:?} for {} outputs", bias.dims(), s.output);
    }
    on_gpu!(xs.tensor(), on_gpu(xs, weight, bias, s));
    multiply_adds(&[s.rows, s.input, s.output]);
    let mut data = read2(xs.tensor(), weight.tensor(), |x, w| Ok(forward(&s, x, w)))?;
    if let Some(bias) = bias {
        read(bias.tensor(), |bias| {
            add_bias(&mut data, bias, s.block_rows());
            Ok(())
        })?;
    }
    let mut shape = xs.dims().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = s.output;
    }
    let ys = Tensor::from_vec(data, shape, xs.device())?;
    let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
    let back = move |dys: &Tensor, [x_needs, w_needs]: [bool; 2]| {
        let dx = || {
            let dx = read2(&w, dys, |w, dy| Ok(backward_input(&s, w, dy)))?;
            Tensor::from_vec(dx, x.shape(), x.device())
        };
        let dw = || {
            let dw = read2(&x, dys, |x, dy| Ok(backward_weight(&s, x, dy)))?;
            Tensor::from_vec(dw, w.shape(), w.device())
        };
        Ok([x_needs.then(dx).transpose()?, w_needs.then(dw).transpose()?])
    };
    let Some(bias) = bias else {
        return Ok(record([xs, weight], ys, back));
    };
    Ok(record(
        [xs, weight, bias],
        ys,
        move |dys, [x_needs, w_needs, b_needs]| {
            let [dx, dw] = back(dys, [x_needs, w_needs])?;
            let db = || {
                let db = read(dys, |dy| Ok(column_sums(&s, dy)))?;
                Tensor::from_vec(db, s.output, dys.device())
            };
            Ok([dx, dw, b_needs.then(db).transpose()?])
        },
    ))
}

#[cfg(feature = "cuda")]
fn on_gpu(xs: &Value, weight: &Value, bias: Option<&Value>, s: Sizes) -> Result<Value> {
    use super::cuda;
    let mut shape = xs.dims().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = s.output;
    }
    let (x, w) = (xs.tensor().clone(), weight.tensor().clone());
    let ys = cuda::linear(&x, &w, bias.map(Value::tensor), s.input, shape)?;
    let Some(bias) = bias else {
        return Ok(record([xs, weight], ys, move |dys, [x_needs, w_needs]| {
            let needs = [x_needs, w_needs, false];
            let [dx, dw, _] = cuda::linear_back(&x, &w, dys, s.input, needs)?;
            Ok([dx, dw])
        }));
    };
    Ok(record([xs, weight, bias], ys, move |dys, needs| {
        cuda::linear_back(&x, &w, dys, s.input, needs)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::gradient_check::{check, device, noise};

    #[test]
    fn linear_closed_form() {
        let of = |rows: Tensor| Value::constant(rows);
        let x = of(Tensor::new(&[[1.0_f32, 2.0], [3.0, 4.0]], &device()).unwrap());
        let w = of(Tensor::new(&[[1.0_f32, 0.0], [0.0, 1.0], [1.0, -1.0]], &device()).unwrap());
        let b = of(Tensor::new(&[0.5_f32, 0.0, 10.0], &device()).unwrap());
        let y = linear(&x, &w, Some(&b)).unwrap();
        assert_eq!(
            y.tensor().to_vec2::<f32>().unwrap(),
            [[1.5, 2.0, 9.0], [3.5, 4.0, 9.0]]
        );
        let y = linear(&x, &w, None).unwrap();
        assert_eq!(
            y.tensor().to_vec2::<f32>().unwrap(),
            [[1.0, 2.0, -1.0], [3.0, 4.0, -1.0]]
        );
    }

    #[test]
    fn linear_gradient_finite_differences() {
        let (x, w, b) = (noise(1, &[5, 7]), noise(2, &[3, 7, 1, 1]), noise(3, &[3]));
        check(&[x.clone(), w.clone(), b], |a| {
            linear(&a[0], &a[1], Some(&a[2]))
        });
        check(&[x, w], |a| linear(&a[0], &a[1], None));
        // Tokens, in several blocks of rows.
        let x = noise(4, &[2, 150, 6]);
        const { assert!(300 / (ROWS_PER_COLUMN * 9) >= LEAST_PARTS) };
        check(&[x, noise(5, &[9, 6]), noise(6, &[9])], |a| {
            linear(&a[0], &a[1], Some(&a[2]))
        });
    }

    /// The definition in f64, for few and many rows and for blocks of outputs and inputs.
    #[test]
    fn blocks_closed_form() {
        for (dims, output) in [
            (&[3, 5][..], 1000),
            (&[2, 700], 3),
            (&[2, 333, 5], 7),
            (&[1, 128, 3], 200),
        ] {
            let input = dims[dims.len() - 1];
            let tensors = [
                noise(1, dims),
                noise(2, &[output, input]),
                noise(3, &[output]),
            ];
            let [x, w, b] = [0, 1, 2].map(|k| Value::constant(tensors[k].clone()));
            let y = linear(&x, &w, Some(&b)).unwrap();
            assert_eq!(y.dims()[dims.len() - 1], output);
            let numbers = |v: &Value| v.tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let (x, w, b) = (numbers(&x), numbers(&w), numbers(&b));
            for (at, found) in numbers(&y).into_iter().enumerate() {
                let (row, k) = (at / output, at % output);
                let products = x[row * input..(row + 1) * input]
                    .iter()
                    .zip(&w[k * input..(k + 1) * input]);
                let sum: f64 = products.map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                // Up to 700 products of numbers below one, rounded as they are added.
                let tolerance = 700.0 * f64::from(f32::EPSILON);
                assert!((f64::from(found) - sum - f64::from(b[k])).abs() < tolerance);
            }
        }
    }

    #[test]
    fn unfit_shapes_are_refused() {
        let value = |shape: &[usize]| Value::constant(noise(1, shape));
        let (x, w) = (value(&[2, 3]), value(&[4, 3]));
        assert!(linear(&x, &value(&[4, 2]), None).is_err());
        assert!(linear(&value(&[3]), &w, None).is_err());
        assert!(linear(&x, &w, Some(&value(&[3]))).is_err());
    }
}
