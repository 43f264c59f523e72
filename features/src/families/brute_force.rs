//! Twin of the counting kernel of zones that follows the definition word by word, and a property test
//! that both agree on random regions. [`super::brute_force_directions`] has those of pairs and runs.

use std::collections::BTreeMap;

use ndarray::Array3;
use proptest::prelude::*;

use crate::discretise::{Discretisation, DiscretisedRoi};
use crate::families::glszm;
use crate::families::parts::Part;
use crate::families::size_matrix::SizeCounts;
use crate::geometry::{Reach, Spacing};
use crate::roi::Roi;

/// Grey level at each pixel of the region.
type Pixels = BTreeMap<(isize, isize), u32>;

/// Counts by (level, size).
type Counts = BTreeMap<(u32, u32), u32>;

fn pixels_of(levels: &DiscretisedRoi) -> Pixels {
    let mut pixels = Pixels::new();
    for y in 0..levels.rows() {
        for x in 0..levels.columns() {
            let rank = levels.plane(0)[(y + 1) * levels.stride() + x + 1];
            if rank > 0 {
                let at = (y.cast_signed(), x.cast_signed());
                pixels.insert(at, levels.levels()[usize::from(rank) - 1]);
            }
        }
    }
    pixels
}

/// Flooding from each pixel not yet visited.
fn zones(pixels: &Pixels) -> Counts {
    let mut rest = pixels.clone();
    let mut counts = Counts::new();
    while let Some((start, level)) = rest.pop_first() {
        let (mut open, mut size) = (vec![start], 0);
        while let Some((y, x)) = open.pop() {
            size += 1;
            for neighbour in (y - 1..=y + 1).flat_map(|y| (x - 1..=x + 1).map(move |x| (y, x))) {
                if rest.get(&neighbour) == Some(&level) {
                    rest.remove(&neighbour);
                    open.push(neighbour);
                }
            }
        }
        *counts.entry((level, size)).or_default() += 1;
    }
    counts
}

fn counted(counts: SizeCounts, levels: &DiscretisedRoi) -> Counts {
    let cells = counts.cells(levels.levels());
    cells
        .into_iter()
        .map(|cell| ((cell.level, cell.size), cell.count))
        .collect()
}

prop_compose! {
    /// Regions with holes: between one and eight grey levels, up to 40 columns so that some runs and
    /// zones are long.
    fn region()(rows in 1_usize..12, columns in 1_usize..40, levels in 1_u8..8, holes in 0_u8..6)(
        values in prop::collection::vec(0..levels, rows * columns),
        gaps in prop::collection::vec(0_u8..10, rows * columns),
        shape in Just((1, rows, columns)),
        holes in Just(holes),
    ) -> Option<DiscretisedRoi> {
        let values = Array3::from_shape_vec(shape, values).unwrap().mapv(|value| f64::from(value) * 3.0);
        let inside = Array3::from_shape_vec(shape, gaps).unwrap().mapv(|gap| gap >= holes);
        let roi = Roi::from_arrays(&values, &inside, Spacing::new([1.0; 3]).unwrap()).unwrap();
        // Steps of three bins: some grey levels never occur.
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1.0 };
        roi.map(|roi| DiscretisedRoi::new(&roi, rule, 4096, 1).unwrap())
    }
}

proptest! {
    // A failing case is printed; nothing is written.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn zones_are_counted_by_definition(levels in region()) {
        let Some(levels) = levels else { return Ok(()) };
        let pixels = pixels_of(&levels);
        let whole = Part { slices: 0..1, reach: Reach::Slice };
        prop_assert_eq!(counted(glszm::zones::Zones::label(&levels, &whole).sizes(), &levels), zones(&pixels));
    }
}
