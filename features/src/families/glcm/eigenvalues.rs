//! The second largest absolute eigenvalue of a symmetric matrix.
//!
//! Householder reflections make the matrix tridiagonal; a Sturm sequence then counts the eigenvalues
//! below any number, and bisection closes in on the one wanted. That always converges, whatever the
//! eigenvalues' multiplicities, and is accurate to a few rounding errors of the largest one.
//!
//! Golub and Van Loan, Matrix Computations, 4th edition, sections 8.3.1 and 8.4.1.

/// A symmetric matrix reduced to its diagonal and the squares of its off-diagonal.
struct Tridiagonal {
    diagonal: Vec<f64>,
    squares: Vec<f64>,
}

/// The second largest absolute eigenvalue, multiplicities counted, of a symmetric `n × n` matrix in
/// row-major order; destroys the matrix. For `n = 1` it is 0, as if a zero row stood below.
pub(crate) fn second_largest_absolute(matrix: &mut [f64], n: usize) -> f64 {
    if n < 2 {
        return 0.0;
    }
    let reduced = tridiagonalise(matrix, n);
    // No eigenvalue exceeds the largest row sum.
    let mut high = reduced.bound();
    let mut low = 0.0;
    // Invariant: two eigenvalues are at least `low` in absolute value, at most one is at least `high`
    // (up to rounding). Stops when no number lies between.
    high += high * f64::EPSILON;
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return low;
        }
        if reduced.count_beyond(middle, n) >= 2 {
            low = middle;
        } else {
            high = middle;
        }
    }
}

impl Tridiagonal {
    fn bound(&self) -> f64 {
        let off = |at: usize| self.squares.get(at).map_or(0.0, |square| square.sqrt());
        let rows = self.diagonal.iter().enumerate();
        rows.map(|(at, d)| d.abs() + off(at) + if at > 0 { off(at - 1) } else { 0.0 })
            .fold(0.0, f64::max)
    }

    /// Eigenvalues below `x`: the negative pivots of `T - x I`.
    fn count_below(&self, x: f64) -> usize {
        let mut negative = 0;
        let mut pivot = 1.0;
        let squares = std::iter::once(0.0).chain(self.squares.iter().copied());
        for (d, square) in self.diagonal.iter().zip(squares) {
            pivot = d - x - square / pivot;
            // A pivot of zero: move the number by less than a rounding error of the matrix.
            if pivot == 0.0 {
                pivot = -f64::MIN_POSITIVE;
            }
            negative += usize::from(pivot < 0.0);
        }
        negative
    }

    /// Eigenvalues of absolute value `x` or more.
    fn count_beyond(&self, x: f64, n: usize) -> usize {
        n - self.count_below(x) + self.count_below(-x)
    }
}

fn tridiagonalise(a: &mut [f64], n: usize) -> Tridiagonal {
    let mut diagonal = Vec::with_capacity(n);
    let mut squares = Vec::with_capacity(n - 1);
    let (mut v, mut p) = (vec![0.0; n], vec![0.0; n]);
    for k in 0..n - 1 {
        diagonal.push(a[k * n + k]);
        // The part of row k right of the diagonal, to be reflected onto its first axis.
        let rest = k + 1..n;
        let row = &a[k * n..(k + 1) * n];
        let norm_2: f64 = row[rest.clone()].iter().map(|x| x * x).sum();
        squares.push(norm_2);
        let tail_2: f64 = row[k + 2..].iter().map(|x| x * x).sum();
        if tail_2 == 0.0 {
            continue;
        }
        v[rest.clone()].copy_from_slice(&row[rest.clone()]);
        // Away from zero, so that nothing cancels.
        v[k + 1] += norm_2.sqrt().copysign(v[k + 1]);
        let half_v_2 = f64::midpoint(v[k + 1] * v[k + 1], tail_2);
        for i in rest.clone() {
            let row = &a[i * n..(i + 1) * n];
            let product: f64 = row[rest.clone()]
                .iter()
                .zip(&v[rest.clone()])
                .map(|(a, v)| a * v)
                .sum();
            p[i] = product / half_v_2;
        }
        let p_v: f64 = rest.clone().map(|i| p[i] * v[i]).sum();
        let share = p_v / (2.0 * half_v_2);
        for i in rest.clone() {
            p[i] -= share * v[i];
        }
        for i in rest.clone() {
            let (v_i, p_i) = (v[i], p[i]);
            let row = &mut a[i * n..(i + 1) * n];
            for j in rest.clone() {
                row[j] -= v_i * p[j] + p_i * v[j];
            }
        }
    }
    diagonal.push(a[n * n - 1]);
    Tridiagonal { diagonal, squares }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact in binary")]
mod tests {
    use super::*;

    fn second(rows: &[&[f64]]) -> f64 {
        second_largest_absolute(&mut rows.concat(), rows.len())
    }

    #[test]
    fn small_matrices_with_known_eigenvalues() {
        assert_eq!(second(&[&[3.0]]), 0.0);
        assert!((second(&[&[2.0, 1.0], &[1.0, 2.0]]) - 1.0).abs() < 1e-15);
        // Eigenvalues ±1: both count.
        assert!((second(&[&[0.0, 1.0], &[1.0, 0.0]]) - 1.0).abs() < 1e-15);
        // Eigenvalues 3, -2, 1, on the diagonal already.
        assert!(
            (second(&[&[1.0, 0.0, 0.0], &[0.0, 3.0, 0.0], &[0.0, 0.0, -2.0]]) - 2.0).abs() < 1e-14
        );
        // Rank one.
        assert!(second(&[&[1.0, 2.0], &[2.0, 4.0]]).abs() < 1e-15);
    }

    /// The second difference matrix of size n has the eigenvalues 2 - 2 cos(k pi / (n + 1)).
    #[test]
    fn the_second_difference_matrix_hidden_by_reflections() {
        let n = 40;
        let mut matrix = vec![0.0; n * n];
        for i in 0..n {
            matrix[i * n + i] = 2.0;
            if i + 1 < n {
                matrix[i * n + i + 1] = -1.0;
                matrix[(i + 1) * n + i] = -1.0;
            }
        }
        // Reflect along a full vector, so that the reduction has work to do.
        let v: Vec<f64> = (0..n).map(|i| 1.0 + (i * i % 7) as f64).collect();
        let v_2: f64 = v.iter().map(|x| x * x).sum();
        let h = |i: usize, j: usize| f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j] / v_2;
        let product = |a: &dyn Fn(usize, usize) -> f64, b: &dyn Fn(usize, usize) -> f64| {
            let element = |at: usize| (0..n).map(|k| a(at / n, k) * b(k, at % n)).sum();
            (0..n * n).map(element).collect::<Vec<f64>>()
        };
        let half = product(&h, &|i, j| matrix[i * n + j]);
        let mut hidden = product(&|i, j| half[i * n + j], &h);
        let expected = 2.0 - 2.0 * ((n - 1) as f64 * std::f64::consts::PI / (n + 1) as f64).cos();
        let found = second_largest_absolute(&mut hidden, n);
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }
}
