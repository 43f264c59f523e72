//! Twins of the kernels without directions (zones, distances, dependences, differences) that follow the
//! definitions word by word, and property tests that both agree on random regions of slices and volumes.

use std::collections::BTreeMap;

use ndarray::Array3;
use proptest::prelude::*;

use crate::discretise::{Discretisation, DiscretisedRoi};
use crate::families::gldzm::{self, distance::DistanceMap};
use crate::families::glszm::zones::Zones;
use crate::families::neighbourhood::Numbered;
use crate::families::ngldm::dependences::count_dependences;
use crate::families::ngtdm::differences::count_differences;
use crate::families::parts::{Part, Parting};
use crate::families::size_matrix::Cell;
use crate::geometry::{Reach, Spacing};
use crate::profile::Profile;
use crate::roi::Roi;
use crate::settings::{Resegmentation, ResegmentationRange};

/// A voxel, `[z, y, x]`.
type Place = [isize; 3];

/// Grey level at each voxel of a part of a region.
type Voxels = BTreeMap<Place, u32>;

/// Counts by (level, size), (level, distance) or (level, dependence).
type Counts = BTreeMap<(u32, u32), u32>;

/// Voxels of a part of a region, placed in the image.
fn voxels_of(levels: &DiscretisedRoi, roi: &Roi, part: &Part) -> Voxels {
    let corner = roi.offset();
    let mut voxels = Voxels::new();
    for ((z, y, x), inside) in roi.inside().indexed_iter() {
        if *inside && part.slices.contains(&z) {
            let rank = levels.ranks()[levels.row(z, y) + x];
            let place = [z + corner[0], y + corner[1], x + corner[2]].map(usize::cast_signed);
            voxels.insert(place, levels.levels()[usize::from(rank) - 1]);
        }
    }
    voxels
}

/// Places around a voxel whose Chebyshev distance is one of those listed.
fn around([z, y, x]: Place, distances: &[usize], reach: Reach) -> Vec<Place> {
    let far = 2;
    let mut places = Vec::new();
    for dz in -far..=far {
        for dy in -far..=far {
            for dx in -far..=far {
                let distance = [dz, dy, dx].map(isize::unsigned_abs).into_iter().max();
                let allowed = distance.is_some_and(|distance| distances.contains(&distance));
                if allowed && (dz == 0 || reach == Reach::Volume) {
                    places.push([z + dz, y + dy, x + dx]);
                }
            }
        }
    }
    places
}

/// Flooding from each voxel not yet visited.
fn zones(voxels: &Voxels, reach: Reach) -> Vec<(u32, Vec<Place>)> {
    let mut rest = voxels.clone();
    let mut zones = Vec::new();
    while let Some((start, level)) = rest.pop_first() {
        let (mut open, mut zone) = (vec![start], Vec::new());
        while let Some(place) = open.pop() {
            zone.push(place);
            for neighbour in around(place, &[1], reach) {
                if rest.get(&neighbour) == Some(&level) {
                    rest.remove(&neighbour);
                    open.push(neighbour);
                }
            }
        }
        zones.push((level, zone));
    }
    zones
}

/// Fewest steps along the axes that lead out of the mask.
fn distance_to_edge([z, y, x]: Place, mask: &Roi, reach: Reach) -> u32 {
    let [nz, ny, nx] = mask.shape().map(usize::cast_signed);
    let corner = mask.offset().map(usize::cast_signed);
    let outside = |place: Place| {
        let at: [usize; 3] =
            std::array::from_fn(|axis| place[axis].wrapping_sub(corner[axis]).cast_unsigned());
        !mask.inside().get(at).is_some_and(|inside| *inside)
    };
    let mut nearest = u32::MAX;
    // One layer beyond the mask's box is enough.
    for oz in corner[0] - 1..=corner[0] + nz {
        for oy in corner[1] - 1..=corner[1] + ny {
            for ox in corner[2] - 1..=corner[2] + nx {
                let same_slice = oz == z;
                if (same_slice || reach == Reach::Volume) && outside([oz, oy, ox]) {
                    let steps = oz.abs_diff(z) + oy.abs_diff(y) + ox.abs_diff(x);
                    nearest = nearest.min(u32::try_from(steps).unwrap());
                }
            }
        }
    }
    nearest
}

fn dependences(voxels: &Voxels, reach: Reach, distances: &[usize], alpha: f64) -> Counts {
    let mut counts = Counts::new();
    for (place, level) in voxels {
        let depends = around(*place, distances, reach)
            .into_iter()
            .filter(|there| {
                let other = voxels.get(there);
                other.is_some_and(|other| f64::from(other.abs_diff(*level)) <= alpha)
            });
        let dependence = u32::try_from(depends.count()).unwrap() + 1;
        *counts.entry((*level, dependence)).or_default() += 1;
    }
    counts
}

/// `n_i` and `s_i` by level.
fn differences(
    voxels: &Voxels,
    profile: Profile,
    reach: Reach,
    distances: &[usize],
) -> BTreeMap<u32, (u32, f64)> {
    let mut tones = BTreeMap::new();
    for (place, level) in voxels {
        let there = around(*place, distances, reach);
        let levels: Vec<f64> = there
            .iter()
            .filter_map(|there| voxels.get(there))
            .map(|level| f64::from(*level))
            .collect();
        let difference = if levels.is_empty() {
            if profile == Profile::Ibsi {
                continue;
            }
            0.0
        } else {
            let mean = levels.iter().sum::<f64>() / levels.len() as f64;
            (f64::from(*level) - mean).abs()
        };
        let tone: &mut (u32, f64) = tones.entry(*level).or_default();
        tone.0 += 1;
        tone.1 += difference;
    }
    tones
}

fn counted(cells: Vec<Cell>) -> Counts {
    let cells = cells.into_iter();
    cells
        .map(|cell| ((cell.level, cell.size), cell.count))
        .collect()
}

/// A region after re-segmentation, the one before, and the grey levels.
#[derive(Debug, Clone)]
struct Case {
    roi: Roi,
    morphology: Roi,
    levels: DiscretisedRoi,
}

impl Case {
    /// Each part of the region under each parting, with its voxels.
    fn parts(&self) -> Vec<(Part, Voxels)> {
        let partings = [Parting::EachSlice, Parting::SlicesTogether, Parting::Volume];
        let parts = partings.map(|parting| parting.parts(&self.levels));
        let parts = parts.into_iter().flatten();
        parts
            .map(|part| (part.clone(), voxels_of(&self.levels, &self.roi, &part)))
            .filter(|(_, voxels)| !voxels.is_empty())
            .collect()
    }
}

prop_compose! {
    /// Flat, tall and long boxes with holes, up to seven grey levels three bins apart, of which
    /// re-segmentation may take the highest away.
    fn case()(
        shape in prop_oneof![
            (1_usize..2, 1_usize..12, 1_usize..40),
            (1_usize..3, 1_usize..4, 60_usize..140),
            (1_usize..6, 1_usize..6, 1_usize..8),
            (1_usize..14, 1_usize..3, 1_usize..4),
        ],
        levels in 1_u8..8,
        holes in 0_u8..7,
        contiguous in any::<bool>(),
        taken in 0_u8..3,
    )(
        values in prop::collection::vec(0..levels, shape.0 * shape.1 * shape.2),
        gaps in prop::collection::vec(0_u8..10, shape.0 * shape.1 * shape.2),
        shape in Just(shape),
        holes in Just(holes),
        step in Just(if contiguous { 1.0 } else { 3.0 }),
        highest in Just(levels.saturating_sub(taken)),
    ) -> Option<Case> {
        let values = Array3::from_shape_vec(shape, values).unwrap();
        let values = values.mapv(|value| f64::from(value) * step);
        let inside = Array3::from_shape_vec(shape, gaps).unwrap().mapv(|gap| gap >= holes);
        let spacing = Spacing::new([1.0; 3]).unwrap();
        let morphology = Roi::from_arrays(&values, &inside, spacing).unwrap()?;
        let roi = morphology.resegmented(Resegmentation {
            range: Some(ResegmentationRange::Absolute { low: 0.0, high: f64::from(highest) * step }),
            outliers: None,
        })?;
        let rule = Discretisation::PyRadiomicsFixedBinSize { width: 1.0 };
        let levels = DiscretisedRoi::new(&roi, rule, 4096, 2).unwrap();
        Some(Case { roi, morphology, levels })
    }
}

/// Shells and balls.
fn listed() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), Just(vec![2]), Just(vec![1, 2])]
}

proptest! {
    // A failing case is printed; nothing is written.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn zones_and_their_distances_are_those_of_the_definition(case in case()) {
        let Some(case) = case else { return Ok(()) };
        for (part, voxels) in case.parts() {
            let mut labelled = Zones::label(&case.levels, &part);
            let (mut sizes, mut nearest) = (Counts::new(), Counts::new());
            let expected = zones(&voxels, part.reach);
            for (level, zone) in &expected {
                *sizes.entry((*level, u32::try_from(zone.len()).unwrap())).or_default() += 1;
                let distances = zone.iter().map(|place| distance_to_edge(*place, &case.morphology, part.reach));
                *nearest.entry((*level, distances.min().unwrap())).or_default() += 1;
            }
            prop_assert_eq!(labelled.zones_and_voxels(), (expected.len(), voxels.len() as u64));
            prop_assert_eq!(counted(labelled.sizes().cells(case.levels.levels())), sizes);
            let map = DistanceMap::new(case.morphology.inside(), part.reach);
            let map = map.window(case.morphology.offset(), case.roi.offset());
            let found = gldzm::count_distances(&mut labelled, &part, case.levels.rows(), &map);
            prop_assert_eq!(counted(found.cells(case.levels.levels())), nearest);
        }
    }

    #[test]
    fn dependences_are_those_of_the_definition(
        case in case(),
        listed in listed(),
        alpha in prop_oneof![Just(0.0), 0.0..8.0, Just(1e9)],
    ) {
        let Some(case) = case else { return Ok(()) };
        for (part, voxels) in case.parts() {
            let found = count_dependences(&Numbered::new(&case.levels), &part, &listed, alpha);
            prop_assert_eq!(counted(found), dependences(&voxels, part.reach, &listed, alpha));
        }
    }

    #[test]
    fn differences_are_those_of_the_definition(case in case(), listed in listed()) {
        let Some(case) = case else { return Ok(()) };
        for (part, voxels) in case.parts() {
            for profile in [Profile::PyRadiomics, Profile::Ibsi] {
                let found = count_differences(profile, &Numbered::new(&case.levels), &part, &listed);
                let expected = differences(&voxels, profile, part.reach, &listed);
                prop_assert_eq!(found.len(), expected.len());
                for (tone, (level, (voxels, difference))) in found.iter().zip(expected) {
                    // Whole numbers: nothing lies between equal and one apart.
                    prop_assert!((tone.level - f64::from(level)).abs() < 0.5);
                    prop_assert!((tone.voxels - f64::from(voxels)).abs() < 0.5);
                    // The twin rounds at each voxel.
                    let off = (tone.difference - difference).abs();
                    prop_assert!(off <= 1e-12 * f64::from(voxels), "{:?} {difference}", tone);
                }
            }
        }
    }
}
