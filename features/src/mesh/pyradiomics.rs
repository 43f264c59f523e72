//! PyRadiomics' triangulation of a mask: vertices half way along the sides of the cubes.
//!
//! Its table has 128 rows. A configuration with corner 7 inside takes the triangles of its complement,
//! turned round. Where two neighbouring cubes share a face whose inside corners lie crosswise, the two
//! rules may cut that face differently: such a mesh has holes, and its volume depends on the origin,
//! which is voxel 0 of the region's box with one voxel around it. We count from the same voxel.

use std::sync::LazyLock;

use crate::mesh::cubes::{CONFIGURATIONS, CORNERS};
use crate::mesh::triangulation::{Triangle, Triangulation};

/// The two corners at the ends of each side of a cube.
const SIDES: [[usize; 2]; 12] = [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 0],
    [4, 5],
    [5, 6],
    [6, 7],
    [7, 4],
    [0, 4],
    [1, 5],
    [2, 6],
    [3, 7],
];

/// Triangles of the configurations without corner 7: the sides their corners lie on, as base-12 digits.
/// Facts of PyRadiomics 3.0.1 (`triTable` of its `cshape.c`).
#[rustfmt::skip]
const TABLE: [&str; 128] = [
    "", "083", "190", "183 198",
    "12a", "083 12a", "92a 029", "283 2a8 a98",
    "b23", "b20 08b", "190 b23", "b21 19b 98b",
    "3a1 ba3", "a10 08a 8ba", "903 3b9 ba9", "98a ba8",
    "478", "043 473", "190 478", "194 147 173",
    "12a 478", "347 304 12a", "92a 902 478", "2a9 297 273 479",
    "478 b23", "b47 b24 204", "190 478 b23", "47b 94b b29 192",
    "3a1 ba3 478", "ba1 14b 104 47b", "478 903 3b9 ba9", "47b 4b9 9ba",
    "954", "954 083", "054 015", "854 835 315",
    "12a 954", "083 12a 954", "2a5 542 240", "2a5 325 354 834",
    "954 b23", "b20 08b 954", "054 015 b23", "215 258 b28 548",
    "3a1 ba3 954", "549 a10 08a 8ba", "540 50b a5b b03", "548 a58 ba8",
    "789 579", "309 539 357", "780 017 715", "157 173",
    "789 579 12a", "12a 309 395 357", "028 825 857 2a5", "2a5 253 357",
    "579 789 b23", "579 972 209 b27", "b23 018 178 157", "21b 17b 157",
    "789 579 3a1 ba3", "570 509 7b0 a10 ba0", "ba0 03b a50 078 570", "ba5 57b",
    "65a", "083 65a", "190 65a", "183 198 65a",
    "165 126", "165 126 083", "965 906 026", "598 582 526 832",
    "b23 65a", "b20 08b 65a", "190 b23 65a", "b21 19b 98b 65a",
    "63b 653 513", "08b 0b5 051 5b6", "63b 036 065 059", "659 69b b98",
    "478 65a", "043 473 65a", "190 478 65a", "194 147 173 65a",
    "478 165 126", "043 473 165 126", "478 965 906 026", "739 479 329 596 269",
    "b23 478 65a", "b47 b24 204 65a", "190 b23 478 65a", "47b 94b b29 192 65a",
    "478 63b 653 513", "51b 5b6 10b 47b 04b", "478 63b 036 065 059", "659 69b 479 7b9",
    "a49 64a", "a49 64a 083", "01a a60 640", "183 168 864 61a",
    "149 124 264", "149 124 264 083", "024 426", "832 824 426",
    "b23 a49 64a", "b20 08b a49 64a", "b23 01a a60 640", "641 61a 148 b21 18b",
    "964 369 139 b63", "18b 081 b61 149 641", "63b 036 640", "864 68b",
    "67a 78a 89a", "67a 0a7 09a 073", "67a 1a7 178 018", "67a 1a7 173",
    "126 168 189 678", "269 129 679 309 739", "078 706 602", "273 267",
    "b23 67a 78a 89a", "207 b27 097 67a 9a7", "67a 1a7 178 018 b23", "b21 17b a61 167",
    "896 678 169 b63 136", "091 67b", "078 706 03b b60", "67b",
];

/// The triangles of all configurations.
pub(crate) static PYRADIOMICS: LazyLock<Triangulation> = LazyLock::new(|| {
    let mut triangulation = Triangulation::default();
    for configuration in 0..CONFIGURATIONS {
        let triangles = triangles(configuration).into_iter();
        triangulation.push(triangles.map(|triangle| (triangle, 1)).collect(), 1);
    }
    triangulation
});

/// The triangles of a configuration.
pub(crate) fn triangles(configuration: usize) -> Vec<Triangle> {
    let turned = configuration >= TABLE.len();
    let row = if turned {
        CONFIGURATIONS - 1 - configuration
    } else {
        configuration
    };
    let all = TABLE[row].split_whitespace().map(|digits| {
        let mut corners = digits.chars().map(|digit| {
            let [a, b] = SIDES[digit.to_digit(12).expect("a digit") as usize].map(|c| CORNERS[c]);
            std::array::from_fn(|axis| a[axis] + b[axis])
        });
        let mut next = || corners.next().expect("three digits");
        let (a, b, c) = (next(), next(), next());
        if turned { [a, c, b] } else { [a, b, c] }
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::triangulation::Point;

    /// A triangle has its corners on sides with one end inside, and every such side has a triangle.
    #[test]
    fn triangles_use_exactly_the_sides_that_cross_the_surface() {
        for configuration in 0..CONFIGURATIONS {
            let inside = |corner: usize| configuration >> corner & 1 == 1;
            let crossing = SIDES.iter().filter(|[a, b]| inside(*a) != inside(*b));
            let middle = |[a, b]: &[usize; 2]| -> Point {
                std::array::from_fn(|axis| CORNERS[*a][axis] + CORNERS[*b][axis])
            };
            let mut expected: Vec<Point> = crossing.map(middle).collect();
            let mut found = triangles(configuration).concat();
            expected.sort_unstable();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found, expected, "configuration {configuration}");
        }
    }
}
