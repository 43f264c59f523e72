//! The standard's mesh: a triangulation of a mask that is closed whatever the mask, and the same for all
//! orientations of the image (IBSI chapter 3.1).
//!
//! The first half of [`super::pyradiomics`]' table, the configurations without corner 7, cuts off inside
//! corners one by one where they lie crosswise on a face. Neighbouring cubes then agree on their common
//! face and the mesh has no holes. Every configuration but the full one can be turned or mirrored so that
//! corner 7 is outside, in 6 to 48 of the 48 orientations of a cube. The choices of diagonals that the
//! table makes depend on the orientation; area and volume are the means over all of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::mesh::cubes::{CONFIGURATIONS, CORNERS};
use crate::mesh::pyradiomics;
use crate::mesh::triangulation::{FRACTIONS, Point, Triangle, Triangulation};

/// An image of the cube: axis `k` becomes axis `axes[k]`, reversed or not.
#[derive(Debug, Clone, Copy)]
struct Orientation {
    axes: [usize; 3],
    reversed: [bool; 3],
}

/// All 48 orientations.
fn orientations() -> Vec<Orientation> {
    let axes = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    let reversals = (0..8).map(|bits| [0, 1, 2].map(|axis| bits >> axis & 1 == 1));
    let all = reversals.flat_map(|reversed| axes.map(|axes| Orientation { axes, reversed }));
    all.collect()
}

impl Orientation {
    fn apply(self, point: Point) -> Point {
        let mut image = [0; 3];
        for (axis, at) in point.into_iter().enumerate() {
            let at = if self.reversed[axis] {
                FRACTIONS - at
            } else {
                at
            };
            image[self.axes[axis]] = at;
        }
        image
    }

    /// Whether left becomes right.
    fn mirrors(self) -> bool {
        let [a, b, c] = self.axes;
        let swaps = [a > b, a > c, b > c];
        let turns = swaps.into_iter().chain(self.reversed);
        turns.filter(|turn| *turn).count() % 2 == 1
    }

    /// The configuration that this image turns into `configuration`.
    fn before(self, configuration: usize) -> usize {
        let bits = CORNERS.into_iter().enumerate().map(|(bit, corner)| {
            let image = self
                .apply(corner.map(|at| at * FRACTIONS))
                .map(|at| at / FRACTIONS);
            let to = CORNERS.iter().position(|corner| *corner == image);
            (configuration >> to.expect("a corner") & 1) << bit
        });
        bits.sum()
    }
}

/// The triangles of a configuration, once for each orientation in which corner 7 is outside.
fn variants(configuration: usize) -> Vec<Vec<Triangle>> {
    let usable = orientations().into_iter().filter_map(|image| {
        let before = image.before(configuration);
        (before < CONFIGURATIONS / 2).then_some((image, before))
    });
    let variants = usable.map(|(image, before)| {
        let triangles = pyradiomics::triangles(before).into_iter();
        let turned = triangles.map(|triangle| {
            let [a, b, c] = triangle.map(|corner| image.apply(corner));
            if image.mirrors() {
                [a, c, b]
            } else {
                [a, b, c]
            }
        });
        turned.collect()
    });
    variants.collect()
}

/// The triangles of all configurations.
pub(crate) static CLOSED: LazyLock<Triangulation> = LazyLock::new(|| {
    let mut triangulation = Triangulation::default();
    for configuration in 0..CONFIGURATIONS {
        let variants = variants(configuration);
        let mut times: BTreeMap<Triangle, i64> = BTreeMap::new();
        for mut triangle in variants.concat() {
            // The same triangle may begin at any corner.
            let first = (0..3)
                .min_by_key(|at| triangle[*at])
                .expect("three corners");
            triangle.rotate_left(first);
            *times.entry(triangle).or_default() += 1;
        }
        triangulation.push(times.into_iter().collect(), variants.len().max(1));
    }
    triangulation
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Sides of triangles that no other triangle of the cube shares.
    fn rim(triangles: &[Triangle]) -> Vec<[Point; 2]> {
        let mut sides: Vec<[Point; 2]> = Vec::new();
        for [a, b, c] in triangles {
            for side in [[*a, *b], [*b, *c], [*c, *a]] {
                match sides
                    .iter()
                    .position(|[from, to]| *from == side[1] && *to == side[0])
                {
                    Some(at) => drop(sides.swap_remove(at)),
                    None => sides.push(side),
                }
            }
        }
        sides.sort_unstable();
        sides
    }

    #[test]
    fn all_orientations_have_the_same_rim() {
        assert_eq!(orientations().len(), 48);
        for configuration in 0..CONFIGURATIONS {
            let variants = variants(configuration);
            let outside = 8 - configuration.count_ones() as usize;
            assert_eq!(variants.len(), 6 * outside);
            for variant in &variants {
                assert_eq!(
                    rim(variant),
                    rim(&variants[0]),
                    "configuration {configuration}"
                );
            }
        }
    }

    /// Along every axis, the rim on the far face of one cube runs against that on the near face of the
    /// next, and no side of a rim lies within a cube: the mesh has no holes.
    #[test]
    fn neighbouring_cubes_close_each_other() {
        let rims: Vec<_> = (0..CONFIGURATIONS)
            .map(|c| {
                variants(c)
                    .first()
                    .map_or_else(Vec::new, |first| rim(first))
            })
            .collect();
        for side in rims.iter().flatten() {
            let on_a_face = |at: i64| (0..3).any(|k| side[0][k] == at && side[1][k] == at);
            assert!(on_a_face(0) || on_a_face(FRACTIONS), "{side:?}");
        }
        for axis in 0..3 {
            // Sides on a face, as if it were the near one.
            let on = |rim: &[[Point; 2]], at: i64| -> Vec<[Point; 2]> {
                let on_face = rim
                    .iter()
                    .filter(|side| side.iter().all(|point| point[axis] == at));
                let flat = |mut point: Point| {
                    point[axis] = 0;
                    point
                };
                on_face.map(|side| side.map(flat)).collect()
            };
            let across = |corner: usize| {
                let mut at = CORNERS[corner];
                at[axis] = 0;
                CORNERS.iter().position(|other| *other == at).unwrap()
            };
            for near in 0..CONFIGURATIONS {
                for far in 0..CONFIGURATIONS {
                    let mut shared = (0..8).filter(|corner| CORNERS[*corner][axis] == 1);
                    if !shared.all(|c| near >> c & 1 == far >> across(c) & 1) {
                        continue;
                    }
                    let mut ours = on(&rims[near], FRACTIONS);
                    let mut theirs: Vec<_> =
                        on(&rims[far], 0).into_iter().map(|[a, b]| [b, a]).collect();
                    ours.sort_unstable();
                    theirs.sort_unstable();
                    assert_eq!(ours, theirs, "{near} {far} along axis {axis}");
                }
            }
        }
    }
}
