//! Convex hull and diameter of points in a plane.

/// Corners of the convex hull by Andrew's monotone chain, doi:10.1016/0020-0190(79)90072-3.
///
/// The first and the last corner in order of the coordinates stand in the list twice.
pub(crate) fn convex_hull(mut points: Vec<[i64; 2]>) -> Vec<[i64; 2]> {
    points.sort_unstable();
    points.dedup();
    let mut hull = Vec::with_capacity(2 * points.len());
    add_half_hull(points.iter().copied(), &mut hull);
    add_half_hull(points.iter().rev().copied(), &mut hull);
    hull
}

/// Adds the corners of one side, in the order of the points.
fn add_half_hull(points: impl Iterator<Item = [i64; 2]>, chain: &mut Vec<[i64; 2]>) {
    let first = chain.len();
    for point in points {
        while let [.., a, b] = chain[first..] {
            let turn = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
            if turn > 0 {
                break;
            }
            chain.pop();
        }
        chain.push(point);
    }
}

/// Square of the largest distance between two corners of a hull; `unit` are the lengths of a step along
/// either axis.
pub(crate) fn squared_diameter(hull: &[[i64; 2]], unit: [f64; 2]) -> f64 {
    let mut largest: f64 = 0.0;
    for (at, a) in hull.iter().enumerate() {
        for b in &hull[at + 1..] {
            let u = (a[0] - b[0]) as f64 * unit[0];
            let v = (a[1] - b[1]) as f64 * unit[1];
            largest = largest.max(u * u + v * v);
        }
    }
    largest
}
