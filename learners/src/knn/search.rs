//! The nearest training rows of each query.
//!
//! With the Euclidean metric, products in single precision say first which rows cannot be among the
//! nearest: `|a|² + |b|² − 2 a·b` of rows from which the training mean was subtracted, with a bound of its
//! rounding. Differences in double precision decide among the rest, so that the answer is that of
//! comparing every pair, to the bit, whatever the products' rounding and the size of blocks.

use rayon::prelude::*;

use super::metric::Distance;
use crate::adapters::faer::product_transposed_f32;
use crate::dense::{add_scaled, dot, squared_distance};

/// Query rows handled together by one thread: with products, and one by one.
const PRODUCT_QUERIES: usize = 128;
const PLAIN_QUERIES: usize = 16;

/// Training rows whose products with a block of queries are formed at once.
const PRODUCT_ROWS: usize = 256;

/// Training values (numbers, not rows) that stay in the cache while a block of queries passes.
const PLAIN_VALUES: usize = 1 << 14;

/// Products looked at together: they are far away all at once, mostly.
const LANES: usize = 8;

/// Squared lengths beyond which single precision might overflow.
const LARGEST_SQUARE: f64 = 1e30;

/// What may be lost of a product of single precision near its smallest numbers.
const SMALLEST_PRODUCT: f64 = 4.0 * f32::MIN_POSITIVE as f64;

/// A neighbour: what orders distances, and the training row.
pub(super) type Neighbor = (f64, usize);

/// No neighbour yet.
const NOBODY: Neighbor = (f64::INFINITY, usize::MAX);

/// Training rows to be searched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) values: &'a [f64],
    pub(super) width: usize,
    pub(super) neighbors: usize,
    pub(super) distance: Distance,
}

impl Search<'_> {
    /// The nearest rows of each query, nearest first; of equally near ones the earlier is nearer.
    /// `answer` makes of a query's neighbours what is wanted of them.
    pub(super) fn each<T: Send>(
        &self,
        queries: &[f64],
        answer: impl Fn(&[Neighbor]) -> Vec<T> + Sync,
    ) -> Vec<T> {
        let p = self.width;
        let products = matches!(self.distance, Distance::Euclidean)
            && self.values.len() / p > 2 * PRODUCT_ROWS
            && queries.len() / p > LANES;
        if !products {
            return self.by_blocks(queries, PLAIN_QUERIES, answer, |block| self.plain(block));
        }
        let training = Training::new(self.values, p);
        self.by_blocks(queries, PRODUCT_QUERIES, answer, |block| {
            self.by_products(block, &training)
        })
    }

    fn by_blocks<T: Send>(
        &self,
        queries: &[f64],
        at_once: usize,
        answer: impl Fn(&[Neighbor]) -> Vec<T> + Sync,
        search: impl Fn(&[f64]) -> Vec<Neighbor> + Sync,
    ) -> Vec<T> {
        queries
            .par_chunks(at_once * self.width)
            .flat_map_iter(|block| {
                let nearest = search(block);
                let each = nearest.chunks_exact(self.neighbors);
                each.flat_map(&answer).collect::<Vec<T>>()
            })
            .collect()
    }

    /// Every pair compared.
    fn plain(&self, queries: &[f64]) -> Vec<Neighbor> {
        let (p, k) = (self.width, self.neighbors);
        let block = (PLAIN_VALUES / p).max(1);
        let mut nearest = vec![NOBODY; queries.len() / p * k];
        for (at, training) in self.values.chunks(block * p).enumerate() {
            for (query, best) in queries.chunks_exact(p).zip(nearest.chunks_exact_mut(k)) {
                for (offset, row) in training.chunks_exact(p).enumerate() {
                    insert(best, self.distance.rank(query, row), at * block + offset);
                }
            }
        }
        nearest
    }

    /// Only pairs compared whose product leaves them near enough.
    fn by_products(&self, queries: &[f64], training: &Training) -> Vec<Neighbor> {
        let (p, k) = (self.width, self.neighbors);
        let count = queries.len() / p;
        let mut nearest = vec![NOBODY; count * k];
        let mut own: Vec<Own> = queries
            .chunks_exact(p)
            .map(|x| Own {
                square: squared_distance(x, &training.mean),
                raw: dot(x, x),
                limit: f64::INFINITY,
            })
            .collect();
        let (mut left, mut right) = (Vec::new(), Vec::new());
        centre(queries, &training.mean, &mut left);
        let mut products = vec![0.0_f32; count * PRODUCT_ROWS];
        for (at, rows) in self.values.chunks(PRODUCT_ROWS * p).enumerate() {
            centre(rows, &training.mean, &mut right);
            let size = rows.len() / p;
            let products = &mut products[..count * size];
            product_transposed_f32(products, (&left, count), (&right, size), p);
            let squares = &training.squares[at * PRODUCT_ROWS..][..size];
            for (((query, own), away), best) in queries
                .chunks_exact(p)
                .zip(&mut own)
                .zip(products.chunks_exact_mut(size))
                .zip(nearest.chunks_exact_mut(k))
            {
                // Squared distance without the query's own part.
                for (a, square) in away.iter_mut().zip(squares) {
                    *a = square - 2.0 * *a;
                }
                let margin = training.margin(own, training.largest[at], p);
                if at == 0 && size >= k {
                    let mut sorted = away.to_vec();
                    let (_, kth, _) = sorted.select_nth_unstable_by(k - 1, f32::total_cmp);
                    own.limit = f64::from(*kth) + own.square + margin;
                }
                for (group, lanes) in away.chunks(LANES).enumerate() {
                    let limit = f64::min(own.limit, best[k - 1].0);
                    let bound = above(limit - own.square + margin);
                    if lanes.iter().fold(true, |all, a| all & is_beyond(*a, bound)) {
                        continue;
                    }
                    for (lane, a) in lanes.iter().enumerate() {
                        if !is_beyond(*a, bound) {
                            let offset = group * LANES + lane;
                            let row = &rows[offset * p..(offset + 1) * p];
                            let rank = self.distance.rank(query, row);
                            insert(best, rank, at * PRODUCT_ROWS + offset);
                        }
                    }
                }
            }
        }
        nearest
    }
}

/// What is known of a query.
struct Own {
    /// Squared length after and before the mean was subtracted.
    square: f64,
    raw: f64,
    /// Upper bound of the k-th smallest squared distance, before k rows were compared.
    limit: f64,
}

/// Whether a value lies above a bound; false where either is undefined.
fn is_beyond(value: f32, bound: f32) -> bool {
    value > bound
}

/// The next number of single precision that is not below.
fn above(bound: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded up right after")]
    let rounded = bound as f32;
    rounded.next_up()
}

/// Takes a row among the nearest if it is strictly nearer than the last of them: rows come in order,
/// so that an equally near one is later.
fn insert(best: &mut [Neighbor], rank: f64, row: usize) {
    let last = best.len() - 1;
    if rank < best[last].0 || best[last].1 == usize::MAX {
        let place = best.partition_point(|b| b.1 != usize::MAX && b.0 <= rank);
        best[place..].rotate_right(1);
        best[place] = (rank, row);
    }
}

/// What all queries share of the training rows.
struct Training {
    mean: Vec<f64>,
    /// Squared length of each row without the mean, and the largest of each block.
    squares: Vec<f32>,
    largest: Vec<f64>,
    /// Largest length of a row with the mean.
    length: f64,
}

impl Training {
    fn new(values: &[f64], p: usize) -> Self {
        let rows = values.len() / p;
        let mut mean = vec![0.0; p];
        for row in values.chunks_exact(p) {
            add_scaled(&mut mean, 1.0 / rows as f64, row);
        }
        let blocks: Vec<(Vec<f64>, f64)> = values
            .par_chunks(PRODUCT_ROWS * p)
            .map(|block| {
                let each = block.chunks_exact(p);
                let squares = each
                    .clone()
                    .map(|row| squared_distance(row, &mean))
                    .collect();
                (squares, each.map(|row| dot(row, row)).fold(0.0, largest))
            })
            .collect();
        #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
        let single = |square: &f64| *square as f32;
        Self {
            squares: blocks
                .iter()
                .flat_map(|(squares, _)| squares.iter().map(single))
                .collect(),
            largest: blocks
                .iter()
                .map(|(squares, _)| squares.iter().copied().fold(0.0, largest))
                .collect(),
            length: blocks.iter().map(|(_, raw)| *raw).fold(0.0, largest).sqrt(),
            mean,
        }
    }

    /// Bound of the difference between a squared distance by products and one by differences, for a
    /// centred query of squared length `square` and rows of at most `other`.
    ///
    /// A sum of p products of rounded numbers in any order errs by at most (p + 2) u Σ|a_j b_j|, u = 2⁻²⁴
    /// (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 3.1); some u more for
    /// adding the squared lengths. Subtracting the mean errs by the rounding of the rows' own lengths.
    fn margin(&self, own: &Own, other: f64, p: usize) -> f64 {
        const SLACK: f64 = 16.0;
        let both = own.square + other;
        if both.is_nan() || both > LARGEST_SQUARE {
            return f64::INFINITY;
        }
        let lengths = own.square.sqrt() + other.sqrt();
        let products = (p as f64 + SLACK) * f64::from(f32::EPSILON) * both;
        let small = p as f64 * SMALLEST_PRODUCT * (1.0 + lengths);
        let centring = SLACK * f64::EPSILON * lengths * (own.raw.sqrt() + 2.0 * self.length);
        products + small + centring
    }
}

/// The larger of two numbers, or NaN.
fn largest(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// Rows without the mean, in single precision.
fn centre(rows: &[f64], mean: &[f64], out: &mut Vec<f32>) {
    out.clear();
    out.reserve(rows.len());
    for row in rows.chunks_exact(mean.len()) {
        #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
        out.extend(row.iter().zip(mean).map(|(x, m)| (x - m) as f32));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers scaled: many rows at equal distances.
    fn rows(count: usize, p: usize, scale: f64, offset: f64) -> Vec<f64> {
        let mut state = 11_u64;
        let next = |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((state >> 33) % 7) as f64 * scale + offset
        };
        (0..count * p).map(next).collect()
    }

    #[test]
    fn products_find_the_neighbours_of_the_plain_comparison_to_the_bit() {
        for (scale, offset) in [
            (1.0, 0.0),
            (0.1, 0.0),
            (1e-3, 1e4),
            (1e25, 0.0),
            (1e-30, 0.0),
            (1e160, 0.0),
        ] {
            for (p, k) in [(1, 1), (3, 5), (19, 7), (40, 300)] {
                let values = rows(900, p, scale, offset);
                let mut queries = rows(40, p, scale, offset);
                queries.extend(rows(20, p, 0.93 * scale, offset));
                let search = Search {
                    values: &values,
                    width: p,
                    neighbors: k,
                    distance: Distance::Euclidean,
                };
                let plain = search.plain(&queries);
                let found = search.each(&queries, <[Neighbor]>::to_vec);
                assert!(plain == found, "{p} columns, {k} of scale {scale}");
            }
        }
    }
}
