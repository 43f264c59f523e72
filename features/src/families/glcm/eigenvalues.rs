//! The second largest absolute eigenvalue of a symmetric matrix whose largest is 1 and known by its
//! eigenvector.
//!
//! Small matrices: a Householder reflection turns the known eigenvector onto an axis, which is left out; the
//! largest absolute eigenvalue of the rest is the one wanted. Further reflections make the rest tridiagonal,
//! which costs the cube of the number of rows. Laguerre's iteration then comes down from above all eigenvalues
//! on either side; where it is slow, as for several equal eigenvalues, a Sturm sequence counts the eigenvalues
//! beyond any number, and bisection closes in. Accurate to a few rounding errors of the eigenvalue 1.
//!
//! Large ones: the known eigenvalue is subtracted, and Lanczos' iteration takes some tens of products with the
//! matrix.
//!
//! Golub and Van Loan, Matrix Computations, 4th edition, sections 8.3.1, 8.4.1 and 10.1.

use crate::vectorised::vectorised;

/// Up to this many rows reflections are as fast.
const SMALL: usize = 24;

/// What the eigenvalue 1 leaves by rounding when it is taken away.
const ZERO: f64 = 8.0 * f64::EPSILON;

/// Steps of Lanczos' iteration before what has been found is looked at, which takes as long as some steps, and between
/// two looks.
const BEFORE_LOOKS: usize = 18;
const BETWEEN_LOOKS: usize = 6;

/// Sums that a product of vectors is added up in side by side: one alone waits for each of its additions.
const LANES: usize = 4;

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
    room.deflate(matrix, leading);
    room.tridiagonalise(matrix, n, 1);
    let found = room.largest();
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
    let mut reduced = Tridiagonal {
        diagonal: Vec::with_capacity(2 * n),
        squares: Vec::with_capacity(2 * n),
        ..Tridiagonal::default()
    };
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
        let is_due = step >= BEFORE_LOOKS && step % BETWEEN_LOOKS == 0;
        if is_due || exhausted {
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

/// A vector of length 1 to begin with. Where levels of neighbours differ little, the eigenvector wanted rises along the
/// levels about like this one; numbers without a pattern, always the same, give it a share in every other.
fn start(leading: &[f64]) -> Vec<f64> {
    /// The width these are spread over, as a part of the vector's length.
    const SHARE: f64 = 0.1;
    let levels = || {
        leading
            .iter()
            .zip(0_u16..)
            .map(|(x, level)| (x, f64::from(level)))
    };
    let mean: f64 = levels().map(|(x, level)| x * x * level).sum();
    let rise = levels().map(|(x, level)| x * (level - mean));
    let mut vector: Vec<f64> = rise.collect();
    let length = dot(&vector, &vector).sqrt();
    // A linear congruential generator (Knuth, MMIX).
    let mut state = 1_u64;
    for x in &mut vector {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let random = (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        *x += SHARE * length * random;
    }
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
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
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
    /// Turns `leading` onto the first axis of a symmetric matrix.
    fn deflate(&mut self, a: &mut [f64], leading: &[f64]) {
        let n = leading.len();
        self.reserve(n);
        let v = &mut self.reflection[0][..n];
        v.copy_from_slice(leading);
        let norm_2 = dot(v, v);
        let tail_2 = dot(&v[1..], &v[1..]);
        v[0] += norm_2.sqrt().copysign(v[0]);
        let half_v_2 = f64::midpoint(v[0] * v[0], tail_2);
        self.reflect(a, n, 0, half_v_2);
    }

    fn reserve(&mut self, n: usize) {
        for room in &mut self.reflection {
            room.resize(n.max(room.len()), 0.0);
        }
    }

    /// `H A H` for the rows and columns from `first` on, `H = I - v vᵀ / half_v_2`, v the first of the
    /// reflection's vectors.
    fn reflect(&mut self, a: &mut [f64], n: usize, first: usize, half_v_2: f64) {
        let rest = first..n;
        let [v, p] = &mut self.reflection;
        let (v, p) = (&v[rest.clone()], &mut p[rest.clone()]);
        // Row by row, which the processor can do several elements at a time; a sum along a row it cannot.
        p.fill(0.0);
        let rows = a.chunks_exact_mut(n).skip(first);
        for (row, v_i) in rows.zip(v) {
            add_multiple(p, v_i / half_v_2, &row[rest.clone()]);
        }
        let share = dot(p, v) / (2.0 * half_v_2);
        add_multiple(p, -share, v);
        let rows = a.chunks_exact_mut(n).skip(first);
        for (row, (v_i, p_i)) in rows.zip(v.iter().zip(&*p)) {
            let both = p.iter().zip(v);
            for (a, (p_j, v_j)) in row[rest.clone()].iter_mut().zip(both) {
                *a -= v_i * p_j + p_i * v_j;
            }
        }
    }

    /// The tridiagonal form of a symmetric `n × n` matrix without its first `skipped` rows and columns, in place
    /// of what was there; destroys the matrix.
    pub(super) fn tridiagonalise(&mut self, a: &mut [f64], n: usize, skipped: usize) {
        self.diagonal.clear();
        self.squares.clear();
        self.reserve(n);
        for k in skipped..n - 1 {
            self.diagonal.push(a[k * n + k]);
            // The part of row k right of the diagonal, to be reflected onto its first axis.
            let row = &a[k * n + k + 1..(k + 1) * n];
            let (norm_2, tail_2) = (dot(row, row), dot(&row[1..], &row[1..]));
            self.squares.push(norm_2);
            if tail_2 == 0.0 {
                continue;
            }
            let v = &mut self.reflection[0][k + 1..n];
            v.copy_from_slice(row);
            // Away from zero, so that nothing cancels.
            v[0] += norm_2.sqrt().copysign(v[0]);
            let half_v_2 = f64::midpoint(v[0] * v[0], tail_2);
            self.reflect(a, n, k + 1, half_v_2);
        }
        self.diagonal.push(a[n * n - 1]);
    }

    /// The largest absolute eigenvalue.
    fn largest(&self) -> f64 {
        match (&self.diagonal[..], &self.squares[..]) {
            ([d], _) => d.abs(),
            ([d, e], [square, ..]) => {
                let half = (d - e) / 2.0;
                f64::midpoint(*d, *e).abs() + (half * half + square).sqrt()
            }
            _ => {
                let found = self.descend().filter(|found| self.is_largest(*found));
                found.unwrap_or_else(|| self.largest_absolute(1))
            }
        }
    }

    /// Whether a number is the largest absolute eigenvalue but for rounding. The iteration may stop early where
    /// several eigenvalues lie close together.
    fn is_largest(&self, x: f64) -> bool {
        const ROUNDINGS: f64 = 8.0;
        let near = ROUNDINGS * self.bound() * f64::EPSILON;
        let [above, from_below] = self.counts_beyond([x + near, x - near]);
        above == 0 && from_below > 0
    }

    /// The largest absolute eigenvalue, by Laguerre's iteration for the matrix and its negative, which comes down
    /// from above to the largest eigenvalue of each without passing it; none when it takes long, as for
    /// several equal ones.
    fn descend(&self) -> Option<f64> {
        /// Three or four are common: digits triple with each step.
        const STEPS: usize = 24;
        let bound = self.bound();
        let rounding = bound * f64::EPSILON;
        let mut x = [bound + rounding; 2];
        let mut arrived = [false; 2];
        for _ in 0..STEPS {
            let steps = self.steps_down(x);
            for side in 0..2 {
                if !arrived[side] {
                    x[side] -= steps[side];
                    arrived[side] = steps[side] <= rounding;
                }
            }
            // What is below an eigenvalue already goes on falling.
            if (arrived[0] && (arrived[1] || x[1] <= x[0])) || (arrived[1] && x[0] <= x[1]) {
                return Some(x[0].max(x[1]));
            }
        }
        None
    }

    /// Laguerre's steps from numbers above all eigenvalues `λ` of the matrix and of its negative; 0 as near as
    /// rounding lets it come. Both at once, for each has to wait for its divisions.
    ///
    /// With the pivots `q` of `T - x I` and their derivatives, `S1 = Σ q'/q = Σ 1 / (x - λ)` and
    /// `S2 = Σ ((q'/q)² - q''/q) = Σ 1 / (x - λ)²`; a step is `n / (S1 + sqrt((n - 1)(n S2 - S1²)))`.
    fn steps_down(&self, x: [f64; 2]) -> [f64; 2] {
        const SIGNS: [f64; 2] = [1.0, -1.0];
        let n = self.diagonal.len() as f64;
        let (mut first, mut second) = ([0.0; 2], [0.0; 2]);
        // 1/q, q'/q and q''/q of the row before.
        let (mut inverse, mut s, mut t) = ([1.0; 2], [0.0; 2], [0.0; 2]);
        let mut passed = [false; 2];
        let squares = std::iter::once(0.0).chain(self.squares.iter().copied());
        for (d, square) in self.diagonal.iter().zip(squares) {
            for side in 0..2 {
                let share = square * inverse[side];
                let q = SIGNS[side] * d - x[side] - share;
                passed[side] |= q >= 0.0;
                inverse[side] = 1.0 / q;
                t[side] = share * (t[side] - 2.0 * s[side] * s[side]) * inverse[side];
                s[side] = (share * s[side] - 1.0) * inverse[side];
                first[side] += s[side];
                second[side] += s[side] * s[side] - t[side];
            }
        }
        std::array::from_fn(|side| {
            let spread = (n - 1.0) * (n * second[side] - first[side] * first[side]).max(0.0);
            let step = n / (first[side] + spread.sqrt());
            if passed[side] { 0.0 } else { step }
        })
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
            if self.counts_beyond([middle]) >= [wanted] {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    /// The largest absolute eigenvalue when it was `before` some rows ago, which it cannot fall below; none
    /// when it has risen by a rounding error only.
    fn risen(&self, before: f64) -> Option<f64> {
        if before > 0.0 && self.counts_beyond([before + CONVERGED * before]) == [0] {
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

    /// How many eigenvalues have each absolute value `x` or more: those of `T` that are not below `x`, counted by
    /// the pivots of `T - x I`, and those below `-x`. All at once, for each has to wait for its divisions.
    fn counts_beyond<const N: usize>(&self, x: [f64; N]) -> [usize; N] {
        let mut counts = [0; N];
        let mut pivots = [[1.0; 2]; N];
        let squares = std::iter::once(0.0).chain(self.squares.iter().copied());
        for (d, square) in self.diagonal.iter().zip(squares) {
            for ((count, [above, below]), x) in counts.iter_mut().zip(&mut pivots).zip(x) {
                *above = not_zero(d - x - square / *above);
                *below = not_zero(d + x - square / *below);
                *count += usize::from(*above > 0.0) + usize::from(*below < 0.0);
            }
        }
        counts
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
        reduced.tridiagonalise(matrix, n, 0);
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

    /// How often two levels meet.
    type Near<'a> = &'a dyn Fn(usize, usize) -> f64;

    /// Normalised counts of pairs of levels, smooth and noisy, as large as matrices get.
    #[test]
    fn both_ways_agree_on_co_occurrences() {
        let smooth =
            |width: f64| move |i: usize, j: usize| (-((i - j) as f64 / width).powi(2)).exp();
        // Levels that differ by an odd number, by half of all, within one half: no eigenvector rises along the levels.
        let odd = |i: usize, j: usize| if (i - j) % 2 == 1 { 1.0 } else { 0.01 };
        let far = |i: usize, j: usize| (-((i - j) as f64 - 20.0).abs()).exp();
        let halves = |i: usize, j: usize| {
            if i % 40 / 20 == j % 40 / 20 {
                1.0
            } else {
                0.02
            }
        };
        let kinds: [(usize, Near, f64); 10] = [
            (80, &smooth(2.0), 0.0),
            (100, &smooth(9.0), 0.3),
            (150, &smooth(40.0), 0.0),
            (90, &smooth(1e9), 1.0),
            (26, &smooth(4.0), 0.1),
            (33, &smooth(0.7), 0.0),
            (41, &odd, 0.1),
            (40, &far, 0.0),
            (60, &halves, 0.1),
            (40, &halves, 0.0),
        ];
        for (kind, (n, near, noise)) in kinds.into_iter().enumerate() {
            let mut state = 7_u64;
            let mut counts = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    let random = (state >> 40) as f64 / (1_u64 << 24) as f64;
                    // Some levels are rare, some pairs do not occur.
                    let rare = if i % 7 == 3 || j % 7 == 3 { 0.01 } else { 1.0 };
                    let count = (1000.0 * rare * (near(i, j) + noise * random)).floor();
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
                "{kind}: {iterated} {reflected}"
            );
        }
    }
}
