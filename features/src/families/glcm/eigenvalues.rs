//! The second largest absolute eigenvalue of a symmetric matrix whose largest is 1 and known by its
//! eigenvector.
//!
//! The known eigenvalue is taken away; the largest absolute one left is the one wanted.
//!
//! Small matrices: Householder reflections make the matrix tridiagonal, which costs the cube of the number of
//! rows. Laguerre's iteration then comes down from above all eigenvalues on either side; where it is slow, as
//! for several equal eigenvalues, a Sturm sequence counts the eigenvalues beyond any number, and bisection
//! closes in. Accurate to a few rounding errors of the eigenvalue 1.
//!
//! Large ones: Lanczos' iteration, which takes some tens of products with the matrix.
//!
//! Golub and Van Loan, Matrix Computations, 4th edition, sections 8.3.1, 8.4.1 and 10.1.

use crate::vectorised::vectorised;

/// Up to this many rows reflections are as fast.
const SMALL: usize = 24;

/// What the eigenvalue 1 leaves by rounding when it is taken away.
const ZERO: f64 = 8.0 * f64::EPSILON;

/// Steps of Lanczos' iteration between two looks at what has been found.
const BETWEEN_LOOKS: usize = 8;

/// Relative change of the eigenvalue between two looks below which it has converged: the error left is
/// about as large.
const CONVERGED: f64 = 1e-13;

/// The second largest absolute eigenvalue, multiplicities counted, of a symmetric `n × n` matrix in
/// row-major order; destroys the matrix. For `n = 1` it is 0, as if a zero row stood below.
///
/// `leading` is the eigenvector of the largest one, 1, with length 1. Small errors of it matter by their
/// square only.
pub(super) fn second_largest_absolute(
    matrix: &mut [f64],
    leading: &[f64],
    room: &mut Tridiagonal,
) -> f64 {
    let n = leading.len();
    if n < 2 {
        return 0.0;
    }
    if n > SMALL
        && let Some(found) = vectorised(
            #[inline(always)]
            || by_iteration(matrix, leading),
        )
    {
        return found;
    }
    for (row, x) in matrix.chunks_exact_mut(n).zip(leading) {
        add_multiple(row, -x, leading);
    }
    room.tridiagonalise(matrix, n);
    let mut found = room.largest();
    if !room.is_largest(found) {
        found = room.largest_absolute(1);
    }
    // A matrix of one eigenvalue leaves the rounding of that one, whose square root would be seen.
    if found > ZERO { found } else { 0.0 }
}

/// Lanczos' iteration on the matrix without its largest eigenvalue; none when it does not converge.
///
/// Vectors are not made orthogonal to all earlier ones: that repeats eigenvalues which have been found
/// already, but adds no wrong ones, and only the largest matters.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn by_iteration(matrix: &[f64], leading: &[f64]) -> Option<f64> {
    let n = leading.len();
    let mut reduced = Tridiagonal::default();
    let mut before = vec![0.0; n];
    let mut vector = start(leading);
    let mut product = vec![0.0; n];
    let (mut beta, mut found) = (0.0, 0.0);
    for step in 1..=2 * n {
        // Product with the matrix less leading · leadingᵀ.
        let share = dot(leading, &vector);
        for (product, leading) in product.iter_mut().zip(leading) {
            *product = -share * leading;
        }
        add_product(&mut product, matrix, &vector);
        add_multiple(&mut product, -beta, &before);
        let alpha = dot(&product, &vector);
        add_multiple(&mut product, -alpha, &vector);
        reduced.diagonal.push(alpha);
        let square = dot(&product, &product);
        beta = square.sqrt();
        let exhausted = beta < f64::EPSILON;
        if step % BETWEEN_LOOKS == 0 || exhausted {
            match reduced.risen(found) {
                None => return Some(found),
                Some(risen) if exhausted => return Some(risen),
                Some(risen) => found = risen,
            }
        }
        reduced.squares.push(square);
        for ((before, vector), product) in before.iter_mut().zip(&mut vector).zip(&product) {
            *before = *vector;
            *vector = product / beta;
        }
    }
    None
}

/// A vector of length 1 that has a share in every eigenvector but the leading one: numbers without a
/// pattern, always the same.
fn start(leading: &[f64]) -> Vec<f64> {
    // A linear congruential generator (Knuth, MMIX).
    let mut state = 1_u64;
    let mut vector: Vec<f64> = leading
        .iter()
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        })
        .collect();
    let share = dot(leading, &vector);
    add_multiple(&mut vector, -share, leading);
    let length = dot(&vector, &vector).sqrt();
    for x in &mut vector {
        *x /= length;
    }
    vector
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `to += factor · of`
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn add_multiple(to: &mut [f64], factor: f64, of: &[f64]) {
    for (to, of) in to.iter_mut().zip(of) {
        *to += factor * of;
    }
}

/// `to += matrix · vector`, row after row of a symmetric matrix, four of them at a time: that spares most
/// of the reading and writing of sums.
#[inline(always)]
#[expect(clippy::inline_always, reason = "compiled for the processor at hand")]
fn add_product(to: &mut [f64], matrix: &[f64], vector: &[f64]) {
    let n = to.len();
    let (fours, rest) = vector.as_chunks::<4>();
    for ([w, x, y, z], rows) in fours.iter().zip(matrix.chunks_exact(4 * n)) {
        let (a, rows) = rows.split_at(n);
        let (b, rows) = rows.split_at(n);
        let (c, d) = rows.split_at(n);
        let columns = a.iter().zip(b).zip(c.iter().zip(d));
        for (to, ((a, b), (c, d))) in to.iter_mut().zip(columns) {
            *to = *to + w * a + x * b + y * c + z * d;
        }
    }
    let done = n - rest.len();
    for (row, x) in matrix[done * n..].chunks_exact(n).zip(rest) {
        add_multiple(to, *x, row);
    }
}

/// A symmetric matrix reduced to its diagonal and the squares of its off-diagonal.
#[derive(Debug, Default)]
pub(super) struct Tridiagonal {
    diagonal: Vec<f64>,
    squares: Vec<f64>,
    /// Room for reflections.
    reflection: [Vec<f64>; 2],
}

impl Tridiagonal {
    /// The tridiagonal form of a symmetric `n × n` matrix, in place of what was there; destroys the matrix.
    pub(super) fn tridiagonalise(&mut self, a: &mut [f64], n: usize) {
        let Self {
            diagonal,
            squares,
            reflection: [v, p],
        } = self;
        diagonal.clear();
        squares.clear();
        for room in [&mut *v, &mut *p] {
            room.resize(n.max(room.len()), 0.0);
        }
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
            // Row by row, which the processor can do several elements at a time; a sum along a row it cannot.
            p[rest.clone()].fill(0.0);
            for i in rest.clone() {
                let row = &a[i * n..(i + 1) * n];
                add_multiple(&mut p[rest.clone()], v[i] / half_v_2, &row[rest.clone()]);
            }
            let p_v: f64 = rest.clone().map(|i| p[i] * v[i]).sum();
            let share = p_v / (2.0 * half_v_2);
            for i in rest.clone() {
                p[i] -= share * v[i];
            }
            for i in rest.clone() {
                let (v_i, p_i) = (v[i], p[i]);
                let row = &mut a[i * n..(i + 1) * n];
                let both = p[rest.clone()].iter().zip(&v[rest.clone()]);
                for (a, (p_j, v_j)) in row[rest.clone()].iter_mut().zip(both) {
                    *a -= v_i * p_j + p_i * v_j;
                }
            }
        }
        diagonal.push(a[n * n - 1]);
    }

    /// The largest absolute eigenvalue: from above on both sides where that is quick.
    fn largest(&self) -> f64 {
        let bound = self.bound();
        let quick = |sign| self.descend(sign, bound + bound * f64::EPSILON);
        let Some(highest) = quick(1.0) else {
            return self.largest_absolute(1);
        };
        // Mostly the other end is nearer to zero.
        if highest > 0.0 && self.none_below(-highest) {
            return highest;
        }
        match quick(-1.0) {
            Some(lowest) => highest.max(lowest),
            None => self.largest_absolute(1),
        }
    }

    /// Whether a number is the largest absolute eigenvalue but for rounding. The iteration may stop early where
    /// several eigenvalues lie close together.
    fn is_largest(&self, x: f64) -> bool {
        const ROUNDINGS: f64 = 8.0;
        let near = ROUNDINGS * self.bound() * f64::EPSILON;
        self.count_beyond(x + near) == 0 && self.count_beyond(x - near) > 0
    }

    /// Whether no eigenvalue lies below `x`: the pivots of `T - x I` are all positive.
    fn none_below(&self, x: f64) -> bool {
        let mut pivot = 1.0;
        let squares = std::iter::once(0.0).chain(self.squares.iter().copied());
        self.diagonal.iter().zip(squares).all(|(d, square)| {
            pivot = d - x - square / pivot;
            pivot > 0.0
        })
    }

    /// The largest eigenvalue of the matrix times `sign`, by Laguerre's iteration from a number `x` above it,
    /// which comes down to it without passing it; none when it takes long, as for several equal ones.
    ///
    /// With the pivots `q` of `T - x I` and their derivatives, `S1 = Σ q'/q = Σ 1 / (x - λ)` and
    /// `S2 = Σ ((q'/q)² - q''/q) = Σ 1 / (x - λ)²`; a step is `n / (S1 + sqrt((n - 1)(n S2 - S1²)))`.
    fn descend(&self, sign: f64, mut x: f64) -> Option<f64> {
        /// Three or four are common: digits triple with each step.
        const STEPS: usize = 24;
        let n = self.diagonal.len() as f64;
        let rounding = self.bound() * f64::EPSILON;
        for _ in 0..STEPS {
            let (mut first, mut second) = (0.0, 0.0);
            // 1/q, q'/q and q''/q of the row before.
            let (mut inverse, mut s, mut t) = (1.0, 0.0, 0.0);
            let squares = std::iter::once(0.0).chain(self.squares.iter().copied());
            for (d, square) in self.diagonal.iter().zip(squares) {
                let share = square * inverse;
                let q = sign * d - x - share;
                if q >= 0.0 {
                    // As near as rounding lets it come.
                    return Some(x);
                }
                inverse = 1.0 / q;
                t = share * (t - 2.0 * s * s) * inverse;
                s = (share * s - 1.0) * inverse;
                first += s;
                second += s * s - t;
            }
            let step = n / (first + ((n - 1.0) * (n * second - first * first).max(0.0)).sqrt());
            x -= step;
            if step <= rounding {
                return Some(x);
            }
        }
        None
    }

    /// The `wanted`-th largest absolute eigenvalue, multiplicities counted.
    pub(super) fn largest_absolute(&self, wanted: usize) -> f64 {
        // No eigenvalue exceeds the largest row sum.
        let bound = self.bound();
        let rounding = bound * f64::EPSILON;
        let (mut low, mut high) = (0.0, bound + rounding);
        // Invariant: so many eigenvalues are at least `low` in absolute value, fewer at least `high` (up to
        // rounding). Stops when no number lies between or the rounding of the matrix is reached.
        loop {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high || high - low < rounding {
                return low;
            }
            if self.count_beyond(middle) >= wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    /// The largest absolute eigenvalue when it was `before` some rows ago, which it cannot fall below; none
    /// when it has risen by a rounding error only.
    fn risen(&self, before: f64) -> Option<f64> {
        if before > 0.0 && self.count_beyond(before + CONVERGED * before) == 0 {
            return None;
        }
        Some(self.largest().max(before))
    }

    fn bound(&self) -> f64 {
        let off = |at: usize| self.squares.get(at).map_or(0.0, |square| square.sqrt());
        let rows = self.diagonal.iter().enumerate();
        rows.map(|(at, d)| d.abs() + off(at) + if at > 0 { off(at - 1) } else { 0.0 })
            .fold(0.0, f64::max)
    }

    /// Eigenvalues of absolute value `x` or more: those of `T` that are not below `x`, counted by the
    /// pivots of `T - x I`, and those below `-x`. Both at once, for each has to wait for its divisions.
    fn count_beyond(&self, x: f64) -> usize {
        let mut count = 0;
        let (mut above, mut below) = (1.0, 1.0);
        let squares = std::iter::once(0.0).chain(self.squares.iter().copied());
        for (d, square) in self.diagonal.iter().zip(squares) {
            above = not_zero(d - x - square / above);
            below = not_zero(d + x - square / below);
            count += usize::from(above > 0.0) + usize::from(below < 0.0);
        }
        count
    }
}

/// A pivot of zero: moves the number by less than a rounding error of the matrix.
fn not_zero(pivot: f64) -> f64 {
    if pivot == 0.0 {
        -f64::MIN_POSITIVE
    } else {
        pivot
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact in binary")]
mod tests {
    use super::*;

    fn reduced(matrix: &mut [f64], n: usize) -> Tridiagonal {
        let mut reduced = Tridiagonal::default();
        reduced.tridiagonalise(matrix, n);
        reduced
    }

    fn second(rows: &[&[f64]]) -> f64 {
        reduced(&mut rows.concat(), rows.len()).largest_absolute(2)
    }

    #[test]
    fn small_matrices_with_known_eigenvalues() {
        assert_eq!(
            second_largest_absolute(&mut [1.0], &[1.0], &mut Tridiagonal::default()),
            0.0
        );
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
        let found = reduced(&mut hidden, n).largest_absolute(2);
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    /// Normalised counts of pairs of levels, smooth and noisy, as large as matrices get.
    #[test]
    fn both_ways_agree_on_co_occurrences() {
        for (n, width, noise) in [
            (80, 2.0, 0.0),
            (100, 9.0, 0.3),
            (150, 40.0, 0.0),
            (90, 1e9, 1.0),
        ] {
            let mut state = 7_u64;
            let mut counts = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    let random = (state >> 40) as f64 / (1_u64 << 24) as f64;
                    let near = (-((i - j) as f64 / width).powi(2)).exp();
                    // Some levels are rare, some pairs do not occur.
                    let rare = if i % 7 == 3 || j % 7 == 3 { 0.01 } else { 1.0 };
                    let count = (1000.0 * rare * (near + noise * random)).floor();
                    counts[i * n + j] = count;
                    counts[j * n + i] = count;
                }
            }
            let total: f64 = counts.iter().sum();
            let p: Vec<f64> = counts
                .chunks_exact(n)
                .map(|row| row.iter().sum::<f64>() / total)
                .collect();
            let mut a: Vec<f64> = (0..n * n)
                .map(|at| counts[at] / total / (p[at / n] * p[at % n]).sqrt())
                .collect();
            let leading: Vec<f64> = p.iter().map(|p| p.sqrt()).collect();
            let iterated = by_iteration(&a, &leading).expect("convergence");
            let reflected = reduced(&mut a, n).largest_absolute(2);
            assert!(
                (iterated / reflected - 1.0).abs() < 1e-11,
                "{n} {width}: {iterated} {reflected}"
            );
        }
    }
}
