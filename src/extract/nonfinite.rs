//! NaN and infinite values of an image: outside the region they are harmless, inside they are refused, or their
//! voxels taken out where that was chosen.
//!
//! Only images of fractional numbers can hold them; images of integers cost nothing here.

use ndarray::{Array3, Zip};
use raduet_features::{MaskVolume, Volume, Voxels};

use crate::error::{Result, ToolError, Warning, WarningCode};
use crate::settings::NonfiniteName;

/// Takes the voxels out of the regions whose values are not finite, where `rule` says so, and tells of such
/// values. A region that is left without a voxel stays as it is: it fails with its count.
///
/// # Errors
/// [`crate::error::Code::Internal`] when a region does not fit its own grid.
pub(super) fn apply(
    rule: NonfiniteName,
    volume: &Volume,
    regions: &mut [(Option<i64>, MaskVolume)],
) -> Result<Option<Warning>> {
    let Some(bad) = bad_voxels(volume) else {
        return Ok(None);
    };
    let all = bad.iter().filter(|bad| **bad).count();
    let mut dropped = 0;
    let mut outside = all;
    for (_, mask) in &mut *regions {
        if mask.inside().dim() != bad.dim() {
            continue;
        }
        let both = Zip::from(mask.inside()).and(&bad);
        let within = both.fold(0, |n, &inside, &bad| n + usize::from(inside && bad));
        outside = outside.saturating_sub(within);
        let voxels = mask.inside().iter().filter(|inside| **inside).count();
        if rule == NonfiniteName::Refuse || within == 0 || within == voxels {
            continue;
        }
        let kept = Zip::from(mask.inside())
            .and(&bad)
            .map_collect(|&inside, &bad| inside && !bad);
        *mask = MaskVolume::new(kept, *mask.grid())
            .ok_or_else(|| ToolError::internal("a region does not fit its own grid"))?;
        dropped += within;
    }
    Ok(if dropped > 0 {
        let found = format!("{dropped} voxels of the region are NaN or infinite");
        let done = "left out of the region (--nonfinite drop)";
        Some(Warning::new(WarningCode::Nonfinite, found, done))
    } else if outside > 0 {
        let found = format!("{outside} voxels outside the region are NaN or infinite");
        Some(Warning::new(WarningCode::Nonfinite, found, "not used").note())
    } else {
        None
    })
}

/// Where an image is not finite; none where it is finite everywhere.
fn bad_voxels(volume: &Volume) -> Option<Array3<bool>> {
    match volume.voxels() {
        Voxels::F32(values) => marked(values, |value| !value.is_finite()),
        Voxels::F64(values) => {
            let scaling = volume.scaling();
            // Large numbers may leave the range when they are scaled.
            marked(values, |value| {
                !(value * scaling.slope + scaling.intercept).is_finite()
            })
        }
        _ => None,
    }
}

fn marked<T: Copy>(values: &Array3<T>, is_bad: impl Fn(T) -> bool) -> Option<Array3<bool>> {
    // One pass without an early end over all voxels, which compiles to wide instructions.
    let any = values.iter().fold(false, |any, &value| any | is_bad(value));
    any.then(|| values.mapv(is_bad))
}
