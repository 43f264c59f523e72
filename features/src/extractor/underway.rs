//! Regions on their way through the images of an extraction, side by side: what has been measured of each, and
//! what went wrong.

use ndarray::Array3;
use rayon::prelude::*;

use super::{ImageDoubt, Measured};
use crate::engine::{Subject, measure};
use crate::error::Result;
use crate::filters::{Box3, Filter};
use crate::roi::Roi;
use crate::set::FeatureSet;
use crate::settings::{ExtractionSettings, FormOf};
use crate::volume::Volume;

/// A region on its way through the images.
pub(super) struct Underway {
    pub(super) morphology: Roi,
    /// None where nothing was taken away.
    pub(super) resegmented: Option<Roi>,
    pub(super) measured: Measured,
}

/// Filters an image and measures every region on each response.
pub(super) fn on_responses(
    underway: &mut [Result<Underway>],
    image: &Volume,
    filter: &dyn Filter,
    set: &FeatureSet,
    settings: &ExtractionSettings,
) {
    let names = filter.names();
    let good = underway.iter().filter_map(|region| region.as_ref().ok());
    let Some(regions) = around(good.map(Underway::roi)) else {
        return;
    };
    let (low, shape) = needed(filter, image, regions);
    // The regions' box as the filter sees it.
    let wanted = (
        std::array::from_fn(|axis| regions.0[axis] - low[axis]),
        regions.1,
    );
    let spacing = image.grid().spacing;
    let mut done = 0;
    let mut missing = Vec::new();
    let values = image.box_f64(low, shape);
    let answer = filter.respond_within(&values, spacing, wanted, &mut |at, response| {
        // Left out are the responses that this image is too small for: their columns stay undefined.
        leave_out(underway, set, &names[done..at]);
        missing.extend_from_slice(&names[done..at]);
        done = at + 1;
        let name = &names[at];
        on_each(underway, |region| {
            region.on_response(set, settings, name, &response, regions.0);
            Ok(())
        });
        Ok(())
    });
    if let Err(fault) = answer {
        leave_out(underway, set, &names[done..]);
        missing.extend_from_slice(&names[done..]);
        on_each(underway, |region| {
            region.measured.doubts.push(ImageDoubt::NotFiltered {
                images: missing.clone(),
                reason: fault.to_string(),
            });
            Ok(())
        });
    }
}

/// Does something with each good region, in parallel; a fault takes the region's place.
pub(super) fn on_each(
    underway: &mut [Result<Underway>],
    work: impl Fn(&mut Underway) -> Result<()> + Sync + Send,
) {
    underway.par_iter_mut().for_each(|region| {
        if let Ok(good) = region
            && let Err(fault) = work(good)
        {
            *region = Err(fault);
        }
    });
}

/// Fills the columns of images that a filter could not make.
fn leave_out(underway: &mut [Result<Underway>], set: &FeatureSet, images: &[String]) {
    on_each(underway, |region| {
        let filled = region.measured.values.len() + images.len() * set.width();
        region.measured.values.resize(filled, f64::NAN);
        Ok(())
    });
}

/// The box around all regions, or `None` when there is none.
fn around<'a>(rois: impl Iterator<Item = &'a Roi>) -> Option<Box3> {
    let mut low = [usize::MAX; 3];
    let mut high = [0; 3];
    for roi in rois {
        let (offset, shape) = (roi.offset(), roi.shape());
        for axis in 0..3 {
            low[axis] = low[axis].min(offset[axis]);
            high[axis] = high[axis].max(offset[axis] + shape[axis]);
        }
    }
    let shape = std::array::from_fn(|axis| high[axis].saturating_sub(low[axis]));
    (low[0] != usize::MAX).then_some((low, shape))
}

/// The box of an image that a filter needs for its response in another one. An axis is cut only where the
/// filter's reach stays inside the image, so that its boundary is met where it was.
fn needed(filter: &dyn Filter, image: &Volume, (low, shape): Box3) -> Box3 {
    let whole = image.grid().shape;
    let reach = filter.reach(image.grid().spacing);
    let bounds: [(usize, usize); 3] = std::array::from_fn(|axis| {
        let high = low[axis] + shape[axis];
        match reach {
            Some(reach) if low[axis] >= reach[axis] && high + reach[axis] <= whole[axis] => {
                (low[axis] - reach[axis], high + reach[axis])
            }
            _ => (0, whole[axis]),
        }
    });
    (bounds.map(|b| b.0), bounds.map(|b| b.1 - b.0))
}

impl Underway {
    /// The intensity mask.
    fn roi(&self) -> &Roi {
        self.resegmented.as_ref().unwrap_or(&self.morphology)
    }

    pub(super) fn on_original(
        &mut self,
        set: &FeatureSet,
        settings: &ExtractionSettings,
        image: &Volume,
    ) -> Result<()> {
        let subject = Subject {
            roi: self.roi(),
            morphology: match settings.form_of {
                FormOf::Whole => &self.morphology,
                FormOf::Resegmented => self.roi(),
            },
            image: Some(image),
        };
        let vector = measure(set, settings, subject)?;
        self.measured.levels = vector.levels();
        self.measured.values.extend_from_slice(vector.values());
        Ok(())
    }

    fn on_response(
        &mut self,
        set: &FeatureSet,
        settings: &ExtractionSettings,
        name: &str,
        response: &Array3<f64>,
        origin: [usize; 3],
    ) {
        let vector = self.roi().on(response, origin).and_then(|roi| {
            let subject = Subject {
                roi: &roi,
                morphology: &roi,
                image: None,
            };
            measure(set, settings, subject)
        });
        let measured = &mut self.measured;
        match vector {
            Ok(vector) => {
                let flat = measured.range.0 >= measured.range.1 || measured.levels == Some(1);
                if vector.levels() == Some(1) && !flat {
                    measured
                        .doubts
                        .push(ImageDoubt::Collapsed { image: name.into() });
                }
                measured.values.extend_from_slice(vector.values());
            }
            // One image that cannot be binned (its values span too many bins) does not cost the others.
            Err(fault) => {
                let filled = measured.values.len() + set.width();
                measured.values.resize(filled, f64::NAN);
                measured.doubts.push(ImageDoubt::NotFiltered {
                    images: vec![name.into()],
                    reason: fault.to_string(),
                });
            }
        }
    }
}
