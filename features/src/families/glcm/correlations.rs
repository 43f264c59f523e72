//! The four features that ask how much one side of a pair tells about the other; symbols stand in the
//! head of [`super`].

use super::eigenvalues::{Tridiagonal, second_largest_absolute};
use super::marginals::CoOccurrence;
use crate::profile::Profile;
use crate::settings::Pairs;

/// What PyRadiomics takes instead of 0 / 0; undefined in the other profile.
fn by_convention(c: &CoOccurrence, value: f64) -> f64 {
    match c.frame.profile {
        Profile::PyRadiomics => value,
        Profile::Ibsi => f64::NAN,
    }
}

/// `Σ (i - mu_x)(j - mu_y) p(i, j) / (sigma_x sigma_y + ε)`. Where a `sigma` is 0 PyRadiomics says 1, the
/// standard nothing: NaN.
///
/// The covariance is a quarter of the difference between the variances of `i + j` and `i - j`.
pub(super) fn correlation(c: &CoOccurrence) -> f64 {
    let deviations = (c.rows.variance * c.columns.variance).sqrt();
    if deviations == 0.0 {
        return by_convention(c, 1.0);
    }
    let (sum, difference) = (c.rows.mean + c.columns.mean, c.rows.mean - c.columns.mean);
    let of_sums = c.over_sums(|k| (k - sum) * (k - sum));
    let of_differences = c.over_differences(|k| k * k) - difference * difference;
    (of_sums - of_differences) / 4.0 / (deviations + c.frame.profile.epsilon())
}

/// `(HXY - HXY1) / max(HX, HY)`. Where both are 0 PyRadiomics says 0, the standard nothing: NaN.
pub(super) fn information_correlation_1(c: &CoOccurrence) -> f64 {
    if c.is_certain() {
        return by_convention(c, 0.0);
    }
    let epsilon = c.frame.profile.epsilon();
    let marginal = c.rows.entropy(epsilon).max(c.columns.entropy(epsilon));
    (c.joint_entropy - c.cross_entropy_1()) / marginal
}

/// `sqrt(1 - exp(-2 (HXY2 - HXY)))`.
///
/// The difference is a mutual information and never negative, but may round below zero where the two
/// sides are independent: 0 then.
pub(super) fn information_correlation_2(c: &CoOccurrence) -> f64 {
    if c.is_certain() {
        return 0.0;
    }
    let information = (c.cross_entropy_2() - c.joint_entropy).max(0.0);
    (-(-2.0 * information).exp_m1()).sqrt()
}

/// The square root of the second largest eigenvalue of
/// `Q(i, j) = Σ_k p(i, k) p(j, k) / (p_x(i) p_y(k) + ε)`; set to 1 elsewhere when the
/// region has one grey level.
///
/// With `A(i, k) = p(i, k) / sqrt(p_x(i) p_y(k) + ε)`, `Q` is similar to `A A^T`, exactly so for `ε = 0`
/// and to first order in `ε` otherwise: `D^(1/2) Q D^(-1/2)`, `D = diag(p_x)`, differs from `A A^T` by an
/// antisymmetric matrix of the size of `ε`, which moves eigenvalues by its square only. `ε` matters:
/// levels that occur in a single pair have `p_x(i) p_y(k)` near `1e-8`. Where pairs count both ways `A`
/// is symmetric, and the feature is its second largest absolute eigenvalue, found without squaring. The
/// largest is 1, of the eigenvector `sqrt(p_x)`.
pub(super) fn maximal_correlation(c: &CoOccurrence) -> f64 {
    let graph = &mut *c.graph.borrow_mut();
    graph.number_levels(c);
    if c.frame.pairs == Pairs::Symmetric && c.total <= CERTAIN_UP_TO && graph.falls_apart(c) {
        return 1.0;
    }
    let n = graph.leading.len();
    let epsilon = c.frame.profile.epsilon();
    graph.matrix.clear();
    graph.matrix.resize(n * n, 0.0);
    let a = &mut graph.matrix;
    for cell in &c.elements {
        let (i, j) = (usize::from(cell.i), usize::from(cell.j));
        let scale = (c.rows.p[i] * c.columns.p[j] + epsilon).sqrt() * c.total;
        let (row, column) = (graph.position[i], graph.position[j]);
        match c.frame.pairs {
            Pairs::OneWay => a[row * n + column] = cell.count / scale,
            Pairs::Symmetric => {
                let count = cell.count * if i == j { 2.0 } else { 1.0 };
                a[row * n + column] = count / scale;
                a[column * n + row] = count / scale;
            }
        }
    }
    let (leading, room) = (&graph.leading, &mut graph.reduced);
    match c.frame.pairs {
        Pairs::Symmetric => second_largest_absolute(a, leading, room),
        Pairs::OneWay => second_largest_absolute(&mut times_transpose(a, n), leading, room).sqrt(),
    }
}

/// Sums of matrices up to which `ε` moves an eigenvalue of 1 by less than `1e-12`: by `ε / (p_x p_y)` at most,
/// and no `p` is below one over the sum.
const CERTAIN_UP_TO: f64 = 64.0;

/// The levels as the nodes of a graph whose edges are the pairs that occur, and room for its matrix.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Number of each position among the levels that have neighbours.
    position: Vec<usize>,
    /// `sqrt(p_x)` of the levels that have neighbours.
    leading: Vec<f64>,
    matrix: Vec<f64>,
    reduced: Tridiagonal,
    /// A node nearer to the root of the node's tree, and whether the way there is odd.
    parent: Vec<(usize, bool)>,
}

impl Graph {
    /// Levels without neighbours in this direction add eigenvalues 0 and are left out.
    fn number_levels(&mut self, c: &CoOccurrence) {
        self.position.clear();
        self.leading.clear();
        for (x, y) in c.rows.p.iter().zip(&c.columns.p) {
            if *x > 0.0 || *y > 0.0 {
                self.position.push(self.leading.len());
                self.leading.push(x.sqrt());
            } else {
                self.position.push(usize::MAX);
            }
        }
    }

    /// Whether the matrix has a second eigenvalue of absolute value 1: it is a block of its own for each
    /// connected part of the graph, with an eigenvalue of 1 each; and where the nodes of a part have two
    /// sides, with pairs between the sides only, another of -1.
    fn falls_apart(&mut self, c: &CoOccurrence) -> bool {
        let n = self.leading.len();
        self.parent.clear();
        self.parent.extend((0..n).map(|node| (node, false)));
        let (mut parts, mut odd_rings) = (n, false);
        for cell in &c.elements {
            let sides = [cell.i, cell.j].map(|side| self.position[usize::from(side)]);
            let [(a, far_a), (b, far_b)] = sides.map(|node| self.root(node));
            if a == b {
                odd_rings |= far_a == far_b;
            } else {
                self.parent[a] = (b, far_a == far_b);
                parts -= 1;
            }
        }
        parts > 1 || (n > 1 && !odd_rings)
    }

    /// The root of a node's tree, and whether the way there is odd.
    fn root(&self, mut node: usize) -> (usize, bool) {
        let mut odd = false;
        loop {
            let (next, step) = self.parent[node];
            if next == node {
                return (node, odd);
            }
            (node, odd) = (next, odd != step);
        }
    }
}

/// `A A^T` of an `n × n` matrix.
fn times_transpose(a: &[f64], n: usize) -> Vec<f64> {
    let mut product = Vec::with_capacity(n * n);
    for row in a.chunks_exact(n) {
        let with_all = a.chunks_exact(n);
        product
            .extend(with_all.map(|other| row.iter().zip(other).map(|(a, b)| a * b).sum::<f64>()));
    }
    product
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use raduet_testkit::phantoms::Random;

    use super::*;
    use crate::families::glcm::features::TABLE;
    use crate::families::glcm::marginals::Frame;
    use crate::families::glcm::matrix::{self, Cell};
    use crate::spec::rows_of;

    fn frame(levels: usize, profile: Profile) -> Arc<Frame> {
        // Levels that lie apart now and then.
        let levels: Vec<f64> = (1..=levels).map(|at| (at + at / 3) as f64).collect();
        Arc::new(Frame {
            highest_level: levels[levels.len() - 1] + 2.0,
            levels,
            pairs: Pairs::Symmetric,
            profile,
        })
    }

    fn few_pairs(random: &mut Random, levels: usize, pairs: usize) -> Vec<Cell> {
        let mut level = || u16::try_from(random.below(u32::try_from(levels).unwrap())).unwrap();
        let cells = (0..pairs).map(|_| {
            let (a, b) = (level(), level());
            let (i, j) = (a.min(b), a.max(b));
            Cell { i, j, count: 1 }
        });
        matrix::merge(levels, cells.collect())
    }

    /// Eigenvalues that are known from the graph, and those that are not, against the plain matrix.
    #[test]
    fn few_pairs_have_the_eigenvalue_of_their_matrix() {
        let mut random = Random::new(11);
        let mut room = CoOccurrence::default();
        let mut known = 0;
        for round in 0..2000 {
            let (levels, pairs) = (2 + round % 8, 1 + round % 13);
            let frame = frame(levels, Profile::PyRadiomics);
            let cells = few_pairs(&mut random, levels, pairs);
            assert!(room.fill(&frame, &cells));
            let c = &room;
            let n = c.rows.p.iter().filter(|p| **p > 0.0).count();
            let mut a = vec![0.0; levels * levels];
            for cell in &c.elements {
                let (i, j) = (usize::from(cell.i), usize::from(cell.j));
                let count = cell.count * if i == j { 2.0 } else { 1.0 };
                let scale = c.total * (c.rows.p[i] * c.rows.p[j] + f64::EPSILON).sqrt();
                a[i * levels + j] = count / scale;
                a[j * levels + i] = count / scale;
            }
            let mut plain = Tridiagonal::default();
            plain.tridiagonalise(&mut a, levels, 0);
            let expected = if n < 2 {
                0.0
            } else {
                plain.largest_absolute(2)
            };
            let found = maximal_correlation(c);
            assert!(
                (found - expected).abs() < 1e-12,
                "{cells:?}: {found} {expected}"
            );
            known += usize::from(found.to_bits() == 1.0_f64.to_bits());
        }
        assert!((500..1900).contains(&known), "{known}");
    }

    /// A room that held other matrices before gives the bits of a fresh one, for few pairs and many.
    #[test]
    fn a_used_room_is_as_good_as_a_fresh_one() {
        let mut random = Random::new(12);
        let mut used = CoOccurrence::default();
        for round in 0..400 {
            let (levels, pairs) = match round % 4 {
                0 => (60, 900),
                1 => (60, 4),
                2 => (7, 6),
                _ => (30, 40),
            };
            for profile in [Profile::PyRadiomics, Profile::Ibsi] {
                let frame = frame(levels, profile);
                let cells = few_pairs(&mut random, levels, pairs);
                let mut fresh = CoOccurrence::default();
                assert!(used.fill(&frame, &cells) && fresh.fill(&frame, &cells));
                assert!(!used.fill::<u64>(&frame, &[]) && used.fill(&frame, &cells));
                for feature in rows_of(TABLE, profile) {
                    let values = [&used, &fresh].map(|matrix| (feature.value)(matrix).to_bits());
                    assert_eq!(values[0], values[1], "{} {cells:?}", feature.spec.name);
                }
            }
        }
    }
}
