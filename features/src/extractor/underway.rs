//! Regions on their way through the images of an extraction: an image is measured while the next one is still being
//! filtered.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::Array3;
use rayon::prelude::*;

use super::{ImageDoubt, ImageSource, Measured};
use crate::engine::{Subject, measure};
use crate::error::{FeatureError, Result};
use crate::filters::{Box3, Filter};
use crate::roi::Roi;
use crate::set::FeatureSet;
use crate::settings::{ExtractionSettings, FormOf};
use crate::vector::FeatureVector;
use crate::volume::Volume;

/// Bytes of responses that may wait to be measured. What is more is measured before the filter goes on.
pub(super) const WAITING: usize = 64 << 20;

/// A region on its way through the images.
pub(super) struct Underway {
    pub(super) morphology: Roi,
    /// None where nothing was taken away.
    pub(super) resegmented: Option<Roi>,
    pub(super) measured: Measured,
}

/// What is to be measured on the unfiltered image, or on each response of a filter.
pub(super) struct Stage<'a> {
    pub(super) filter: Option<&'a dyn Filter>,
    pub(super) set: &'a FeatureSet,
    pub(super) settings: &'a ExtractionSettings,
}

/// What was measured of each region on one image; of regions that had already failed, nothing.
type OnImage = Vec<Option<Result<FeatureVector>>>;

/// The images of a stage, what was measured on them, and why there are not more.
struct Answers {
    names: Vec<String>,
    images: Vec<OnceLock<OnImage>>,
    fault: Option<FeatureError>,
}

/// Measures regions of an image, stage after stage; what went wrong with a region takes its place. Responses of up to
/// `most` bytes wait to be measured.
pub(super) fn through(
    regions: Vec<Result<Underway>>,
    image: &Volume,
    stages: &[Stage<'_>],
    most: usize,
) -> Vec<Result<Measured>> {
    let mut answers: Vec<Answers> = stages.iter().map(Answers::new).collect();
    let waiting = AtomicUsize::new(0);
    let good = regions.iter().filter_map(|region| region.as_ref().ok());
    if let Some(around) = around(good.map(Underway::roi)) {
        let (regions, waiting) = (&regions, &waiting);
        rayon::scope(|scope| {
            for (stage, answers) in stages.iter().zip(&mut answers) {
                let Answers { images, fault, .. } = answers;
                let Some(filter) = stage.filter else {
                    let answer = &images[0];
                    scope.spawn(move |_| {
                        let on_image = on_each(regions, |region| region.on_original(stage, image));
                        answer.get_or_init(|| on_image);
                    });
                    continue;
                };
                let images = &*images;
                *fault = filtered(filter, image, around, &mut |at, response| {
                    let bytes = size_of_val(response.as_slice().unwrap_or_default());
                    let measure = move || {
                        let on_image = on_each(regions, |region| {
                            region.on_response(stage, &response, around.0)
                        });
                        images[at].get_or_init(|| on_image);
                        waiting.fetch_sub(bytes, Ordering::Relaxed);
                    };
                    if waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > most {
                        measure();
                    } else {
                        scope.spawn(move |_| measure());
                    }
                })
                .err();
            }
        });
    }
    collected(regions, stages, answers)
}

/// Makes the responses of a filter in the box around all regions.
fn filtered(
    filter: &dyn Filter,
    image: &Volume,
    regions: Box3,
    each: &mut dyn FnMut(usize, Array3<f64>),
) -> Result<()> {
    let (low, shape) = needed(filter, image, regions);
    // The regions' box as the filter sees it.
    let wanted = (
        std::array::from_fn(|axis| regions.0[axis] - low[axis]),
        regions.1,
    );
    let values = image.box_f64(low, shape);
    let spacing = image.grid().spacing;
    filter.respond_within(&values, spacing, wanted, &mut |at, response| {
        each(at, response);
        Ok(())
    })
}

/// Does something with each good region, in parallel.
fn on_each(
    regions: &[Result<Underway>],
    work: impl Fn(&Underway) -> Result<FeatureVector> + Sync + Send,
) -> OnImage {
    let each = regions.par_iter();
    each.map(|region| region.as_ref().ok().map(&work)).collect()
}

/// Puts what was measured together, in the order of the columns.
fn collected(
    mut regions: Vec<Result<Underway>>,
    stages: &[Stage<'_>],
    answers: Vec<Answers>,
) -> Vec<Result<Measured>> {
    for (stage, answers) in stages.iter().zip(answers) {
        let mut missing = Vec::new();
        for (name, on_image) in answers.names.into_iter().zip(answers.images) {
            // Left out are the responses that this image is too small for: their columns stay undefined.
            let Some(on_image) = on_image.into_inner() else {
                for region in regions.iter_mut().flatten() {
                    region.leave_out(stage.set);
                }
                missing.push(name);
                continue;
            };
            for (region, answer) in regions.iter_mut().zip(on_image) {
                let (Ok(good), Some(answer)) = (&mut *region, answer) else {
                    continue;
                };
                match (stage.filter, answer) {
                    (None, Ok(vector)) => good.take_original(&vector),
                    (None, Err(fault)) => *region = Err(fault),
                    (Some(_), answer) => good.take_response(stage.set, &name, answer),
                }
            }
        }
        if let Some(fault) = answers.fault {
            for region in regions.iter_mut().flatten() {
                region.measured.doubts.push(ImageDoubt::NotFiltered {
                    images: missing.clone(),
                    reason: fault.to_string(),
                });
            }
        }
    }
    regions
        .into_iter()
        .map(|region| region.map(|region| region.measured))
        .collect()
}

impl Answers {
    fn new(stage: &Stage<'_>) -> Self {
        let names = ImageSource::names_of(stage.filter);
        Self {
            images: names.iter().map(|_| OnceLock::new()).collect(),
            names,
            fault: None,
        }
    }
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

    fn on_original(&self, stage: &Stage<'_>, image: &Volume) -> Result<FeatureVector> {
        let subject = Subject {
            roi: self.roi(),
            morphology: match stage.settings.form_of {
                FormOf::Whole => &self.morphology,
                FormOf::Resegmented => self.roi(),
            },
            image: stage.set.looks_around().then_some(image),
        };
        measure(stage.set, stage.settings, subject)
    }

    fn on_response(
        &self,
        stage: &Stage<'_>,
        response: &Array3<f64>,
        origin: [usize; 3],
    ) -> Result<FeatureVector> {
        let roi = self.roi().on(response, origin)?;
        let subject = Subject {
            roi: &roi,
            morphology: &roi,
            image: None,
        };
        measure(stage.set, stage.settings, subject)
    }

    /// Measures one region on the unfiltered image.
    pub(super) fn unfiltered(&mut self, stage: &Stage<'_>, image: &Volume) -> Result<()> {
        let vector = self.on_original(stage, image)?;
        self.take_original(&vector);
        Ok(())
    }

    fn take_original(&mut self, vector: &FeatureVector) {
        self.measured.levels = vector.levels();
        self.measured.values.extend_from_slice(vector.values());
    }

    fn take_response(&mut self, set: &FeatureSet, name: &str, vector: Result<FeatureVector>) {
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
                measured.doubts.push(ImageDoubt::NotFiltered {
                    images: vec![name.into()],
                    reason: fault.to_string(),
                });
                self.leave_out(set);
            }
        }
    }

    /// Fills the columns of an image that cannot be measured.
    fn leave_out(&mut self, set: &FeatureSet) {
        let values = &mut self.measured.values;
        values.resize(values.len() + set.width(), f64::NAN);
    }
}

#[cfg(test)]
mod tests {
    use raduet_testkit::phantoms::Random;

    use super::super::{Extractor, Processing};
    use super::*;
    use crate::filters::pyradiomics::{Number, Value, image_type};
    use crate::geometry::{Affine, Grid, Spacing};
    use crate::settings::ExtractionOptions;
    use crate::volume::{MaskVolume, Scaling, Voxels};

    #[test]
    fn responses_that_wait_are_measured_as_those_that_do_not() {
        let mut random = Random::new(5);
        let shape = [6, 12, 14];
        let grid = Grid {
            shape,
            spacing: Spacing::new([2.0, 1.0, 1.0]).unwrap(),
            affine: Affine([
                [1.0, 0.0, 0.0, 0.0],
                [0.0, 1.0, 0.0, 0.0],
                [0.0, 0.0, 2.0, 0.0],
            ]),
        };
        let values = Array3::from_shape_simple_fn(shape, || f64::from(random.below(400)));
        let volume = Volume::new(Voxels::F64(values), Scaling::NONE, grid).unwrap();
        let inside = Array3::from_shape_fn(shape, |(z, y, x)| z > 0 && y > 2 && x < 11);
        let mask = MaskVolume::new(inside, grid).unwrap();
        let settings = ExtractionOptions::default().check().unwrap();
        let widths = [1.0, 3.0, 2.0].map(Number::Real).to_vec();
        let filter = |name, given: &[_]| ImageSource {
            filter: Some(image_type(name, given).unwrap()),
            settings: None,
        };
        let images = vec![
            ImageSource::default(),
            filter("LoG", &[("sigma", Value::Numbers(widths))]),
            filter("Wavelet", &[]),
        ];
        let set = FeatureSet::all_3d(&settings);
        let extractor = Extractor::new(set, settings, Processing::default(), images, 1).unwrap();
        let stages: Vec<_> = extractor.stages().collect();
        let measured = |most| {
            let roi = Roi::from_volume(&volume, &mask).unwrap().unwrap();
            let regions = vec![
                extractor.begin(roi),
                Err(FeatureError::Emptied { step: "a test" }),
            ];
            let mut all = through(regions, &volume, &stages, most);
            assert!(all.pop().unwrap().is_err());
            let measured = all.pop().unwrap().unwrap();
            assert_eq!(measured.values.len(), extractor.columns().len());
            let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            (bits(&measured.values), measured.doubts)
        };
        let (values, doubts) = measured(usize::MAX);
        assert_eq!((values, doubts), measured(0));
    }
}
