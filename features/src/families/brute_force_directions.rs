//! Twins of the kernels that count along directions, which follow the definitions word by word, and
//! property tests that both agree on random volumes.

use std::collections::BTreeMap;

use ndarray::Array3;
use proptest::prelude::*;

use crate::discretise::{Discretisation, DiscretisedRoi};
use crate::families::{glcm, glrlm};
use crate::geometry::{Offset3, Reach, Spacing, half_offsets};
use crate::roi::Roi;
use crate::settings::Pairs;

/// A place `[z, y, x]`.
type Place = [isize; 3];

/// Grey level at each voxel of the region.
type Voxels = BTreeMap<Place, u32>;

/// Counts by (level, level) or (level, length).
type Counts = BTreeMap<(u32, u32), u64>;

fn moved(place: Place, offset: Offset3, times: isize) -> Place {
    let step = [offset.z, offset.y, offset.x];
    [0, 1, 2].map(|axis| place[axis] + times * step[axis])
}

fn voxels_of(levels: &DiscretisedRoi, slices: std::ops::Range<usize>) -> Voxels {
    let mut voxels = Voxels::new();
    let [_, rows, columns] = levels.shape();
    for (z, y) in slices.flat_map(|z| (0..rows).map(move |y| (z, y))) {
        for x in 0..columns {
            let rank = levels.ranks()[levels.row(z, y) + x];
            if rank > 0 {
                let place = [z, y, x].map(usize::cast_signed);
                voxels.insert(place, levels.levels()[usize::from(rank) - 1]);
            }
        }
    }
    voxels
}

/// Every ordered pair of voxels one step apart, and in the opposite direction where pairs count both ways.
fn pairs(voxels: &Voxels, offset: Offset3, pairs: Pairs) -> Counts {
    let ways: &[isize] = match pairs {
        Pairs::OneWay => &[1],
        Pairs::Symmetric => &[1, -1],
    };
    let mut counts = Counts::new();
    for (place, level) in voxels {
        for way in ways {
            if let Some(other) = voxels.get(&moved(*place, offset, *way)) {
                *counts.entry((*level, *other)).or_default() += 1;
            }
        }
    }
    counts
}

/// From each voxel whose predecessor has another level, as far as the level lasts.
fn runs(voxels: &Voxels, offset: Offset3) -> Counts {
    let mut counts = Counts::new();
    for (place, level) in voxels {
        if voxels.get(&moved(*place, offset, -1)) == Some(level) {
            continue;
        }
        let mut length = 1;
        while voxels.get(&moved(*place, offset, length)) == Some(level) {
            length += 1;
        }
        let length = u32::try_from(length).unwrap();
        *counts.entry((*level, length)).or_default() += 1;
    }
    counts
}

/// Whether another voxel of the region lies on the line of some voxel.
fn has_line_of_two(voxels: &Voxels, offset: Offset3) -> bool {
    let mut places = voxels.keys();
    places.any(|place| (1..140).any(|k| voxels.contains_key(&moved(*place, offset, k))))
}

prop_compose! {
    /// Volumes and slices with holes: between one and eight grey levels, up to 40 columns so that some
    /// runs are long, now and then more than the bits of two words.
    fn region()(slices in 1_usize..6, rows in 1_usize..9, columns in prop_oneof![9 => 1_usize..40, 1 => 60_usize..140], levels in 1_u8..8, holes in 0_u8..10)(
        values in prop::collection::vec(0..levels, slices * rows * columns),
        gaps in prop::collection::vec(0_u8..10, slices * rows * columns),
        shape in Just((slices, rows, columns)),
        holes in Just(holes),
        pad in 1_usize..3,
    ) -> Option<DiscretisedRoi> {
        let values = Array3::from_shape_vec(shape, values).unwrap().mapv(|value| f64::from(value) * 3.0);
        let inside = Array3::from_shape_vec(shape, gaps).unwrap().mapv(|gap| gap >= holes);
        let roi = Roi::from_arrays(&values, &inside, Spacing::new([1.0; 3]).unwrap()).unwrap();
        // Steps of three bins: some grey levels never occur.
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1.0 };
        roi.map(|roi| DiscretisedRoi::new(&roi, rule, 4096, pad).unwrap())
    }
}

/// All of the region, then each of its slices.
fn parts(levels: &DiscretisedRoi) -> Vec<(Reach, std::ops::Range<usize>)> {
    let slices = levels.slices();
    let mut parts = vec![(Reach::Volume, 0..slices), (Reach::Slice, 0..slices)];
    parts.extend((0..slices).map(|z| (Reach::Slice, z..z + 1)));
    parts
}

proptest! {
    // A failing case is printed; nothing is written.
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pairs_are_counted_by_definition(levels in region()) {
        let Some(levels) = levels else { return Ok(()) };
        for (reach, slices) in parts(&levels) {
            let voxels = voxels_of(&levels, slices.clone());
            let distances: Vec<usize> = (1..=levels.pad()).collect();
            let offsets = half_offsets(&distances, reach);
            for way in [Pairs::Symmetric, Pairs::OneWay] {
                let counted = glcm::matrix::count_pairs(&levels, slices.clone(), &offsets, way);
                prop_assert_eq!(counted.len(), offsets.len());
                for (offset, cells) in offsets.iter().zip(counted) {
                    let mut found = Counts::new();
                    for cell in cells {
                        let [i, j] = [cell.i, cell.j].map(|at| levels.levels()[usize::from(at)]);
                        *found.entry((i, j)).or_default() += cell.count;
                        if way == Pairs::Symmetric {
                            *found.entry((j, i)).or_default() += cell.count;
                        }
                    }
                    prop_assert_eq!(found, pairs(&voxels, *offset, way), "{:?}", offset);
                }
            }
        }
    }

    #[test]
    fn runs_are_counted_by_definition(levels in region()) {
        let Some(levels) = levels else { return Ok(()) };
        for (reach, slices) in parts(&levels) {
            let voxels = voxels_of(&levels, slices.clone());
            let offsets = half_offsets(&[1], reach);
            let counted = glrlm::runs::count_runs(&levels, &slices, &offsets);
            prop_assert_eq!(counted.len(), offsets.len());
            for (offset, counts) in offsets.into_iter().zip(counted) {
                let cells = counts.cells(levels.levels());
                let found: Counts = cells.iter().map(|cell| ((cell.level, cell.size), cell.count)).collect();
                prop_assert_eq!(cells.len(), found.len());
                prop_assert_eq!(found, runs(&voxels, offset), "{:?}", offset);
                if slices.len() == levels.slices() {
                    let lines = glrlm::runs::has_line_of_two(&levels, &counts, offset);
                    prop_assert_eq!(lines, has_line_of_two(&voxels, offset), "{:?}", offset);
                }
            }
        }
    }
}
