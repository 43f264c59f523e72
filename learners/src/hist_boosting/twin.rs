//! The grower beside a plain twin that sums every side of every split anew from the rows.

use raduet_study::random::Stream;
use raduet_study::{ClassNames, Label};

use super::binning::{BinnedTable, MISSING};
use super::grow::{Node, Stop, Workspace};
use super::histogram::pack_rows;
use super::packed::Packing;
use super::search::{Limits, Search, Split};
use crate::samples::Samples;

const ROWS: usize = 3000;

/// Wide enough for columns beyond the last block of four.
const COLUMNS: usize = 6;

/// A table with undefined values in some columns, few distinct values in others, one constant.
fn table(seed: u64) -> BinnedTable {
    let mut stream = Stream::new(seed, "table of a twin", 0);
    let mut values = Vec::new();
    for _ in 0..ROWS {
        for column in 0..COLUMNS {
            let value = stream.normal();
            values.push(match column {
                1 => value.round(),
                2 if value > 1.0 => f64::NAN,
                3 => 7.0,
                4 if stream.unit() < 0.2 => f64::NAN,
                _ => value,
            });
        }
    }
    let samples = Samples::new(
        values,
        (0..COLUMNS).map(|i| format!("x{i}")).collect(),
        vec![Label(0); ROWS],
        ClassNames::new(["a"]).unwrap(),
    );
    BinnedTable::new(&samples.unwrap(), 64, seed)
}

/// Gradients that depend on some columns, so that there is something to find.
fn gradients(table: &BinnedTable, seed: u64) -> Vec<[f32; 2]> {
    let mut stream = Stream::new(seed, "gradients of a twin", 0);
    (0..ROWS)
        .map(|row| {
            let bin = |column: usize| f64::from(table.column(column)[row]);
            let mean = 0.004 * bin(0) - 0.002 * bin(2) + if bin(5) > 40.0 { 0.3 } else { 0.0 };
            let g = (mean + 0.3 * stream.normal()).clamp(-1.0, 1.0);
            #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
            let pair = [g as f32, stream.uniform(0.01, 0.25) as f32];
            pair
        })
        .collect()
}

/// The largest gain of any split of some rows, and that of the given one, straight from the formula.
fn gains(search: &Search, workspace: &Workspace, node: &Node, made: Option<&Split>) -> (f64, f64) {
    let span = node.rows.clone();
    let (rows, packed) = (&workspace.rows[span.clone()], &workspace.packed[span]);
    let total = packed.iter().fold(0_u64, |s, v| s.wrapping_add(*v));
    let loss = |sum: u64| {
        let (g, h) = (search.packing.gradient(sum), search.packing.curvature(sum));
        g * g / (h + search.limits.l2)
    };
    let (mut best, mut of_made) = (0.0_f64, 0.0);
    for column in 0..search.table.width() {
        let bins = search.table.column(column);
        for last in 0..u8::MAX {
            for missing_left in [false, true] {
                let goes_left = |row: u32| match bins[row as usize] {
                    MISSING => missing_left,
                    bin => bin <= last,
                };
                let sides = rows.iter().zip(packed);
                let left = sides
                    .filter(|(row, _)| goes_left(**row))
                    .fold(0_u64, |s, (_, v)| s.wrapping_add(*v));
                let right = total.wrapping_sub(left);
                let fits = |side: u64| {
                    search.packing.count(side) >= search.limits.rows
                        && search.packing.curvature(side) >= search.limits.curvature
                };
                if !fits(left) || !fits(right) {
                    continue;
                }
                let gain = loss(left) + loss(right) - loss(total);
                best = best.max(gain);
                let same = made
                    .is_some_and(|made| (made.column, made.bin, made.left) == (column, last, left));
                if same {
                    of_made = gain;
                }
            }
        }
    }
    (best, of_made)
}

fn check(l2: f64, columns: &[usize], stop: Stop, seed: u64) {
    let table = table(seed);
    let gradients = gradients(&table, seed);
    let mut workspace = Workspace::default();
    workspace.rows = (0..u32::try_from(ROWS).unwrap()).collect();
    let packing: Packing = pack_rows(&gradients, &workspace.rows, &mut workspace.packed);
    let search = Search {
        table: &table,
        packing,
        limits: Limits {
            rows: 20,
            curvature: packing.in_curvature_steps(0.5),
            l2: packing.in_curvature_steps(l2),
        },
    };
    let nodes = workspace.grow(&search, columns, stop);
    let splits: Vec<&Node> = nodes.iter().filter(|node| node.split.is_some()).collect();
    assert!(!splits.is_empty());
    // In order of growth: each split is the best of its node, and its node the best of those open.
    let mut open = vec![0];
    let mut made: Vec<usize> = (0..nodes.len())
        .filter(|&at| nodes[at].split.is_some())
        .collect();
    made.sort_by_key(|&at| nodes[at].split.map(|split| split.1));
    let all_columns = columns.len() == COLUMNS;
    for at in made {
        let (split, left, right) = nodes[at].split.unwrap();
        assert!(columns.contains(&split.column));
        let (best, of_made) = gains(&search, &workspace, &nodes[at], Some(&split));
        if all_columns {
            assert!(
                best - of_made <= 1e-9 * best,
                "node {at}: {of_made} of {best}"
            );
            if stop.depth == usize::MAX {
                for &other in &open {
                    let (other_best, _) = gains(&search, &workspace, &nodes[other], None);
                    assert!(
                        other_best <= best * (1.0 + 1e-9),
                        "node {other} before {at}"
                    );
                }
            }
        }
        // Rows lie where the split sends them, in their order.
        let bins = table.column(split.column);
        for (side, goes) in [(left, true), (right, false)] {
            let rows = &workspace.rows[nodes[side].rows.clone()];
            assert!(rows.len() >= 20);
            assert!(rows.iter().all(|&row| match bins[row as usize] {
                MISSING => split.missing_left == goes,
                bin => (bin <= split.bin) == goes,
            }));
        }
        open.retain(|&node| node != at);
        open.extend([left, right]);
    }
    for leaf in nodes.iter().filter(|node| node.split.is_none()) {
        let rows = &workspace.rows[leaf.rows.clone()];
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn every_split_is_the_best_of_the_best_leaf() {
    let all: Vec<usize> = (0..COLUMNS).collect();
    let leaves = |leaves| Stop {
        leaves,
        depth: usize::MAX,
    };
    check(0.0, &all, leaves(12), 1);
    check(3.0, &all, leaves(12), 2);
}

#[test]
fn depth_and_columns_are_kept_to() {
    let all: Vec<usize> = (0..COLUMNS).collect();
    let deep = Stop {
        leaves: usize::MAX,
        depth: 2,
    };
    check(0.0, &all, deep, 3);
    check(0.0, &[0, 2, 4, 5], Stop { depth: 9, ..deep }, 4);
}
